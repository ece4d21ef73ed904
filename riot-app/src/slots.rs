//! What is known of each slot's thread: its stack, its number, its priority; and, for WAMR, whose memory a thread uses.

use crate::settings::{CONTAINERS, STACK_BYTES};
use crate::sys::{self, LAST_PID, Pid, Stack};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicI16, AtomicU8, Ordering};
use tinycontainer::metadata::Priority;
use tinycontainer_pool::Account;
use tinycontainer_wamr::CurrentAccount;

/// What must be left of the stack where WAMR checks it before a native call; with less the container traps. The calls below take
/// 728 bytes (`scripts/stack-depth ELF wasm_interp_call_func_native --path`), an interrupt and a switch to another thread 208, the MPU's
/// guard 32. A driver of the application that needs more than the settings promise is not in it.
const RESERVE: usize = 968;

pub(crate) static STACKS: [Stack<STACK_BYTES>; CONTAINERS] = [const { Stack::new() }; CONTAINERS];
/// Each slot's thread; 0 if there is none yet.
pub(crate) static PIDS: [AtomicI16; CONTAINERS] = [const { AtomicI16::new(0) }; CONTAINERS];
/// The priority of containers of the highest class.
static PRIORITY: AtomicU8 = AtomicU8::new(0);

/// What containers' threads get; lower classes get higher numbers.
pub(crate) fn set_priority(priority: u8) {
    PRIORITY.store(priority, Ordering::Relaxed);
}

pub(crate) fn priority(class: Priority) -> u8 {
    let below = match class {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    };
    PRIORITY.load(Ordering::Relaxed).saturating_add(below).min(LOWEST)
}

/// The priority at which containers' output is written: in turns with containers of the middle class, which so cannot
/// keep it back, and without holding up those of the highest.
pub(crate) fn output_priority() -> u8 {
    priority(Priority::Normal)
}

/// The lowest of RIOT's 16 priorities but one, which the idle thread has alone.
pub(crate) const LOWEST: u8 = 14;

/// Lets a slot's agent step.
pub(crate) fn wake(slot: usize) {
    sys::wake(pid(slot));
}

/// Gives a slot's thread at least the priority of containers of the highest class.
pub(crate) fn raise(slot: usize) {
    sys::raise(pid(slot), priority(Priority::High));
}

/// The slot's thread; 0 if there is none.
fn pid(slot: usize) -> Pid {
    PIDS.get(slot).map_or(0, |pid| pid.load(Ordering::Acquire))
}

/// For WAMR: which account a thread works for, by its number, and how far down its stack reaches.
pub(crate) struct Threads {
    /// The account and one; 0 for none.
    accounts: [AtomicU8; LAST_PID + 1],
}

pub(crate) static THREADS: Threads = Threads { accounts: [const { AtomicU8::new(0) }; LAST_PID + 1] };

impl Threads {
    fn mine(&self) -> Option<&AtomicU8> {
        self.accounts.get(usize::try_from(sys::pid()).ok()?)
    }
}

impl CurrentAccount for Threads {
    fn set(&self, account: Option<Account>) {
        if let Some(mine) = self.mine() {
            mine.store(account.map_or(0, |account| account.0.saturating_add(1)), Ordering::Relaxed);
        }
    }

    fn current(&self) -> Option<Account> {
        self.mine()?.load(Ordering::Relaxed).checked_sub(1).map(Account)
    }

    fn stack_boundary(&self) -> Option<NonNull<u8>> {
        let me = sys::pid();
        let slot = PIDS.iter().position(|pid| pid.load(Ordering::Relaxed) == me)?;
        STACKS.get(slot)?.boundary(RESERVE)
    }
}
