//! WAMR compiled in one way, as a shared object, and what the tests call in it.
#![expect(unsafe_code, reason = "loads shared objects and calls C in them")]

use std::collections::hash_map::DefaultHasher;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use libloading::Library;
use tinycontainer_wamr_sys as sys;

use crate::compiler;
use crate::settings::Settings;

/// The interpreter that this build tests.
pub(crate) const INTERPRETER: &str = if cfg!(feature = "classic") { "classic" } else { "fast" };

/// The operand stack of a run, in bytes. The deepest recursion that must succeed takes a quarter of it.
const STACK: u32 = 256 * 1024;

/// How WAMR is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As for a host.
    Host,
    /// As for a device, but for this machine's processor: no texts, no labels as values (classic), nothing unaligned.
    Device,
    /// With our settings, but WAMR's own files in place of those in `wamr-sys/c`.
    Unchanged,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self {
            Self::Host => "host settings",
            Self::Device => "device settings",
            Self::Unchanged => "unchanged WAMR",
        };
        write!(f, "{INTERPRETER}, {way}")
    }
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Host, Self::Device, Self::Unchanged];

    fn build(self, wamr: &Path, target: &str) -> cc::Build {
        let here = here();
        let settings = Settings::read(&here.join("wamr.settings")).unwrap();
        let mut tags = vec![env::consts::OS.to_owned(), env::consts::ARCH.to_owned(), INTERPRETER.to_owned()];
        if self == Self::Device {
            tags.push("device".to_owned());
        }
        let mut build = match self {
            Self::Host => compiler::compiler(&settings, &tags, &here, wamr, &[]),
            Self::Device => {
                let aligned = [("WASM_CPU_SUPPORTS_UNALIGNED_ADDR_ACCESS", "0")];
                let mut build = compiler::compiler(&settings, &tags, &here, wamr, &aligned);
                build.opt_level_str("s");
                build
            }
            Self::Unchanged => unchanged(&settings, &tags, &here, wamr),
        };
        for file in ["tests/spec/harness.c", "tests/allocator.c"] {
            build.file(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        }
        // What no code may rely on.
        build.define("FILL", "0xa5");
        build.target(target).host(target).cargo_metadata(false).cargo_warnings(false).pic(true);
        build
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wamr-sys")
}

/// WAMR by itself. Of ours it has the settings, no log, and `shim.c`, which does not change it.
fn unchanged(settings: &Settings, tags: &[String], here: &Path, wamr: &Path) -> cc::Build {
    const CACHE: &str = "BLOCK_ADDR_CACHE_SIZE";
    let mut build = cc::Build::new();
    build.opt_level(1).warnings(false).define("NDEBUG", None).flag("-fno-strict-aliasing");
    for (name, value) in settings.defines(tags).filter(|(name, _)| *name != CACHE) {
        build.define(name, value);
    }
    for dir in settings.includes(tags) {
        build.include(wamr.join(dir));
    }
    build.include(here.join("c")).flag("-include").flag(here.join("c/quiet.h"));
    let interpreter = format!("interpreter/wasm_interp_{INTERPRETER}.c");
    let files =
        ["interpreter/wasm_loader.c", "interpreter/wasm_runtime.c", "common/wasm_memory.c", &interpreter];
    for file in settings.sources(tags) {
        build.file(wamr.join(file));
    }
    for file in files {
        build.file(wamr.join("core/iwasm").join(file));
    }
    build.file(here.join("c/shim.c"));
    build
}

/// The shared object, compiled unless it is there already from the same files and compiler.
fn library(way: Way) -> Library {
    let wamr = Path::new(sys::SOURCE.unwrap());
    let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let build = way.build(wamr, &target);
    let mut inputs = DefaultHasher::new();
    wamr.hash(&mut inputs);
    compiler_version(&build).hash(&mut inputs);
    for file in ["wamr.settings", "build", "c"] {
        contents(&here().join(file), &mut inputs);
    }
    for file in ["harness.c", "variant.rs", "../allocator.c"] {
        contents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec").join(file), &mut inputs);
    }
    let name = format!("spec-{INTERPRETER}-{way:?}-{:016x}", inputs.finish()).to_lowercase();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
    let library = out.join("libwamr.so");
    if !library.exists() {
        let objects = build.clone().out_dir(&out).try_compile_intermediates().unwrap();
        // Moved to its name when it is complete.
        let partial = out.join(format!("partial-{}.so", std::process::id()));
        let mut link = build.try_get_compiler().unwrap().to_command();
        // Each has its own copy of every symbol, whatever else is loaded.
        link.arg("-shared").arg("-Wl,-Bsymbolic").arg("-o").arg(&partial).args(objects);
        assert!(link.args(["-lm", "-lpthread"]).status().unwrap().success());
        fs::rename(partial, &library).unwrap();
    }
    // SAFETY: it has no initialisers.
    unsafe { Library::new(library) }.unwrap()
}

/// The compiler's command with its arguments, and what it prints of itself: another one compiles anew.
fn compiler_version(build: &cc::Build) -> (String, Vec<u8>) {
    let compiler = build.try_get_compiler().unwrap();
    let version = compiler.to_command().arg("-v").output().unwrap();
    assert!(version.status.success(), "{}", String::from_utf8_lossy(&version.stderr));
    (format!("{compiler:?}"), [version.stdout, version.stderr].concat())
}

/// Hashes a file, or all files of a folder.
fn contents(path: &Path, to: &mut DefaultHasher) {
    if path.is_dir() {
        let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            contents(&file, to);
        }
    } else {
        path.hash(to);
        fs::read(path).unwrap().hash(to);
    }
}

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of the library. Their types are those of wasm_export.h, shim.h, harness.c and allocator.c.
        struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            fn of(library: &Library) -> Self {
                // SAFETY: declared as in the headers.
                unsafe { Self { $($name: *library.get(stringify!($name).as_bytes()).unwrap(),)* } }
            }
        }
    };
}

