//! Metered against unmetered, fast against classic, gcc against clang: the same guests in WAMR compiled in different
//! ways, in one run, in turns. Prints medians and ratios.
//!
//! `cargo bench -p tinycontainer-wamr --bench interpreter -- [COMPILER...] [FILE.wasm:EXPORT:ARGUMENT...] [only=PART]`:
//! the C compilers (`gcc` and `clang` unless named), functions of modules to run in place of the guests here, and a part
//! of the variants' names (`only=fast`).
#![expect(unsafe_code, reason = "loads shared objects and calls C in them")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

#[path = "../../wamr-sys/build/compiler.rs"]
mod compiler;
mod guests;
#[path = "../../wamr-sys/build/settings.rs"]
#[expect(dead_code, reason = "build.rs uses more of it")]
mod settings;

use std::ffi::{CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use libloading::{Library, Symbol};
use tinycontainer_wamr_sys as sys;

const ROUNDS: usize = 61;
const COMPILERS: [&str; 2] = ["gcc", "clang"];

const FAST: (&str, &str) = ("WASM_ENABLE_FAST_INTERP", "1");
const CLASSIC: (&str, &str) = ("WASM_ENABLE_FAST_INTERP", "0");
const UNMETERED: (&str, &str) = ("WASM_ENABLE_INSTRUCTION_METERING", "0");
const STOCK: (&str, &str) = ("TC_STOCK_METERING", "1");

/// Name and changes to the settings. Each metered one follows the one it is compared with.
const VARIANTS: [(&str, &[(&str, &str)]); 6] = [
    ("fast, unmetered", &[FAST, UNMETERED]),
    ("fast, WAMR's metering", &[FAST, STOCK]),
    ("fast, ours", &[FAST]),
    ("classic, unmetered", &[CLASSIC, UNMETERED]),
    ("classic, WAMR's metering", &[CLASSIC, STOCK]),
    ("classic, ours", &[CLASSIC]),
];

/// A module, the function to call, and its argument.
struct Run {
    name: String,
    code: Vec<u8>,
    export: CString,
    argument: Option<u32>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` wants to know that it runs, not how fast.
    let benches = arguments.iter().any(|arg| arg == "--bench");
    let rounds = if benches { ROUNDS } else { 1 };
    let part = arguments.iter().find_map(|arg| arg.strip_prefix("only=")).unwrap_or_default();
    let mut compilers: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|arg| !arg.starts_with("--") && !arg.contains([':', '=']))
        .collect();
    if compilers.is_empty() {
        compilers = COMPILERS.into_iter().filter(|compiler| exists(compiler)).collect();
    }
    let mut runs: Vec<Run> =
        arguments.iter().filter(|arg| arg.contains(".wasm:")).map(|arg| from_file(arg)).collect();
    if runs.is_empty() {
        runs = guests::all()
            .into_iter()
            .map(|(name, code)| Run { name: name.into(), code, export: c"loop".into(), argument: None })
            .collect();
    }
    let Some(source) = sys::SOURCE else { return };
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut variants = Vec::new();
    for compiler in &compilers {
        for (n, (name, changes)) in VARIANTS.iter().enumerate().filter(|(_, (name, _))| name.contains(part)) {
            let library =
                compile(compiler, Path::new(source), &out.join(format!("variant-{compiler}-{n}")), changes);
            variants.push((format!("{compiler} {name}"), Wamr::new(library)));
        }
    }
    println!(
        "us for a run, median of {rounds}; against the same compiler's unmetered interpreter: median of the"
    );
    println!("ratios of each round, and ratio of the shortest times");
    for run in &runs {
        let guests: Vec<_> = variants.iter().map(|(_, wamr)| wamr.load(run)).collect();
        let mut times = vec![Vec::new(); guests.len()];
        let mut answers = Vec::new();
        for round in 0..=rounds {
            for (n, guest) in guests.iter().enumerate() {
                let (answer, us) = guest.run();
                if round > 0 {
                    times[n].push(us);
                    answers.push(answer);
                }
            }
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "they compute different things");
        let mut base = 0;
        for (n, (variant, _)) in variants.iter().enumerate() {
            if variant.ends_with("unmetered") {
                base = n;
            }
            println!(
                "{:8} {variant:32} {:9.1} us   {:5.3}   {:5.3}",
                run.name,
                median(times[n].clone()),
                median(times[n].iter().zip(&times[base]).map(|(us, base)| us / base).collect()),
                shortest(&times[n]) / shortest(&times[base]),
            );
        }
        for compiler in &compilers {
            let place =
                |name| variants.iter().position(|(variant, _)| *variant == format!("{compiler} {name}"));
            if let (Some(classic), Some(fast)) = (place("classic, ours"), place("fast, ours")) {
                let against = times[classic].iter().zip(&times[fast]).map(|(classic, fast)| classic / fast);
                println!(
                    "{:8} {compiler} classic against fast, both ours: {:5.3}",
                    run.name,
                    median(against.collect())
                );
            }
        }
    }
    for (variant, wamr) in &variants {
        println!("{variant:32} {}", wamr.memory(runs.len()));
    }
}

/// Whether `compiler` can be run.
fn exists(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// From `FILE.wasm:EXPORT:ARGUMENT`.
fn from_file(text: &str) -> Run {
    let [file, export, argument] = text.split(':').collect::<Vec<_>>().try_into().unwrap();
    Run {
        name: export.into(),
        code: std::fs::read(file).unwrap(),
        export: CString::new(export).unwrap(),
        argument: Some(argument.parse().unwrap()),
    }
}

fn shortest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A shared object of WAMR, by `compiler`, with `changes` to the settings.
fn compile(compiler: &str, wamr: &Path, out: &Path, changes: &[(&str, &str)]) -> Library {
    std::fs::create_dir_all(out).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wamr-sys");
    let settings = settings::Settings::read(&here.join("wamr.settings")).unwrap();
    let tags = [std::env::consts::OS.to_owned(), std::env::consts::ARCH.to_owned()];
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut build = compiler::compiler(&settings, &tags, &here, wamr, changes);
    build.compiler(compiler).target(&target).host(&target).out_dir(out).cargo_metadata(false).pic(true);
    build.file(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/allocator.c"));
    let objects = build.try_compile_intermediates().unwrap();
    let library = out.join("libwamr.so");
    let mut link = build.try_get_compiler().unwrap().to_command();
    // Each has its own copy of every symbol, whatever else is loaded.
    link.arg("-shared").arg("-Wl,-Bsymbolic").arg("-o").arg(&library).args(objects);
    assert!(link.args(["-lm", "-lpthread"]).status().unwrap().success());
    // SAFETY: it has no initialisers.
    unsafe { Library::new(library) }.unwrap()
}

/// WAMR in a shared object.
struct Wamr(Library);

struct Guest<'a> {
    wamr: &'a Wamr,
    env: sys::wasm_exec_env_t,
    function: *mut c_void,
    argument: Option<u32>,
}

impl Wamr {
    fn new(library: Library) -> Self {
        let wamr = Self(library);
        assert!(wamr.symbol::<unsafe extern "C" fn() -> bool>("tc_init").is_some_and(|init| {
            // SAFETY: as declared in shim.h.
            unsafe { init() }
        }));
        wamr
    }

    fn symbol<T>(&self, name: &str) -> Option<Symbol<'_, T>> {
        // SAFETY: the callers name the types that the headers declare.
        unsafe { self.0.get(name.as_bytes()) }.ok()
    }

    fn load(&self, run: &Run) -> Guest<'_> {
        type Load =
            unsafe extern "C" fn(*mut u8, u32, *const sys::LoadArgs, *mut c_char, u32) -> sys::wasm_module_t;
        type Instantiate =
            unsafe extern "C" fn(sys::wasm_module_t, u32, u32, *mut c_char, u32) -> sys::wasm_module_inst_t;
        type Environment = unsafe extern "C" fn(sys::wasm_module_inst_t, u32) -> sys::wasm_exec_env_t;
        type Lookup = unsafe extern "C" fn(sys::wasm_module_inst_t, *const c_char) -> *mut c_void;
        let code = Box::leak(run.code.clone().into_boxed_slice());
        let mut reason = [0; 128];
        let args = sys::LoadArgs {
            name: c"".as_ptr().cast_mut(),
            clone_wasm_binary: false,
            wasm_binary_freeable: true,
            no_resolve: false,
        };
        // SAFETY: as declared in wasm_export.h; nothing is ever unloaded.
        unsafe {
            let load = self.symbol::<Load>("wasm_runtime_load_ex").unwrap();
            let module =
                load(code.as_mut_ptr(), code.len() as u32, &raw const args, reason.as_mut_ptr(), 128);
            assert!(!module.is_null());
            let instantiate = self.symbol::<Instantiate>("wasm_runtime_instantiate").unwrap();
            let instance = instantiate(module, 16384, 0, reason.as_mut_ptr(), 128);
            assert!(!instance.is_null());
            let env = self.symbol::<Environment>("wasm_runtime_create_exec_env").unwrap()(instance, 16384);
            let function =
                self.symbol::<Lookup>("wasm_runtime_lookup_function").unwrap()(instance, run.export.as_ptr());
            assert!(!env.is_null() && !function.is_null());
            Guest { wamr: self, env, function, argument: run.argument }
        }
    }

    fn memory(&self, count: usize) -> String {
        type Bytes = unsafe extern "C" fn() -> u64;
        let (used, peak) = (
            self.symbol::<Bytes>("tc_variant_used").unwrap(),
            self.symbol::<Bytes>("tc_variant_peak").unwrap(),
        );
        // SAFETY: as in allocator.c.
        unsafe { format!("{} bytes for the {count} guests, {} at most", used(), peak()) }
    }
}

impl Guest<'_> {
    fn run(&self) -> (u32, f64) {
        type Limit = unsafe extern "C" fn(sys::wasm_exec_env_t, c_int);
        type Call = unsafe extern "C" fn(sys::wasm_exec_env_t, *mut c_void, u32, *mut u32) -> bool;
        let call = self.wamr.symbol::<Call>("wasm_runtime_call_wasm").unwrap();
        let limit = self.wamr.symbol::<Limit>("wasm_runtime_set_instruction_count_limit");
        let mut cells = [self.argument.unwrap_or_default(), 0];
        let before = Instant::now();
        // SAFETY: as declared in wasm_export.h.
        unsafe {
            if let Some(limit) = limit {
                limit(self.env, c_int::MAX);
            }
            assert!(call(self.env, self.function, u32::from(self.argument.is_some()), cells.as_mut_ptr()));
        }
        (cells[0], before.elapsed().as_secs_f64() * 1e6)
    }
}
