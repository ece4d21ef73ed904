//! The limits of a device.

/// What no container may exceed: memory in bytes, time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    /// Linear memory.
    pub linear_memory: u32,
    /// Operand stack.
    pub stack: u32,
    /// The interpreter's own.
    pub heap: u32,
    /// The whole image: metadata, data and code. Checked against the sizes that the metadata says, and against those that
    /// the loader is told.
    pub image: u32,
    /// The longest that one call of any hook may take, in milliseconds.
    pub hook_ms: u32,
}
