//! The runtime adaptor for WAMR: implements [`Runtime`](tinycontainer_runtime::Runtime).
//!
//! - **Memory** is the pool's, all of it, the guest's linear memory too. WAMR's allocator knows no
//!   container, so [`CurrentAccount`] remembers for each thread on whose behalf it is in WAMR.
//! - **Nothing of the guest runs** before a hook is called. What would (a start function, the export
//!   `__post_instantiate` that WAMR calls by itself) is refused.
//! - **Imports and hooks** are compared with [`tinycontainer_abi`], names and types, before linking.
//! - **A pointer of the guest's** is checked with its whole length, in 64 bits, against the linear memory
//!   as it is at that call.
//! - **The budget** is exact with the classic interpreter; with the fast one it is never exceeded by more than one straight
//!   run of code. What counts as one instruction is said at [`Instance`].
//!
//! A [`Host`](tinycontainer_runtime::Host) that panics ends the program: nothing unwinds through C.
//!
//! WAMR is one for the whole program, so there is one [`Wamr`]; see [`Wamr::init`].

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod allocator;
#[cfg(all(fuzzing, feature = "std"))]
mod apart;
mod calibrate;
mod instance;
mod linked;
mod load;
mod memory;
mod natives;
#[cfg(feature = "std")]
mod thread_local;

pub use allocator::{CurrentAccount, InitError, Wamr};
pub use instance::Instance;
#[cfg(feature = "std")]
pub use thread_local::ThreadLocal;
