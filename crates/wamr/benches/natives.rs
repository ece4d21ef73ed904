//! A guest that calls `read` of 32 bytes: ours, through a `Host` that does nothing, against an
//! ordinary native of WAMR's that does nothing. In one run, in turns.
#![expect(unsafe_code, reason = "registers a native with WAMR directly")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::time::Instant;

use tinycontainer_pool::{Account, Pool};
use tinycontainer_runtime::{Budget, Errno, Hook, Host, Instance as _, Limits, Runtime as _, Syscall};
use tinycontainer_wamr::{ThreadLocal, Wamr};
use tinycontainer_wamr_sys as sys;

static POOL: Pool = Pool::new();
const CALLS: u32 = 100_000;

fn guest(module: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
             (import "{module}" "read" (func $read (param i32 i32 i32) (result i32)))
             (memory 1)
             (func (export "start")) (func (export "stop"))
             (func (export "loop") (result i32) (local $n i32) (local $sum i32)
               (loop $again
                 (local.set $sum (i32.add (local.get $sum)
                   (call $read (i32.const 3) (i32.const 64) (i32.const 32))))
                 (br_if $again (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1)))
                   (i32.const {CALLS}))))
               (local.get $sum)))"#
    ))
    .unwrap()
}

struct Null;

impl Host for Null {
    fn logger(&mut self, _: &[u8]) {}
    fn heartbeat(&mut self) -> Result<(), Errno> {
        Ok(())
    }
    fn open(&mut self, _: u32) -> Result<i32, Errno> {
        Ok(0)
    }
    fn read(&mut self, _: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        Ok(std::hint::black_box(buf).len())
    }
    fn write(&mut self, _: i32, buf: &[u8]) -> Result<usize, Errno> {
        Ok(buf.len())
    }
    fn close(&mut self, _: i32) -> Result<(), Errno> {
        Ok(())
    }
    fn bad_pointer(&mut self, _: Syscall, _: u32, _: u32) -> Errno {
        Errno::Refused
    }
}

/// With the signature `(i*~)i` WAMR checks and converts the pointer.
extern "C" fn bare(_: sys::wasm_exec_env_t, _: i32, buf: *mut u8, len: u32) -> i32 {
    std::hint::black_box(buf);
    len.cast_signed()
}

struct Bare {
    env: sys::wasm_exec_env_t,
    function: *mut c_void,
}

impl Bare {
    fn load() -> Self {
        let symbols = Box::leak(Box::new([sys::NativeSymbol {
            symbol: c"read".as_ptr(),
            func_ptr: bare as *mut c_void,
            signature: c"(i*~)i".as_ptr(),
            attachment: null_mut(),
        }]));
        let code = Box::leak(guest("bare").into_boxed_slice());
        let mut reason = [0; 128];
        let args = sys::LoadArgs {
            name: c"".as_ptr().cast_mut(),
            clone_wasm_binary: false,
            wasm_binary_freeable: true,
            no_resolve: false,
        };
        // SAFETY: WAMR is started; what is registered and loaded stays for ever.
        unsafe {
            assert!(sys::wasm_runtime_register_natives(c"bare".as_ptr(), symbols.as_mut_ptr(), 1));
            let module = sys::wasm_runtime_load_ex(
                code.as_mut_ptr(),
                code.len() as u32,
                &raw const args,
                reason.as_mut_ptr(),
                128,
            );
            let instance = sys::wasm_runtime_instantiate(module, 4096, 0, reason.as_mut_ptr(), 128);
            let env = sys::wasm_runtime_create_exec_env(instance, 4096);
            let function = sys::wasm_runtime_lookup_function(instance, c"loop".as_ptr());
            assert!(!env.is_null() && !function.is_null());
            Self { env, function }
        }
    }

    fn run(&self) -> u32 {
        let mut cells = [0; 2];
        // SAFETY: loaded above, and used by this thread only.
        unsafe {
            sys::wasm_runtime_set_instruction_count_limit(self.env, i32::MAX);
            assert!(sys::wasm_runtime_call_wasm(self.env, self.function, 0, cells.as_mut_ptr()));
        }
        cells[0]
    }
}

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 201 } else { 1 };
    let region = Box::leak(vec![MaybeUninit::uninit(); 1 << 20].into_boxed_slice());
    POOL.init(region, 2).unwrap();
    POOL.open(Account(0), u32::MAX);
    let wamr = Wamr::init(&POOL, &ThreadLocal, Account(0)).unwrap();
    let limits = Limits { linear_memory: 65536, stack: 4096, heap: 65536 };
    let mut ours = wamr.instantiate(Account(1), &guest("env"), &limits).unwrap();
    let bare = Bare::load();
    let (mut ns, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
    for _ in 0..rounds {
        let before = Instant::now();
        assert_eq!(bare.run(), 32 * CALLS);
        let between = Instant::now();
        let outcome = ours.call(Hook::Loop, Budget(u32::MAX), &mut Null);
        let after = Instant::now();
        assert_eq!(outcome.result, Ok((32 * CALLS).cast_signed()));
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e9 / f64::from(CALLS);
        ns[0].push(each(between - before));
        ns[1].push(each(after - between));
        ratios.push((after - between).as_secs_f64() / (between - before).as_secs_f64());
    }
    println!("once around the guest's loop, median of {rounds}");
    println!("an ordinary native of WAMR's   {:6.1} ns", median(&mut ns[0]));
    println!("ours, through Host             {:6.1} ns", median(&mut ns[1]));
    println!("ratio, median of each round's  {:6.3}", median(&mut ratios));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
