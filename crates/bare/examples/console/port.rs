//! The engine, and the C API over it.

use crate::board::Console;
use crate::bus::TestBus;
use crate::machine;
use core::ptr::null;
use tinycontainer::Engine;
use tinycontainer::runtime::Rate;
use tinycontainer_bare::{Bare, BareEngine, StartError};
use tinycontainer_capi::functions::control::tinycontainer_init;
use tinycontainer_capi::{Code, LoadSession, Memory, OnceCell, Pid, Port, Priorities};
use tinycontainer_pool::Pool;

/// How many containers there can be.
pub(crate) const SLOTS: usize = machine::SLOTS;

pub(crate) type Platform = Bare<Console, TestBus, SLOTS>;
pub(crate) type ConsoleEngine = BareEngine<Console, TestBus, SLOTS>;

pub(crate) static POOL: Pool = Pool::new();
static ENGINE: OnceCell<ConsoleEngine> = OnceCell::new();
static SESSION: LoadSession<Platform, SLOTS> = LoadSession::new();

struct ConsolePort;

tinycontainer_capi::set_port!(ConsolePort: SLOTS = ConsolePort);

impl Port<SLOTS> for ConsolePort {
    type Platform = Platform;

    fn init(&self, _: Priorities) -> Result<Pid, Code> {
        let platform = Bare::start(Console, TestBus, &POOL, machine::pool(), machine::rate().map(rate));
        let platform = platform.map_err(|error| match error {
            StartError::Memory(_) => Code::OutOfMemory,
            StartError::Runtime(_) | StartError::Calibration(_) => Code::RuntimeFailed,
        })?;
        if !ENGINE.set_with(|| Engine::new(platform)) {
            return Err(Code::AlreadyInitialized);
        }
        Pid::new(1).ok_or(Code::NoThread)
    }

    fn engine(&self) -> Option<&'static ConsoleEngine> {
        ENGINE.value()
    }

    fn session(&self) -> &'static LoadSession<Platform, SLOTS> {
        &SESSION
    }

    fn ensure_agent(&self, _: usize) -> Result<(), Code> {
        // The super-loop has all agents.
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory { total: machine::POOL_BYTES, free: POOL.free_bytes(), largest: POOL.largest_free() }
    }

    fn uptime_ms(&self) -> u64 {
        machine::now_us() / 1000
    }
}

fn rate(instructions_per_ms: u32) -> Rate {
    Rate { instructions_per_ms }
}

/// Starts the engine, as a C program does.
pub(crate) fn start() -> Option<&'static ConsoleEngine> {
    // SAFETY: no driver.
    #[allow(unsafe_code, reason = "a function for C")]
    let pid = unsafe { tinycontainer_init(1, 1, 1, null()) };
    if pid > 0 { ENGINE.value() } else { None }
}
