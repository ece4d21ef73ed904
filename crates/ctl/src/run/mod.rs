//! The parts of `run`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`tally`] | counts of events, exact, in bounded memory |
//! | [`descriptors`] | who named a descriptor that another has open |
//! | [`loops`] | instructions per loop: least, median, most |
//! | [`observe`] | from the host's observers to these |
//! | [`line`](mod@line) | a line of output: for people, and as fields |
//! | [`shards`] | a value for each thread, so that none waits for another |
//! | [`shown`] | which lines are shown, and how |
//! | [`screen`] | the output while containers run |
//! | [`image`] | an image, as it is on the disk |
//! | [`session`] | loads, starts, stops and replaces containers |
//! | [`control`] | what keys and changed files do to them |
//! | [`keys`] | keys that a person presses |
//! | [`rebuild`] | what has changed on the disk |
//! | [`outcome`] | the result |
//! | [`stopped`] | what to do about a container that has ended by a fault |
//! | [`table`] | the result for people |
//! | [`report`] | the result as a page |
//! | [`expect`] | the expected result |
//! | [`recorded`] | what was written to the buses |

mod control;
pub(crate) mod descriptors;
pub(crate) mod expect;
pub(crate) mod image;
pub(crate) mod keys;
pub(crate) mod line;
pub(crate) mod loops;
pub(crate) mod observe;
pub(crate) mod outcome;
pub(crate) mod rebuild;
pub(crate) mod recorded;
pub(crate) mod report;
pub(crate) mod screen;
pub(crate) mod session;
mod shards;
pub(crate) mod shown;
pub(crate) mod stopped;
pub(crate) mod table;
pub(crate) mod tally;
