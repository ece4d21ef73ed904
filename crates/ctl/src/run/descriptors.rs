//! Which descriptors are open, and who named one that was open in another container at that moment.

use std::collections::{BTreeMap, HashMap};
use tinycontainer_abi::{Errno, Syscall};
use tinycontainer_posix::CallRun;

#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    /// The uid of the container in each slot.
    uids: HashMap<usize, String>,
    /// The slot whose container has it open. A container has at most eight.
    open: HashMap<i32, usize>,
    /// By the container that named it and the one that had it open.
    tried: BTreeMap<(String, String), u64>,
}

impl Descriptors {
    pub(crate) fn loaded(&mut self, slot: usize, uid: &str) {
        self.ended(slot);
        self.uids.insert(slot, uid.into());
    }

    /// The container has stopped: all of its descriptors are closed.
    pub(crate) fn stopped(&mut self, uid: &str) {
        let slot = self.uids.iter().find(|(_, of)| *of == uid).map(|(slot, _)| *slot);
        slot.into_iter().for_each(|slot| self.ended(slot));
    }

    fn ended(&mut self, slot: usize) {
        self.open.retain(|_, of| *of != slot);
    }

    pub(crate) fn call(&mut self, run: &CallRun) {
        match (run.call, run.result) {
            (Syscall::Open, Ok(fd)) => {
                self.open.insert(fd.cast_signed(), run.slot);
            }
            (Syscall::Close, Ok(_)) => {
                run.descriptor.and_then(|fd| self.open.remove(&fd));
            }
            (_, Err(Errno::Refused)) => {
                let Some(owner) = run.descriptor.and_then(|fd| self.open.get(&fd)) else { return };
                if *owner != run.slot
                    && let (Some(by), Some(of)) = (self.uids.get(&run.slot), self.uids.get(owner))
                {
                    *self.tried.entry((by.clone(), of.clone())).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    /// How often that container named open descriptors of others, by their uids.
    pub(crate) fn tried(&self, by: &str) -> BTreeMap<String, u64> {
        self.tried
            .iter()
            .filter(|((who, _), _)| who == by)
            .map(|((_, of), count)| (of.clone(), *count))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(slot: usize, call: Syscall, fd: i32, result: Result<u32, Errno>) -> CallRun {
        CallRun { slot, call, endpoint: None, descriptor: Some(fd), from_us: 0, to_us: 0, result }
    }

    #[test]
    fn only_what_another_has_open_now_counts() {
        let mut descriptors = Descriptors::default();
        descriptors.loaded(0, "victim");
        descriptors.loaded(1, "attacker");
        let refused = Err(Errno::Refused);
        descriptors.call(&call(1, Syscall::Read, 64, refused));
        descriptors.call(&CallRun { descriptor: None, ..call(0, Syscall::Open, 0, Ok(64)) });
        descriptors.call(&call(1, Syscall::Read, 64, refused));
        descriptors.call(&call(1, Syscall::Close, 64, refused));
        descriptors.call(&call(0, Syscall::Write, 64, refused));
        descriptors.call(&call(0, Syscall::Close, 64, Ok(0)));
        descriptors.call(&call(1, Syscall::Read, 64, refused));
        descriptors.call(&CallRun { descriptor: None, ..call(0, Syscall::Open, 0, Ok(128)) });
        descriptors.stopped("victim");
        descriptors.call(&call(1, Syscall::Read, 128, refused));
        assert_eq!(descriptors.tried("attacker"), [("victim".to_owned(), 2)].into());
        assert_eq!(descriptors.tried("victim"), [].into());
    }
}
