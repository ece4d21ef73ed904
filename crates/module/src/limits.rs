//! The most that a module may have of each thing. docs/format.md, section "Module", has the same table.
//!
//! Ordinary output of clang and rustc is far below each of them.

/// Function types.
pub const TYPES: u32 = 128;
/// Parameters of a function type.
pub const PARAMS: u32 = 128;
/// Results of a function type.
pub const RESULTS: u32 = 128;
/// Imports.
pub const IMPORTS: u32 = 32;
/// Exports.
pub const EXPORTS: u32 = 128;
/// Initial elements of the table.
pub const TABLE: u32 = 4096;
/// Locals of a function, its parameters too.
pub const LOCALS: u32 = 16_384;
/// Blocks within each other in a function.
pub const NESTING: u32 = 512;
/// Values on the operand stack of a function.
pub const OPERANDS: u32 = 255;
