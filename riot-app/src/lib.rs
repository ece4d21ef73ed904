//! TinyContainer under RIOT.
//!
//! | module | holds |
//! | --- | --- |
//! | `sys` | the one module that calls RIOT: threads, flags, messages, time, output |
//! | `platform` | what the engine asks for: lock, memory, device, and the start of it all |
//! | `port` | what the C API needs of the platform |
//! | `controller` | the thread that verifies and loads, and writes output |
//! | `slots` | each slot's stack, thread and priority |
//! | `threads` | a thread for each container |
//! | `device` | the trust store and names that the Makefile compiles in |
//! | `drivers` | RIOT's own buses, through `module/tinycontainer/periph.c` |
//! | `clock`, `lock`, `settings` | ztimer without its wrap; RIOT's mutex; the settings of the build |
//!
//! Why riot-wrappers and riot-sys and not declarations of our own: mutexes, threads and messages have
//! layouts that RIOT's modules change, and riot-sys takes them from the headers of this very build.
//!
//! # Panics
//! None that is known. One would end the device, as RIOT's kernel panic does.

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

mod clock;
mod controller;
mod device;
mod drivers;
mod lock;
mod platform;
mod port;
mod settings;
mod slots;
mod sys;
mod threads;
