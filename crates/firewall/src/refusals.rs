//! The last refusals: who, what, why. Bounded, so that refusing costs a hostile container's victim
//! nothing.

use crate::guard::Denial;
use crate::table::ContainerId;
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

/// A ring of the last `R` refusals, at least 1.
#[derive(Debug)]
pub struct Refusals<const R: usize> {
    ring: Deque<Refusal, R>,
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
        let number = self.total.saturating_add(1);
        if self.ring.is_full() {
            self.ring.pop_front();
        }
        // There is room: one went if there was none.
        let _ = self.ring.push_back(Refusal { at_ms, number, container, call, denial });
        self.total = number;
    }

    /// All there ever were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What the ring still has, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.ring.iter()
    }
}
