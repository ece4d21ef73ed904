//! Who may sign what, and whether an image is to be believed.
//!
//! | module | holds |
//! | --- | --- |
//! | [`trust`] | the trust store: anchors, roles, scopes |
//! | [`check`] | [`examine`] and [`clear`]: the decision over an image |
//! | [`reliance`] | what it rested on: whether it still holds later |
//!
//! A crate of its own, between the format and the engine, so that a desk decides with the very code
//! a device decides with.

#![no_std]
// Not forbidden: taking the firewall's authority to grant is unsafe.
#![deny(unsafe_code)]

pub mod check;
pub mod reliance;
pub mod trust;

pub use check::{
    Ceilings, Check, Cleared, Device, Found, Holds, Hook, ImageRejected, Sink, Subject, Whose, Year2024,
    clear, clear_into, covered_2024, examine, sha256,
};
pub use reliance::{Lapsed, MAX_ANCHORS, Reliance};
pub use trust::{AnchorHash, AnchorSpec, Pattern, Reach, Roles, Scope, Target, Trust};

/// The most endpoints of a container that a device takes. The format would allow 32.
pub const MAX_ENDPOINTS: usize = 8;
