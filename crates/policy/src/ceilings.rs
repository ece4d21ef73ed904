//! The limits of a device.

/// What no container may exceed: memory in bytes, time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    /// Linear memory.
    pub linear_memory: u32,
    /// Operand stack.
    pub stack: u32,
    /// The interpreter's own memory for the container.
    pub heap: u32,
    /// The whole image: metadata, data and code. Checked against the sizes in the metadata, and against those that are
    /// declared to the loader.
    pub image: u32,
    /// The longest duration of one call of any hook, in milliseconds.
    pub hook_ms: u32,
}
