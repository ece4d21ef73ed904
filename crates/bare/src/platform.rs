//! The engine's platform.

use crate::account::THREAD;
use crate::board::Board;
use crate::lock::SectionLock;
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering};
use tinycontainer::policy::Device;
use tinycontainer::runtime::{ModuleError, Rate, Type};
use tinycontainer::{Drivers, Engine, Notice, Platform, VersionRecord};
use tinycontainer_pool::{Accounts, Pool, PoolBuf};
use tinycontainer_wamr::Wamr;

/// The engine of a [`Bare`] platform, with `N` slots.
pub type BareEngine<B, D, const N: usize> = Engine<Bare<B, D, N>, N>;

/// Why the platform did not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartError {
    /// The pool's region is too small or too large, or the pool has one already.
    Memory(tinycontainer_pool::InitError),
    /// The interpreter did not start.
    Runtime(tinycontainer_wamr::InitError),
    /// The interpreter's speed could not be measured.
    Calibration(ModuleError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => write!(f, "the memory of containers: {error}"),
            Self::Runtime(error) => write!(f, "{error}"),
            Self::Calibration(error) => write!(f, "the interpreter's speed cannot be measured: {error}"),
        }
    }
}

impl core::error::Error for StartError {}

/// A device without an operating system, with `N` slots, at most 32.
pub struct Bare<B, D, const N: usize> {
    board: B,
    drivers: D,
    pool: &'static Pool,
    runtime: Wamr,
    rate: Rate,
    /// A bit for each slot that was woken since the super-loop last looked.
    woken: AtomicU32,
}

impl<B: Board, D: Drivers, const N: usize> Bare<B, D, N> {
    /// Gives the pool its region and starts the interpreter. Its speed is `rate`, or is measured, which takes some 20 ms.
    /// There is one such platform in a program, for there is one WAMR.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        board: B,
        drivers: D,
        pool: &'static Pool,
        region: &'static mut [MaybeUninit<u8>],
        rate: Option<Rate>,
    ) -> Result<Self, StartError> {
        const { assert!(N <= 32, "a wake-up is a bit of a 32-bit number") };
        Accounts::<N>::init(pool, region).map_err(StartError::Memory)?;
        THREAD.set_stack_limit(board.stack_limit());
        let runtime = Wamr::init(pool, &THREAD, Accounts::<N>::RUNTIME).map_err(StartError::Runtime)?;
        let rate = match rate {
            Some(rate) => rate,
            None => runtime.calibrate(&|| board.now_us(), 1).map_err(StartError::Calibration)?,
        };
        Ok(Self { board, drivers, pool, runtime, rate, woken: AtomicU32::new(0) })
    }

    /// The board.
    pub fn board(&self) -> &B {
        &self.board
    }

    /// The pool.
    pub fn pool(&self) -> &'static Pool {
        self.pool
    }

    /// The slots that were woken since the last call, a bit for each.
    pub(crate) fn take_woken(&self) -> u32 {
        self.woken.swap(0, Ordering::AcqRel)
    }

    /// Whether a slot was woken since then.
    pub(crate) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire) != 0
    }
}

impl<B: Board, D: Drivers, const N: usize> Platform for Bare<B, D, N> {
    type Lock<T> = SectionLock<T>;
    type Buf = PoolBuf;
    type Runtime = Wamr;
    type Drivers = D;

    fn runtime(&self) -> &Wamr {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        self.rate
    }

    fn now_us(&self) -> u64 {
        self.board.now_us()
    }

    fn drivers(&self) -> &D {
        &self.drivers
    }

    fn allocate(&self, slot: usize, len: usize) -> Option<PoolBuf> {
        self.pool.take(Accounts::<N>::image(slot), len).ok()
    }

    fn device(&self) -> Device<'_> {
        self.board.device()
    }

    fn wake(&self, slot: usize) {
        if let Some(bit) = u32::try_from(slot).ok().and_then(|slot| 1_u32.checked_shl(slot)) {
            self.woken.fetch_or(bit, Ordering::AcqRel);
        }
    }

    fn version_seen(&self, record: &VersionRecord) {
        self.board.version_seen(record);
    }

    fn log(&self, uid: &str, line: &[u8]) {
        self.board.log(uid, line);
    }

    fn notice(&self, uid: &str, notice: Notice) {
        self.board.notice(uid, notice);
    }
}
