//! The highest version of each image seen, so that a device never goes back.

use heapless::Vec;
use tinycontainer_policy::sha256;

/// Versions by a hash of the uid. When it is full, the oldest entry of whichever signer has the most
/// makes room: nobody pushes out another's while he has more of his own.
#[derive(Debug)]
pub(crate) struct Versions<const V: usize> {
    seen: Vec<Seen, V>,
}

#[derive(Debug)]
struct Seen {
    uid: u64,
    version: u32,
    signer: u64,
}

impl<const V: usize> Versions<V> {
    pub(crate) const fn new() -> Self {
        Self { seen: Vec::new() }
    }

    /// The lowest version of `uid` that may still be loaded.
    pub(crate) fn lowest(&self, uid: &str) -> u32 {
        let key = key(uid);
        self.seen.iter().find(|seen| seen.uid == key).map_or(0, |seen| seen.version)
    }

    /// Remembers that `version` has been loaded.
    pub(crate) fn remember(&mut self, uid: &str, version: u32, signer: u64) {
        let key = key(uid);
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.uid == key) {
            seen.version = version.max(seen.version);
            return;
        }
        if self.seen.is_full() {
            let entries = |signer| self.seen.iter().filter(|seen| seen.signer == signer).count();
            // The oldest of the greediest: of equals the first, so not the newcomer if he has as many.
            let most = self.seen.iter().map(|seen| entries(seen.signer)).max().unwrap_or(0);
            if let Some(at) = self.seen.iter().position(|seen| entries(seen.signer) == most) {
                self.seen.remove(at);
            }
        }
        // With V = 0 nothing is remembered.
        let _ = self.seen.push(Seen { uid: key, version, signer });
    }
}

/// 64 bits of SHA-256: two uids that a signer could make collide are both that signer's own.
fn key(uid: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[uid.as_bytes()]);
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_back_within_capacity() {
        let mut versions = Versions::<2>::new();
        assert_eq!(versions.lowest("a"), 0);
        versions.remember("a", 5, 1);
        versions.remember("a", 3, 1);
        versions.remember("b", 1, 1);
        assert_eq!((versions.lowest("a"), versions.lowest("b")), (5, 1));
        versions.remember("c", 9, 1);
        assert_eq!((versions.lowest("a"), versions.lowest("b"), versions.lowest("c")), (0, 1, 9));
    }

    #[test]
    fn who_fills_it_pushes_out_his_own() {
        let mut versions = Versions::<4>::new();
        versions.remember("victim", 5, 1);
        for (n, uid) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
            versions.remember(uid, n as u32 + 1, 2);
        }
        assert_eq!(versions.lowest("victim"), 5);
        assert_eq!((versions.lowest("a"), versions.lowest("g")), (0, 7));
        Versions::<0>::new().remember("x", 1, 1);
    }
}
