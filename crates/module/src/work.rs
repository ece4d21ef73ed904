//! What each thing costs the loader, in units of about a nanosecond on a host's processor and ten
//! instructions on a Cortex-M4.
//!
//! The figures are for WAMR 2.4.3 and the more expensive of its two interpreters; `benches/loading.rs` of the crate
//! `wamr` measures the sum.

/// A module may cost this much for each of its bytes.
pub const PER_BYTE: u32 = 30;
/// And this much whatever its size.
pub const FREE: u32 = 16_384;

/// A section: one allocation.
pub const SECTION: u32 = 60;
/// A type: one allocation.
pub const TYPE: u32 = 60;
/// Comparing a type with one before it; and one more for each 8 of its parameters and results.
pub const TYPE_COMPARED: u32 = 2;
/// A name: one allocation.
pub const NAME: u32 = 60;
/// Comparing a name with one before it, twice; and one more for each 16 bytes of that.
pub const NAME_COMPARED: u32 = 4;
/// Resolving an import.
pub const IMPORT: u32 = 200;
/// An element of the table.
pub const TABLE_ELEMENT: u32 = 1;
/// A global and its initial value.
pub const GLOBAL: u32 = 60;
/// A segment of elements or of data: two allocations.
pub const SEGMENT: u32 = 120;
/// An index in a segment of elements.
pub const ELEMENT: u32 = 10;
/// A function: some ten allocations.
pub const FUNCTION: u32 = 500;
/// A local.
pub const LOCAL: u32 = 2;
/// A constant in a function, for each doubling of their number: they are sorted.
pub const CONSTANT: u32 = 8;
/// Looking at a value on the operand stack: at all of them when a local is written or a block begins, and then once
/// more for each local that was read since the last block and may still be on the stack.
pub const OPERAND: u32 = 2;
/// A block.
pub const BLOCK: u32 = 20;
/// The condition of an `if`, with or without `else`: three allocations.
pub const IF: u32 = 240;
/// Each four blocks around a block that is nested deeper than any before in its function: their list is copied.
pub const NESTED: u32 = 1;
/// A target of a branch: two allocations.
pub const BRANCH: u32 = 100;
/// A value that a block, a branch or a call takes or gives.
pub const VALUE: u32 = 14;
