//! The engine of TinyContainer.
//!
//! | module | holds |
//! | --- | --- |
//! | [`error`] | the errors of all that the engine offers, and their texts |
//! | [`status`] | what the engine reports about a container |
//! | [`platform`] | what an operating system, its memory and its drivers must offer |
//! | `single_thread` | the lock of platforms with one thread |
//! | `queue`, `sessions`, `versions`, `limiter` | messages between containers; images being loaded; the versions loaded so far; the limit of log output |
//! | `live` | what an agent and the control functions share without the engine's lock |
//! | `slot` | what is stored about each container, under the engine's lock |
//! | [`engine`] | [`Engine`]: what a control program calls |
//! | [`provision`] | [`Engine::begin`] and [`Loading`]: an image being loaded |
//! | `context` | the slot that an agent is for |
//! | `syscalls` | the guest's native calls: firewall, then driver or peer |
//! | [`agent`] | [`Engine::agent`] and [`Agent`]: one container's life, a step at a time |
//!
//! Each module uses only modules above it.
//!
//! Times are milliseconds of the platform's monotonic clock.

#![no_std]
#![forbid(unsafe_code)]

pub mod agent;
mod context;
pub mod engine;
pub mod error;
mod limiter;
mod live;
pub mod platform;
pub mod provision;
mod queue;
mod sessions;
mod single_thread;
mod slot;
pub mod status;
mod syscalls;
mod versions;

pub use agent::{Agent, Next};
pub use engine::Engine;
pub use error::{ImageError, NotFound, StartError, StopError, UnloadError};
pub use platform::{DEFAULT_MAX_TRANSFER, Drivers, IoError, Lock, NoDrivers, Notice, Platform, Waker};
pub use provision::{Loading, Sizes};
pub use single_thread::SingleThread;
pub use status::{Detail, Status, Stopped, Uid};
pub use tinycontainer_abi::{Direction, Errno, Hook, Mask, Syscall};
pub use tinycontainer_firewall as firewall;
pub use tinycontainer_lifecycle::{State, StopReason};
pub use tinycontainer_metadata as metadata;
pub use tinycontainer_policy as policy;
pub use tinycontainer_runtime as runtime;
pub use versions::{VersionRecord, VersionScope};

/// The most descriptors a container has open at once.
pub const MAX_OPEN: usize = 8;
/// The most endpoints of a container to which other containers may write.
pub const MAX_QUEUES: usize = 4;
/// How many refusals are stored. Each container has its share of them; see [`firewall::AuditRing`].
pub const MAX_REFUSALS: usize = 16;
/// The most images that are loaded at the same time.
pub const MAX_SESSIONS: usize = 2;
/// How long a loading session may go without progress, in milliseconds.
pub const SESSION_TIMEOUT_MS: u64 = 30_000;
/// How long a loading session may take in all, in milliseconds: 10 minutes, which are 440 bytes per second for an
/// image of 256 KiB.
pub const SESSION_LONGEST_MS: u64 = 600_000;
/// How many records of loaded versions are stored; see [`VersionRecord`].
pub const MAX_VERSIONS: usize = 24;
/// The longest metadata that is accepted, in bytes.
pub const MAX_METADATA: usize = 4096;
