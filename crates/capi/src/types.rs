//! The structs of the header.

use core::ffi::c_char;
use tinycontainer::Status;
use tinycontainer::metadata::Limits;

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

/// The bus of a remote peer: none.
pub const TINYCONTAINER_BUS_NONE: u8 = 255;

/// CoAP over UDP (RFC 7252).
pub const TINYCONTAINER_SCHEME_COAP: u8 = 0;
/// CoAP over DTLS (RFC 7252, section 9).
pub const TINYCONTAINER_SCHEME_COAPS: u8 = 1;
/// HTTP over TLS.
pub const TINYCONTAINER_SCHEME_HTTPS: u8 = 2;
/// Datagrams over DTLS.
pub const TINYCONTAINER_SCHEME_DTLS: u8 = 3;
/// The scheme of a local peer: none.
pub const TINYCONTAINER_SCHEME_NONE: u8 = 255;

/// The status of a container. Counters stop at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct ContainerStatus {
    /// Its uid, with a NUL at the end.
    pub uid: [c_char; 65],
    /// Its state; see `tinycontainer_state_text`.
    pub state: u8,
    /// Why it stopped last, 0 if it has not; see `tinycontainer_stop_reason_text`.
    pub reason: u8,
    /// Whether it runs: from its start until all that it held while running is released.
    pub running: bool,
    /// Its slot.
    pub slot: u32,
    /// The version of its image.
    pub version: u32,
    /// How often it was started.
    pub starts: u32,
    /// How often `loop()` was called since its last start.
    pub loops: u32,
    /// How many periods have passed without a call of `loop()` since its last start.
    pub missed: u32,
    /// How many native calls it has made.
    pub calls: u32,
    /// How many of these were refused.
    pub refusals: u32,
    /// How many WebAssembly instructions it has executed.
    pub instructions: u64,
    /// The memory of its image and message queues, in bytes.
    pub image_bytes: u32,
    /// The memory that it uses in the runtime now, in bytes.
    pub memory_used: u32,
    /// The most memory that it has used in the runtime, in bytes.
    pub memory_peak: u32,
    /// How many of its refused calls have no record any more for `tinycontainer_audit_next`.
    pub dropped: u32,
}

impl From<&Status> for ContainerStatus {
    fn from(status: &Status) -> Self {
        let counters = &status.counters;
        Self {
            uid: c_uid(&status.uid),
            state: status.state as u8,
            reason: status.last.map_or(0, |last| last.reason as u8),
            running: status.state.is_running(),
            slot: u32::try_from(status.slot).unwrap_or(u32::MAX),
            version: status.version,
            starts: counters.starts,
            loops: counters.loops,
            missed: counters.missed,
            calls: counters.calls,
            refusals: counters.refusals,
            instructions: counters.instructions,
            image_bytes: status.image_bytes,
            memory_used: status.memory.used,
            memory_peak: status.memory.peak,
            dropped: counters.dropped,
        }
    }
}

/// The record of a native call that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct AuditRecord {
    /// Its number, counted from 1 over all refused calls since the device started. Missing numbers are records
    /// that were dropped.
    pub number: u64,
    /// The endpoint of the call, if `has_endpoint`.
    pub endpoint: u32,
    /// When, in milliseconds since the device started.
    pub at_ms: u64,
    /// The container that made the call, with a NUL at the end; empty if it is not loaded any more.
    pub uid: [c_char; 65],
    /// The native call; see `tinycontainer_call_text`.
    pub call: u8,
    /// Why it was refused; see `tinycontainer_deny_reason_text`.
    pub reason: u8,
    /// Whether the call was about an endpoint.
    pub has_endpoint: bool,
    /// How many records before this one, of all containers, were dropped.
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
    /// The largest free block.
    pub largest: usize,
}

/// The memory that a container gets, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct ContainerLimits {
    /// Linear memory.
    pub linear_memory: u32,
    /// The operand stack of the interpreter.
    pub stack: u32,
    /// What the interpreter allocates for it beside these.
    pub heap: u32,
}

impl From<&ContainerLimits> for Limits {
    fn from(limits: &ContainerLimits) -> Self {
        let ContainerLimits { linear_memory, stack, heap } = *limits;
        Self { linear_memory, stack, heap }
    }
}

/// A uid with a NUL at the end. It has at most 64 bytes; longer text would be cut.
pub(crate) fn c_uid(uid: &str) -> [c_char; 65] {
    let mut bytes = [0; 65];
    for (to, byte) in bytes.iter_mut().take(64).zip(uid.bytes()) {
        // A uid is ASCII.
        *to = byte as c_char;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinycontainer::metadata::{Bus, Scheme};

    #[test]
    fn buses_and_schemes_are_those_of_the_metadata() {
        let schemes = [
            (TINYCONTAINER_SCHEME_COAP, "coap"),
            (TINYCONTAINER_SCHEME_COAPS, "coaps"),
            (TINYCONTAINER_SCHEME_HTTPS, "https"),
            (TINYCONTAINER_SCHEME_DTLS, "dtls"),
        ];
        assert_eq!(Scheme::ALL.map(|scheme| (scheme as u8, scheme.name())), schemes);
        let buses = [
            (TINYCONTAINER_BUS_APP, "app"),
            (TINYCONTAINER_BUS_GPIO, "gpio"),
            (TINYCONTAINER_BUS_I2C, "i2c"),
            (TINYCONTAINER_BUS_SPI, "spi"),
            (TINYCONTAINER_BUS_UART, "uart"),
            (TINYCONTAINER_BUS_SAUL, "saul"),
        ];
        let local = Bus::ALL.iter().filter(|bus| **bus != Bus::Data).map(|bus| (*bus as u8, bus.name()));
        assert!(local.eq(buses), "the container's own data has no driver");
        assert_eq!(Bus::from_number(TINYCONTAINER_BUS_NONE), None);
        assert_eq!(Scheme::from_number(TINYCONTAINER_SCHEME_NONE), None);
    }
}
