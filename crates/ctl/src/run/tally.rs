//! Counts of events. The containers' threads count; memory is bounded, whatever a container does.

use crate::run::loops::{Loops, Spread};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tinycontainer::Notice;
use tinycontainer_abi::Syscall;
use tinycontainer_firewall::{Denial, DenyReason};
use tinycontainer_posix::Event;

/// The most kinds of events that are counted separately.
const MOST: usize = 1024;

/// A kind of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub(crate) call: Syscall,
    pub(crate) endpoint: Option<u32>,
    pub(crate) reason: DenyReason,
}

/// A line that a container must log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) uid: String,
    pub(crate) line: String,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    refusals: HashMap<(String, Kind), u64>,
    /// Refusals of kinds beyond the first `MOST`.
    other: u64,
    drivers: HashSet<(String, u32)>,
    /// Of the container in each slot.
    loops: HashMap<usize, Loops>,
    /// What is still to be logged.
    awaited: HashSet<Line>,
}

impl Tally {
    pub(crate) fn awaiting(lines: impl IntoIterator<Item = Line>) -> Self {
        let inner = Inner { awaited: lines.into_iter().collect(), ..Inner::default() };
        Self { inner: Mutex::new(inner) }
    }

    /// Counts an event. Returns whether it is to be shown: of each kind of refusal only the first.
    pub(crate) fn note(&self, event: &Event) -> bool {
        let mut inner = self.lock();
        match event {
            Event::Log { uid, line } => {
                if !inner.awaited.is_empty() {
                    inner.awaited.remove(&Line { uid: uid.clone(), line: line.clone() });
                }
                true
            }
            Event::Notice { uid, notice: Notice::Refused(call, Denial { endpoint, reason }) } => {
                let kind = Kind { call: *call, endpoint: *endpoint, reason: *reason };
                inner.refused(uid, kind)
            }
            Event::Notice { uid, notice: Notice::DriverFailed(endpoint, _) } => {
                inner.drivers.len() < MOST && inner.drivers.insert((uid.clone(), *endpoint))
            }
            Event::Notice { .. } | Event::RecordingEnded { .. } => true,
        }
    }

    /// Counts a loop of the container in that slot.
    pub(crate) fn looped(&self, slot: usize, instructions: u64) {
        self.lock().loops.entry(slot).or_default().add(instructions);
    }

    /// Another container is loaded into that slot.
    pub(crate) fn loaded(&self, slot: usize) {
        self.lock().loops.remove(&slot);
    }

    /// The instructions of the loops of the container in that slot.
    pub(crate) fn loops(&self, slot: usize) -> Option<Spread> {
        self.lock().loops.get(&slot)?.spread()
    }

    /// A container's refusals by kind, most first.
    pub(crate) fn refusals(&self, uid: &str) -> Vec<(Kind, u64)> {
        let inner = self.lock();
        let mut kinds: Vec<_> = inner
            .refusals
            .iter()
            .filter(|((of, _), _)| of == uid)
            .map(|((_, kind), count)| (*kind, *count))
            .collect();
        kinds.sort_by_key(|(kind, count)| {
            (u64::MAX - count, kind.call as u8, kind.endpoint, kind.reason as u8)
        });
        kinds
    }

    /// Refusals that are counted, but not by kind.
    pub(crate) fn other(&self) -> u64 {
        self.lock().other
    }

    /// Lines that were not logged.
    pub(crate) fn missing(&self) -> Vec<Line> {
        let mut missing: Vec<_> = self.lock().awaited.iter().cloned().collect();
        missing.sort_by(|a, b| (&a.uid, &a.line).cmp(&(&b.uid, &b.line)));
        missing
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn refused(&mut self, uid: &str, kind: Kind) -> bool {
        let full = self.refusals.len() >= MOST;
        let key = (uid.to_owned(), kind);
        match self.refusals.get_mut(&key) {
            Some(count) => *count = count.saturating_add(1),
            None if full => self.other = self.other.saturating_add(1),
            None => {
                self.refusals.insert(key, 1);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(endpoint: u32) -> Event {
        let denial = Denial { endpoint: Some(endpoint), reason: DenyReason::NoSuchEndpoint };
        Event::Notice { uid: "a".into(), notice: Notice::Refused(Syscall::Open, denial) }
    }

    #[test]
    fn counts_are_exact_and_memory_is_bounded() {
        let tally = Tally::default();
        assert!(tally.note(&refused(7)) && !tally.note(&refused(7)), "only the first is shown");
        (0..2000).for_each(|endpoint| {
            tally.note(&refused(endpoint));
        });
        let kinds = tally.refusals("a");
        assert_eq!(kinds.len(), MOST);
        assert_eq!(kinds[0].1, 3);
        assert_eq!(kinds.iter().map(|(_, count)| count).sum::<u64>() + tally.other(), 2002);
        assert_eq!(tally.refusals("b"), []);
    }

    #[test]
    fn awaited_lines_are_those_of_their_container() {
        let line = |uid: &str| Line { uid: uid.into(), line: "on".into() };
        let tally = Tally::awaiting([line("a"), line("b")]);
        tally.note(&Event::Log { uid: "a".into(), line: "on".into() });
        assert_eq!(tally.missing(), [line("b")]);
    }
}
