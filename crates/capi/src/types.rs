//! The structs of the header.

use core::ffi::c_char;

/// The longest uid, in bytes.
pub const TINYCONTAINER_MAX_UID: u32 = 64;

/// A number that only the application's own driver understands. All local peers of 2024.
pub const TINYCONTAINER_BUS_APP: u8 = 0;
/// A pin.
pub const TINYCONTAINER_BUS_GPIO: u8 = 1;
/// A device on an I2C bus.
pub const TINYCONTAINER_BUS_I2C: u8 = 2;
/// A device on an SPI bus.
pub const TINYCONTAINER_BUS_SPI: u8 = 3;
/// A serial port.
pub const TINYCONTAINER_BUS_UART: u8 = 4;
/// An entry of the SAUL registry.
pub const TINYCONTAINER_BUS_SAUL: u8 = 5;

/// A container as it is now. Counters stay at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct ContainerStatus {
    /// Its name, with a NUL at the end.
    pub uid: [c_char; 65],
    /// Where it is in its life; see `tinycontainer_state_text`.
    pub state: u8,
    /// Why it stopped last, 0 if it has not; see `tinycontainer_reason_text`.
    pub reason: u8,
    /// From its start until all it held was given back.
    pub running: bool,
    /// Its slot.
    pub slot: u32,
    /// The version of its image.
    pub version: u32,
    /// How often it was started.
    pub starts: u32,
    /// How often `loop()` was called, since its last start.
    pub loops: u32,
    /// Periods that passed without a loop, since its last start.
    pub missed: u32,
    /// Native calls.
    pub calls: u32,
    /// Of these, refused.
    pub refusals: u32,
    /// WebAssembly instructions.
    pub instructions: u64,
    /// Memory of its image and queues, in bytes.
    pub image_bytes: u32,
    /// What it uses in the runtime now, in bytes.
    pub memory_used: u32,
    /// The most it has used in the runtime, in bytes.
    pub memory_peak: u32,
    /// Of its refusals, those that are no longer kept for `tinycontainer_refusal_next`.
    pub dropped: u32,
}

/// A call that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct RefusedCall {
    /// Which one it is, counted from 1 over all refusals ever. Gaps show what was dropped.
    pub number: u64,
    /// On which endpoint, if `has_endpoint`.
    pub endpoint: u32,
    /// When, in milliseconds since the device started.
    pub at_ms: u64,
    /// Who made the call, with a NUL at the end; empty if it is unloaded.
    pub uid: [c_char; 65],
    /// What was called; see `tinycontainer_call_text`.
    pub call: u8,
    /// Why not; see `tinycontainer_refusal_text`.
    pub reason: u8,
    /// Whether it is known which endpoint it was about.
    pub has_endpoint: bool,
    /// How many refusals before this one, of all containers, are no longer kept.
    pub dropped: u64,
}

/// The memory of all containers, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct MemoryStatus {
    /// All of it.
    pub total: usize,
    /// Free now.
    pub free: usize,
    /// The largest free piece.
    pub largest: usize,
}

/// A name with a NUL at the end; cut if it were too long, which a uid never is.
pub(crate) fn name(text: &str) -> [c_char; 65] {
    let mut name = [0; 65];
    for (to, byte) in name.iter_mut().take(64).zip(text.bytes()) {
        // A uid is ASCII.
        *to = byte as c_char;
    }
    name
}
