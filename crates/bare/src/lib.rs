//! TinyContainer on a device without an operating system.
//!
//! | module | holds |
//! | --- | --- |
//! | [`board`] | [`Board`]: what the application provides: clock, sleep, output, identity |
//! | `account` | for WAMR: which container the processor works for |
//! | `lock` | [`SectionLock`]: the engine's lock, a critical section |
//! | [`platform`] | [`Bare`]: the engine's platform over a board |
//! | [`super_loop`] | [`SuperLoop`]: steps the containers' agents, one after another |
//! | [`units`] | drivers: tables of units, over `embedded-hal` |
//!
//! The engine, containers and drivers run in one thread. Interrupts may call [`Engine::readable`](tinycontainer::Engine::readable).
//! `docs/porting.md` describes what a platform provides, by this one.

#![no_std]
#![forbid(unsafe_code)]

mod account;
pub mod board;
mod lock;
pub mod platform;
pub mod super_loop;
pub mod units;

pub use board::Board;
pub use lock::SectionLock;
pub use platform::{Bare, BareEngine, StartError};
pub use super_loop::SuperLoop;
pub use units::{Entry, Unit, Units};
