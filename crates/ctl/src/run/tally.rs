//! Counts of events. The containers' threads count; memory is bounded, whatever a container does.

use crate::run::descriptors::Descriptors;
use crate::run::loops::{Loops, Spread};
use crate::run::shards::Shards;
use crate::run::stopped::HookEnd;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tinycontainer::Notice;
use tinycontainer_abi::{Hook, Syscall};
use tinycontainer_firewall::{Denial, DenyReason};
use tinycontainer_posix::{CallRun, Event};

/// The most kinds of events that are counted separately, for each thread.
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

#[derive(Debug)]
pub(crate) struct Tally {
    counts: Shards<Counts>,
    /// Of the container in each slot.
    loops: Mutex<HashMap<usize, Loops>>,
    /// The last hook of the container in each slot.
    hooks: Mutex<HashMap<usize, HookEnd>>,
    descriptors: Mutex<Descriptors>,
}

#[derive(Debug, Default, Clone)]
struct Counts {
    refusals: HashMap<(String, Kind), u64>,
    /// Refusals of kinds beyond the first `MOST`.
    other: u64,
    drivers: HashSet<(String, u32)>,
    /// What is still to be logged, as far as this thread knows.
    awaited: HashSet<Line>,
}

impl Tally {
    pub(crate) fn awaiting(lines: impl IntoIterator<Item = Line>) -> Self {
        let counts = Counts { awaited: lines.into_iter().collect(), ..Counts::default() };
        Self {
            counts: Shards::new(|| counts.clone()),
            loops: Mutex::default(),
            hooks: Mutex::default(),
            descriptors: Mutex::default(),
        }
    }

    /// Counts an event. Returns whether it is to be shown: of each kind of refusal only the first.
    pub(crate) fn note(&self, event: &Event) -> bool {
        if let Event::Notice { uid, notice: Notice::Stopped(_) } = event {
            lock(&self.descriptors).stopped(uid);
        }
        self.counts.own(|counts| counts.note(event)).unwrap_or(true)
    }

    /// Counts a hook of the container in that slot, which has ended.
    pub(crate) fn ended(&self, slot: usize, end: HookEnd) {
        if end.hook == Hook::Loop {
            lock(&self.loops).entry(slot).or_default().add(end.instructions);
        }
        lock(&self.hooks).insert(slot, end);
    }

    /// The last hook of the container in that slot.
    pub(crate) fn last_hook(&self, slot: usize) -> Option<HookEnd> {
        lock(&self.hooks).get(&slot).copied()
    }

    pub(crate) fn called(&self, run: &CallRun) {
        lock(&self.descriptors).call(run);
    }

    /// How often that container named a descriptor that another had open then, by the other's uid.
    pub(crate) fn tried(&self, uid: &str) -> BTreeMap<String, u64> {
        lock(&self.descriptors).tried(uid)
    }

    /// This container is in that slot now.
    pub(crate) fn loaded(&self, slot: usize, uid: &str) {
        lock(&self.loops).remove(&slot);
        lock(&self.hooks).remove(&slot);
        lock(&self.descriptors).loaded(slot, uid);
    }

    /// The instructions of the loops of the container in that slot.
    pub(crate) fn loops(&self, slot: usize) -> Option<Spread> {
        lock(&self.loops).get(&slot)?.spread()
    }

    /// A container's refusals by kind, most first.
    pub(crate) fn refusals(&self, uid: &str) -> Vec<(Kind, u64)> {
        let mut total: HashMap<Kind, u64> = HashMap::new();
        for counts in self.counts.all() {
            for ((_, kind), count) in counts.refusals.iter().filter(|((of, _), _)| of == uid) {
                *total.entry(*kind).or_default() += count;
            }
        }
        let mut kinds: Vec<_> = total.into_iter().collect();
        kinds.sort_by_key(|(kind, count)| {
            (u64::MAX - count, kind.call as u8, kind.endpoint, kind.reason as u8)
        });
        kinds
    }

    /// Refusals that are counted, but not by kind.
    pub(crate) fn other(&self) -> u64 {
        self.counts.all().map(|counts| counts.other).sum()
    }

    /// Lines that were not logged.
    pub(crate) fn missing(&self) -> Vec<Line> {
        let mut missing: Option<HashSet<Line>> = None;
        for counts in self.counts.all() {
            match &mut missing {
                None => missing = Some(counts.awaited.clone()),
                Some(missing) => missing.retain(|line| counts.awaited.contains(line)),
            }
        }
        let mut missing: Vec<_> = missing.unwrap_or_default().into_iter().collect();
        missing.sort_by(|a, b| (&a.uid, &a.line).cmp(&(&b.uid, &b.line)));
        missing
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counts {
    fn note(&mut self, event: &Event) -> bool {
        match event {
            Event::Log { uid, line } => {
                if !self.awaited.is_empty() {
                    self.awaited.remove(&Line { uid: uid.clone(), line: line.clone() });
                }
                true
            }
            Event::Notice { uid, notice: Notice::Refused(call, Denial { endpoint, reason }) } => {
                let kind = Kind { call: *call, endpoint: *endpoint, reason: *reason };
                self.refused(uid, kind)
            }
            Event::Notice { uid, notice: Notice::DriverFailed(endpoint, _) } => {
                self.drivers.len() < MOST && self.drivers.insert((uid.clone(), *endpoint))
            }
            Event::Notice { .. } | Event::RecordingEnded { .. } => true,
        }
    }

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
        let tally = Tally::awaiting([]);
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
        // Whichever thread logs it.
        std::thread::scope(|scope| {
            scope.spawn(|| tally.note(&Event::Log { uid: "a".into(), line: "on".into() }));
        });
        assert_eq!(tally.missing(), [line("b")]);
    }
}
