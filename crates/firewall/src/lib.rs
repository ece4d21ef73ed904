//! Which container may make which call.
//!
//! | module | holds |
//! | --- | --- |
//! | [`id`] | the identity of a container |
//! | [`denial`] | why a call is denied |
//! | [`grant`] | what a container may do, and the authority to decide that |
//! | [`table`] | the containers on a device |
//! | [`guard`] | one running container's calls and descriptors |
//! | [`refusals`] | the last refusals |

#![no_std]
// Not forbidden: `Issuer::new` is declared unsafe. There is no unsafe block in this crate.
#![deny(unsafe_code)]

pub mod denial;
pub mod grant;
pub mod guard;
pub mod id;
pub mod refusals;
pub mod table;

pub use denial::{Denial, DenyReason};
pub use grant::{Grant, Issuer, Right, TooMany};
pub use guard::{Fd, Guard};
pub use id::ContainerId;
pub use refusals::{AuditRecord, AuditRing};
pub use table::{Full, Table};
pub use tinycontainer_abi::{Direction, Mask, Syscall};
