//! Time: RIOT's ztimer in milliseconds and in microseconds, without their wraps.

use crate::sys;
use core::cell::Cell;
use critical_section::Mutex;

/// How often the counter of milliseconds has wrapped, and what it showed last.
static SEEN: Mutex<Cell<(u32, u32)>> = Mutex::new(Cell::new((0, 0)));
/// The microseconds at the last reading, and the milliseconds then.
static MICROS: Mutex<Cell<(u64, u64)>> = Mutex::new(Cell::new((0, 0)));

/// Milliseconds since the device started. Never decreases, if it is called at least once in 49 days.
pub(crate) fn now_ms() -> u64 {
    critical_section::with(|cs| {
        let now = sys::msec();
        let cell = SEEN.borrow(cs);
        let (wraps, last) = cell.get();
        let wraps = if now < last { wraps.wrapping_add(1) } else { wraps };
        cell.set((wraps, now));
        u64::from(wraps) << 32 | u64::from(now)
    })
}

/// Microseconds since the device started. Never goes back. The counter wraps after 71 minutes; how often it has done
/// so since the last reading is known from the milliseconds, which may come from another oscillator.
pub(crate) fn now_us() -> u64 {
    critical_section::with(|cs| {
        let (ms, counter) = (now_ms(), sys::usec());
        let cell = MICROS.borrow(cs);
        let (last_us, last_ms) = cell.get();
        let now = micros(last_us, counter, ms.saturating_sub(last_ms));
        cell.set((now, ms));
        now
    })
}

/// The time that ends with `counter` and is closest to `ms` milliseconds after `last_us`, and not before it.
fn micros(last_us: u64, counter: u32, ms: u64) -> u64 {
    // The counter is the time's lower half.
    let since = u64::from(counter.wrapping_sub(last_us as u32));
    let wraps = ms.saturating_mul(1000).saturating_sub(since).saturating_add(1 << 31) >> 32;
    last_us.saturating_add(since).saturating_add(wraps << 32)
}
