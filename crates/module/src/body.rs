//! A function's body: nesting, and how many values are on the operand stack at most.

use crate::pass::{Arity, Block, NOTHING, ONE_VALUE, Pass};
use crate::{Limit, limits, work};

/// What an instruction does that needs no more than this to be followed: how many indices come behind its opcode, and how
/// many values it takes off the operand stack and puts on it.
#[derive(Clone, Copy)]
struct Effect {
    indices: u8,
    takes: u8,
    gives: u8,
}

/// The effect of each opcode from the first to the last of a range. What is not here, `instruction` follows by itself or
/// refuses.
const EFFECTS: &[(u8, u8, Effect)] = &[
    // nop, drop, select
    (0x01, 0x01, Effect { indices: 0, takes: 0, gives: 0 }),
    (0x1a, 0x1a, Effect { indices: 0, takes: 1, gives: 0 }),
    (0x1b, 0x1b, Effect { indices: 0, takes: 3, gives: 1 }),
    // global.get, global.set
    (0x23, 0x23, Effect { indices: 1, takes: 0, gives: 1 }),
    (0x24, 0x24, Effect { indices: 1, takes: 1, gives: 0 }),
    // loads, stores: alignment and offset
    (0x28, 0x35, Effect { indices: 2, takes: 1, gives: 1 }),
    (0x36, 0x3e, Effect { indices: 2, takes: 2, gives: 0 }),
    // i32: eqz, comparisons; i64: the same; comparisons of floats
    (0x45, 0x45, ONE_TO_ONE),
    (0x46, 0x4f, TWO_TO_ONE),
    (0x50, 0x50, ONE_TO_ONE),
    (0x51, 0x66, TWO_TO_ONE),
    // i32: clz, ctz, popcnt; arithmetic; i64: the same
    (0x67, 0x69, ONE_TO_ONE),
    (0x6a, 0x78, TWO_TO_ONE),
    (0x79, 0x7b, ONE_TO_ONE),
    (0x7c, 0x8a, TWO_TO_ONE),
    // f32: abs to sqrt; arithmetic; f64: the same
    (0x8b, 0x91, ONE_TO_ONE),
    (0x92, 0x98, TWO_TO_ONE),
    (0x99, 0x9f, ONE_TO_ONE),
    (0xa0, 0xa6, TWO_TO_ONE),
    // conversions, sign extension
    (0xa7, 0xc4, ONE_TO_ONE),
];
const ONE_TO_ONE: Effect = Effect { indices: 0, takes: 1, gives: 1 };
const TWO_TO_ONE: Effect = Effect { indices: 0, takes: 2, gives: 1 };

/// The same by opcode, each packed in a byte; or [`OTHER`].
static PACKED: [u8; 0xc5] = packed(EFFECTS);
const OTHER: u8 = 0xff;

#[expect(clippy::indexing_slicing, reason = "the compiler calculates it")]
const fn packed(ranges: &[(u8, u8, Effect)]) -> [u8; 0xc5] {
    let mut table = [OTHER; 0xc5];
    let mut rest = ranges;
    while let [(first, last, effect), after @ ..] = rest {
        let mut opcode = *first as usize;
        while opcode <= *last as usize {
            table[opcode] = effect.indices << 4 | effect.takes << 2 | effect.gives;
            opcode += 1;
        }
        rest = after;
    }
    table
}

impl Effect {
    fn of(opcode: u8) -> Option<Self> {
        let packed = *PACKED.get(usize::from(opcode))?;
        (packed != OTHER).then_some(Self { indices: packed >> 4, takes: packed >> 2 & 3, gives: packed & 3 })
    }
}

/// The function itself.
const OUTSIDE: Block = Block { base: 0, kind: NOTHING };

