//! Tests of whole devices, from outside: on a host with either interpreter, and on an emulated board.
//!
//! | module | holds |
//! | --- | --- |
//! | [`attacks`] | attacks that must be contained, a file for each kind of attacker |
//! | [`device`] | [`Device`](device::Device): a device under test, in a process of its own |
//! | [`guests`] | modules for containers |
//! | [`life`] | tests of the life of containers |
//! | [`counts`] | exact counts of processor instructions |
//! | [`soak`] | random actions, for long |

pub mod attacks;
pub mod counts;
pub mod device;
pub mod guests;
pub mod life;
pub mod soak;
