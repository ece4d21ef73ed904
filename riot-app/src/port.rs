//! The backend of the C API. What takes much stack is done by the controller's thread; the caller waits.

use crate::controller::controlled;
use crate::platform::{self, POOL, RiotEngine, engine};
use crate::settings::{CONTAINERS, POOL_BYTES};
use crate::{clock, controller, slots, threads};
use tinycontainer::Status;
use tinycontainer_capi::{
    AuditEntry, Backend, Code, EngineBackend, LoadFailure, LoadSession, Memory, Pid, Port, Priorities, Sizes,
};

type Inner = EngineBackend<RiotPort, CONTAINERS>;

tinycontainer_capi::set_backend!(Controlled = Controlled(EngineBackend(RiotPort)));

static SESSION: LoadSession<platform::Riot, CONTAINERS> = LoadSession::new();
struct RiotPort;

impl Port<CONTAINERS> for RiotPort {
    type Platform = platform::Riot;

    fn init(&self, priorities: Priorities) -> Result<Pid, Code> {
        let known = |priority: u8| (1..=slots::LOWEST).contains(&priority);
        if !known(priorities.controller) || !known(priorities.containers) {
            return Err(Code::BadArgument);
        }
        slots::set_priority(priorities.containers);
        let pid = controller::start(priorities.controller).ok_or(Code::NoThread)?;
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
