//! A host: the serial line is standard input and output, and the time is simulated.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering};
use std::io::{Read as _, Write as _};

/// How many containers there can be.
pub(crate) const SLOTS: usize = 32;
/// The memory of containers. The fast interpreter translates code, and pointers are larger than a device's.
pub(crate) const POOL_BYTES: usize = 4 << 20;
/// The instructions of containers in a simulated millisecond.
pub(crate) const SIMULATED_RATE: Option<u32> = Some(2000);

static NOW_US: AtomicU64 = AtomicU64::new(0);

/// Reads exactly that many bytes. The program ends when the line does.
pub(crate) fn receive(bytes: &mut [u8]) {
    if std::io::stdin().read_exact(bytes).is_err() {
        exit(0);
    }
}

pub(crate) fn send(bytes: &[u8]) {
    let mut out = std::io::stdout();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        exit(1);
    }
}

pub(crate) fn exit(status: i32) -> ! {
    std::process::exit(status)
}

/// The instructions of containers in a millisecond; `None`: to be measured.
pub(crate) fn rate() -> Option<u32> {
    SIMULATED_RATE
}

/// A host's process is started again from outside.
pub(crate) fn restart() -> ! {
    exit(1)
}

/// Microseconds of simulated time.
pub(crate) fn now_us() -> u64 {
    NOW_US.load(Ordering::Relaxed)
}

/// Lets simulated time pass.
pub(crate) fn pass_us(us: u64) {
    NOW_US.fetch_add(us, Ordering::Relaxed);
}

/// Sleeps until that time.
pub(crate) fn sleep_until(us: Option<u64>) {
    if let Some(until) = us {
        NOW_US.fetch_max(until, Ordering::Relaxed);
    }
}

/// Instructions of the processor that were executed while it did not sleep: not known here.
pub(crate) fn instructions() -> u64 {
    0
}

/// Called when a request has been received, and when it has been served: between, time passes on a device.
pub(crate) fn serving(_: bool) {}

pub(crate) fn stack_limit() -> usize {
    // A host's stack is large; WAMR asks the operating system.
    0
}

pub(crate) fn pool() -> &'static mut [MaybeUninit<u8>] {
    Box::leak(vec![MaybeUninit::uninit(); POOL_BYTES].into_boxed_slice())
}
