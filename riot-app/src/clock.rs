//! Time: RIOT's ztimer in milliseconds, without its wrap after 49 days.

use crate::sys;
use core::cell::Cell;
use critical_section::Mutex;

/// How often the counter has wrapped, and what it showed last.
static SEEN: Mutex<Cell<(u32, u32)>> = Mutex::new(Cell::new((0, 0)));

/// Milliseconds since the device started. Never goes back, if it is asked once in 49 days.
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

/// Microseconds, in steps of a millisecond. One clock is enough: another takes 1 KB of flash on an nRF52.
pub(crate) fn now_us() -> u64 {
    now_ms().saturating_mul(1000)
}
