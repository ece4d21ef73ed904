//! What people read: colours, errors, sentences.
//!
//! | module | holds |
//! | --- | --- |
//! | [`style`] | colours, printing, and text from outside made safe for a terminal |
//! | [`width`] | the width of the terminal, and text that fits |
//! | [`error`] | errors with what to do about them |
//! | [`sentences`] | accesses, durations, lists |
//! | [`advice`] | what to do about an image that a device refuses |

pub(crate) mod advice;
pub(crate) mod error;
pub(crate) mod sentences;
pub(crate) mod style;
pub(crate) mod width;
