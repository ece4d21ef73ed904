//! A device that is managed over a serial line: the firmware for QEMU's mps2-an386, and the same program on a host, where
//! its standard input and output are the line. `crates/proof` tests both.
//!
//! | module | holds |
//! | --- | --- |
//! | `machine` | the processor and its serial line: `mps2_an386.rs`, or `host.rs` |
//! | `protocol` | requests and replies; shared with the other end |
//! | `frame` | reading and writing them |
//! | `bus` | units whose bytes the other end provides and sees |
//! | `board` | the platform's board, and what it is configured with |
//! | `events` | what was logged and reported since the other end last asked |
//! | `port` | the engine, and the C API over it |
//! | `calls` | calls of the C API, with the arguments of the other end |
//! | `console` | serves the requests |

#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;
mod bus;
mod calls;
mod console;
mod events;
mod frame;
#[cfg_attr(target_os = "none", path = "mps2_an386.rs")]
#[cfg_attr(not(target_os = "none"), path = "host.rs")]
mod machine;
mod port;
mod protocol;

/// Starts the device and serves requests.
fn run() -> ! {
    match port::start() {
        Some(engine) => console::serve(engine),
        None => machine::exit(1),
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    run()
}
