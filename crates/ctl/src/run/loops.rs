//! The instructions of each loop of a container: the least, the median and the most, in bounded memory.

use serde::Serialize;
use std::collections::BTreeMap;

/// The most different numbers of instructions that are counted separately.
const MOST: usize = 4096;

/// Counts how often each number of instructions occurred. When there are too many different ones, near ones are counted
/// together: then the median is exact to one part in `MOST` of the greatest.
#[derive(Debug, Default)]
pub(crate) struct Loops {
    counts: BTreeMap<u64, u64>,
    total: u64,
    /// How many low bits are not told apart.
    shift: u32,
    range: Option<(u64, u64)>,
}

/// Instructions per loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: u64,
    pub(crate) median: u64,
    pub(crate) max: u64,
}

impl Loops {
    pub(crate) fn add(&mut self, instructions: u64) {
        let (min, max) = self.range.unwrap_or((instructions, instructions));
        self.range = Some((min.min(instructions), max.max(instructions)));
        self.total = self.total.saturating_add(1);
        *self.counts.entry(instructions >> self.shift).or_default() += 1;
        while self.counts.len() > MOST {
            self.shift += 1;
            let mut coarser = BTreeMap::new();
            for (value, count) in &self.counts {
                *coarser.entry(value >> 1).or_default() += count;
            }
            self.counts = coarser;
        }
    }

    /// `None` without a loop.
    pub(crate) fn spread(&self) -> Option<Spread> {
        let (min, max) = self.range?;
        let mut passed = 0;
        let middle = self.counts.iter().find(|(_, count)| {
            passed += *count;
            passed * 2 >= self.total
        })?;
        Some(Spread { min, median: (middle.0 << self.shift).clamp(min, max), max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_a_sorted_list() {
        let mut loops = Loops::default();
        assert_eq!(loops.spread(), None);
        for instructions in [9, 1, 5, 5, 7] {
            loops.add(instructions);
        }
        assert_eq!(loops.spread(), Some(Spread { min: 1, median: 5, max: 9 }));
    }

    #[test]
    fn memory_is_bounded_and_the_median_near() {
        let mut loops = Loops::default();
        (0..100_000).for_each(|i| loops.add(1_000_000 + i * 7));
        assert!(loops.counts.len() <= MOST);
        let spread = loops.spread().unwrap();
        assert_eq!((spread.min, spread.max), (1_000_000, 1_699_993));
        assert!(spread.median.abs_diff(1_350_000) < 1_700_000 / 1024, "{spread:?}");
    }
}
