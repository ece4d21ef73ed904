//! What `run` consists of.
//!
//! | module | holds |
//! | --- | --- |
//! | [`tally`] | what happened, counted exactly, in bounded memory |
//! | [`screen`] | what people see while it happens |
//! | [`table`] | the table at the end |
//! | [`expect`] | what should have come out |
//! | [`recorded`] | what was written to the buses |

pub(crate) mod expect;
pub(crate) mod recorded;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod tally;
