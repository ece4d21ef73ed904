//! Whether a device accepts a module, and if not, why.

use crate::text::error::with_help;
use crate::text::style::shown;
use anyhow::{Result, anyhow};
use tinycontainer_abi::{Hook, IMPORT_MODULE, Mask, Syscall};
use tinycontainer_metadata::Limits;
use tinycontainer_module::{CheckError, Limit};
use wasmparser::{
    ConstExpr, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures,
};

/// What `crates/wamr-sys/wamr.settings` compiles in: the first WebAssembly with globals that are exported,
/// `memory.copy` and `memory.fill`, and the long form of the table index of `call_indirect`.
const FEATURES: WasmFeatures =
    WasmFeatures::WASM1.union(WasmFeatures::BULK_MEMORY_OPT).union(WasmFeatures::CALL_INDIRECT_OVERLONG);

const PAGE: u64 = 65536;
/// Exports that WAMR calls while it instantiates a module.
const AUTO_EXPORTS: [&str; 2] = ["__post_instantiate", "__wasm_call_ctors"];

/// A module that a device accepts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// The syscalls it imports.
    pub(crate) imports: Mask,
    /// The linear memory that it has on a device, in bytes.
    pub(crate) memory: u64,
    /// Why that is more than its data and stack.
    pub(crate) whole_pages: Option<&'static str>,
}

#[derive(Default)]
struct Found {
    types: Vec<FuncType>,
    /// The type of each function, imported ones first.
    functions: Vec<FuncType>,
    /// The value of each global, if it is a constant i32 that does not change. Imported ones cannot be.
    globals: Vec<Option<u32>>,
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
            "compile for the first WebAssembly, as crates/guest/link.toml does: devices have none of the later \
             instructions but memory.copy and memory.fill",
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
                "a container exports start(), loop() -> i32 and stop(): `container!` of the guest SDK does it",
            ));
        }
    }
    let (memory, whole_pages) = found.memory();
    if memory > u64::from(limits.linear_memory) {
        return Err(with_help(
            format!(
                "the module needs {memory} bytes of linear memory, and [limits] gives it {}",
                limits.linear_memory
            ),
            match whole_pages {
                Some(why) => format!("{why}, so it gets whole pages; set linear_memory = {memory}"),
                None => format!("set linear_memory = {memory}, or a smaller [build] shadow_stack"),
            },
        ));
    }
    Ok(Module { imports: found.imports, memory, whole_pages })
}

/// What the device checks first: that loading the module costs no more than it may.
pub(crate) fn bounds(code: &[u8]) -> Result<(), CheckError> {
    tinycontainer_module::check(code).map(drop)
}

/// What to do about a module that is over a limit of devices.
pub(crate) fn advice(refused: &CheckError) -> &'static str {
    match refused {
        CheckError::Malformed(_) => "compile for the first WebAssembly, as crates/guest/link.toml does",
        CheckError::Over(excess) => match excess.limit {
            Limit::Locals | Limit::Operands | Limit::Nesting => {
                "split the function that has them, or compile with optimisation (-Os); docs/format.md has the limits"
            }
            Limit::Exports => "export the hooks alone, without --export-all; docs/format.md has the limits",
            Limit::Work => {
                "compile with optimisation (-Os), and without many tiny functions, segments or sections; \
                 docs/format.md says how work is counted"
            }
            _ => "use fewer of them; docs/format.md has the limits",
        },
    }
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
                    let value = if global.ty.mutable { None } else { constant(&global.init_expr) };
                    self.globals.push(value);
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
                    "do in start() what it does",
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
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { linear_memory: 65536, stack: 1, heap: 1 };
    const HOOKS: &str = "(func (export \"start\")) (func (export \"stop\")) \
                         (func (export \"loop\") (result i32) i32.const 0)";

    fn refused(text: &str) -> String {
        check(&wat::parse_str(text).unwrap(), &LIMITS).unwrap_err().to_string()
    }

    #[test]
    fn what_fits() {
        let text = format!(
            "(module (import \"env\" \"open\" (func (param i32) (result i32))) (memory 1) {HOOKS}
             (global (export \"__data_end\") i32 i32.const 520) (global (export \"__heap_base\") i32 i32.const 530))"
        );
        let module = check(&wat::parse_str(text).unwrap(), &LIMITS).unwrap();
        assert_eq!(module, Module { imports: Mask(2), memory: 536, whole_pages: None });
        let none = check(&wat::parse_str(format!("(module {HOOKS})")).unwrap(), &LIMITS).unwrap();
        assert_eq!(none.memory, 0);
    }

    #[test]
    fn item_03_what_a_device_would_not_load_is_said() {
        let (blocks, values) = ("block end ".repeat(1000), ("i32.const 0 ".repeat(200), "drop ".repeat(200)));
        let work = refused(&format!("(module {HOOKS} (func {} {blocks} {}))", values.0, values.1));
        assert!(work.contains("units of work to load, and its size allows"), "{work}");
        let deep = format!("(module {HOOKS} (func {} {}))", "block ".repeat(513), "end ".repeat(513));
        assert_eq!(refused(&deep), "the code has 513 blocks nested in each other, and a device takes 512");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let module = |more: &str| refused(&format!("(module {more} {HOOKS})"));
        assert!(refused("(module (func (export \"start\")))").contains("does not export `loop`"));
        assert!(
            refused("(module (func (export \"start\") (result i32) i32.const 0))")
                .contains("not as `start()`")
        );
        assert!(module("(import \"env\" \"reboot\" (func))").contains("`env.reboot`, which no device has"));
        assert!(module("(import \"wasi\" \"open\" (func))").contains("`wasi.open`"));
        assert!(module("(import \"env\" \"open\" (func))").contains("other parameters"));
        assert!(module("(memory 2)").contains("needs 131072 bytes"));
        assert!(module("(func i32.const 0 i32.extend8_s drop)").contains("sign extension"));
        assert!(module("(func (export \"__wasm_call_ctors\"))").contains("before any check"));
        assert!(module("(func $f) (start $f)").contains("start function"));
        assert!(check(b"\0asm", &LIMITS).is_err() && check(b"", &LIMITS).is_err());
    }
}
