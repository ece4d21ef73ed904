//! Whether a device accepts a module, and if not, why.

use crate::err;
use crate::text::error::with_help;
use crate::text::style::{WARN, shown};
use anyhow::{Result, anyhow};
use tinycontainer_abi::{Hook, IMPORT_MODULE, Mask, Syscall};
use tinycontainer_metadata::Limits;
use tinycontainer_module::{CheckError, Limit};
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
const EXPORT_BOTH: &str =
    "--export=__heap_base and --export=__data_end (in AssemblyScript `export { __heap_base, __data_end }`)";
const SMALL_STACK: &str =
    "wasm-ld's -z stack-size=512, or Zig's --stack 512: a linker reserves 1 MiB or more by itself";

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
            found.less_memory(memory, whole_pages),
        ));
    }
    let ceiling = ceiling();
    if memory > ceiling {
        err!(
            "{WARN}warning:{WARN:#} {memory} bytes of linear memory are more than the {ceiling} that a host gives unless it is \
             set up otherwise, and a microcontroller gives less: {}",
            found.less_memory(memory, whole_pages)
        );
    }
    Ok(Module { imports: found.imports, memory, whole_pages })
}

/// What the device checks first: that loading the module costs no more than it may.
pub(crate) fn bounds(code: &[u8]) -> Result<(), CheckError> {
    tinycontainer_module::check(code).map(drop)
}

/// The most linear memory that a host gives a container by default.
fn ceiling() -> u64 {
    tinycontainer_posix::Config::default().ceilings.linear_memory.into()
}

/// What to do about a module that the validator refuses with such a message.
fn unsupported(message: &str) -> String {
    let message = message.replace('-', " ");
    let without = |what: &str| format!("compile without {what}");
    let how = if message.contains("bulk memory") || message.contains("data count") {
        "of bulk memory devices have memory.copy and memory.fill: compile without passive segments, memory.init and table.copy"
            .to_owned()
    } else if message.contains("reference types") {
        without("reference types (clang -mno-reference-types)")
    } else if message.contains("SIMD") {
        without("SIMD (clang -mno-simd128)")
    } else if message.contains("threads") {
        without("threads and atomics (clang -mno-atomics)")
    } else if message.contains("exceptions") {
        without("exceptions (clang -fno-exceptions)")
    } else if message.contains("tail call") {
        without("tail calls (clang -mno-tail-call)")
    } else {
        String::new()
    };
    let how = if how.is_empty() { how } else { format!("{how}; ") };
    format!(
        "{how}devices execute WebAssembly 1 with the additions of Lime1 (clang 20 and Zig -mcpu=lime1, rustc \
         -Ctarget-cpu=lime1); docs/guest.md has the command lines"
    )
}

/// What to do about a module that is over a limit of devices.
pub(crate) fn advice(refused: &CheckError) -> &'static str {
    match refused {
        CheckError::Malformed(_) => {
            "compile for WebAssembly 1 with Lime1; docs/guest.md has the command lines"
        }
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

    /// How it would need less than these bytes of linear memory.
    fn less_memory(&self, memory: u64, whole_pages: Option<&'static str>) -> String {
        let fitting = memory <= ceiling();
        match (whole_pages, self.grows) {
            (Some(why), true) => {
                format!("{why}, so it gets whole pages: an allocator calls it; set linear_memory = {memory}")
            }
            (Some(why), false) if fitting => {
                format!(
                    "{why}, so it gets whole pages: link it with {EXPORT_BOTH}, or set linear_memory = {memory}"
                )
            }
            (Some(why), false) => {
                format!("{why}: link it with {EXPORT_BOTH}, and with a smaller stack: {SMALL_STACK}")
            }
            (None, _) if fitting => format!(
                "set linear_memory = {memory}, or a smaller stack: [build] shadow_stack, {SMALL_STACK}"
            ),
            (None, _) => format!("link it with a smaller stack: {SMALL_STACK}"),
        }
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
    fn defect_03_all_that_devices_execute_is_taken() {
        for body in [
            "i32.const 0 i32.extend8_s drop i64.const 0 i64.extend32_s drop",
            "f64.const 1e99 i32.trunc_sat_f64_s drop f32.const 1 i64.trunc_sat_f32_u drop",
            "i32.const 0 i32.const 1 i32.const 2 memory.fill i32.const 0 i32.const 1 i32.const 2 memory.copy",
            "call $two i32.add drop i32.const 1 block (param i32) (result i32 i32) i32.const 2 end i32.add drop",
        ] {
            let text = format!(
                "(module (memory 1) (func $two (result i32 i32) i32.const 1 i32.const 2) {HOOKS} (func {body}))"
            );
            let checked = check(&wat::parse_str(text).unwrap(), &LIMITS);
            assert!(checked.is_ok(), "{body}: {checked:?}");
        }
    }

    #[test]
    fn what_no_device_executes_is_named_with_the_way_out() {
        for (module, part) in [
            (
                "(memory 1) (data $d \"a\") (func i32.const 0 i32.const 0 i32.const 0 memory.init $d)",
                "passive segments",
            ),
            ("(func (param externref))", "-mno-reference-types"),
            ("(func (param v128))", "-mno-simd128"),
            ("(func $f return_call $f)", "-mno-tail-call"),
        ] {
            let error =
                check(&wat::parse_str(format!("(module {module} {HOOKS})")).unwrap(), &LIMITS).unwrap_err();
            let help = crate::text::error::help(&error);
            assert!(help.contains(part) && help.contains("lime1"), "{module}: {error}: {help}");
        }
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
        for entry in ENTRIES {
            assert!(
                module(&format!("(func (export \"{entry}\"))")).contains("which no device calls"),
                "{entry}"
            );
        }
        assert!(module("(func (export \"__wasm_call_ctors\"))").contains("before any check"));
        assert!(module("(func $f) (start $f)").contains("start function"));
        assert!(check(b"\0asm", &LIMITS).is_err() && check(b"", &LIMITS).is_err());
    }
}
