//! The parts of `run`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`tally`] | counts of events, exact, in bounded memory |
//! | [`screen`] | the output while containers run |
//! | [`table`] | the table at the end |
//! | [`expect`] | the expected result |
//! | [`recorded`] | what was written to the buses |

pub(crate) mod expect;
pub(crate) mod recorded;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod tally;
