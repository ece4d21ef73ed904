//! Tests of whole devices, from outside: on a host with either interpreter, and on an emulated board.
//!
//! | module | holds |
//! | --- | --- |
//! | [`device`] | [`Device`](device::Device): a device under test, in a process of its own |

pub mod device;
