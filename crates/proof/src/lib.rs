//! Tests of whole devices, from outside: on a host with either interpreter, and on an emulated board.
//!
//! | module | holds |
//! | --- | --- |
//! | [`attacks`] | attacks that must be contained, a file for each kind of attacker |
//! | [`device`] | [`Device`](device::Device): a device under test, in a process of its own |

pub mod attacks;
pub mod device;
