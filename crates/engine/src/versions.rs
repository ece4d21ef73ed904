//! The highest version of each image seen, so that a device never goes back.

use heapless::Vec;
use sha2::{Digest, Sha256};

/// Versions by a hash of the uid. When it is full the entry that was made first makes room, so `V`
/// bounds how far the memory goes, not whether a device can be used.
#[derive(Debug)]
pub(crate) struct Versions<const V: usize> {
    seen: Vec<(u64, u32), V>,
}

impl<const V: usize> Versions<V> {
    pub(crate) const fn new() -> Self {
        Self { seen: Vec::new() }
    }

    /// The lowest version of `uid` that may still be loaded.
    pub(crate) fn lowest(&self, uid: &str) -> u32 {
        let key = key(uid);
        self.seen.iter().find(|(seen, _)| *seen == key).map_or(0, |(_, version)| *version)
    }

    /// Remembers that `version` has been loaded.
    pub(crate) fn remember(&mut self, uid: &str, version: u32) {
        let key = key(uid);
        if let Some((_, seen)) = self.seen.iter_mut().find(|(seen, _)| *seen == key) {
            *seen = version.max(*seen);
            return;
        }
        if self.seen.is_full() && V > 0 {
            self.seen.remove(0);
        }
        // With V = 0 nothing is remembered.
        let _ = self.seen.push((key, version));
    }
}

/// 64 bits of SHA-256: two uids that a signer could make collide are both that signer's own.
fn key(uid: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(uid.as_bytes()).into();
    let mut head = [0; 8];
    head.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    u64::from_le_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_back_within_capacity() {
        let mut versions = Versions::<2>::new();
        assert_eq!(versions.lowest("a"), 0);
        versions.remember("a", 5);
        versions.remember("a", 3);
        versions.remember("b", 1);
        assert_eq!((versions.lowest("a"), versions.lowest("b")), (5, 1));
        versions.remember("c", 9);
        assert_eq!((versions.lowest("a"), versions.lowest("b"), versions.lowest("c")), (0, 1, 9));
    }
}
