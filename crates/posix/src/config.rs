//! The configuration of a host, and the events that its observer receives.

use crate::buses::Buses;
use crate::trace::{CallRun, HookRun, Observer};
use std::num::NonZeroU32;
use std::path::PathBuf;
use tinycontainer::Notice;
use tinycontainer::policy::{Ceilings, Device, Year2024};

/// The most containers at once.
pub const MAX_CONTAINERS: usize = 64;

/// An event for the observer.
#[derive(Debug, Clone)]
pub enum Event {
    /// A line that a container logged. Control characters have been escaped.
    Log {
        /// The container.
        uid: String,
        /// The line, without its end.
        line: String,
    },
    /// Something happened to a container.
    Notice {
        /// The container.
        uid: String,
        /// What.
        notice: Notice,
    },
    /// A recording has reached its limit: what is written to the device from now on is not recorded.
    RecordingEnded {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
}

/// The configuration of a host.
pub struct Config {
    /// The device's name, one of the audiences that a token may have.
    pub name: String,
    /// The device's class, another audience that a token may have. Empty: none.
    pub class: String,
    /// The trust store, in CBOR.
    pub trust: Vec<u8>,
    /// Now, in seconds since 1970, in place of the system's clock.
    pub now: Option<u64>,
    /// Describes the device, in place of `name`, `class`, `trust` and `now`.
    pub describe: Option<fn(Ceilings) -> Device<'static>>,
    /// The upper limits for each container.
    pub ceilings: Ceilings,
    /// The memory of all containers together, in bytes: less than 32 MiB.
    pub pool_bytes: usize,
    /// Whether images of the 2024 format are accepted; see [`Year2024`].
    pub accept_2024: Option<Year2024<'static>>,
    /// The virtual devices.
    pub buses: Buses,
    /// Receives every event, on the thread that it occurs on. Must not call the host.
    pub observer: Box<dyn Fn(Event) + Send + Sync>,
    /// The speed of the device that this host tries, in instructions per millisecond, in place of its own: budgets
    /// follow from it, and each hook takes as long as its instructions take at that speed.
    pub instructions_per_ms: Option<NonZeroU32>,
    /// Receives each hook that has ended.
    pub on_hook: Option<Observer<HookRun>>,
    /// Receives each native call.
    pub on_call: Option<Observer<CallRun>>,
}

impl Default for Config {
    /// A host without trust anchors, with 15 MiB for containers and nothing on its buses.
    fn default() -> Self {
        Self {
            name: String::new(),
            class: String::new(),
            accept_2024: None,
            trust: vec![0x82, 0x01, 0x80],
            now: None,
            describe: None,
            ceilings: Ceilings {
                linear_memory: 1 << 20,
                stack: 64 << 10,
                heap: 2 << 20,
                image: 1 << 20,
                hook_ms: 10_000,
            },
            pool_bytes: 15 << 20,
            buses: Buses::default(),
            observer: Box::new(|_| ()),
            instructions_per_ms: None,
            on_hook: None,
            on_call: None,
        }
    }
}
