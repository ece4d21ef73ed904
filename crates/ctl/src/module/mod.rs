//! From source code to a module that a device accepts.
//!
//! | module | holds |
//! | --- | --- |
//! | [`compile`] | cargo or clang |
//! | [`lower`] | what devices do not take, said in what they take |
//! | [`check`] | whether a device accepts the module |
//! | [`advice`] | what to do if it does not |

mod advice;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod lower;
