//! What people read: colours, errors, sentences.
//!
//! | module | holds |
//! | --- | --- |
//! | [`style`] | colours, printing, and text from outside made safe for a terminal |
//! | [`width`] | the width of the terminal, and text that fits |
//! | [`error`] | errors with what to do about them |
//! | [`document`] | what `--json` prints |
//! | [`usage`] | what is wrong with a command line |
//! | [`level`] | how much is printed: quiet, verbose |
//! | [`sentences`] | accesses, durations, lists |
//! | [`advice`] | what to do about an image that a device refuses |

pub(crate) mod advice;
pub(crate) mod document;
pub(crate) mod error;
pub(crate) mod level;
pub(crate) mod sentences;
pub(crate) mod style;
pub(crate) mod usage;
pub(crate) mod width;
