//! The controller's thread. Verifying and loading an image takes more stack than other threads have, so it is done by this
//! one, one request after another; the caller waits. It also writes the containers' output when it has nothing else to do.

use crate::settings::CONTROLLER_STACK_BYTES;
use crate::sys::{self, Pid};
use core::ffi::c_void;
use core::sync::atomic::{AtomicI16, AtomicU8, Ordering};
use tinycontainer::metadata::Priority;
use tinycontainer_capi::Code;

static STACK: sys::Stack<CONTROLLER_STACK_BYTES> = sys::Stack::new();
/// The controller's thread; 0 if there is none yet.
static CONTROLLER: AtomicI16 = AtomicI16::new(0);
/// The priority of requests, as `tinycontainer_init` was given it.
static PRIORITY: AtomicU8 = AtomicU8::new(0);

extern "C" fn serve(_: *mut c_void) -> *mut c_void {
    sys::serve(crate::slots::output_priority)
}

/// Starts the thread, if it does not run yet. Returns its number; `None` if RIOT has no place for it.
pub(crate) fn start(priority: u8) -> Option<Pid> {
    PRIORITY.store(priority, Ordering::Relaxed);
    match CONTROLLER.load(Ordering::Acquire) {
        0 => {
            let pid = sys::spawn(&STACK, priority, c"tinycontainer", serve, 0)?;
            CONTROLLER.store(pid, Ordering::Release);
            Some(pid)
        }
        pid => Some(pid),
    }
}

/// Wakes the controller's thread to write output.
pub(crate) fn wake_for_output() {
    match CONTROLLER.load(Ordering::Acquire) {
        0 => {}
        pid => sys::wake_for_output(pid),
    }
}

/// Lets the controller's thread finish what it does at the priority of containers of the highest class, at least.
pub(crate) fn raise() {
    sys::raise(CONTROLLER.load(Ordering::Acquire), crate::slots::priority(Priority::High));
}

/// Runs `f` on the controller's thread, at its own priority, and waits for it.
pub(crate) fn run<R: Send, E: From<Code> + Send>(f: impl FnOnce() -> Result<R, E> + Send) -> Result<R, E> {
    sys::run_in(CONTROLLER.load(Ordering::Acquire), Some(PRIORITY.load(Ordering::Relaxed)), f)
        .unwrap_or_else(|| Err(Code::NotInitialized.into()))
}

/// Runs a step that takes much stack in the controller's thread, at the priority of the calling thread, which is that of
/// the container whose step it is: its code is not trusted to be short.
pub(crate) fn lend_stack<R: Send>(step: impl FnOnce() -> R + Send) -> Option<R> {
    sys::run_in(CONTROLLER.load(Ordering::Acquire), None, step)
}
