//! Units whose bytes the other end provides and sees.

use crate::machine;
use crate::protocol::UNITS;
use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use critical_section::Mutex;
use tinycontainer::metadata::{Access, Bus};
use tinycontainer::{Drivers, IoError, Waker};
use tinycontainer_bare::{Entry, Unit, Units};

const BYTES: usize = 1024;

/// Bytes from the other end that no container has read, or bytes that containers have written.
struct Bytes {
    bytes: [u8; BYTES],
    /// Those between are waiting.
    start: usize,
    end: usize,
}

impl Bytes {
    const fn new() -> Self {
        Self { bytes: [0; BYTES], start: 0, end: 0 }
    }

    /// Adds what fits; returns how many bytes.
    fn push(&mut self, bytes: &[u8]) -> usize {
        let free = self.bytes.get_mut(self.end..).unwrap_or_default();
        let taken = free.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
        self.end += taken;
        taken
    }

    /// Takes the first bytes; returns how many. The space is free again when all were taken.
    fn pop(&mut self, to: &mut [u8]) -> usize {
        let waiting = self.bytes.get(self.start..self.end).unwrap_or_default();
        let taken = to.iter_mut().zip(waiting).map(|(to, from)| *to = *from).count();
        self.start += taken;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        taken
    }
}

struct State {
    arrived: Bytes,
    written: Bytes,
    waker: Option<Waker>,
}

pub(crate) struct TestUnit(Mutex<RefCell<State>>);

static UNITS_HERE: [TestUnit; UNITS] = [const {
    TestUnit(Mutex::new(RefCell::new(State { arrived: Bytes::new(), written: Bytes::new(), waker: None })))
}; UNITS];

static FAILS: AtomicBool = AtomicBool::new(false);
static TAKES_US: AtomicU32 = AtomicU32::new(0);
static OPEN: AtomicU32 = AtomicU32::new(0);

impl TestUnit {
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> Result<R, IoError> {
        critical_section::with(|section| match self.0.borrow(section).try_borrow_mut() {
            Ok(mut state) => Ok(f(&mut state)),
            Err(_) => Err(IoError::WouldBlock),
        })
    }

    /// As [`with`](Self::with), after the time of a transfer.
    fn transfer<R>(&self, f: impl FnOnce(&mut State) -> R) -> Result<R, IoError> {
        machine::pass_us(u64::from(TAKES_US.load(Ordering::Relaxed)));
        if FAILS.load(Ordering::Relaxed) { Err(IoError::Failed) } else { self.with(f) }
    }
}

impl Unit for TestUnit {
    fn read(&self, buf: &mut [u8]) -> Result<usize, IoError> {
        match self.transfer(|state| state.arrived.pop(buf))? {
            0 if !buf.is_empty() => Err(IoError::WouldBlock),
            read => Ok(read),
        }
    }

    fn write(&self, buf: &[u8]) -> Result<usize, IoError> {
        match self.transfer(|state| state.written.push(buf))? {
            0 if !buf.is_empty() => Err(IoError::WouldBlock),
            written => Ok(written),
        }
    }
}

const fn entry(bus: Bus, unit: u32, driver: &'static TestUnit) -> Entry {
    Entry { bus, unit, driver }
}

static TABLE: [Entry; UNITS] = {
    let [a, b, c, d, e, f, sensor, pin] = &UNITS_HERE;
    [
        entry(Bus::App, 0, a),
        entry(Bus::App, 1, b),
        entry(Bus::App, 2, c),
        entry(Bus::App, 3, d),
        entry(Bus::App, 4, e),
        entry(Bus::App, 5, f),
        entry(Bus::I2c, 72, sensor),
        entry(Bus::Gpio, 17, pin),
    ]
};

/// The units, and how many are open.
pub(crate) struct TestBus;

impl Drivers for TestBus {
    type Handle = <Units as Drivers>::Handle;

    fn open(&self, uid: &str, access: &Access<'_>) -> Result<Self::Handle, IoError> {
        let handle = Units(&TABLE).open(uid, access)?;
        OPEN.fetch_add(1, Ordering::Relaxed);
        Ok(handle)
    }

    fn watch(&self, handle: &mut Self::Handle, waker: Waker) {
        let is = |unit: &&TestUnit| core::ptr::addr_eq(*unit, core::ptr::from_ref(*handle));
        if let Some(unit) = UNITS_HERE.iter().find(is) {
            let _ = unit.with(|state| state.waker = Some(waker));
        }
    }

    fn read(&self, handle: &mut Self::Handle, buf: &mut [u8]) -> Result<usize, IoError> {
        handle.read(buf)
    }

    fn write(&self, handle: &mut Self::Handle, buf: &[u8]) -> Result<usize, IoError> {
        handle.write(buf)
    }

    fn close(&self, handle: Self::Handle) {
        let is = |unit: &&TestUnit| core::ptr::addr_eq(*unit, core::ptr::from_ref(handle));
        if let Some(unit) = UNITS_HERE.iter().find(is) {
            let _ = unit.with(|state| state.waker = None);
        }
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many units containers have open, each as often as it is.
pub(crate) fn open() -> u32 {
    OPEN.load(Ordering::Relaxed)
}

/// Bytes arrive at a unit. Returns how many fit, and whom to wake.
pub(crate) fn feed(unit: u8, bytes: &[u8]) -> (usize, Option<Waker>) {
    let fed = UNITS_HERE
        .get(usize::from(unit))
        .map(|unit| unit.with(|state| (state.arrived.push(bytes), state.waker)));
    fed.and_then(Result::ok).unwrap_or_default()
}

/// What containers have written to a unit since the last call.
pub(crate) fn written(unit: u8, to: &mut [u8]) -> usize {
    let taken = UNITS_HERE.get(usize::from(unit)).map(|unit| unit.with(|state| state.written.pop(to)));
    taken.and_then(Result::ok).unwrap_or_default()
}

/// Sets what each transfer takes, and whether it fails.
pub(crate) fn behave(takes_us: u32, fails: bool) {
    TAKES_US.store(takes_us, Ordering::Relaxed);
    FAILS.store(fails, Ordering::Relaxed);
}
