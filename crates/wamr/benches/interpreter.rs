//! Metered against unmetered, fast against classic: the same guests in WAMR compiled in different ways,
//! in one run, in turns. Prints medians and ratios.
#![expect(unsafe_code, reason = "loads shared objects and calls C in them")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

#[path = "../../wamr-sys/build/compiler.rs"]
mod compiler;
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

/// The calibration guest's loop, counted.
const MIX: &str = r#"
    (func $mix (param i32 i32) (result i32)
      (i32.xor (i32.mul (local.get 0) (i32.const 1664525)) (i32.rotl (local.get 1) (i32.const 7))))
    (func (export "loop") (result i32) (local $i i32) (local $x i32)
      (loop $again
        (local.set $x (call $mix
          (i32.add (i32.load (i32.and (local.get $i) (i32.const 252))) (local.get $x)) (local.get $i)))
        (i32.store (i32.and (local.get $x) (i32.const 252)) (local.get $x))
        (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 400000))))
      (local.get $x))"#;

/// CRC-32, bit by bit, of 4 KiB, four times.
const CRC: &str = r#"
    (func (export "loop") (result i32) (local $i i32) (local $k i32) (local $c i32)
      (loop $byte
        (local.set $c (i32.xor (local.get $c) (i32.load8_u (i32.and (local.get $i) (i32.const 4095)))))
        (local.set $k (i32.const 8))
        (loop $bit
          (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 1))
            (i32.and (i32.const 0xedb88320) (i32.sub (i32.const 0) (i32.and (local.get $c) (i32.const 1))))))
          (br_if $bit (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (br_if $byte (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16384))))
      (local.get $c))"#;

/// Primes below 20,000 with a sieve.
const SIEVE: &str = r#"
    (func (export "loop") (result i32) (local $i i32) (local $j i32) (local $n i32)
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 20000))
      (local.set $i (i32.const 2))
      (loop $next
        (if (i32.eqz (i32.load8_u (local.get $i)))
          (then
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (local.set $j (i32.add (local.get $i) (local.get $i)))
            (block $done (loop $mark
              (br_if $done (i32.ge_u (local.get $j) (i32.const 20000)))
              (i32.store8 (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $mark)))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
      (local.get $n))"#;

/// Fibonacci numbers by recursion: calls and little else.
const FIB: &str = r#"
    (func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "loop") (result i32) (call $fib (i32.const 22)))"#;

const GUESTS: [(&str, &str); 4] = [("mix", MIX), ("crc", CRC), ("sieve", SIEVE), ("fib", FIB)];

fn module(functions: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory 1) {functions} (global $sp (mut i32) (i32.const 20480))
             (global (export "__data_end") i32 (i32.const 20480))
             (global (export "__heap_base") i32 (i32.const 20480)))"#
    ))
    .unwrap()
}

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
    for (name, functions) in GUESTS {
        let code = module(functions);
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
            // SAFETY: as declared in reach.h.
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
        unsafe { format!("{} bytes for the {} guests, {} at most", used(), GUESTS.len(), peak()) }
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
