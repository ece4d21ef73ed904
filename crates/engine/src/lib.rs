//! The engine of TinyContainer.
//!
//! | module | holds |
//! | --- | --- |
//! | [`platform`] | what an operating system, its memory and its drivers must offer |
//! | [`engine`] | [`Engine`]: what a control program calls |
//! | [`provision`] | [`Loading`]: an image on its way in |
//! | [`agent`] | [`Agent`]: one container's life, a step at a time |
//! | `service` | the guest's native calls: firewall, then driver or peer |
//! | `queue` | messages between containers |
//! | `sessions`, `versions` | which images are on their way in, and which versions there have been |
//! | `slot` | what the engine knows of each container |
//! | [`status`] | what it tells |
//!
//! Times are milliseconds of the platform's monotonic clock.

#![no_std]
#![forbid(unsafe_code)]

pub mod agent;
pub mod engine;
mod limiter;
pub mod platform;
pub mod provision;
mod queue;
mod service;
mod sessions;
mod slot;
pub mod status;
mod versions;

pub use agent::{Agent, Next};
pub use engine::{Engine, NotFound, StartError, StopError, UnloadError};
pub use platform::{DEFAULT_MAX_TRANSFER, Drivers, IoError, Lock, Notice, Platform};
pub use provision::{ImageError, Loading, Sizes};
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
/// The most endpoints of a container on which other containers write to it.
pub const MAX_QUEUES: usize = 4;
/// How many refusals are kept. Each container has its share of them; see [`firewall::Refusals`].
pub const MAX_REFUSALS: usize = 16;
/// The most images that are on their way in at once.
pub const MAX_SESSIONS: usize = 2;
/// How long a loading session may go without progress, in milliseconds.
pub const SESSION_TIMEOUT_MS: u64 = 30_000;
/// How many records are kept of the versions that were loaded; see [`VersionRecord`].
pub const MAX_VERSIONS: usize = 24;
/// The longest metadata that is taken, in bytes.
pub const MAX_METADATA: usize = 4096;
