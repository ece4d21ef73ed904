//! The platform of the C API. What needs much stack runs on the controller's thread; the caller waits.

use crate::platform::{self, POOL, RiotEngine, engine};
use crate::settings::{CONTAINERS, POOL_BYTES};
use crate::{clock, controller, device, slots, threads};
use tinycontainer_capi::{Code, LoadSession, Memory, Pid, Port, Priorities};

tinycontainer_capi::set_port!(RiotPort: CONTAINERS = RiotPort);

static SESSION: LoadSession<platform::Riot, CONTAINERS> = LoadSession::new();

struct RiotPort;

impl Port<CONTAINERS> for RiotPort {
    type Platform = platform::Riot;

    fn init(&self, priorities: Priorities) -> Result<Pid, Code> {
        let known = |priority: u8| (1..=slots::LOWEST).contains(&priority);
        if !known(priorities.controller) || !known(priorities.containers) {
            return Err(Code::BadArgument);
        }
        device::install()?;
        slots::set_priority(priorities.containers);
        let pid = controller::start(priorities.controller).ok_or(Code::NoThread)?;
        controller::run(platform::start)?;
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

    fn on_deep_stack<R: Send, E: From<Code> + Send>(
        &self,
        f: impl FnOnce() -> Result<R, E> + Send,
    ) -> Result<R, E> {
        controller::run(f)
    }
}
