//! Who may call what.
//!
//! | module | holds |
//! | --- | --- |
//! | [`grant`] | what a container may do, once somebody has proven it |
//! | [`table`] | the containers on a device |
//! | [`guard`] | one running container's calls and descriptors |
//! | [`refusals`] | the last refusals |

#![no_std]
#![forbid(unsafe_code)]

pub mod grant;
pub mod guard;
pub mod refusals;
pub mod table;

pub use grant::{Grant, Issuer, Right, TooMany};
pub use guard::{Denial, Fd, Guard, Reason};
pub use refusals::{Refusal, Refusals};
pub use table::{ContainerId, Full, Table};
pub use tinycontainer_abi::{Direction, Mask, Syscall};
