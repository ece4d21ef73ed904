//! The TinyContainer image format.
//!
//! | module | holds |
//! | --- | --- |
//! | [`endpoint`] | endpoints and their peers |
//! | [`decode`] | bytes to [`Metadata`], which is an allegation until its proofs are verified |
//! | [`encode`] | [`Draft`] to bytes |
//! | [`transport`] | the single-file image |
//!
//! Times are milliseconds, sizes are bytes. The specification is `docs/format.md`.

#![no_std]
#![forbid(unsafe_code)]

pub mod decode;
pub mod encode;
pub mod endpoint;
mod names;
pub mod transport;

pub use decode::{Format2024, Metadata, Part, Profile1, Proofs};
pub use encode::Draft;
pub use endpoint::{Access, Bus, Endpoint, Endpoints, Peer, Scheme};
pub use minicbor;
pub use names::{is_authority, is_uid};
pub use tinycontainer_abi::{Direction, Limits, Mask, Syscall, Type};
pub use tinycontainer_cbor::{Error, Kind};

/// The CBOR tag of metadata: the bytes `TinyPART` read as a big-endian number.
pub const TAG: u64 = 6_082_514_239_057_121_876;
/// The version of our profile that this crate writes.
pub const FORMAT_VERSION: u64 = 1;
/// The longest uid, in bytes.
pub const MAX_UID: usize = 64;
/// The longest remote authority, in bytes.
pub const MAX_AUTHORITY: usize = 128;
/// The most endpoints a container may list.
pub const MAX_ENDPOINTS: usize = 32;
/// The longest `vendor_secu`, in bytes.
pub const MAX_VENDOR_SECU: usize = 256;

tinycontainer_abi::numbered_enum! {
    /// The share of the processor that a container asks for, relative to others.
    #[derive(Default)]
    pub enum Priority: u8 {
        /// Runs when no other container needs the processor.
        Low = 0 => "low",
        /// The default.
        #[default]
        Normal = 1 => "normal",
        /// Runs before the others. Only for signers whose scope allows it.
        High = 2 => "high",
    }
}

/// The sizes of an image's data and code, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartSizes {
    /// The data; 0 if there is none.
    pub data: u32,
    /// The code, at least 1.
    pub code: u32,
}

/// When a container runs and how long, in milliseconds unless stated otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schedule {
    /// The longest time that `start()` may take. At least 1.
    pub start_ms: u32,
    /// The time from one `loop()` to the next. 0: as soon as possible.
    pub period_ms: u32,
    /// The longest time that one `loop()` may take. At least 1.
    pub loop_ms: u32,
    /// How many times `loop()` is called. 0: no limit.
    pub max_loops: u32,
    /// The longest time that `stop()` may take. At least 1.
    pub stop_ms: u32,
    /// The longest time that it runs, from its start on. 0: no limit.
    pub lifetime_ms: u32,
    /// The longest time from one `heartbeat()` to the next. 0: none is expected.
    pub heartbeat_ms: u32,
    /// The class of priority.
    pub priority: Priority,
    /// The event that causes a `loop()`.
    pub wake: Wake,
}

tinycontainer_abi::numbered_enum! {
    /// The event that causes a `loop()`.
    #[derive(Default)]
    pub enum Wake: u8 {
        /// Its period.
        #[default]
        Period = 0 => "period",
        /// A message, or data that a driver has announced, at an endpoint that the container has open to read; at most
        /// once in each period.
        Message = 1 => "message",
    }
}
