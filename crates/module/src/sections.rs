//! The sections of a module, in their order.

use crate::pass::{Arity, Pass};
use crate::{CheckError, Cost, Limit, limits, work};

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

pub(crate) fn check(module: &[u8]) -> Result<Cost, CheckError> {
    let mut pass = Pass::new(module);
    if pass.take(8) != HEADER {
        pass.malformed("no WebAssembly 1 header");
    }
    let mut last = section::CUSTOM;
    while !pass.rest.is_empty() {
        let id = pass.byte();
        let len = pass.number();
        let after = pass.enter(len);
        pass.spend(work::SECTION, 1);
        if id == section::CUSTOM {
            // The loader reads its name, no more.
            pass.rest = &[];
        } else if id <= last {
            pass.malformed("sections out of order");
        } else {
            last = id;
            pass.section(id);
        }
        pass.leave(after);
    }
    match pass.error {
        None => Ok(pass.cost),
        Some(error) => Err(error),
    }
}

impl Pass<'_> {
    fn section(&mut self, id: u8) {
        match id {
            section::TYPE => self.each(Self::function_type),
            section::IMPORT => self.each(Self::import),
            section::FUNCTION => {
                let count = self.number();
                self.functions = self.take(count);
                for index in self.functions {
                    self.arity_of_type(u32::from(*index));
                }
            }
            section::TABLE => self.each(Self::table),
            section::MEMORY => self.each(Self::memory),
            section::GLOBAL => self.each(Self::global),
            section::EXPORT => self.each(Self::export),
            section::START => {
                self.number();
            }
            section::ELEMENT => self.each(Self::elements),
            section::CODE => self.code(),
            section::DATA => self.each(Self::data),
            _ => self.malformed("invalid section id"),
        }
    }

    fn function_type(&mut self) {
        if self.byte() != FUNCTION_TYPE {
            self.malformed("invalid type");
        }
        let params = self.number();
        self.at_most(Limit::Params, params, limits::PARAMS);
        self.take(params);
        let results = self.number();
        self.at_most(Limit::Results, results, limits::RESULTS);
        self.take(results);
        let before = self.type_count;
        self.spend(work::TYPE, 1);
        self.spend(work::TYPE_COMPARED + params.saturating_add(results) / 8, before);
        match self.types.get_mut(before as usize) {
            Some(arity) => *arity = Arity { params: params as u8, results: results as u8 },
            None => self.at_most(Limit::Types, before + 1, limits::TYPES),
        }
        self.type_count += 1;
    }

    fn import(&mut self) {
        self.name();
        self.name();
        self.spend(work::IMPORT, 1);
        self.at_most(Limit::Imports, self.names / 2, limits::IMPORTS);
        match self.byte() {
            0 => {
                let index = self.number();
                self.arity_of_type(index);
                if let Some(of) = self.imported.get_mut(self.imported_count as usize) {
                    *of = index as u8;
                    self.imported_count += 1;
                }
            }
            // What else there is to import no device has: the work is bounded, and the first is refused.
            1 => self.table(),
            2 => self.memory(),
            3 => {
                self.take(2);
            }
            _ => self.malformed("invalid import kind"),
        }
    }

    /// A name that the loader compares with all before it.
    #[inline(never)]
    fn name(&mut self) {
        let len = self.number();
        self.take(len);
        self.spend(work::NAME, 1);
        self.spend(work::NAME_COMPARED, self.names);
        self.names += 1;
        self.name_bytes = self.name_bytes.saturating_add(len);
        self.spend(1, self.name_bytes / 16);
    }

    fn table(&mut self) {
        self.byte();
        let elements = self.range();
        self.at_most(Limit::Table, elements, limits::TABLE);
        self.spend(work::TABLE_ELEMENT, elements);
    }

    fn memory(&mut self) {
        self.range();
    }

    /// The lower bound of a range that may have an upper one.
    #[inline(never)]
    fn range(&mut self) -> u32 {
        // The loader takes tables with other flags.
        let flags = self.byte();
        if flags > 1 {
            self.malformed("invalid limits flags");
        }
        let least = self.number();
        if flags & 1 != 0 {
            self.number();
        }
        least
    }

    fn global(&mut self) {
        self.take(2);
        self.constant();
        self.spend(work::GLOBAL, 1);
    }

    fn export(&mut self) {
        self.name();
        self.byte();
        self.number();
        self.exports += 1;
        self.at_most(Limit::Exports, self.exports, limits::EXPORTS);
    }

    fn elements(&mut self) {
        self.number();
        self.constant();
        self.spend(work::SEGMENT, 1);
        self.each(|pass| {
            pass.number();
            pass.spend(work::ELEMENT, 1);
        });
    }

    fn data(&mut self) {
        self.number();
        self.constant();
        let len = self.number();
        self.take(len);
        self.spend(work::SEGMENT, 1);
    }

    fn code(&mut self) {
        let functions = self.functions;
        if self.number() as usize != functions.len() {
            self.malformed("functions and bodies differ in number");
        }
        for of in functions {
            if self.error.is_some() {
                return;
            }
            let len = self.number();
            let after = self.enter(len);
            let arity = self.arity_of_type(u32::from(*of));
            self.body(arity);
            self.leave(after);
        }
    }

    /// An expression of one constant instruction, as all of them are before the extended ones. A longer one is not
    /// left to the loader, whose stack for it grows by four values at a time.
    #[inline(never)]
    fn constant(&mut self) {
        match self.byte() {
            opcode @ 0x41..=0x44 => self.skip_constant(opcode),
            0x23 => {
                self.number();
            }
            _ => self.malformed("constant expression required"),
        }
        if self.byte() != 0x0b {
            self.malformed("constant expression required");
        }
    }
}
