//! The last refusals: which container, which call, why. Bounded, and shared fairly: a container that is refused often
//! displaces its own refusals, not those of others.

use crate::denial::{Denial, DenyReason};
use crate::id::ContainerId;
use heapless::Vec;
use tinycontainer_abi::Syscall;

/// A call that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRecord {
    /// When, in milliseconds of the platform's clock.
    pub at_ms: u64,
    /// Its number, counted from 1 over all refusals. Gaps are refusals that were dropped.
    pub number: u64,
    /// How many refusals before this one, of all containers, are no longer stored.
    pub dropped: u64,
    /// The container that made the call.
    pub container: ContainerId,
    /// The call.
    pub call: Syscall,
    /// The endpoint, and the reason.
    pub denial: Denial,
}

/// A refusal, in 32 bytes.
#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    at_ms: u64,
    container: ContainerId,
    endpoint: u32,
    has_endpoint: bool,
    /// The container has been unloaded.
    is_retired: bool,
    call: Syscall,
    reason: DenyReason,
}

/// The last refusals, at most `R`, at least 1.
///
/// When all entries are in use, a new one replaces the oldest entry of the container with the most entries; that of
/// the new entry if no other has more. Entries of unloaded containers are replaced first.
#[derive(Debug)]
pub struct AuditRing<const R: usize> {
    /// In ascending order of the numbers.
    kept: Vec<Entry, R>,
    total: u64,
}

impl<const R: usize> Default for AuditRing<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const R: usize> AuditRing<R> {
    /// A ring without entries.
    pub const fn new() -> Self {
        Self { kept: Vec::new(), total: 0 }
    }

    /// Records a refusal. Returns the container whose entry was dropped for it, if one was.
    pub fn record(
        &mut self,
        at_ms: u64,
        container: ContainerId,
        call: Syscall,
        denial: Denial,
    ) -> Option<ContainerId> {
        let dropped = if self.kept.is_full() { self.victim(container) } else { None };
        let dropped = dropped.map(|at| self.kept.remove(at).container);
        self.total = self.total.saturating_add(1);
        let Denial { endpoint, reason } = denial;
        let (endpoint, has_endpoint) = (endpoint.unwrap_or(0), endpoint.is_some());
        let number = self.total;
        let entry =
            Entry { number, at_ms, container, endpoint, has_endpoint, is_retired: false, call, reason };
        // There is capacity: if all entries were in use, one was dropped.
        let _ = self.kept.push(entry);
        dropped
    }

    /// The index of the entry that one of `newcomer` replaces.
    fn victim(&self, newcomer: ContainerId) -> Option<usize> {
        let entries = |of: ContainerId| self.kept.iter().filter(|entry| entry.container == of).count();
        if let Some(at) = self.kept.iter().position(|entry| entry.is_retired) {
            return Some(at);
        }
        let most = self.kept.iter().map(|entry| entries(entry.container)).max()?;
        if entries(newcomer) == most {
            self.kept.iter().position(|entry| entry.container == newcomer)
        } else {
            self.kept.iter().position(|entry| entries(entry.container) == most)
        }
    }

    /// The container has been unloaded: its entries stay until they are replaced.
    pub fn retire(&mut self, container: ContainerId) {
        let own = self.kept.iter_mut().filter(|entry| entry.container == container);
        own.for_each(|entry| entry.is_retired = true);
    }

    /// The number of all refusals.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many of these are no longer stored.
    pub fn dropped(&self) -> u64 {
        self.total.saturating_sub(self.kept.len() as u64)
    }

    /// The stored refusals, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = AuditRecord> {
        self.kept.iter().zip(1..).map(|(entry, place)| {
            let Entry { number, at_ms, container, endpoint, has_endpoint, call, reason, .. } = *entry;
            let denial = Denial { endpoint: has_endpoint.then_some(endpoint), reason };
            AuditRecord { at_ms, number, dropped: number.saturating_sub(place), container, call, denial }
        })
    }
}
