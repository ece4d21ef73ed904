//! A container that can run, and the calling of its hooks.

#![expect(unsafe_code, reason = "calls WAMR")]

use core::ffi::{CStr, c_void};
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::{NonNull, null_mut};
use tinycontainer_abi::Hook;
use tinycontainer_runtime::{Account, Budget, Host, Outcome, Trap};
use tinycontainer_wamr_sys as sys;

use crate::allocator::Wamr;
use crate::linked::Linked;
use crate::natives::Running;

/// A container in WAMR. Dropping it gives back all that is booked for it.
///
/// What counts as one instruction of a [`Budget`] depends on the interpreter. The classic one, of a device, executes each
/// instruction that is written, and counts each before it is executed. The fast one, of a host, translates a function
/// before it runs: `local.get`, constants, `block`, `end` and `drop` vanish in that, and an `i32.add` of a local and a
/// constant is one. It counts by the length of the translated code, of which an instruction with three operands is one
/// unit, where control leaves a straight run of it: at a branch that is taken, a call, a return.
///
/// What takes the processor longer than two ordinary instructions takes more of the budget: calls, 64-bit division,
/// 64-bit floats on a device, subnormal floats on a host, conversions of floats to integers, and what works on many
/// bytes (`memory.fill`, `memory.copy`, `memory.grow`, a called function's locals, the search for a block's end), by
/// their number. The prices are in `wamr-sys/c/price.h`.
///
/// Classic: a budget of n executes n instructions. The price of an instruction is taken before it is executed and may
/// exceed what is left; then that instruction is the last. Fast: a budget is never exceeded by more than one straight run
/// of code, which is at most one function of the module, each of its instructions once. No native begins when the budget
/// is exceeded, and no `memory.fill` or `memory.copy` that it does not suffice for. [`Outcome::instructions`] is never
/// more than the budget.
pub struct Instance {
    wamr: Wamr,
    account: Account,
    cap_before: u32,
    linked: ManuallyDrop<Linked>,
    env: NonNull<sys::WASMExecEnv>,
    hooks: [NonNull<c_void>; 3],
}

// SAFETY: an instance, its module and its environment are used only by their owner. WAMR keeps
// nothing about the thread in them but what it sets anew at each call (thread, stack boundary).
unsafe impl Send for Instance {}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance(account {})", self.account.0)
    }
}

impl Instance {
    pub(crate) fn new(
        wamr: Wamr,
        account: Account,
        cap_before: u32,
        linked: Linked,
        env: NonNull<sys::WASMExecEnv>,
        hooks: [NonNull<c_void>; 3],
    ) -> Self {
        Self { wamr, account, cap_before, linked: ManuallyDrop::new(linked), env, hooks }
    }

    /// Why the hook ended early, after it did. In a frame of its own: a guest runs in the caller's.
    #[inline(never)]
    fn trap(&self, left: i32) -> Trap {
        // The interpreter says so by going below 0, and leaves a text that means something else.
        if left < 0 {
            return Trap::BudgetExhausted;
        }
        // SAFETY: the instance lives. The text is WAMR's until the next call.
        let text = unsafe { sys::wasm_runtime_get_exception(self.linked.as_ptr()) };
        if text.is_null() {
            return Trap::Other;
        }
        // SAFETY: WAMR ends it with NUL.
        trap_of(unsafe { CStr::from_ptr(text) }.to_bytes())
    }
}

impl tinycontainer_runtime::Instance for Instance {
    fn call(&mut self, hook: Hook, budget: Budget, host: &mut dyn Host) -> Outcome {
        let [start, run, stop] = self.hooks;
        let function = match hook {
            Hook::Start => start,
            Hook::Loop => run,
            Hook::Stop => stop,
        };
        let _acting = self.wamr.acting_for(self.account);
        let env = self.env.as_ptr();
        let limit = i32::try_from(budget.0).unwrap_or(i32::MAX);
        let boundary = self.wamr.threads().stack_boundary().map_or(null_mut(), NonNull::as_ptr);
        let mut running = Running { host };
        // A function's result comes back where its arguments were.
        let mut cells = [0_u32; 2];
        // SAFETY: environment, instance and function belong together and live; `&mut self` keeps others
        // out. `running` is known to WAMR only during the call: it is taken back before it ends.
        let (returned, left) = unsafe {
            sys::wasm_runtime_set_native_stack_boundary(env, boundary);
            sys::wasm_runtime_set_instruction_count_limit(env, limit);
            sys::wasm_runtime_set_user_data(env, (&raw mut running).cast());
            let returned = sys::wasm_runtime_call_wasm(env, function.as_ptr(), 0, cells.as_mut_ptr());
            sys::wasm_runtime_set_user_data(env, null_mut());
            (returned, sys::tc_instructions_left(env))
        };
        let instructions = limit.saturating_sub(left.max(0)).max(0).cast_unsigned();
        let result = if returned {
            let [first, _] = cells;
            Ok(if hook.returns_i32() { first.cast_signed() } else { 0 })
        } else {
            let trap = self.trap(left);
            // SAFETY: the instance lives.
            unsafe { sys::wasm_runtime_clear_exception(self.linked.as_ptr()) };
            Err(trap)
        };
        Outcome { result, instructions }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _acting = self.wamr.acting_for(self.account);
        // SAFETY: nothing runs in it, and it is not used after this. The environment goes before the
        // instance that it points to.
        unsafe {
            sys::wasm_runtime_destroy_exec_env(self.env.as_ptr());
            ManuallyDrop::drop(&mut self.linked);
        }
        self.wamr.pool().set_cap(self.account, self.cap_before);
    }
}

/// The trap that WAMR means by a text. `Exception: ` precedes each.
fn trap_of(text: &[u8]) -> Trap {
    const TRAPS: [(&[u8], Trap); 12] = [
        (b"unreachable", Trap::Unreachable),
        (b"out of bounds memory access", Trap::OutOfBounds),
        (b"integer divide by zero", Trap::DivideByZero),
        (b"integer overflow", Trap::IntegerOverflow),
        (b"invalid conversion to integer", Trap::IntegerOverflow),
        (b"indirect call type mismatch", Trap::IndirectCall),
        (b"undefined element", Trap::IndirectCall),
        (b"uninitialized element", Trap::IndirectCall),
        (b"unknown function", Trap::IndirectCall),
        (b"wasm operand stack overflow", Trap::StackOverflow),
        (b"native stack overflow", Trap::StackOverflow),
        (b"instruction limit exceeded", Trap::BudgetExhausted),
    ];
    let text = text.strip_prefix(b"Exception: ").unwrap_or(text);
    TRAPS.into_iter().find(|(known, _)| *known == text).map_or(Trap::Other, |(_, trap)| trap)
}
