//! A function's body: nesting, and how many values are on the operand stack at most.

use crate::reader::Reader;
use crate::refused::at_most;
use crate::sections::{Arity, Module};
use crate::{Limit, Refused, limits, work};

/// A block that has begun.
#[derive(Clone, Copy)]
struct Block {
    /// Values on the operand stack below its own. At most `limits::OPERANDS`.
    base: u8,
    /// Index of its type, or one of the two below.
    kind: u8,
}

/// A block that takes and gives nothing, and one that gives one value. No index of a type is as high.
const NOTHING: u8 = 0xfe;
const ONE_VALUE: u8 = 0xff;
const _: () = assert!(limits::TYPES <= 0xfe && limits::OPERANDS <= 0xff);

/// What checking a body needs, kept from body to body.
pub(crate) struct Body {
    blocks: [Block; limits::NESTING as usize],
    /// Of `blocks`, those that have begun and not ended.
    nesting: u32,
    deepest: u32,
    /// Values on the operand stack: never fewer than the loader counts, for where code is not reachable it too
    /// stops at the block's base.
    operands: u32,
    /// Locals read since a block began.
    fresh: u32,
    constants: u32,
    /// Of the function itself.
    results: u8,
}

impl Body {
    pub(crate) const fn new() -> Self {
        Self {
            blocks: [Block { base: 0, kind: NOTHING }; _],
            nesting: 0,
            deepest: 0,
            operands: 0,
            fresh: 0,
            constants: 0,
            results: 0,
        }
    }

    pub(crate) fn check(
        &mut self,
        module: &mut Module<'_>,
        arity: Arity,
        mut code: Reader<'_>,
    ) -> Result<(), Refused> {
        let mut locals = u32::from(arity.params);
        for _ in 0..code.number()? {
            locals = locals.saturating_add(code.number()?);
            code.byte()?;
        }
        at_most(Limit::Locals, locals, limits::LOCALS)?;
        module.spend(work::FUNCTION, 1)?;
        module.spend(work::LOCAL, locals)?;
        self.nesting = 0;
        self.deepest = 0;
        self.operands = 0;
        self.fresh = 0;
        self.constants = 0;
        self.results = arity.results;
        loop {
            let opcode = code.byte()?;
            if opcode == 0x0b && self.nesting == 0 {
                return code.end();
            }
            self.instruction(module, opcode, &mut code)?;
        }
    }

    fn instruction(
        &mut self,
        module: &mut Module<'_>,
        opcode: u8,
        code: &mut Reader<'_>,
    ) -> Result<(), Refused> {
        match opcode {
            // unreachable, nop
            0x00 => self.unreachable(),
            0x01 => {}
            // block, loop, if
            0x02..=0x04 => {
                if opcode == 0x04 {
                    self.pop(1);
                    module.spend(work::IF, 1)?;
                }
                self.begin(module, code)?;
            }
            // else, end
            0x05 => {
                let Block { base, kind } = self.innermost();
                let arity = arity_of_block(module, kind)?;
                module.spend(work::VALUE, u32::from(arity.params) + u32::from(arity.results))?;
                self.operands = u32::from(base);
                self.push(u32::from(arity.params))?;
            }
            0x0b => {
                let Block { base, kind } = self.innermost();
                let arity = arity_of_block(module, kind)?;
                module.spend(work::VALUE, u32::from(arity.params) + u32::from(arity.results))?;
                self.nesting = self.nesting.saturating_sub(1);
                self.operands = u32::from(base);
                self.push(u32::from(arity.results))?;
            }
            // br, br_if, br_table, return
            0x0c => {
                self.branch(module, code)?;
                self.unreachable();
            }
            0x0d => {
                self.pop(1);
                self.branch(module, code)?;
            }
            0x0e => {
                self.pop(1);
                for _ in 0..code.number()? {
                    self.branch(module, code)?;
                }
                self.branch(module, code)?;
                self.unreachable();
            }
            0x0f => {
                module.spend(work::VALUE, u32::from(self.results))?;
                self.unreachable();
            }
            // call, call_indirect
            0x10 => {
                let arity = module.arity_of_function(code.number()?)?;
                self.call(module, arity)?;
            }
            0x11 => {
                let arity = module.arity_of_type(code.number()?)?;
                code.number()?;
                self.pop(1);
                self.call(module, arity)?;
            }
            // drop, select
            0x1a => self.pop(1),
            0x1b => self.operate(3, 1)?,
            // local.get, local.set, local.tee
            0x20..=0x22 => {
                code.number()?;
                if opcode == 0x20 {
                    self.fresh = self.fresh.saturating_add(1);
                    return self.push(1);
                }
                module.spend(work::OPERAND, self.operands)?;
                if opcode == 0x21 { self.pop(1) } else { self.operate(1, 1)? }
            }
            // global.get, global.set
            0x23 => {
                code.number()?;
                self.push(1)?;
            }
            0x24 => {
                code.number()?;
                self.pop(1);
            }
            // loads, stores
            0x28..=0x3e => {
                code.number()?;
                code.number()?;
                if opcode <= 0x35 { self.operate(1, 1)? } else { self.pop(2) }
            }
            // memory.size, memory.grow
            0x3f => {
                code.number()?;
                self.push(1)?;
            }
            0x40 => {
                code.number()?;
                self.operate(1, 1)?;
            }
            // constants
            0x41..=0x44 => {
                match opcode {
                    0x41 => code.skip_number(5)?,
                    0x42 => code.skip_number(10)?,
                    0x43 => code.take(4).map(drop)?,
                    _ => code.take(8).map(drop)?,
                }
                self.constants = self.constants.saturating_add(1);
                module.spend(work::CONSTANT, self.constants.ilog2())?;
                self.push(1)?;
            }
            // Tests for zero, operations on one number, conversions.
            0x45 | 0x50 | 0x67..=0x69 | 0x79..=0x7b | 0x8b..=0x91 | 0x99..=0x9f | 0xa7..=0xc4 => {
                self.operate(1, 1)?;
            }
            // Comparisons and operations on two numbers.
            0x46..=0x66 | 0x6a..=0x78 | 0x7c..=0x8a | 0x92..=0x98 | 0xa0..=0xa6 => self.operate(2, 1)?,
            0xfc => match code.number()? {
                // Conversions that saturate.
                0..=7 => self.operate(1, 1)?,
                // memory.copy, memory.fill
                10 => {
                    code.number()?;
                    code.number()?;
                    self.pop(3);
                }
                11 => {
                    code.number()?;
                    self.pop(3);
                }
                _ => return Err(UNSUPPORTED),
            },
            _ => return Err(UNSUPPORTED),
        }
        Ok(())
    }

