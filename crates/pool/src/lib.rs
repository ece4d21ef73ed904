//! One fixed region of memory, shared by all containers, with an account and a cap for each.
//!
//! `rlsf` or another allocator of the registry is not used because an interpreter allocates some forty small blocks
//! for a container of half a kilobyte, so the overhead of a block decides how many containers fit. `rlsf` takes 8
//! bytes for a block on a 32-bit machine and rounds to 16; the account would be 4 more. Here size, account and state
//! share one word of 4 bytes, and blocks are multiples of 8. The search is the same (two-level segregated fit):
//! [`Pool::alloc`] and [`Pool::dealloc`] take constant time.
//!
//! - A block of `n` bytes takes `n + 4` of the region, rounded up to a multiple of 8, at least 16. That
//!   whole size is booked, so the use of all accounts and [`Pool::free_bytes`] always add up to the
//!   region.
//! - Contents are aligned to 8 bytes.
//! - Free neighbours are joined at once: when every block is freed, the region is one free block again.
//! - Every access is inside a critical section (crate `critical-section`) of a few dozen instructions.
//!   Copying and zeroing happen outside of it.
//!
//! # Panics
//! None, unless the region was corrupted.

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

mod accounts;
mod buf;
mod heap;
mod pool;

pub use accounts::Accounts;
pub use buf::PoolBuf;
pub use pool::{InitError, OutOfMemory, Pool};
pub use tinycontainer_runtime::{Account, MemoryUse};
