//! What the engine asks of a platform, by RIOT; and how it all starts.

use crate::drivers::Periph;
use crate::lock::RiotLock;
use crate::settings::{
    CONTAINERS, HEAP_BYTES, HOOK_MS, LINEAR_MEMORY_BYTES, LOG_BURST, OPERAND_STACK_BYTES, POOL_BYTES,
    QUEUE_BYTES,
};
use crate::slots::{self, THREADS};
use crate::{clock, controller, sys};
use tinycontainer::policy::{Ceilings, Device};
use tinycontainer::runtime::{Rate, Type};
use tinycontainer::{Engine, IoError, Notice, Platform};
use tinycontainer_capi::{CDrivers, Code, OnceCell, settings};
use tinycontainer_pool::{Accounts, Pool, PoolBuf};
use tinycontainer_wamr::Wamr;

pub(crate) type RiotEngine = Engine<Riot, CONTAINERS>;

pub(crate) static POOL: Pool = Pool::new();
static REGION: sys::Region<POOL_BYTES> = sys::Region::new();
static ENGINE: OnceCell<RiotEngine> = OnceCell::new();
static DRIVERS: CDrivers<Periph> = CDrivers(Periph);

type RiotAccounts = Accounts<CONTAINERS>;

/// A device under the engine.
pub(crate) struct Riot {
    runtime: Wamr,
    rate: Rate,
}

/// The engine, once it was started.
pub(crate) fn engine() -> Option<&'static RiotEngine> {
    ENGINE.value()
}

/// Takes the memory, starts the runtime, measures its speed, makes the engine. Needs much stack.
pub(crate) fn start() -> Result<(), Code> {
    if let Some(region) = REGION.take() {
        RiotAccounts::init(&POOL, region).map_err(|_| Code::OutOfMemory)?;
    }
    sys::keep_clock();
    let runtime = Wamr::init(&POOL, &THREADS, RiotAccounts::RUNTIME).map_err(|_| Code::RuntimeFailed)?;
    let rate = runtime.calibrate(&clock::now_us, 1).map_err(|_| Code::RuntimeFailed)?;
    let made = ENGINE.set_with(|| Engine::new(Riot { runtime, rate }));
    if made { Ok(()) } else { Err(Code::AlreadyInitialized) }
}

impl Platform for Riot {
    type Lock<T> = RiotLock<T>;
    type Buf = PoolBuf;
    type Runtime = Wamr;
    type Drivers = CDrivers<Periph>;

    const QUEUE_BYTES: usize = QUEUE_BYTES;
    const LOG_BURST: u32 = LOG_BURST;
    /// The usual notice of a uid of 8 bytes.
    const NOTICE_BYTES: u32 = 40;

    fn runtime(&self) -> &Wamr {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        self.rate
    }

    fn now_us(&self) -> u64 {
        clock::now_us()
    }

    fn drivers(&self) -> &Self::Drivers {
        &DRIVERS
    }

    fn allocate(&self, slot: usize, len: usize) -> Option<PoolBuf> {
        POOL.take(RiotAccounts::image(slot), len).ok()
    }

    fn device(&self) -> Device<'_> {
        settings::device(Ceilings {
            linear_memory: LINEAR_MEMORY_BYTES,
            stack: OPERAND_STACK_BYTES,
            heap: HEAP_BYTES,
            // A quarter of the pool: one party's image leaves memory for the others.
            image: POOL_BYTES as u32 / 4,
            hook_ms: HOOK_MS,
        })
    }

    fn wake(&self, slot: usize) {
        if engine().is_some_and(|engine| engine.is_stopping(slot)) {
            // A stop must not wait until no container of higher priority is due. The thread is raised before the controller's,
            // which takes over the priority of the thread that it works for.
            slots::raise(slot);
            controller::raise();
        }
        slots::wake(slot);
    }

    fn log(&self, uid: &str, line: &[u8]) {
        sys::log(uid, line);
        controller::wake_for_output();
    }

    fn notice(&self, uid: &str, notice: Notice) {
        let mut digits = [0; 10];
        let (event, text) = match notice {
            Notice::Started => return,
            Notice::Stopped(stopped) => ("stopped: ", stopped.reason.name()),
            Notice::Refused(_, denial) => ("refused: ", denial.reason.text()),
            // One call of `decimal`, for size.
            Notice::DriverFailed(number, _) | Notice::LogDropped(number) => {
                let event = match notice {
                    Notice::DriverFailed(_, IoError::NoPeer) => "no such device: endpoint ",
                    Notice::DriverFailed(..) => "device failed: endpoint ",
                    _ => "lines dropped: ",
                };
                (event, decimal(number, &mut digits))
            }
        };
        sys::notice(uid, event, text);
        controller::wake_for_output();
    }
}

/// A number in decimal, without `core::fmt`, which takes some kilobytes of flash.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &str {
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        first = place;
        if number == 0 {
            break;
        }
    }
    digits.get(first..).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default()
}
