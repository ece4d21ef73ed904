//! Bounds what loading a WebAssembly module costs, before an interpreter sees it.
//!
//! An interpreter's loader has loops within loops: over the operand stack at each block, over all types at each type,
//! over all names at each export. [`check`] walks over a module once, in time linear in its size, without memory but
//! some 1.4 KB of stack, and refuses it if a count is beyond its limit ([`limits`]) or if the loader's work
//! ([`work`]) is too much for a module of that size.
//!
//! It is no validator: a module that it accepts may still be refused by the loader, which then has done no more work
//! than was allowed.

#![no_std]
#![forbid(unsafe_code)]

mod body;
mod error;
pub mod limits;
mod pass;
mod sections;
pub mod work;

pub use error::{CheckError, Excess, Limit};

/// What loading a module costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// In units of [`work`].
    pub work: u32,
    /// The most that a module of this size may cost.
    pub allowed: u32,
    /// How many `block` and `if` instructions it has. An interpreter may keep a table of where they end.
    pub blocks: u32,
}

/// Checks a module.
///
/// # Errors
/// A count or the work is over its limit, or the bytes are not a module.
#[inline(never)]
pub fn check(module: &[u8]) -> Result<Cost, CheckError> {
    sections::check(module)
}
