//! What a device reports.

use tinycontainer::firewall::DenyReason;
use tinycontainer::{State, StopReason};
use tinycontainer_abi::Syscall;

/// A container's counters: see `tinycontainer::status::Counters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "those of the engine")]
pub struct Counters {
    pub starts: u32,
    pub loops: u32,
    pub missed: u32,
    pub calls: u32,
    pub refusals: u32,
    pub log_dropped: u32,
    pub dropped: u32,
    pub instructions: u64,
}

/// The status of a container: see `tinycontainer::Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of the engine")]
pub struct Status {
    pub uid: String,
    pub slot: u8,
    pub version: u32,
    pub priority: u8,
    pub state: State,
    /// Why it last stopped, if it has.
    pub last: Option<StopReason>,
    /// The same in words, with details.
    pub last_text: String,
    pub counters: Counters,
    pub image_bytes: u32,
    pub memory_used: u32,
    pub memory_peak: u32,
}

/// The memory of all containers, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u32,
    /// Free.
    pub free: u32,
    /// The largest free block.
    pub largest: u32,
    /// How many units of drivers are open.
    pub open_handles: u32,
    /// How often a record of versions was reported.
    pub version_records: u32,
    /// The bytes booked on each account: instances by slot, images by slot, the runtime.
    pub accounts: Vec<u32>,
}

/// Everything that an attack must leave as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// By slot.
    pub containers: Vec<Status>,
    /// The memory.
    pub memory: Memory,
}

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The container; empty if it is no longer loaded.
    pub uid: String,
    /// The call.
    pub call: Syscall,
    /// The endpoint, if known.
    pub endpoint: Option<u32>,
    /// Why.
    pub reason: DenyReason,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A container logged a line.
    Log {
        /// The container.
        uid: String,
        /// The line.
        line: Vec<u8>,
    },
    /// A container was started.
    Started {
        /// The container.
        uid: String,
    },
    /// A container has stopped.
    Stopped {
        /// The container.
        uid: String,
        /// Why.
        why: String,
    },
    /// A call was refused.
    Refused {
        /// The container.
        uid: String,
    },
    /// A driver failed.
    DriverFailed {
        /// The container.
        uid: String,
        /// The endpoint.
        endpoint: u32,
    },
    /// Lines of a container were dropped.
    LogDropped {
        /// The container.
        uid: String,
        /// How many.
        lines: u32,
    },
    /// The device had no space for so many events.
    Lost(u32),
}