functions! {
    tc_init: fn() -> bool;
    tc_keeps_code: fn() -> bool;
    tc_link: fn(sys::wasm_module_t, u32, *mut c_void);
    tc_memory: fn(sys::wasm_exec_env_t, *mut u64) -> *mut u8;
    tc_blocks_bytes: fn(u32) -> u32;
    tc_blocks: fn(sys::wasm_exec_env_t, *mut u8, *mut c_void, u32);
    tc_instructions_left: fn(sys::wasm_exec_env_t) -> i32;
    tc_variant_used: fn() -> u64;
    spec_function: fn(sys::wasm_module_inst_t, u32) -> sys::wasm_function_inst_t;
    spec_global: fn(sys::wasm_module_inst_t, u32) -> *const u8;
    spec_globals: fn(sys::wasm_module_inst_t, *mut u64) -> *mut u8;
    spec_print: fn(sys::wasm_exec_env_t, *mut u64);
    wasm_runtime_load_ex: fn(*mut u8, u32, *const sys::LoadArgs, *mut c_char, u32) -> sys::wasm_module_t;
    wasm_runtime_unload: fn(sys::wasm_module_t);
    wasm_runtime_instantiate: fn(sys::wasm_module_t, u32, u32, *mut c_char, u32) -> sys::wasm_module_inst_t;
    wasm_runtime_deinstantiate: fn(sys::wasm_module_inst_t);
    wasm_runtime_create_exec_env: fn(sys::wasm_module_inst_t, u32) -> sys::wasm_exec_env_t;
    wasm_runtime_destroy_exec_env: fn(sys::wasm_exec_env_t);
    wasm_runtime_set_instruction_count_limit: fn(sys::wasm_exec_env_t, c_int);
    wasm_runtime_call_wasm: fn(sys::wasm_exec_env_t, sys::wasm_function_inst_t, u32, *mut u32) -> bool;
    wasm_runtime_get_exception: fn(sys::wasm_module_inst_t) -> *const c_char;
    wasm_runtime_clear_exception: fn(sys::wasm_module_inst_t);
}

/// WAMR in a shared object. One thread at a time uses it.
pub(crate) struct Wamr {
    pub(crate) way: Way,
    call: Functions,
    _library: Library,
}

/// Where WAMR writes why it refuses.
type ErrorText = [c_char; ERROR_TEXT];
const ERROR_TEXT: usize = 128;