impl Pass<'_> {
    pub(crate) fn body(&mut self, arity: Arity) {
        self.nesting = 0;
        self.deepest = 0;
        self.operands = 0;
        self.fresh = 0;
        self.constants = 0;
        self.results = arity.results;
        let mut locals = u32::from(arity.params);
        let mut groups = self.number();
        while groups > 0 && self.error.is_none() {
            locals = locals.saturating_add(self.number());
            self.byte();
            groups -= 1;
        }
        self.at_most(Limit::Locals, locals, limits::LOCALS);
        self.spend(work::FUNCTION, 1);
        self.spend(work::LOCAL, locals);
        while self.error.is_none() {
            let opcode = self.byte();
            if opcode == 0x0b && self.nesting == 0 {
                return;
            }
            self.instruction(opcode);
        }
    }

    fn instruction(&mut self, opcode: u8) {
        if let Some(Effect { indices, takes, gives }) = Effect::of(opcode) {
            for _ in 0..indices {
                self.number();
            }
            return self.operate(u32::from(takes), u32::from(gives));
        }
        match opcode {
            // unreachable
            0x00 => self.unreachable(),
            // block, loop, if
            0x02..=0x04 => {
                if opcode == 0x04 {
                    self.operate(1, 0);
                    self.spend(work::IF, 1);
                }
                self.cost.blocks += u32::from(opcode != 0x03);
                self.begin();
            }
            // else, end
            0x05 | 0x0b => {
                let Block { base, kind } = self.innermost();
                let arity = self.arity_of_block(kind);
                self.spend(work::VALUE, u32::from(arity.params) + u32::from(arity.results));
                self.operands = u32::from(base);
                let values = if opcode == 0x05 {
                    arity.params
                } else {
                    self.nesting = self.nesting.saturating_sub(1);
                    arity.results
                };
                self.operate(0, u32::from(values));
            }
            // br, br_if
            0x0c => {
                self.branch();
                self.unreachable();
            }
            0x0d => {
                self.operate(1, 0);
                self.branch();
            }
            // br_table: the last target is not counted.
            0x0e => {
                self.each(Self::branch);
                self.branch();
                self.unreachable();
            }
            // return
            0x0f => {
                self.spend(work::VALUE, u32::from(self.results));
                self.unreachable();
            }
            // call, call_indirect
            0x10 => {
                let index = self.number();
                let arity = self.arity_of_function(index);
                self.call(arity);
            }
            0x11 => {
                let index = self.number();
                let arity = self.arity_of_type(index);
                self.number();
                self.operate(1, 0);
                self.call(arity);
            }
            // local.get
            0x20 => {
                self.number();
                self.fresh = self.fresh.saturating_add(1);
                self.operate(0, 1);
            }
            // local.set, local.tee
            0x21 | 0x22 => {
                self.number();
                self.spend(work::OPERAND, self.operands);
                self.operate(1, u32::from(opcode == 0x22));
            }
            // memory.size, memory.grow
            0x3f | 0x40 => {
                self.memory_index();
                self.operate(u32::from(opcode == 0x40), 1);
            }
            // constants
            0x41..=0x44 => {
                self.skip_constant(opcode);
                self.constants = self.constants.saturating_add(1);
                self.spend(work::CONSTANT, self.constants.ilog2());
                self.operate(0, 1);
            }
            0xfc => match self.number() {
                // Conversions that saturate.
                0..=7 => self.operate(1, 1),
                // memory.copy, memory.fill: two memories, one
                which @ (10 | 11) => {
                    for _ in which..12 {
                        self.memory_index();
                    }
                    self.operate(3, 0);
                }
                _ => self.malformed("unsupported opcode"),
            },
            _ => self.malformed("unsupported opcode"),
        }
    }

    /// The index of the one memory. The specification has it as a byte, and the loader takes any number that is 0.
    fn memory_index(&mut self) {
        if self.byte() != 0 {
            self.malformed("zero byte expected");
        }
    }

    /// What follows the opcode of a constant: i32, i64, f32, f64.
    #[inline(never)]
    pub(crate) fn skip_constant(&mut self, opcode: u8) {
        match opcode {
            0x41 => self.skip_number(5),
            0x42 => self.skip_number(10),
            0x43 => {
                self.take(4);
            }
            _ => {
                self.take(8);
            }
        }
    }

    fn begin(&mut self) {
        let searches = 1 + self.fresh.min(self.operands);
        self.fresh = 0;
        self.spend(work::OPERAND * self.operands, searches);
        self.spend(work::BLOCK, 1);
        let kind = match self.rest.first() {
            Some(0x40) => NOTHING,
            Some(0x7c..=0x7f) => ONE_VALUE,
            // A type's index. It is signed, so what is negative is too large here, or one that the loader does not
            // take.
            _ => 0,
        };
        let index = self.number();
        let kind = if kind == 0 { index.min(u32::from(NOTHING) - 1) as u8 } else { kind };
        let arity = self.arity_of_block(kind);
        let params = u32::from(arity.params);
        self.spend(work::VALUE, params);
        self.operate(params, 0);
        match self.blocks.get_mut(self.nesting as usize) {
            Some(block) => *block = Block { base: self.operands as u8, kind },
            None => self.at_most(Limit::Nesting, self.nesting + 1, limits::NESTING),
        }
        self.nesting += 1;
        if self.nesting > self.deepest {
            self.deepest = self.nesting;
            self.spend(work::NESTED, self.nesting / 4);
        }
        self.operate(0, params);
    }

    /// A target of a branch.
    #[inline(never)]
    fn branch(&mut self) {
        let target = self.number();
        let values = match self.nesting.checked_sub(target) {
            None => return self.malformed("unknown label"),
            Some(0) => self.results,
            Some(above) => {
                let block = self.block(above);
                let arity = self.arity_of_block(block.kind);
                arity.params.max(arity.results)
            }
        };
        self.spend(work::BRANCH, 1);
        self.spend(work::VALUE, u32::from(values));
    }

    fn call(&mut self, arity: Arity) {
        let (params, results) = (u32::from(arity.params), u32::from(arity.results));
        self.spend(work::VALUE, params + results);
        self.operate(params, results);
    }

    fn arity_of_block(&mut self, kind: u8) -> Arity {
        match kind {
            NOTHING => Arity { params: 0, results: 0 },
            ONE_VALUE => Arity { params: 0, results: 1 },
            index => self.arity_of_type(u32::from(index)),
        }
    }

    /// The block that is the `nesting`th, from outside; 0 is the function.
    fn block(&self, nesting: u32) -> Block {
        let index = nesting.checked_sub(1);
        index.and_then(|index| self.blocks.get(index as usize)).copied().unwrap_or(OUTSIDE)
    }

    fn innermost(&self) -> Block {
        self.block(self.nesting)
    }

    /// What follows is not reached: the loader takes all values of the block off.
    #[inline(never)]
    fn unreachable(&mut self) {
        self.operands = u32::from(self.innermost().base);
    }

    /// Values that an instruction takes, and those it gives. Where code is not reached there may be fewer than it
    /// takes; elsewhere that is an error that the loader finds here.
    #[inline(never)]
    fn operate(&mut self, takes: u32, gives: u32) {
        let base = u32::from(self.innermost().base);
        self.operands = self.operands.saturating_sub(takes).max(base) + gives;
        self.at_most(Limit::Operands, self.operands, limits::OPERANDS);
    }
}
