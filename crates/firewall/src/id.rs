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
