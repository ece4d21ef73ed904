//! An ordinary native of WAMR's that does nothing, and a guest that calls it: what ours is compared with.
#![allow(unreachable_pub)]
#![expect(unsafe_code, reason = "registers a native with WAMR directly")]

use std::ffi::c_void;
use std::ptr::null_mut;
use tinycontainer_wamr_sys as sys;

/// How often a guest calls in one loop.
pub const CALLS: u32 = 100_000;

/// A guest whose `loop` makes [`CALLS`] calls of `module`'s `read`, 32 bytes each, from descriptor `fd`:
/// an expression.
pub fn guest(module: &str, fd: &str, start: &str) -> String {
    format!(
        r#"(module
             (import "{module}" "read" (func $read (param i32 i32 i32) (result i32)))
             (memory 1)
             (global $fd (mut i32) (i32.const 3))
             (func (export "start") {start}) (func (export "stop"))
             (func (export "loop") (result i32) (local $n i32) (local $sum i32)
               (loop $again
                 (local.set $sum (i32.add (local.get $sum)
                   (call $read {fd} (i32.const 64) (i32.const 32))))
                 (br_if $again (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1)))
                   (i32.const {CALLS}))))
               (local.get $sum)))"#
    )
}

/// With the signature `(i*~)i` WAMR checks and converts the pointer.
extern "C" fn bare(_: sys::wasm_exec_env_t, _: i32, buf: *mut u8, len: u32) -> i32 {
    std::hint::black_box(buf);
    len.cast_signed()
}

/// An instance that calls the ordinary native.
pub struct Bare {
    env: sys::wasm_exec_env_t,
    function: *mut c_void,
}

impl Bare {
    /// Loads it. WAMR is started already.
    pub fn load() -> Self {
        let symbols = Box::leak(Box::new([sys::NativeSymbol {
            symbol: c"read".as_ptr(),
            func_ptr: bare as *mut c_void,
            signature: c"(i*~)i".as_ptr(),
            attachment: null_mut(),
        }]));
        let text = guest("bare", "(global.get $fd)", "");
        let code = Box::leak(wat::parse_str(text).unwrap().into_boxed_slice());
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

    /// Runs its loop once.
    pub fn run(&self) -> u32 {
        let mut cells = [0; 2];
        // SAFETY: loaded above, and used by this thread only.
        unsafe {
            sys::wasm_runtime_set_instruction_count_limit(self.env, i32::MAX);
            assert!(sys::wasm_runtime_call_wasm(self.env, self.function, 0, cells.as_mut_ptr()));
        }
        cells[0]
    }
}
