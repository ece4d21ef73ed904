//! The C API: the five functions of the 2024 header, and what that header lacked.
//!
//! | module | holds |
//! | --- | --- |
//! | [`functions`] | the functions of the header |
//! | `link` | [`set_port!`], which binds them to a platform |
//! | [`backend`] | [`EngineBackend`]: what they do, over an [`Engine`](tinycontainer::Engine) |
//! | `session` | [`LoadSession`]: an image that is loaded in pieces |
//! | [`port`] | [`Port`]: what a platform provides |
//! | [`drivers`] | drivers written in C, under the engine |
//! | [`settings`] | trust store, names and clock, for the platform's `device()` |
//! | [`result`] | result codes |
//! | `cell` | [`OnceCell`], for statics |
//! | [`types`] | the structs of the header |
//!
//! # How a platform is bound to it
//! It implements [`Port`], has `set_port!(Type: N = expression)` once in the program, returns what
//! [`settings::device`] returns from `Platform::device`, and has [`CDrivers`] as `Platform::Drivers`.
//!
//! Each call is a symbol of its own, as in the crate `critical-section`, and not an entry of a table: the
//! linker drops those that a program does not use.
//!
//! # Panics
//! None. What crosses into C cannot unwind.

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod backend;
mod cell;
pub mod drivers;
pub mod functions;
mod link;
pub mod port;
pub mod result;
mod session;
pub mod settings;
pub mod types;

pub use backend::{AuditEntry, EngineBackend};
pub use cell::OnceCell;
pub use drivers::CDrivers;
pub use port::{Memory, Pid, Port, Priorities};
pub use result::{LoadFailure, TinycontainerResult as Code};
pub use session::LoadSession;
pub use tinycontainer::{self, NoDrivers, Sizes};
