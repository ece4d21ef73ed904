//! The last refusals: who, what, why. Bounded, so that refusing costs a hostile container's victim
//! nothing.

use crate::denial::{Denial, Reason};
use crate::id::ContainerId;
use heapless::Deque;
use tinycontainer_abi::Syscall;

/// A call that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// When, in milliseconds of the platform's clock.
    pub at_ms: u64,
    /// Which one it is, counted from 1 over all refusals ever. Gaps show what the ring has lost.
    pub number: u64,
    /// Who made the call.
    pub container: ContainerId,
    /// What was called.
    pub call: Syscall,
    /// On which endpoint, and why not.
    pub denial: Denial,
}

/// A refusal without its number, which its place tells, in 24 bytes.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at_ms: u64,
    container: ContainerId,
    endpoint: u32,
    has_endpoint: bool,
    call: Syscall,
    reason: Reason,
}

/// A ring of the last `R` refusals, at least 1.
#[derive(Debug)]
pub struct Refusals<const R: usize> {
    ring: Deque<Entry, R>,
    total: u64,
}

impl<const R: usize> Default for Refusals<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const R: usize> Refusals<R> {
    /// An empty ring.
    pub const fn new() -> Self {
        Self { ring: Deque::new(), total: 0 }
    }

    /// Records a refusal; the oldest makes room.
    pub fn record(&mut self, at_ms: u64, container: ContainerId, call: Syscall, denial: Denial) {
        if self.ring.is_full() {
            self.ring.pop_front();
        }
        // There is room: one went if there was none.
        let Denial { endpoint, reason } = denial;
        let (endpoint, has_endpoint) = (endpoint.unwrap_or(0), endpoint.is_some());
        let _ = self.ring.push_back(Entry { at_ms, container, endpoint, has_endpoint, call, reason });
        self.total = self.total.saturating_add(1);
    }

    /// All there ever were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What the ring still has, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Refusal> {
        let before = self.total.saturating_sub(self.ring.len() as u64);
        self.ring.iter().zip(1..).map(move |(entry, place)| {
            let Entry { at_ms, container, endpoint, has_endpoint, call, reason } = *entry;
            let denial = Denial { endpoint: has_endpoint.then_some(endpoint), reason };
            Refusal { at_ms, number: before.saturating_add(place), container, call, denial }
        })
    }
}
