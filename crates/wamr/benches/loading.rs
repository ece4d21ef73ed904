//! What it costs to load the worst modules that are accepted, and to refuse those that are not.
//!
//! `cargo bench -p tinycontainer-wamr --bench loading [-- SHAPE]`, and `--features classic` for a device's interpreter.
//! Prints nanoseconds for each byte of the module, for the check, WAMR's loader, instantiation and unloading together.
//! With `OUT=folder` it writes the modules there, to be measured elsewhere.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench")]

#[path = "../../module/tests/shapes/mod.rs"]
mod shapes;

use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

use shapes::{SHAPES, worst};
use tinycontainer_module::check;
use tinycontainer_pool::{Account, Pool};
use tinycontainer_runtime::{Limits, ModuleError};
use tinycontainer_wamr::{ThreadLocal, Wamr};

static POOL: Pool = Pool::new();
const SIZES: [usize; 5] = [1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];
const REPEATS: u32 = 9;

fn main() {
    let region = Box::leak(vec![MaybeUninit::uninit(); 31 << 20].into_boxed_slice());
    POOL.init(region, 2).unwrap();
    POOL.open(Account(0), 65536);
    let wamr = Wamr::init(&POOL, &ThreadLocal, Account(0)).unwrap();
    let limits = Limits { linear_memory: 1 << 16, stack: 4096, heap: 30 << 20 };
    let load = |module: &[u8]| wamr.instantiate(Account(1), module, &limits).map(drop);
    let only = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let out = env::var_os("OUT").map(PathBuf::from);

    println!("ns/byte, worst accepted module / next worse one, refused     {SIZES:?} bytes");
    let mut most: f64 = 0.0;
    for shape in SHAPES.iter().filter(|shape| only.as_ref().is_none_or(|only| shape.name.contains(only))) {
        print!("{:24}", shape.name);
        for size in SIZES {
            let (good, bad) = worst(shape, size, |module| check(module).is_ok());
            let accepted = per_byte(&good, || load(&good));
            let refused = per_byte(&bad, || load(&bad));
            let said = match load(&good) {
                Ok(()) => "",
                // What is too large for WAMR has cost what it has cost.
                Err(ModuleError::Malformed(_)) => "m",
                Err(ModuleError::Excessive(_)) => "x",
                Err(_) => "e",
            };
            most = most.max(accepted).max(refused);
            print!("  {accepted:6.1}{said:1} /{refused:5.1}");
            if let Some(out) = &out {
                fs::create_dir_all(out).expect("the folder can be made");
                fs::write(out.join(format!("{}-{size}.wasm", shape.name)), &good).expect("it can be written");
            }
        }
        println!();
    }
    println!("at most {most:.1} ns/byte");
}

/// The fastest of some runs.
fn per_byte(module: &[u8], load: impl Fn() -> Result<(), ModuleError>) -> f64 {
    let fastest = (0..REPEATS)
        .map(|_| {
            let start = Instant::now();
            let _either = load();
            start.elapsed()
        })
        .min();
    fastest.unwrap_or_default().as_nanos() as f64 / module.len() as f64
}
