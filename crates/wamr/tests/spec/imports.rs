//! Imports of the globals, the memory and the table of the suite's host module, `spectest`: a container cannot import any, so
//! they become definitions with the same types and values. Each module then has its own; no assertion shows that.

use std::convert::Infallible;
use std::mem;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    ConstExpr, EntityType, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, RefType,
    SectionId, TableSection, TableType,
};
use wasmparser::{
    FuncType, GlobalSectionReader, Import, ImportSectionReader, Operator, Parser, Payload, TypeRef, ValType,
};

const SPECTEST: &str = "spectest";

const ABSENT: &str = "imports that do not exist";
const OTHERS: &str = "imports of another module";

/// The globals of `spectest`: none changes.
const GLOBALS: [(&str, ValType); 4] = [
    ("global_i32", ValType::I32),
    ("global_i64", ValType::I64),
    ("global_f32", ValType::F32),
    ("global_f64", ValType::F64),
];

fn value(kind: ValType) -> ConstExpr {
    match kind {
        ValType::I32 => ConstExpr::i32_const(666),
        ValType::I64 => ConstExpr::i64_const(666),
        ValType::F32 => ConstExpr::f32_const(666.6_f32.into()),
        ValType::F64 => ConstExpr::f64_const(666.6_f64.into()),
        _ => unreachable!("no global of spectest"),
    }
}

/// The smallest and the largest size of the memory of `spectest`, in pages, and of its table.
const MEMORY: (u64, u64) = (1, 2);
const TABLE: (u64, u64) = (10, 20);

/// Whether what has these sizes can be imported as that.
fn fits((smallest, largest): (u64, u64), initial: u64, maximum: Option<u64>) -> bool {
    initial <= smallest && maximum.is_none_or(|maximum| maximum >= largest)
}

/// The functions of `spectest`.
fn is_print(name: &str, kind: &FuncType) -> bool {
    let params: &[ValType] = match name {
        "print" => &[],
        "print_i32" => &[ValType::I32],
        "print_i64" => &[ValType::I64],
        "print_f32" => &[ValType::F32],
        "print_f64" => &[ValType::F64],
        "print_i32_f32" => &[ValType::I32, ValType::F32],
        "print_f64_f64" => &[ValType::F64, ValType::F64],
        _ => return false,
    };
    kind.params() == params && kind.results().is_empty()
}

/// Why an import is not there, if so.
fn absent(import: &Import<'_>, types: &[FuncType]) -> Option<&'static str> {
    let there = match import.ty {
        _ if import.module != SPECTEST => return Some(OTHERS),
        TypeRef::Func(kind) => is_print(import.name, &types[kind as usize]),
        TypeRef::Global(kind) => !kind.mutable && GLOBALS.contains(&(import.name, kind.content_type)),
        TypeRef::Memory(kind) => import.name == "memory" && fits(MEMORY, kind.initial, kind.maximum),
        TypeRef::Table(kind) => {
            let functions = kind.element_type == wasmparser::RefType::FUNCREF;
            import.name == "table" && functions && fits(TABLE, kind.initial, kind.maximum)
        }
        _ => false,
    };
    (!there).then_some(ABSENT)
}

/// A valid module without imports other than functions; or why one of its imports is not there.
pub(crate) fn defined(module: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut types: Vec<FuncType> = Vec::new();
    let mut definitions = Definitions::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|kind| kind.unwrap()));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    if let Some(why) = absent(&import, &types) {
                        return Err(why);
                    }
                    match import.ty {
                        TypeRef::Global(kind) => definitions.globals.push(kind.content_type),
                        TypeRef::Memory(_) => definitions.memory = true,
                        TypeRef::Table(_) => definitions.table = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    if definitions.are_none() {
        return Ok(module.to_vec());
    }
    let mut to = wasm_encoder::Module::new();
    definitions.parse_core_module(&mut to, Parser::new(0), module).unwrap();
    Ok(to.finish())
}

/// What is defined in place of imports.
#[derive(Default)]
struct Definitions {
    /// In the order of their numbers, which stay the same: imported globals come first.
    globals: Vec<ValType>,
    memory: bool,
    table: bool,
    written: bool,
}

type Written<T> = Result<T, reencode::Error<Infallible>>;

impl Definitions {
    fn are_none(&self) -> bool {
        self.globals.is_empty() && !self.memory && !self.table
    }
}

impl Definitions {
    /// Writes the globals, once.
    fn globals(&mut self, to: &mut GlobalSection) {
        self.written = true;
        for kind in &self.globals {
            let val_type = (*kind).try_into().unwrap();
            to.global(GlobalType { val_type, mutable: false, shared: false }, &value(*kind));
        }
    }
}

impl Reencode for Definitions {
    type Error = Infallible;

    fn parse_import_section(&mut self, to: &mut ImportSection, from: ImportSectionReader<'_>) -> Written<()> {
        for import in from.into_imports() {
            let import = import?;
            if let TypeRef::Func(kind) = import.ty {
                to.import(import.module, import.name, EntityType::Function(kind));
            }
        }
        Ok(())
    }

    /// The first place for each that is not yet written.
    fn intersperse_section_hook(
        &mut self,
        module: &mut wasm_encoder::Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Written<()> {
        let is_over = |section| before.is_none_or(|before| before as u8 > section as u8);
        if is_over(SectionId::Table) && mem::take(&mut self.table) {
            let (minimum, largest) = TABLE;
            let kind = TableType {
                element_type: RefType::FUNCREF,
                table64: false,
                minimum,
                maximum: Some(largest),
                shared: false,
            };
            module.section(TableSection::new().table(kind));
        }
        if is_over(SectionId::Memory) && mem::take(&mut self.memory) {
            let (minimum, largest) = MEMORY;
            let kind = MemoryType {
                minimum,
                maximum: Some(largest),
                memory64: false,
                shared: false,
                page_size_log2: None,
            };
            module.section(MemorySection::new().memory(kind));
        }
        if is_over(SectionId::Global) && !self.written {
            let mut globals = GlobalSection::new();
            self.globals(&mut globals);
            module.section(&globals);
        }
        Ok(())
    }

    fn parse_global_section(&mut self, to: &mut GlobalSection, from: GlobalSectionReader<'_>) -> Written<()> {
        self.globals(to);
        utils::parse_global_section(self, to, from)
    }

    /// A constant may read an imported global, but not a defined one: it gets the value.
    fn const_expr(&mut self, from: wasmparser::ConstExpr<'_>) -> Written<ConstExpr> {
        match from.get_operators_reader().read()? {
            Operator::GlobalGet { global_index } => Ok(value(self.globals[global_index as usize])),
            _ => utils::const_expr(self, from),
        }
    }

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Written<()> {
        Ok(())
    }
}
