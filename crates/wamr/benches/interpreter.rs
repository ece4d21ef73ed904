//! Metered against unmetered, fast against classic: the same guests in WAMR compiled in different ways,
//! in one run, in turns. Prints medians and ratios.
#![expect(unsafe_code, reason = "loads shared objects and calls C in them")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

#[path = "../../wamr-sys/build/compiler.rs"]
mod compiler;
mod guests;
#[path = "../../wamr-sys/build/settings.rs"]
#[expect(dead_code, reason = "build.rs uses more of it")]
mod settings;

use std::ffi::{c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::time::Instant;

use libloading::{Library, Symbol};
use tinycontainer_wamr_sys as sys;

const ROUNDS: usize = 61;

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

fn main() {
    // `cargo test --benches` wants to know that it runs, not how fast.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 1 };
    let Some(source) = sys::SOURCE else { return };
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let variants: Vec<_> = VARIANTS
        .iter()
        .enumerate()
        .map(|(n, (name, changes))| {
            let library = compile(Path::new(source), &out.join(format!("variant{n}")), changes);
            (*name, Wamr::new(library))
        })
        .collect();
    println!("us for a run, median of {rounds}; against unmetered: median of the ratios of each round");
    for (name, code) in guests::all() {
        let guests: Vec<_> = variants.iter().map(|(_, wamr)| wamr.load(&code)).collect();
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
        for (n, (variant, _)) in variants.iter().enumerate() {
            let base = n / 3 * 3;
            println!(
                "{name:6} {variant:25} {:9.1} us   {:5.3}",
                median(times[n].clone()),
                median(times[n].iter().zip(&times[base]).map(|(us, base)| us / base).collect()),
            );
        }
        let against: Vec<f64> =
            times[5].iter().zip(&times[2]).map(|(classic, fast)| classic / fast).collect();
        println!("{name:6} classic against fast, both ours:         {:5.3}", median(against));
    }
    for (variant, wamr) in &variants {
        println!("{variant:25} {}", wamr.memory());
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A shared object of WAMR with `changes` to the settings.
fn compile(wamr: &Path, out: &Path, changes: &[(&str, &str)]) -> Library {
    std::fs::create_dir_all(out).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wamr-sys");
    let settings = settings::Settings::read(&here.join("wamr.settings")).unwrap();
    let tags = [std::env::consts::OS.to_owned(), std::env::consts::ARCH.to_owned()];
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut build = compiler::compiler(&settings, &tags, &here, wamr, changes);
    build.target(&target).host(&target).out_dir(out).cargo_metadata(false).pic(true);
    build.file(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/variant.c"));
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

    fn load(&self, code: &[u8]) -> Guest<'_> {
        type Load =
            unsafe extern "C" fn(*mut u8, u32, *const sys::LoadArgs, *mut c_char, u32) -> sys::wasm_module_t;
        type Instantiate =
            unsafe extern "C" fn(sys::wasm_module_t, u32, u32, *mut c_char, u32) -> sys::wasm_module_inst_t;
        type Environment = unsafe extern "C" fn(sys::wasm_module_inst_t, u32) -> sys::wasm_exec_env_t;
        type Lookup = unsafe extern "C" fn(sys::wasm_module_inst_t, *const c_char) -> *mut c_void;
        let code = Box::leak(code.to_vec().into_boxed_slice());
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
            let instance = instantiate(module, 4096, 0, reason.as_mut_ptr(), 128);
            assert!(!instance.is_null());
            let env = self.symbol::<Environment>("wasm_runtime_create_exec_env").unwrap()(instance, 4096);
            let function =
                self.symbol::<Lookup>("wasm_runtime_lookup_function").unwrap()(instance, c"loop".as_ptr());
            assert!(!env.is_null() && !function.is_null());
            Guest { wamr: self, env, function }
        }
    }

    fn memory(&self) -> String {
        type Bytes = unsafe extern "C" fn() -> u64;
        let (used, peak) = (
            self.symbol::<Bytes>("tc_variant_used").unwrap(),
            self.symbol::<Bytes>("tc_variant_peak").unwrap(),
        );
        // SAFETY: as in variant.c.
        unsafe { format!("{} bytes for the {} guests, {} at most", used(), guests::COUNT, peak()) }
    }
}

impl Guest<'_> {
    fn run(&self) -> (u32, f64) {
        type Limit = unsafe extern "C" fn(sys::wasm_exec_env_t, c_int);
        type Call = unsafe extern "C" fn(sys::wasm_exec_env_t, *mut c_void, u32, *mut u32) -> bool;
        let call = self.wamr.symbol::<Call>("wasm_runtime_call_wasm").unwrap();
        let limit = self.wamr.symbol::<Limit>("wasm_runtime_set_instruction_count_limit");
        let mut cells = [0; 2];
        let before = Instant::now();
        // SAFETY: as declared in wasm_export.h.
        unsafe {
            if let Some(limit) = limit {
                limit(self.env, c_int::MAX);
            }
            assert!(call(self.env, self.function, 0, cells.as_mut_ptr()));
        }
        (cells[0], before.elapsed().as_secs_f64() * 1e6)
    }
}
