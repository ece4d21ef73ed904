//! Whether a device accepts a module, and if not, why.

pub(crate) use crate::module::advice::advice;
use crate::module::advice::{ceiling, less_memory, unsupported};
use crate::text::error::with_help;
use crate::text::style::shown;
use anyhow::{Result, anyhow};
use tinycontainer_abi::{Hook, IMPORT_MODULE, Mask, Syscall};
use tinycontainer_metadata::Limits;
use tinycontainer_module::CheckError;
use wasmparser::{
    ConstExpr, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures,
};

/// What devices execute (`crates/wamr-sys/wamr.settings`): Lime1, without constants that are calculated, which `lower`
/// has replaced.
const FEATURES: WasmFeatures = WasmFeatures::LIME1.difference(WasmFeatures::EXTENDED_CONST);

const PAGE: u64 = 65536;
/// Exports that WAMR calls while it instantiates a module.
const AUTO_EXPORTS: [&str; 2] = ["__post_instantiate", "__wasm_call_ctors"];
/// Exports that other hosts call before all others, and devices do not.
const ENTRIES: [&str; 2] = ["_initialize", "_start"];

/// A module that a device accepts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// The syscalls it imports.
    pub(crate) imports: Mask,
    /// The linear memory that it has on a device, in bytes.
    pub(crate) memory: u64,
    /// Why that is more than its data and stack.
    pub(crate) whole_pages: Option<&'static str>,
    /// A warning that it is more than devices give.
    pub(crate) above_ceiling: Option<String>,
}

#[derive(Default)]
struct Found {
    types: Vec<FuncType>,
    /// The type of each function, imported ones first.
    functions: Vec<FuncType>,
    /// The value of each global, if it is a constant i32 that does not change. Imported ones cannot be.
    globals: Vec<Option<u32>>,
    /// The first values of those that do change.
    variables: Vec<u32>,
    imports: Mask,
    hooks: [bool; Hook::ALL.len()],
    pages: u64,
    heap_base: Option<u32>,
    data_end: Option<u32>,
    grows: bool,
}

/// Checks a module as the runtime will.
pub(crate) fn check(code: &[u8], limits: &Limits) -> Result<Module> {
    let bounds = bounds(code).map_err(|refused| (refused, with_help(refused.to_string(), advice(&refused))));
    if let Err((CheckError::Over(_), error)) = bounds {
        return Err(error);
    }
    Validator::new_with_features(FEATURES).validate_all(code).map_err(|error| {
        with_help(
            format!("the module is not one that devices take: {}", shown(&error.to_string())),
            unsupported(error.message()),
        )
    })?;
    // The validator has the better message for what else is refused.
    bounds.map_err(|(_, error)| error)?;
    let mut found = Found::default();
    for payload in Parser::new(0).parse_all(code) {
        found.payload(payload?)?;
    }
    for (hook, there) in Hook::ALL.into_iter().zip(found.hooks) {
        if !there {
            return Err(with_help(
                format!("the module does not export `{}`", hook.name()),
                format!(
                    "a container exports start(), loop() -> i32 and stop(): of the guest SDK, in C TINYCONTAINER_{} does it, \
                     in Rust `container!`",
                    hook.name().to_uppercase()
                ),
            ));
        }
    }
    if let Some(value) = found.mistaken_stack_pointer() {
        return Err(with_help(
            format!(
                "the interpreter takes the first global that changes for the stack pointer, for the module exports __heap_base, \
                 and would trap where it is set; this one begins with {value}, which no stack pointer does"
            ),
            "let that global begin with 0, and set it in start()",
        ));
    }
    let (memory, whole_pages) = found.memory();
    if memory > u64::from(limits.linear_memory) {
        return Err(with_help(
            format!(
                "the module needs {memory} bytes of linear memory, and [limits] gives it {}",
                limits.linear_memory
            ),
            less_memory(memory, whole_pages, found.grows),
        ));
    }
    let ceiling = ceiling();
    let above_ceiling = (memory > ceiling).then(|| {
        format!(
            "{memory} bytes of linear memory are more than the {ceiling} that a host gives unless it is set up otherwise, and a \
             microcontroller gives less: {}",
            less_memory(memory, whole_pages, found.grows)
        )
    });
    Ok(Module { imports: found.imports, memory, whole_pages, above_ceiling })
}

/// What the device checks first: that loading the module costs no more than it may.
pub(crate) fn bounds(code: &[u8]) -> Result<(), CheckError> {
    tinycontainer_module::check(code).map(drop)
}

