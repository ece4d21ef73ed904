//! The identity of a container.

/// Identifies one container while it is in the table. A slot that is used again gets another id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContainerId(u32);

impl ContainerId {
    /// 8 bits are the slot, 24 a generation: the same id is used again after 16 million loads.
    pub(crate) const fn new(slot: u8, generation: u32) -> Self {
        Self(generation << 8 | slot as u32)
    }

    /// Its slot: the index in the table.
    pub const fn slot(self) -> usize {
        self.raw_slot() as usize
    }

    pub(crate) const fn raw_slot(self) -> u8 {
        (self.0 & 0xff) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A container that is loaded in the slot of another must not be taken for it: all 24 bits of the generation count.
    #[test]
    fn the_same_slot_has_another_id_in_each_generation() {
        for slot in [0, 7, 255] {
            let ids = (0..=24).map(|bit| ContainerId::new(slot, (1 << bit) - 1));
            for id in ids.clone() {
                assert_eq!((id.slot(), id.raw_slot()), (usize::from(slot), slot));
                assert_eq!(ids.clone().filter(|other| *other == id).count(), 1);
            }
        }
        assert_eq!(ContainerId::new(7, 1 << 24), ContainerId::new(7, 0), "after 16 million loads");
    }
}
