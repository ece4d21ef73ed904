//! The adaptor with the real interpreter. Guests are written in WebAssembly's text format.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[cfg(feature = "classic")]
mod blocks;
mod budget;
mod floats;
mod hostile;
mod load;
mod memory;
mod natives;
#[path = "../../benches/opcodes/list.rs"]
mod opcodes;
#[path = "../../../module/tests/shapes/mod.rs"]
mod shapes;
mod threads;
mod traps;
mod world;
