//! The C API: the five functions of the 2024 header, and what that header lacked.
//!
//! | module | holds |
//! | --- | --- |
//! | [`backend`] | [`Backend`]: what the functions need of a platform, and [`set_backend!`] |
//! | [`engine`] | [`EngineBackend`]: a ready-made one over an [`Engine`](tinycontainer::Engine) |
//! | [`drivers`] | drivers written in C, under the engine |
//! | [`settings`] | trust store, names and clock, for the platform's `device()` |
//! | [`result`] | result codes |
//! | [`types`] | the structs of the header |
//! | [`functions`] | the functions of the header |
//!
//! # How a platform comes under it
//! It implements [`Port`] (or [`Backend`] whole), says `set_backend!(Type = expression)` once in the
//! program, has [`settings::device`] answer `Platform::device`, and [`CDrivers`] be
//! `Platform::Drivers`.
//!
//! Each method of the backend is a symbol of its own, as in the crate `critical-section`, and not an
//! entry of a table: what a program never calls, the linker drops.
//!
//! # Panics
//! None. What crosses into C cannot unwind.

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod backend;
mod cell;
pub mod drivers;
pub mod engine;
pub mod functions;
pub mod result;
pub mod settings;
pub mod types;

pub use backend::{AuditEntry, Backend, Memory, Pid, Priorities, Sizes};
pub use cell::SetOnce;
pub use drivers::{CDrivers, NoDrivers};
pub use engine::{EngineBackend, LoadSession, Port};
pub use result::{LoadFailure, TinycontainerResult as Code};
pub use tinycontainer;
