//! The sections of a module, in their order.

use crate::body::Body;
use crate::reader::Reader;
use crate::refused::at_most;
use crate::{Cost, Limit, Refused, limits, work};

/// "\0asm", version 1.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// A function type.
const FUNCTION_TYPE: u8 = 0x60;

mod section {
    pub(super) const CUSTOM: u8 = 0;
    pub(super) const TYPE: u8 = 1;
    pub(super) const IMPORT: u8 = 2;
    pub(super) const FUNCTION: u8 = 3;
    pub(super) const TABLE: u8 = 4;
    pub(super) const MEMORY: u8 = 5;
    pub(super) const GLOBAL: u8 = 6;
    pub(super) const EXPORT: u8 = 7;
    pub(super) const START: u8 = 8;
    pub(super) const ELEMENT: u8 = 9;
    pub(super) const CODE: u8 = 10;
    pub(super) const DATA: u8 = 11;
}

/// How many values a function or a block takes and gives.
#[derive(Clone, Copy, Default)]
pub(crate) struct Arity {
    pub(crate) params: u8,
    pub(crate) results: u8,
}

/// What the sections so far have said.
pub(crate) struct Module<'a> {
    types: [Arity; limits::TYPES as usize],
    type_count: u32,
    /// The type of each imported function.
    imported: [u8; limits::IMPORTS as usize],
    imported_count: u32,
    /// The type of each other function: the section itself, for there are so few types that each is a byte.
    functions: &'a [u8],
    /// Names so far, and their bytes.
    names: u32,
    name_bytes: u32,
    cost: Cost,
}

pub(crate) fn check(module: &[u8]) -> Result<Cost, Refused> {
    let size = u32::try_from(module.len()).unwrap_or(u32::MAX);
    let mut sections = Reader::new(module);
    if sections.take(8)? != HEADER {
        return Err(Refused::Malformed("no WebAssembly 1 header"));
    }
    let mut state = Module {
        types: [Arity::default(); _],
        type_count: 0,
        imported: [0; _],
        imported_count: 0,
        functions: &[],
        names: 0,
        name_bytes: 0,
        cost: Cost { work: 0, allowed: size.saturating_mul(work::PER_BYTE).saturating_add(work::FREE) },
    };
    let mut last = section::CUSTOM;
    while !sections.is_empty() {
        let id = sections.byte()?;
        let len = sections.number()?;
        let content = Reader::new(sections.take(len)?);
        if id != section::CUSTOM {
            if id <= last {
                return Err(Refused::Malformed("sections out of order"));
            }
            last = id;
        }
        state.spend(work::SECTION, 1)?;
        state.section(id, content)?;
    }
    Ok(state.cost)
}

impl<'a> Module<'a> {
    /// Books `each` units of work, `times` times.
    pub(crate) fn spend(&mut self, each: u32, times: u32) -> Result<(), Refused> {
        self.cost.work = self.cost.work.saturating_add(each.saturating_mul(times));
        at_most(Limit::Work, self.cost.work, self.cost.allowed)
    }

    pub(crate) fn arity_of_type(&self, index: u32) -> Result<Arity, Refused> {
        let defined = self.types.get(..self.type_count as usize).unwrap_or_default();
        defined.get(index as usize).copied().ok_or(Refused::Malformed("unknown type"))
    }

    pub(crate) fn arity_of_function(&self, index: u32) -> Result<Arity, Refused> {
        let of = match index.checked_sub(self.imported_count) {
            None => self.imported.get(index as usize),
            Some(index) => self.functions.get(index as usize),
        };
        self.arity_of_type(u32::from(*of.ok_or(Refused::Malformed("unknown function"))?))
    }

    fn section(&mut self, id: u8, mut content: Reader<'a>) -> Result<(), Refused> {
        match id {
            // The loader reads its name, no more.
            section::CUSTOM => return Ok(()),
            section::TYPE => self.types(&mut content)?,
            section::IMPORT => self.imports(&mut content)?,
            section::FUNCTION => self.functions(&mut content)?,
            section::TABLE => {
                for _ in 0..content.number()? {
                    let elements = table(&mut content)?;
                    at_most(Limit::Table, elements, limits::TABLE)?;
                    self.spend(work::TABLE_ELEMENT, elements)?;
                }
            }
            section::MEMORY => {
                for _ in 0..content.number()? {
                    range(&mut content)?;
                }
            }
            section::GLOBAL => {
                for _ in 0..content.number()? {
                    content.take(2)?;
                    constant(&mut content)?;
                    self.spend(work::GLOBAL, 1)?;
                }
            }
            section::EXPORT => self.exports(&mut content)?,
            section::START => {
                content.number()?;
            }
            section::ELEMENT => self.elements(&mut content)?,
            section::CODE => self.code(&mut content)?,
            section::DATA => {
                for _ in 0..content.number()? {
                    content.number()?;
                    constant(&mut content)?;
                    let len = content.number()?;
                    content.take(len)?;
                    self.spend(work::SEGMENT, 1)?;
                }
            }
            _ => return Err(Refused::Malformed("invalid section id")),
        }
        content.end()
    }

