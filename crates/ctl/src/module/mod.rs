//! From source code to a module that a device accepts.
//!
//! | module | holds |
//! | --- | --- |
//! | [`compile`] | cargo or clang |
//! | [`check`] | whether a device accepts the module |

pub(crate) mod check;
pub(crate) mod compile;
