//! WAMR 2.4.3 as TinyContainer compiles it, and the few functions of it that are called.
//!
//! Why not the crate `wamrx-sys` itself: its settings are its own (no metering, memory from `mmap`,
//! signal handlers), it needs CMake and libclang on every build machine, and it does
//! not know a device. Its source tree is what we use: see `build/source.rs`. What is compiled, and how,
//! is in `wamr.settings`, in lines that a Makefile can read, for one WAMR on host and device.
//!
//! Why not `wasm_export.h` as a whole: an enum has another size with `arm-none-eabi-gcc` than with
//! the C compiler of a host. What crosses this line has pointers, bools and integers of a fixed size
//! only; `c/shim.h` covers what in WAMR's header has not. `src/bindings.rs` is generated, and a test
//! generates it again and compares.
//!
//! Who links this must define `tc_alloc`, `tc_realloc` and `tc_free` (`c/shim.h`).

#![no_std]
#![expect(unsafe_code, reason = "declares foreign functions")]

#[expect(
    non_camel_case_types,
    missing_docs,
    reason = "generated from C, whose headers have the documentation"
)]
mod bindings;

pub use bindings::*;

/// Where WAMR's source tree was found. For tests and benches, which compile it in other ways; `None`
/// where it was not compiled here.
#[doc(hidden)]
pub const SOURCE: Option<&str> = option_env!("TC_WAMR_SOURCE");
