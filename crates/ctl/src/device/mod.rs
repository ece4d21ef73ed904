//! The device that a command decides for.
//!
//! | module | holds |
//! | --- | --- |
//! | [`spec`] | its names, trust store, clock and ceilings, from the command line |
//! | [`year2024`] | its policy for the 2024 format, from the command line |
//! | [`decide`] | the decision of the engine |

pub(crate) mod decide;
pub(crate) mod spec;
pub(crate) mod year2024;
