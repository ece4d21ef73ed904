//! Who may sign what, and whether a device accepts an image.
//!
//! | module | contents |
//! | --- | --- |
//! | [`trust`] | the trust store: anchors, roles, scopes |
//! | `device`, `ceilings` | [`Device`] and its [`Ceilings`]: what a decision depends on besides the image |
//! | `examine` | [`examine`]: every check that an image must pass, each with its outcome |
//! | `examiner`, `profile1` | the checks: those that need no token, and those of each token |
//! | `legacy`, `year2024` | the policy for images of the 2024 format |
//! | `clear` | [`clear`] and [`clear_into`]: the decision over an image |
//! | `rejected` | [`ImageRejected`]: why an image is rejected |
//! | [`reliance`] | what a decision relies on, to check later whether it still holds |
//!
//! A crate of its own, between the format and the engine, so that tools on a computer decide with the same code as a
//! device.

#![no_std]
// Not forbidden: taking the firewall's authority to grant is unsafe.
#![deny(unsafe_code)]

mod ceilings;
mod clear;
mod device;
mod examine;
mod examiner;
mod legacy;
mod profile1;
mod rejected;
pub mod reliance;
mod sha256;
pub mod trust;
mod year2024;

pub use ceilings::Ceilings;
pub use clear::{Cleared, Workspace, clear, clear_into};
pub use device::Device;
pub use examine::examine;
pub use examiner::{Check, Found, Holds, Sink};
pub use legacy::LegacyFormat;
pub use rejected::{Hook, ImageRejected, Subject, Whose};
pub use reliance::{Lapsed, MAX_ANCHORS, Reliance};
pub use sha256::sha256;
pub use trust::{AnchorHash, AnchorSpec, Pattern, Reach, Roles, Scope, Target, Trust, kid};
pub use year2024::{Year2024, covered_2024};

/// The most endpoints of a container that a device accepts. The format allows 32.
pub const MAX_ENDPOINTS: usize = 8;
