//! What the engine reports about a container.

use core::fmt;
use tinycontainer_lifecycle::{State, StopReason};
use tinycontainer_metadata::{MAX_UID, Priority};
use tinycontainer_runtime::{MemoryUse, ModuleError, Trap};

/// A container's uid, by value.
pub type Uid = heapless::String<MAX_UID>;

/// Why a container last stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// The reason.
    pub reason: StopReason,
    /// Details of the reason.
    pub detail: Detail,
}

/// Details of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// None.
    None,
    /// The trap.
    Trap(Trap),
    /// Why the runtime rejected it.
    Load(ModuleError),
    /// What `loop()` returned.
    Returned(i32),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.name())?;
        match self.detail {
            Detail::None => Ok(()),
            Detail::Trap(trap) => write!(f, ": {trap}"),
            Detail::Load(error) => write!(f, ": {error}"),
            Detail::Returned(value) => write!(f, ": loop() returned {value}"),
        }
    }
}

/// What a container has done since it was loaded. Counters stay at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// How often it was started.
    pub starts: u32,
    /// How often `loop()` was called, since its last start.
    pub loops: u32,
    /// Periods that passed without a loop because an earlier one was late, since its last start.
    pub missed: u32,
    /// Native calls.
    pub calls: u32,
    /// Of these, refused.
    pub refusals: u32,
    /// Lines of log, and notices of refused calls and failed drivers, that were dropped because there were too many.
    pub log_dropped: u32,
    /// WebAssembly instructions.
    pub instructions: u64,
    /// The number of its refusals that are no longer stored.
    pub dropped: u32,
}

/// The status of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its uid.
    pub uid: Uid,
    /// Its slot, and so its agent.
    pub slot: usize,
    /// The version of its image.
    pub version: u32,
    /// Its class of priority, for platforms whose threads have one.
    pub priority: Priority,
    /// Its state.
    pub state: State,
    /// Why it last stopped, if it has.
    pub last: Option<Stopped>,
    /// Its counters.
    pub counters: Counters,
    /// The memory of its image and queues, in bytes.
    pub image_bytes: u32,
    /// The memory that it uses in the runtime, in bytes.
    pub memory: MemoryUse,
}