fn text(of: &ErrorText) -> String {
    // SAFETY: WAMR ends it with NUL, and it begins with zeros.
    unsafe { CStr::from_ptr(of.as_ptr()) }.to_string_lossy().into_owned()
}

impl Wamr {
    pub(crate) fn new(way: Way) -> Self {
        let library = library(way);
        let call = Functions::of(&library);
        // SAFETY: once for each library.
        assert!(unsafe { (call.tc_init)() });
        Self { way, call, _library: library }
    }

    /// Bytes that it has allocated.
    pub(crate) fn used(&self) -> u64 {
        // SAFETY: reads a number.
        unsafe { (self.call.tc_variant_used)() }
    }

    /// Loads a module as the crate `wamr` does, or returns what WAMR says.
    pub(crate) fn load(&self, module: &[u8]) -> Result<Module<'_>, String> {
        let mut reason: ErrorText = [0; ERROR_TEXT];
        // WAMR writes into it. Not a byte more than it has, so that a tool sees a read behind its end.
        let mut code = module.to_vec().into_boxed_slice();
        // SAFETY: the code lives as long as the module if that keeps it; the name is a constant.
        let module = unsafe {
            let args = sys::LoadArgs {
                name: c"".as_ptr().cast_mut(),
                clone_wasm_binary: false,
                wasm_binary_freeable: !(self.call.tc_keeps_code)(),
                no_resolve: true,
            };
            let (at, len) = (code.as_mut_ptr(), u32::try_from(code.len()).unwrap());
            (self.call.wasm_runtime_load_ex)(at, len, &raw const args, reason.as_mut_ptr(), ERROR_TEXT as u32)
        };
        if module.is_null() { Err(text(&reason)) } else { Ok(Module { wamr: self, module, code }) }
    }
}

pub(crate) struct Module<'a> {
    wamr: &'a Wamr,
    module: sys::wasm_module_t,
    code: Box<[u8]>,
}

impl<'a> Module<'a> {
    /// Links import number `index`, a function without a result, to a native that does nothing.
    pub(crate) fn link_print(&self, index: u32) {
        let call = &self.wamr.call;
        // SAFETY: the module is loaded and has this import.
        unsafe { (call.tc_link)(self.module, index, call.spec_print as *mut c_void) };
    }

    /// Makes an instance, with a table of the ends of so many blocks if the interpreter uses one. Or returns what WAMR
    /// says.
    pub(crate) fn instantiate(mut self, blocks: Option<u32>) -> Result<Instance<'a>, String> {
        let mut reason: ErrorText = [0; ERROR_TEXT];
        let call = &self.wamr.call;
        // SAFETY: the module is loaded.
        let instance = unsafe {
            (call.wasm_runtime_instantiate)(self.module, STACK, 0, reason.as_mut_ptr(), ERROR_TEXT as u32)
        };
        if instance.is_null() {
            return Err(text(&reason));
        }
        // SAFETY: the instance lives as long as the environment.
        let env = unsafe { (call.wasm_runtime_create_exec_env)(instance, STACK) };
        assert!(!env.is_null());
        let mut table = Vec::new();
        if let (Some(blocks), true) = (blocks, self.wamr.way != Way::Unchanged) {
            // SAFETY: a question.
            let bytes = unsafe { (call.tc_blocks_bytes)(blocks) };
            table.resize(bytes as usize / 4, 0_u32);
        }
        let code = self.code.as_mut_ptr();
        let mut instance =
            Instance { instance, env, code, table, blocks: blocks.unwrap_or_default(), module: self };
        instance.forget_blocks();
        Ok(instance)
    }
}

impl Drop for Module<'_> {
    fn drop(&mut self) {
        // SAFETY: loaded, and its instance is gone.
        unsafe { (self.wamr.call.wasm_runtime_unload)(self.module) };
    }
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// With results, in cells of 32 bits.
    Returned(Vec<u32>),
    /// With WAMR's text for the trap.
    Trapped(String),
    /// The budget was exceeded.
    Exhausted,
}

/// How a call ended, and how many instructions of its budget it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    pub(crate) spent: i32,
}

