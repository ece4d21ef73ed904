//! Two cells for statics: one that is set once, one that is used by one caller at a time.

#![expect(unsafe_code, reason = "shared statics without an operating system's lock")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

const UNSET: u8 = 0;
const SETTING: u8 = 1;
const SET: u8 = 2;

/// A value that is given once and stays.
pub struct SetOnce<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: `value` is written by the one thread that moved `state` from UNSET to SETTING, and only
// read, shared, after it was moved on to SET.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    /// Without a value.
    pub const fn new() -> Self {
        Self { state: AtomicU8::new(UNSET), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Gives the value; gives it back if there is one, or is being set right now.
    pub fn set(&self, value: T) -> Result<(), T> {
        if self.state.compare_exchange(UNSET, SETTING, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(value);
        }
        // SAFETY: this thread moved the state to SETTING: nobody else reads or writes.
        unsafe { (*self.value.get()).write(value) };
        self.state.store(SET, Ordering::Release);
        Ok(())
    }

    /// The value.
    pub fn value(&self) -> Option<&T> {
        if self.state.load(Ordering::Acquire) != SET {
            return None;
        }
        // SAFETY: SET is stored after the value was written, and it is never written again.
        Some(unsafe { (*self.value.get()).assume_init_ref() })
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A value that one caller at a time uses. Whoever comes meanwhile is turned away and does not wait.
pub(crate) struct TryCell<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `value` is only reached by the one caller that moved `taken` to true, until it moves it back.
unsafe impl<T: Send> Sync for TryCell<T> {}

impl<T> TryCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Runs `f` unless somebody else is at it.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return None;
        }
        let back = Back(&self.taken);
        // SAFETY: this caller moved `taken` to true, and `back` moves it back after `f`.
        let result = f(unsafe { &mut *self.value.get() });
        drop(back);
        Some(result)
    }
}

struct Back<'a>(&'a AtomicBool);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_once() {
        let cell = SetOnce::new();
        assert_eq!(cell.value(), None);
        assert_eq!(cell.set(1), Ok(()));
        assert_eq!(cell.set(2), Err(2));
        assert_eq!(cell.value(), Some(&1));
    }

    #[test]
    fn one_at_a_time() {
        let cell = TryCell::new(1);
        assert_eq!(cell.with(|value| (core::mem::replace(value, 2), cell.with(|_| ()))), Some((1, None)));
        assert_eq!(cell.with(|value| *value), Some(2));
    }
}
