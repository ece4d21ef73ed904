//! The backend of the C API. Verifying an image takes more stack than an application's threads have, so
//! it is done by the controller's thread, one request after another; whoever asks waits.

use crate::platform::{self, POOL, RiotEngine, engine};
use crate::settings::{CONTAINERS, CONTROLLER_STACK_BYTES, POOL_BYTES};
use crate::{clock, sys, threads};
use core::ffi::c_void;
use core::sync::atomic::{AtomicI16, AtomicU8, Ordering};
use tinycontainer::Status;
use tinycontainer_capi::{
    Backend, Code, EngineBackend, LoadFailure, Memory, Pid, Port, Priorities, AuditEntry, LoadSession, Sizes,
};

type Inner = EngineBackend<RiotPort, CONTAINERS>;

tinycontainer_capi::set_backend!(Controlled = Controlled(EngineBackend(RiotPort)));

static STACK: sys::Stack<CONTROLLER_STACK_BYTES> = sys::Stack::new();
static SESSION: LoadSession<platform::Riot, CONTAINERS> = LoadSession::new();
/// The controller's thread; 0 if there is none yet.
static CONTROLLER: AtomicI16 = AtomicI16::new(0);

extern "C" fn controller(_: *mut c_void) -> *mut c_void {
    sys::serve(threads::output_priority)
}

/// Has the controller's thread write what output waits, when it has nothing else to do.
pub(crate) fn wake_for_output() {
    match CONTROLLER.load(Ordering::Acquire) {
        0 => {}
        pid => sys::wake_for_output(pid),
    }
}

/// What `tinycontainer_init` was told.
static PRIORITY: AtomicU8 = AtomicU8::new(0);

/// Runs `f` in the controller's thread, at its own priority.
fn controlled<R: Send, E: From<Code> + Send>(f: impl FnOnce() -> Result<R, E> + Send) -> Result<R, E> {
    match CONTROLLER.load(Ordering::Acquire) {
        0 => Err(Code::NotInitialized.into()),
        pid => sys::run_in(pid, PRIORITY.load(Ordering::Relaxed), f)
            .unwrap_or_else(|| Err(Code::NoThread.into())),
    }
}

/// Lets the controller's thread do a step that takes much stack, at the priority of whoever's step it is: its
/// code was not trusted to be short.
pub(crate) fn lend_stack<R: Send>(priority: u8, step: impl FnOnce() -> R + Send) -> Option<R> {
    sys::run_in(CONTROLLER.load(Ordering::Acquire), priority, step)
}

struct RiotPort;

impl Port<CONTAINERS> for RiotPort {
    type Platform = platform::Riot;

    fn init(&self, priorities: Priorities) -> Result<Pid, Code> {
        let known = |priority: u8| (1..=threads::LOWEST).contains(&priority);
        if !known(priorities.controller) || !known(priorities.containers) {
            return Err(Code::BadArgument);
        }
        threads::set_priority(priorities.containers);
        PRIORITY.store(priorities.controller, Ordering::Relaxed);
        let mut pid = CONTROLLER.load(Ordering::Acquire);
        if pid == 0 {
            pid = sys::spawn(&STACK, priorities.controller, c"tinycontainer", controller, 0)
                .ok_or(Code::NoThread)?;
            CONTROLLER.store(pid, Ordering::Release);
        }
        controlled(platform::start)?;
        u16::try_from(pid).ok().and_then(Pid::new).ok_or(Code::NoThread)
    }

    fn engine(&self) -> Option<&'static RiotEngine> {
        engine()
    }

    fn session(&self) -> &'static LoadSession<platform::Riot, CONTAINERS> {
        &SESSION
    }

    fn ensure_agent(&self, slot: usize) -> Result<(), Code> {
        if threads::ensure(slot) { Ok(()) } else { Err(Code::NoThread) }
    }

    fn memory(&self) -> Memory {
        Memory { total: POOL_BYTES, free: POOL.free_bytes(), largest: POOL.largest_free() }
    }

    fn uptime_ms(&self) -> u64 {
        clock::now_ms()
    }
}

/// A backend whose costly calls run in the controller's thread.
struct Controlled(Inner);

impl Backend for Controlled {
    fn init(&self, priorities: Priorities) -> Result<Pid, Code> {
        self.0.init(priorities)
    }

    fn begin(&self, sizes: Sizes) -> Result<u32, LoadFailure> {
        controlled(|| self.0.begin(sizes))
    }

    fn write(&self, session: u32, bytes: &[u8]) -> Result<(), LoadFailure> {
        controlled(|| self.0.write(session, bytes))
    }

    fn finish(&self, session: u32) -> Result<(), LoadFailure> {
        controlled(|| self.0.finish(session))
    }

    fn abort(&self, session: u32) -> Result<(), Code> {
        controlled(|| self.0.abort(session))
    }

    fn load(&self, metadata: &[u8], data: &[u8], code: &[u8]) -> Result<(), LoadFailure> {
        controlled(|| self.0.load(metadata, data, code))
    }

    fn start(&self, uid: &str) -> Result<(), Code> {
        // Hashes trust anchors, which takes stack.
        controlled(|| self.0.start(uid))
    }

    fn stop(&self, uid: &str) -> Result<(), Code> {
        self.0.stop(uid)
    }

    fn unload(&self, uid: &str) -> Result<(), Code> {
        controlled(|| self.0.unload(uid))
    }

    fn is_running(&self, uid: &str) -> bool {
        self.0.is_running(uid)
    }

    fn status(&self, uid: &str) -> Result<Status, Code> {
        self.0.status(uid)
    }

    fn status_at(&self, slot: usize) -> Result<Status, Code> {
        self.0.status_at(slot)
    }

    fn refusal_after(&self, after: u64) -> Option<AuditEntry> {
        self.0.refusal_after(after)
    }

    fn memory(&self) -> Memory {
        self.0.memory()
    }

    fn uptime_ms(&self) -> u64 {
        self.0.uptime_ms()
    }
}