/// All that a guest can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    memory: Vec<u8>,
    globals: Vec<u8>,
}

pub(crate) struct Instance<'a> {
    instance: sys::wasm_module_inst_t,
    env: sys::wasm_exec_env_t,
    /// Where the module was loaded from.
    code: *mut u8,
    table: Vec<u32>,
    blocks: u32,
    module: Module<'a>,
}

impl Instance<'_> {
    fn functions(&self) -> &Functions {
        &self.module.wamr.call
    }

    /// Empties the table of where blocks end: each is searched again.
    pub(crate) fn forget_blocks(&mut self) {
        if !self.table.is_empty() {
            let table = self.table.as_mut_ptr().cast();
            // SAFETY: the table has the size for so many blocks, and lives as long as the environment.
            unsafe { (self.functions().tc_blocks)(self.env, self.code, table, self.blocks) };
        }
    }

    /// Calls function number `index`, with these arguments in cells, for `results` cells of results.
    pub(crate) fn call(&mut self, index: u32, arguments: &[u32], results: usize, budget: i32) -> Outcome {
        let call = self.functions();
        let mut cells = arguments.to_vec();
        cells.resize(arguments.len().max(results).max(2), 0);
        // SAFETY: instance, environment and function belong together; the cells suffice for arguments and results.
        unsafe {
            let function = (call.spec_function)(self.instance, index);
            let count = u32::try_from(arguments.len()).unwrap();
            (call.wasm_runtime_set_instruction_count_limit)(self.env, budget);
            let returned = (call.wasm_runtime_call_wasm)(self.env, function, count, cells.as_mut_ptr());
            let left = (call.tc_instructions_left)(self.env);
            let end = if returned {
                cells.truncate(results);
                End::Returned(cells)
            } else if left < 0 && self.module.wamr.way != Way::Unchanged {
                End::Exhausted
            } else {
                let text = CStr::from_ptr((call.wasm_runtime_get_exception)(self.instance)).to_string_lossy();
                End::Trapped(text.strip_prefix("Exception: ").unwrap_or(&text).to_owned())
            };
            (call.wasm_runtime_clear_exception)(self.instance);
            Outcome { end, spent: budget - left.max(0) }
        }
    }

    /// The bits of global number `index`, which has so many cells.
    pub(crate) fn global(&self, index: u32, cells: usize) -> Vec<u32> {
        // SAFETY: the instance has this global, of this type.
        unsafe {
            let at = (self.functions().spec_global)(self.instance, index).cast::<u32>();
            (0..cells).map(|n| at.add(n).read_unaligned()).collect()
        }
    }

    /// Memory and globals.
    fn parts(&mut self) -> [&mut [u8]; 2] {
        let (mut memory_len, mut globals_len) = (0, 0);
        let call = self.functions();
        // SAFETY: both belong to the instance, which is not running, and are not the same bytes.
        unsafe {
            let memory = (call.tc_memory)(self.env, &raw mut memory_len);
            let globals = (call.spec_globals)(self.instance, &raw mut globals_len);
            [(memory, memory_len), (globals, globals_len)].map(|(at, len)| {
                let at = if at.is_null() { std::ptr::dangling_mut() } else { at };
                std::slice::from_raw_parts_mut(at, len as usize)
            })
        }
    }

    pub(crate) fn memory_bytes(&mut self) -> usize {
        let [memory, _] = self.parts();
        memory.len()
    }

    pub(crate) fn state(&mut self) -> State {
        let [memory, globals] = self.parts().map(|part| part.to_vec());
        State { memory, globals }
    }

    /// Puts a state back, unless the memory has another size now.
    pub(crate) fn restore(&mut self, state: &State) -> bool {
        let [memory, globals] = self.parts();
        if memory.len() != state.memory.len() {
            return false;
        }
        memory.copy_from_slice(&state.memory);
        globals.copy_from_slice(&state.globals);
        true
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        let call = &self.module.wamr.call;
        // SAFETY: nothing runs; the module is dropped after this.
        unsafe {
            (call.wasm_runtime_destroy_exec_env)(self.env);
            (call.wasm_runtime_deinstantiate)(self.instance);
        }
    }
}
