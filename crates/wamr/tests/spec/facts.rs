//! What the tests need to know of a module.

use std::collections::HashMap;

use wasmparser::{ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType};

use crate::imports;

pub(crate) struct Module {
    pub(crate) bytes: Vec<u8>,
    /// Imports that are functions of the suite's own host module, which return nothing.
    pub(crate) prints: Vec<u32>,
    functions: HashMap<String, Function>,
    globals: HashMap<String, Global>,
    /// Whether its code can change memory or globals.
    pub(crate) changes: bool,
}

/// An exported function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) index: u32,
    /// Of its results.
    pub(crate) cells: usize,
}

/// An exported global.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Global {
    pub(crate) index: u32,
    pub(crate) cells: usize,
}

impl Module {
    /// Without what it has: it becomes no instance.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, prints: Vec::new(), functions: HashMap::new(), globals: HashMap::new(), changes: false }
    }

    pub(crate) fn function(&self, name: &str) -> Option<Function> {
        self.functions.get(name).copied()
    }

    pub(crate) fn global(&self, name: &str) -> Option<Global> {
        self.globals.get(name).copied()
    }
}

fn cells_of(types: &[ValType]) -> usize {
    types.iter().map(|kind| if matches!(kind, ValType::I64 | ValType::F64) { 2 } else { 1 }).sum()
}

/// What a valid module has; or why it becomes no instance here, for it needs what a container never has.
pub(crate) fn facts(original: &[u8]) -> Result<Module, &'static str> {
    let bytes = imports::defined(original)?;
    let mut module = Module::of(Vec::new());
    let mut types: Vec<FuncType> = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut globals: Vec<usize> = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|kind| kind.unwrap()));
            }
            Payload::ImportSection(section) => {
                for (index, import) in (0..).zip(section.into_imports()) {
                    if let TypeRef::Func(kind) = import.unwrap().ty {
                        functions.push(kind);
                        module.prints.push(index);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(|kind| kind.unwrap()))
            }
            Payload::GlobalSection(section) => {
                globals
                    .extend(section.into_iter().map(|global| cells_of(&[global.unwrap().ty.content_type])));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let (name, index) = (export.name.to_owned(), export.index);
                    match export.kind {
                        ExternalKind::Func => {
                            let results = types[functions[index as usize] as usize].results();
                            module.functions.insert(name, Function { index, cells: cells_of(results) });
                        }
                        ExternalKind::Global => {
                            let cells = globals[index as usize];
                            module.globals.insert(name, Global { index, cells });
                        }
                        _ => {}
                    }
                }
            }
            Payload::StartSection { .. } => return Err("start functions"),
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().unwrap();
                while !operators.eof() {
                    module.changes |= changes(&operators.read().unwrap());
                }
            }
            _ => {}
        }
    }
    module.bytes = bytes;
    Ok(module)
}

fn changes(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::GlobalSet { .. }
            | Operator::MemoryGrow { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::I32Store { .. }
            | Operator::I64Store { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. }
    )
}