    fn types(&mut self, content: &mut Reader<'_>) -> Result<(), Refused> {
        let count = content.number()?;
        at_most(Limit::Types, count, limits::TYPES)?;
        self.type_count = count;
        for before in 0..count {
            if content.byte()? != FUNCTION_TYPE {
                return Err(Refused::Malformed("invalid type"));
            }
            let params = content.number()?;
            at_most(Limit::Params, params, limits::PARAMS)?;
            content.take(params)?;
            let results = content.number()?;
            at_most(Limit::Results, results, limits::RESULTS)?;
            content.take(results)?;
            if let Some(arity) = self.types.get_mut(before as usize) {
                *arity = Arity { params: params as u8, results: results as u8 };
            }
            self.spend(work::TYPE, 1)?;
            self.spend(work::TYPE_COMPARED + (params + results) / 8, before)?;
        }
        Ok(())
    }

    fn imports(&mut self, content: &mut Reader<'_>) -> Result<(), Refused> {
        let count = content.number()?;
        at_most(Limit::Imports, count, limits::IMPORTS)?;
        for _ in 0..count {
            self.name(content)?;
            self.name(content)?;
            self.spend(work::IMPORT, 1)?;
            match content.byte()? {
                0 => {
                    let index = content.number()?;
                    self.arity_of_type(index)?;
                    if let Some(of) = self.imported.get_mut(self.imported_count as usize) {
                        *of = index as u8;
                        self.imported_count += 1;
                    }
                }
                1 => {
                    table(content)?;
                }
                2 => {
                    range(content)?;
                }
                3 => {
                    content.take(2)?;
                }
                _ => return Err(Refused::Malformed("invalid import kind")),
            }
        }
        Ok(())
    }

    /// A name that the loader compares with all before it.
    fn name(&mut self, content: &mut Reader<'_>) -> Result<(), Refused> {
        let len = content.number()?;
        content.take(len)?;
        self.spend(work::NAME, 1)?;
        self.spend(work::NAME_COMPARED, self.names)?;
        self.names += 1;
        self.name_bytes = self.name_bytes.saturating_add(len);
        self.spend(1, self.name_bytes / 16)
    }

    fn functions(&mut self, content: &mut Reader<'a>) -> Result<(), Refused> {
        let count = content.number()?;
        self.functions = content.take(count)?;
        for index in self.functions {
            self.arity_of_type(u32::from(*index))?;
        }
        Ok(())
    }

    fn exports(&mut self, content: &mut Reader<'_>) -> Result<(), Refused> {
        let count = content.number()?;
        at_most(Limit::Exports, count, limits::EXPORTS)?;
        for _ in 0..count {
            self.name(content)?;
            content.byte()?;
            content.number()?;
        }
        Ok(())
    }

    fn elements(&mut self, content: &mut Reader<'_>) -> Result<(), Refused> {
        for _ in 0..content.number()? {
            content.number()?;
            constant(content)?;
            let count = content.number()?;
            for _ in 0..count {
                content.number()?;
            }
            self.spend(work::SEGMENT, 1)?;
            self.spend(work::ELEMENT, count)?;
        }
        Ok(())
    }

    fn code(&mut self, content: &mut Reader<'_>) -> Result<(), Refused> {
        let count = content.number()?;
        let functions = self.functions;
        if functions.len() != count as usize {
            return Err(Refused::Malformed("functions and bodies differ in number"));
        }
        // One for all: it has most of the stack that this takes.
        let mut body = Body::new();
        for of in functions {
            let len = content.number()?;
            let arity = self.arity_of_type(u32::from(*of))?;
            body.check(self, arity, Reader::new(content.take(len)?))?;
        }
        Ok(())
    }
}

/// The initial size of a table.
fn table(content: &mut Reader<'_>) -> Result<u32, Refused> {
    content.byte()?;
    range(content)
}

/// The lower bound of a range that may have an upper one.
fn range(content: &mut Reader<'_>) -> Result<u32, Refused> {
    let flags = content.number()?;
    let least = content.number()?;
    if flags & 1 != 0 {
        content.number()?;
    }
    Ok(least)
}

/// An expression of one constant instruction, as all of them are before the extended ones. A longer one is not
/// left to the loader, whose stack for it grows by four values at a time.
fn constant(content: &mut Reader<'_>) -> Result<(), Refused> {
    const NOT_CONSTANT: Refused = Refused::Malformed("constant expression required");
    match content.byte()? {
        0x41 => content.skip_number(5)?,
        0x42 => content.skip_number(10)?,
        0x43 => {
            content.take(4)?;
        }
        0x44 => {
            content.take(8)?;
        }
        0x23 => {
            content.number()?;
        }
        _ => return Err(NOT_CONSTANT),
    }
    if content.byte()? == 0x0b { Ok(()) } else { Err(NOT_CONSTANT) }
}
