//! The SDK for authors of containers.
//!
//! A container is a WebAssembly module with three hooks: [`Container::on_start`] runs once, [`Container::on_loop`]
//! once in each period, [`Container::on_stop`] once at the end. In between it uses the [endpoints](endpoint) that its
//! metadata lists, and nothing else.
//!
//! ```
//! use tinycontainer_guest::{Container, Next, Port, container, log};
//!
//! struct Blink {
//!     led: Port,
//!     on: u8,
//! }
//!
//! impl Container for Blink {
//!     const NEW: Self = Self { led: Port::new(1), on: 0 };
//!
//!     fn on_loop(&mut self) -> Next {
//!         self.on ^= 1;
//!         match self.led.write(&[self.on]) {
//!             Ok(_) => Next::Again,
//!             Err(errno) => {
//!                 log!("no led: ", errno as i32);
//!                 Next::Stop
//!             }
//!         }
//!     }
//! }
//!
//! container!(Blink);
//! ```
//!
//! It does not use `core::fmt` and plain `extern "C"`: one formatted integer costs more than a whole container does
//! here, and the imports are unsafe to call. Modules made with this crate and [`build`]'s settings start at 128 bytes.
//!
//! The crate also compiles for other targets than wasm32, so that a container's logic can have unit tests. There is no
//! host then, and every call returns [`Errno::Refused`].
//!
//! # Panics
//!
//! Nothing here panics. A panic of the container is `unreachable`: the host reports a trap and does not call
//! `on_stop`.

#![no_std]

pub mod endpoint;
mod ffi;
mod line;

#[cfg(not(target_arch = "wasm32"))]
pub mod build;

pub use endpoint::{Endpoint, Port};
pub use line::{Decimal, Line, Piece};
pub use tinycontainer_abi::Errno;

use core::ffi::CStr;

#[doc(hidden)]
pub use ffi::hooks;

/// What follows this loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Next {
    /// Loop again after the period.
    Again = 0,
    /// Stop: `on_stop` is next.
    Stop = 1,
}

/// A container: its state and its hooks. [`container!`] exports them.
pub trait Container: Sized {
    /// The state before `on_start`. It is part of the module's data.
    const NEW: Self;

    /// Called once, before the first loop.
    fn on_start(&mut self) {}

    /// Called once in each period.
    fn on_loop(&mut self) -> Next;

    /// Called once, after the last loop of a container that has not failed.
    fn on_stop(&mut self) {}
}

/// Restarts the time that the metadata allows between two heartbeats.
pub fn heartbeat() -> Result<(), Errno> {
    done(ffi::heartbeat())
}

/// Logs one line of text, of at most 256 bytes: a device cuts a longer one there. [`log!`] is shorter to write.
///
/// A device drops lines beyond its limit (1024 bytes per second by default, after a first burst), and reports how many
/// were dropped.
pub fn log(text: &CStr) {
    ffi::logger(text);
}

/// Logs one line.
///
/// A single literal is logged in place, without a copy; one of more than 256 bytes does not compile. Several pieces
/// separated by commas (text, integers, [`Decimal`]) go through a [`Line`] of at most [`Line::MAX`] bytes (63): a longer
/// one is cut and ends with `...`.
///
/// ```
/// # use tinycontainer_guest::{Decimal, log};
/// log!("ready");
/// log!("loop ", 3_u32, ": ", Decimal::new(2150, 2), " C");
/// // A floating-point number becomes a Decimal.
/// let celsius = 21.5_f32;
/// log!(Decimal::new((celsius * 100.0) as i32, 2), " C");
/// ```
///
/// ```compile_fail,E0277
/// tinycontainer_guest::log!("t ", 21.5_f32);
/// ```
#[macro_export]
macro_rules! log {
    ($text:literal $(,)?) => {{
        const TEXT: &::core::ffi::CStr = $crate::text(::core::concat!($text, "\0"));
        $crate::log(TEXT)
    }};
    ($($piece:expr),+ $(,)?) => {{
        let mut line = $crate::Line::new();
        $($crate::Piece::put($piece, &mut line);)+
        line.log()
    }};
}

/// The longest text that a device logs, in bytes.
const MAX_TEXT: usize = 256;

#[doc(hidden)]
pub const fn text(with_nul: &str) -> &CStr {
    // These are evaluated at compile time: error messages of the compiler.
    assert!(with_nul.len() <= MAX_TEXT + 1, "a text to log is longer than 256 bytes");
    match CStr::from_bytes_with_nul(with_nul.as_bytes()) {
        Ok(text) => text,
        Err(_) => {
            assert!(with_nul.is_empty(), "a text to log contains a NUL");
            c""
        }
    }
}

/// The result of a call: a count or an error.
fn count(raw: i32) -> Result<usize, Errno> {
    usize::try_from(raw).map_err(|_| errno(raw))
}

/// The result of a call without a count.
fn done(raw: i32) -> Result<(), Errno> {
    if raw < 0 { Err(errno(raw)) } else { Ok(()) }
}

/// The error with that number. A number that this version does not know is a refusal.
///
/// The same as `Errno::from_number(raw).unwrap_or(Errno::Refused)`, in less code; a test compares them.
const fn errno(raw: i32) -> Errno {
    match raw {
        -2 => Errno::WouldBlock,
        -3 => Errno::NoPeer,
        -4 => Errno::TooLong,
        -5 => Errno::Io,
        -6 => Errno::TooManyOpen,
        _ => Errno::Refused,
    }
}

#[cfg(all(target_arch = "wasm32", feature = "panic-handler"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn errors_are_those_of_the_abi() {
        for raw in -40..0 {
            assert_eq!(errno(raw), Errno::from_number(raw).unwrap_or(Errno::Refused), "{raw}");
        }
        assert_eq!(count(7), Ok(7));
        assert_eq!(count(-4), Err(Errno::TooLong));
        assert_eq!(done(0), Ok(()));
        assert_eq!(done(i32::MIN), Err(Errno::Refused));
    }

    #[test]
    fn zero_means_go_on() {
        assert_eq!((Next::Again as i32, Next::Stop as i32), (0, 1));
    }

    #[test]
    fn a_literal_of_256_bytes_is_the_longest() {
        let whole = "0123456789abcdef".repeat(16);
        assert_eq!(text(&(whole.clone() + "\0")).to_bytes().len(), MAX_TEXT);
        assert!(std::panic::catch_unwind(|| text(&(whole.clone() + "x\0")).count_bytes()).is_err());
    }

    #[test]
    fn without_a_host_everything_is_refused() {
        log!("there is no host");
        log!("nor ", 1, " this");
        assert_eq!(heartbeat(), Err(Errno::Refused));
        assert_eq!(endpoint::open(1).err(), Some(Errno::Refused));
        assert_eq!(Port::new(1).write(b"x"), Err(Errno::Refused));
    }
}
