//! Writing files so that nothing is lost.
//!
//! | module | holds |
//! | --- | --- |
//! | [`kind`] | what a command writes, and how an earlier one is recognised by its first bytes |
//! | [`file`] | what may be overwritten; a temporary file that is renamed to its target |
//!
//! A subcommand that takes long calls [`check`] first, so that it is refused before it has worked, and [`write`] at the end:
//!
//! ```text
//! output::check(&args.output, Kind::Image, args.force, &inputs)?;
//! output::write(&args.output, Kind::Image, &image, args.force, &inputs)?;
//! ```

mod file;
mod kind;

pub(crate) use file::{check, has, write};
pub(crate) use kind::Kind;
