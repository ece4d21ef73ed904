//! The last refusals: who, what, why. Bounded, so that refusing costs a hostile container's victim
//! nothing.

use crate::guard::Denial;
use crate::table::ContainerId;
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

/// A ring of the last `R` refusals.
#[derive(Debug)]
pub struct Refusals<const R: usize> {
    ring: [Option<Refusal>; R],
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
        Self { ring: [None; R], total: 0 }
    }

    /// Records a refusal; the oldest makes room.
    pub fn record(&mut self, at_ms: u64, container: ContainerId, call: Syscall, denial: Denial) {
        let number = self.total.saturating_add(1);
        // `R` may be 0: then only the count is kept.
        if let Some(place) = self.place()
            && let Some(entry) = self.ring.get_mut(place)
        {
            *entry = Some(Refusal { at_ms, number, container, call, denial });
        }
        self.total = number;
    }

    /// Where the next one goes.
    fn place(&self) -> Option<usize> {
        usize::try_from(self.total.checked_rem(R as u64)?).ok()
    }

    /// All there ever were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What the ring still has, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        let start = self.place().unwrap_or(0);
        self.ring.iter().cycle().skip(start).take(R).flatten()
    }
}
