//! What is known about an image or a trust store.
//!
//! | module | holds |
//! | --- | --- |
//! | [`types`] | what a report holds |
//! | [`checks`] | the checks of the device |
//! | [`tokens`] | the tokens |
//! | [`profile1`] | the report on an image of profile 1 |
//! | [`year2024`] | the report on an image of the 2024 format |
//! | [`mod@print`] | a report for people |
//! | [`anchors`] | the anchors of a trust store |
//! | [`standalone`] | tokens, keys, trust stores and modules |
//! | [`granted`] | a token that was made |

pub(crate) mod anchors;
pub(crate) mod checks;
pub(crate) mod granted;
pub(crate) mod print;
pub(crate) mod profile1;
pub(crate) mod standalone;
pub(crate) mod tokens;
pub(crate) mod types;
pub(crate) mod year2024;