    fn begin(&mut self, module: &mut Module<'_>, code: &mut Reader<'_>) -> Result<(), Refused> {
        let searches = 1 + self.fresh.min(self.operands);
        self.fresh = 0;
        module.spend(work::OPERAND * self.operands, searches)?;
        module.spend(work::BLOCK, 1)?;
        let kind = match code.rest().first() {
            Some(0x40) => {
                code.byte()?;
                NOTHING
            }
            Some(0x7c..=0x7f) => {
                code.byte()?;
                ONE_VALUE
            }
            // A type's index. It is signed, so what is negative is too large here and unknown.
            _ => {
                let index = code.number()?;
                module.arity_of_type(index)?;
                index as u8
            }
        };
        let arity = arity_of_block(module, kind)?;
        module.spend(work::VALUE, u32::from(arity.params))?;
        self.pop(u32::from(arity.params));
        at_most(Limit::Nesting, self.nesting + 1, limits::NESTING)?;
        if let Some(block) = self.blocks.get_mut(self.nesting as usize) {
            *block = Block { base: self.operands as u8, kind };
            self.nesting += 1;
        }
        if self.nesting > self.deepest {
            self.deepest = self.nesting;
            module.spend(work::NESTED, self.nesting / 4)?;
        }
        self.push(u32::from(arity.params))
    }

    /// A target of a branch.
    fn branch(&mut self, module: &mut Module<'_>, code: &mut Reader<'_>) -> Result<(), Refused> {
        let target = code.number()?;
        let values = match self.nesting.checked_sub(target) {
            None => return Err(Refused::Malformed("unknown label")),
            Some(0) => self.results,
            Some(above) => {
                let block = self.blocks.get(above as usize - 1).copied().unwrap_or(OUTSIDE);
                let arity = arity_of_block(module, block.kind)?;
                arity.params.max(arity.results)
            }
        };
        module.spend(work::BRANCH, 1)?;
        module.spend(work::VALUE, u32::from(values))
    }

    fn call(&mut self, module: &mut Module<'_>, arity: Arity) -> Result<(), Refused> {
        let (params, results) = (u32::from(arity.params), u32::from(arity.results));
        module.spend(work::VALUE, params + results)?;
        self.operate(params, results)
    }

    fn innermost(&self) -> Block {
        let last = self.nesting.checked_sub(1).and_then(|last| self.blocks.get(last as usize));
        last.copied().unwrap_or(OUTSIDE)
    }

    /// What follows is not reached: the loader takes all values of the block off.
    fn unreachable(&mut self) {
        self.operands = u32::from(self.innermost().base);
    }

    fn operate(&mut self, takes: u32, gives: u32) -> Result<(), Refused> {
        self.pop(takes);
        self.push(gives)
    }

    /// Where code is not reached there may be fewer; elsewhere that is an error that the loader finds here.
    fn pop(&mut self, values: u32) {
        let base = u32::from(self.innermost().base);
        self.operands = self.operands.saturating_sub(values).max(base);
    }

    fn push(&mut self, values: u32) -> Result<(), Refused> {
        self.operands += values;
        at_most(Limit::Operands, self.operands, limits::OPERANDS)
    }
}

const UNSUPPORTED: Refused = Refused::Malformed("unsupported opcode");

/// The function itself.
const OUTSIDE: Block = Block { base: 0, kind: NOTHING };

fn arity_of_block(module: &Module<'_>, kind: u8) -> Result<Arity, Refused> {
    match kind {
        NOTHING => Ok(Arity { params: 0, results: 0 }),
        ONE_VALUE => Ok(Arity { params: 0, results: 1 }),
        index => module.arity_of_type(u32::from(index)),
    }
}
