//! The platform's board, and what the other end has configured.

use crate::{events, machine};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use critical_section::Mutex;
use tinycontainer::policy::{Ceilings, Device, Trust};
use tinycontainer::{Notice, VersionRecord};
use tinycontainer_bare::Board;

/// The names of the device: those of testkit.
const NAMES: &[&str] = &["device-1", "class-a"];

static TRUST: Mutex<Cell<Trust<'static>>> = Mutex::new(Cell::new(Trust::NONE));
static SECONDS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Sets the trust store.
pub(crate) fn set_trust(trust: Trust<'static>) {
    critical_section::with(|section| TRUST.borrow(section).set(trust));
}

/// Sets the time, in seconds since 1970; 0: not known. Backwards too: that is for the engine to notice.
pub(crate) fn set_seconds(seconds: u64) {
    critical_section::with(|section| SECONDS.borrow(section).set(seconds));
}

/// How many records of versions were reported.
pub(crate) static VERSIONS: AtomicU32 = AtomicU32::new(0);

/// This board.
pub(crate) struct Console;

impl Board for Console {
    fn now_us(&self) -> u64 {
        machine::now_us()
    }

    fn sleep(&self, until_us: Option<u64>) {
        machine::sleep_until(until_us);
    }

    fn device(&self) -> Device<'_> {
        let (trust, seconds) =
            critical_section::with(|section| (TRUST.borrow(section).get(), SECONDS.borrow(section).get()));
        Device {
            audiences: NAMES,
            trust,
            now: Some(seconds).filter(|seconds| *seconds != 0),
            ceilings: Ceilings {
                linear_memory: 65536,
                stack: 8192,
                heap: 65536,
                image: machine::POOL_BYTES as u32 / 4,
                hook_ms: 10_000,
            },
            accept_2024: None,
        }
    }

    fn log(&self, uid: &str, line: &[u8]) {
        events::log(uid, line);
    }

    fn notice(&self, uid: &str, notice: Notice) {
        events::notice(uid, notice);
    }

    fn version_seen(&self, _: &VersionRecord) {
        VERSIONS.fetch_add(1, Ordering::Relaxed);
    }

    fn stack_limit(&self) -> usize {
        machine::stack_limit()
    }
}
