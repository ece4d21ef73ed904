//! The state of the pass, and reading bytes.
//!
//! The first thing that is wrong is kept, and what is to be read is nothing from then on: so it is asked once for each
//! item whether all was right, and not after each number.

use crate::{CheckError, Cost, Excess, Limit, limits, work};

/// How many values a function or a block takes and gives.
#[derive(Clone, Copy, Default)]
pub(crate) struct Arity {
    pub(crate) params: u8,
    pub(crate) results: u8,
}

/// A block that has begun.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    /// Values on the operand stack below its own. At most `limits::OPERANDS`.
    pub(crate) base: u8,
    /// Index of its type, or one of the two below.
    pub(crate) kind: u8,
}

/// A block that takes and gives nothing, and one that gives one value. No index of a type is as high.
pub(crate) const NOTHING: u8 = 0xfe;
pub(crate) const ONE_VALUE: u8 = 0xff;
// A type's index, how many values it has, and the height of the operand stack are a byte each.
const _: () = assert!(limits::TYPES < 0xfe && limits::OPERANDS <= 0xff);
const _: () = assert!(limits::PARAMS <= 0xff && limits::RESULTS <= 0xff);

/// What the module has said so far.
pub(crate) struct Pass<'a> {
    /// The bytes of the section or body that are not read yet.
    pub(crate) rest: &'a [u8],
    pub(crate) error: Option<CheckError>,
    pub(crate) cost: Cost,
    pub(crate) types: [Arity; limits::TYPES as usize],
    pub(crate) type_count: u32,
    /// The type of each imported function.
    pub(crate) imported: [u8; limits::IMPORTS as usize],
    pub(crate) imported_count: u32,
    /// The type of each other function: the section itself, for there are so few types that each is a byte.
    pub(crate) functions: &'a [u8],
    /// Names so far, and their bytes.
    pub(crate) names: u32,
    pub(crate) name_bytes: u32,
    pub(crate) exports: u32,

    // Of the body that is read.
    pub(crate) blocks: [Block; limits::NESTING as usize],
    /// Of `blocks`, those that have begun and not ended; and the most there were.
    pub(crate) nesting: u32,
    pub(crate) deepest: u32,
    /// Values on the operand stack: never fewer than the loader counts, for where code is not reached it too stops
    /// at the block's base.
    pub(crate) operands: u32,
    /// Locals read since a block began.
    pub(crate) fresh: u32,
    pub(crate) constants: u32,
    /// Of the function itself.
    pub(crate) results: u8,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(module: &'a [u8]) -> Self {
        let size = u32::try_from(module.len()).unwrap_or(u32::MAX);
        let allowed = size.saturating_mul(work::PER_BYTE).saturating_add(work::FREE);
        Self {
            rest: module,
            error: None,
            cost: Cost { work: 0, allowed, blocks: 0 },
            types: [Arity::default(); limits::TYPES as usize],
            type_count: 0,
            imported: [0; limits::IMPORTS as usize],
            imported_count: 0,
            functions: &[],
            names: 0,
            name_bytes: 0,
            exports: 0,
            blocks: [Block { base: 0, kind: 0 }; limits::NESTING as usize],
            nesting: 0,
            deepest: 0,
            operands: 0,
            fresh: 0,
            constants: 0,
            results: 0,
        }
    }

    #[inline(never)]
    pub(crate) fn fail(&mut self, why: CheckError) {
        self.error.get_or_insert(why);
        self.rest = &[];
    }

    pub(crate) fn malformed(&mut self, what: &'static str) {
        self.fail(CheckError::Malformed(what));
    }

    #[inline(never)]
    pub(crate) fn at_most(&mut self, limit: Limit, value: u32, most: u32) {
        if value > most {
            self.fail(CheckError::Over(Excess { limit, value, most }));
        }
    }

    /// Books `each` units of work, `times` times.
    #[inline(never)]
    pub(crate) fn spend(&mut self, each: u32, times: u32) {
        self.cost.work = self.cost.work.saturating_add(each.saturating_mul(times));
        self.at_most(Limit::Work, self.cost.work, self.cost.allowed);
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else {
            self.malformed("unexpected end");
            return 0;
        };
        self.rest = rest;
        *first
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, len: u32) -> &'a [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(len as usize) else {
            self.malformed("unexpected end");
            return &[];
        };
        self.rest = rest;
        taken
    }

    /// An unsigned LEB128 of at most 32 bits in at most 5 bytes. Linkers pad, so it need not be the shortest.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> u32 {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte();
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return value;
            }
        }
        self.malformed("integer too large");
        0
    }

    /// A LEB128 of at most `most` bytes, whatever it says.
    #[inline(never)]
    pub(crate) fn skip_number(&mut self, most: u32) {
        for _ in 0..most {
            if self.byte() & 0x80 == 0 {
                return;
            }
        }
        self.malformed("integer too long");
    }

    /// Reads only the next `len` bytes, until [`leave`](Self::leave) gets what is returned.
    pub(crate) fn enter(&mut self, len: u32) -> &'a [u8] {
        let content = self.take(len);
        core::mem::replace(&mut self.rest, content)
    }

    /// Nothing may be left.
    #[inline(never)]
    pub(crate) fn leave(&mut self, after: &'a [u8]) {
        if !self.rest.is_empty() {
            self.malformed("section size mismatch");
        }
        if self.error.is_none() {
            self.rest = after;
        }
    }

    /// As many items as the next number says. Each reads at least a byte, or refuses.
    pub(crate) fn each(&mut self, item: fn(&mut Self)) {
        let mut left = self.number();
        while left > 0 && self.error.is_none() {
            item(self);
            left -= 1;
        }
    }

    #[inline(never)]
    pub(crate) fn arity_of_type(&mut self, index: u32) -> Arity {
        match self.types.get(index as usize) {
            Some(arity) if index < self.type_count => *arity,
            _ => {
                self.malformed("unknown type");
                Arity::default()
            }
        }
    }

    pub(crate) fn arity_of_function(&mut self, index: u32) -> Arity {
        let of = match index.checked_sub(self.imported_count) {
            None => self.imported.get(index as usize),
            Some(index) => self.functions.get(index as usize),
        };
        // No type has the index that is taken for a function that is not there.
        let of = of.copied().unwrap_or(NOTHING);
        self.arity_of_type(u32::from(of))
    }
}