impl Found {
    fn payload(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for kind in section.into_iter_err_on_gc_types() {
                    self.types.push(kind?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.import(import.module, import.name, import.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    self.functions.push(self.type_of(index?)?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.pages = self.pages.saturating_add(memory?.initial);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    let value = constant(&global.init_expr);
                    self.variables.extend(value.filter(|_| global.ty.mutable));
                    self.globals.push(value.filter(|_| !global.ty.mutable));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.export(export.name, export.kind, export.index)?;
                }
            }
            Payload::StartSection { .. } => {
                return Err(with_help(
                    "the module has a WebAssembly start function, which would run before any check",
                    "do in start() what it does; AssemblyScript's --exportStart start makes the statements outside of functions \
                     the hook start()",
                ));
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    self.grows |= matches!(operator?, Operator::MemoryGrow { .. });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn type_of(&self, index: u32) -> Result<FuncType> {
        self.types
            .get(index as usize)
            .cloned()
            .ok_or_else(|| anyhow!("the module names a type it does not have"))
    }

    fn import(&mut self, module: &str, name: &str, ty: TypeRef) -> Result<()> {
        let full = shown(&format!("{module}.{name}"));
        let call = Syscall::from_name(name).filter(|_| module == IMPORT_MODULE).ok_or_else(|| {
            let all = Syscall::ALL.map(Syscall::name).join(", ");
            with_help(
                format!("the module imports `{full}`, which no device has"),
                format!("of the module `{IMPORT_MODULE}` there are {all}; does it use a library that wants an operating system?"),
            )
        })?;
        let TypeRef::Func(index) = ty else {
            return Err(anyhow!("the module imports `{full}`, but not as a function"));
        };
        let function = self.type_of(index)?;
        if function != signature(call) {
            return Err(with_help(
                format!("the module imports `{full}` with other parameters or results than it has"),
                "use the guest SDK's declarations",
            ));
        }
        self.functions.push(function);
        self.imports.0 |= call.bit();
        Ok(())
    }

    fn export(&mut self, name: &str, kind: ExternalKind, index: u32) -> Result<()> {
        if AUTO_EXPORTS.contains(&name) {
            return Err(with_help(
                format!("the module exports `{name}`, which would run before any check"),
                "do in start() what it does",
            ));
        }
        if kind == ExternalKind::Func && ENTRIES.contains(&name) {
            return Err(with_help(
                format!(
                    "the module exports `{name}`, which no device calls: what it sets up would be missing"
                ),
                "do in start() what it does: clang without -mexec-model=reactor and with -Wl,--no-entry, Zig with -fno-entry; \
                 AssemblyScript's --exportStart start makes the statements outside of functions the hook start()",
            ));
        }
        let global = || self.globals.get(index as usize).copied().flatten();
        match (name, kind) {
            ("__heap_base", ExternalKind::Global) => self.heap_base = global(),
            ("__data_end", ExternalKind::Global) => self.data_end = global(),
            _ => {}
        }
        let Some(hook) = Hook::ALL.into_iter().find(|hook| hook.name() == name) else { return Ok(()) };
        let results: &[ValType] = if hook.returns_i32() { &[ValType::I32] } else { &[] };
        let fits = kind == ExternalKind::Func
            && self
                .functions
                .get(index as usize)
                .is_some_and(|function| function.params().is_empty() && function.results() == results);
        if !fits {
            let form = if hook.returns_i32() { "() -> i32" } else { "()" };
            return Err(anyhow!("the module exports `{name}`, but not as `{name}{form}`"));
        }
        if let Some(there) = self.hooks.get_mut(hook as usize) {
            *there = true;
        }
        Ok(())
    }

    /// The first value of the global that WAMR takes for the stack pointer, if it surely is none: those are multiples of 16.
    fn mistaken_stack_pointer(&self) -> Option<u32> {
        let (end, base) = (self.data_end?, self.heap_base?);
        let first = self.variables.iter().copied().find(|value| *value <= base)?;
        (end.checked_next_multiple_of(16)? <= base && first % 16 != 0).then_some(first)
    }

    /// The linear memory that WAMR gives it: cut to the data and the stack if it sees where they end.
    fn memory(&self) -> (u64, Option<&'static str>) {
        let whole = self.pages.saturating_mul(PAGE);
        if self.pages == 0 {
            return (0, None);
        }
        if self.grows {
            return (whole, Some("it contains memory.grow"));
        }
        match (self.data_end, self.heap_base) {
            (Some(end), Some(base)) if u64::from(end).next_multiple_of(16) <= u64::from(base) => {
                (u64::from(base).next_multiple_of(8).min(whole), None)
            }
            _ => (whole, Some("it does not export __data_end and __heap_base")),
        }
    }
}

fn constant(expression: &ConstExpr<'_>) -> Option<u32> {
    match expression.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(value.cast_unsigned()),
        _ => None,
    }
}

fn signature(call: Syscall) -> FuncType {
    use ValType::I32;
    match call {
        Syscall::Heartbeat => FuncType::new([], [I32]),
        Syscall::Open | Syscall::Close => FuncType::new([I32], [I32]),
        Syscall::Read | Syscall::Write => FuncType::new([I32, I32, I32], [I32]),
        Syscall::Logger => FuncType::new([I32], []),
    }
}

#[cfg(test)]
mod tests;
