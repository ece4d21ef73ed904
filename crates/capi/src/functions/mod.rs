//! The functions of the header.
//!
//! | module | holds |
//! | --- | --- |
//! | [`control`] | `tinycontainer_init`; starting, stopping and unloading containers |
//! | [`load`] | loading images, whole or in pieces |
//! | [`status`] | status of containers and memory |
//! | [`audit`] | calls that were refused |
//! | [`configuration`] | trust anchors, names, time, drivers |
//! | [`texts`] | numbers as texts |
//! | `arguments` | what these share: checks of arguments, results |
//!
//! Pointers are checked for NULL, sizes for what an object can have. That a pointer which is not NULL points to so many
//! bytes is the caller's responsibility, as always in C.

#![expect(unsafe_code, reason = "called by C, with pointers")]

mod arguments;
pub mod audit;
pub mod configuration;
pub mod control;
pub mod load;
pub mod status;
pub mod texts;
