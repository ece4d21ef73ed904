//! Two cells for statics: one that is set once, one that is used by one caller at a time.

#![expect(unsafe_code, reason = "shared statics without an operating system's lock")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

const UNSET: u8 = 0;
const SETTING: u8 = 1;
const SET: u8 = 2;

/// A value that is set once. As [`std::sync::OnceLock`](https://doc.rust-lang.org/std/sync/struct.OnceLock.html), but
/// without an operating system: nothing waits for another thread that is setting it.
pub struct OnceCell<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: `value` is written by the one thread that moved `state` from UNSET to SETTING, and only
// read, shared, after it was moved on to SET.
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}

impl<T> OnceCell<T> {
    /// A cell without a value.
    pub const fn new() -> Self {
        Self { state: AtomicU8::new(UNSET), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Sets the value.
    ///
    /// # Errors
    /// Returns `value` if the cell has one already, or another thread is setting it.
    pub fn set(&self, value: T) -> Result<(), T> {
        if self.state.compare_exchange(UNSET, SETTING, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(value);
        }
        // SAFETY: this thread moved the state to SETTING.
        unsafe { self.store(|| value) };
        Ok(())
    }

    /// Sets the value to what `value` returns; returns whether it has. Not if the cell has one already, or another
    /// thread is setting it. A large value is written to the cell directly and is never on the stack: inlined for that.
    #[inline(always)]
    pub fn set_with(&self, value: impl FnOnce() -> T) -> bool {
        if self.state.compare_exchange(UNSET, SETTING, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return false;
        }
        // SAFETY: this thread moved the state to SETTING.
        unsafe { self.store(value) };
        true
    }

    /// # Safety
    /// The calling thread has moved the state to SETTING.
    #[inline(always)]
    unsafe fn store(&self, value: impl FnOnce() -> T) {
        // SAFETY: as the caller has promised: no other thread reads or writes.
        unsafe { (*self.value.get()).as_mut_ptr().write(value()) };
        self.state.store(SET, Ordering::Release);
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

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A value that one caller at a time uses. Others fail meanwhile and do not wait.
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

    /// Runs `f` on the value; `None` if another caller uses it now.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return None;
        }
        let release = Release(&self.taken);
        // SAFETY: this caller moved `taken` to true, and `release` moves it back after `f`.
        let result = f(unsafe { &mut *self.value.get() });
        drop(release);
        Some(result)
    }
}

/// Lets the next caller use the value, when it is dropped.
struct Release<'a>(&'a AtomicBool);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    #[test]
    fn of_several_threads_one_sets_the_value_and_all_see_the_whole_of_it() {
        const THREADS: usize = 4;
        for _ in 0..if cfg!(miri) { 5 } else { 500 } {
            let (cell, barrier) = (OnceCell::new(), Barrier::new(THREADS));
            let done = thread::scope(|scope| {
                let threads: [_; THREADS] = core::array::from_fn(|n| {
                    let (cell, barrier) = (&cell, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let set = cell.set([n; 16]).is_ok();
                        let seen = loop {
                            match cell.value() {
                                Some(value) => break *value,
                                None => thread::yield_now(),
                            }
                        };
                        assert!(seen.iter().all(|number| *number == seen[0]));
                        assert!(!set || seen[0] == n);
                        set
                    })
                });
                threads.map(|thread| thread.join().unwrap())
            });
            assert_eq!(done.into_iter().filter(|set| *set).count(), 1);
        }
    }

    #[test]
    fn of_several_threads_one_uses_the_value_at_a_time() {
        let rounds = if cfg!(miri) { 50 } else { 20_000 };
        let cell = TryCell::new((0u32, 0u32));
        let used: u32 = thread::scope(|scope| {
            let threads: [_; 3] = core::array::from_fn(|_| {
                scope.spawn(|| {
                    let add = |value: &mut (u32, u32)| {
                        assert_eq!(value.0, value.1);
                        value.0 += 1;
                        thread::yield_now();
                        value.1 += 1;
                    };
                    (0..rounds).filter(|_| cell.with(add).is_some()).count() as u32
                })
            });
            threads.map(|thread| thread.join().unwrap()).into_iter().sum()
        });
        assert!(used > 0);
        assert_eq!(cell.with(|value| *value), Some((used, used)));
    }

    #[test]
    fn a_panic_gives_the_value_back() {
        let cell = TryCell::new(1);
        let unwound = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            cell.with(|value| {
                *value = 2;
                std::panic::resume_unwind(std::boxed::Box::new(()));
            })
        }));
        assert!(unwound.is_err());
        assert_eq!(cell.with(|value| *value), Some(2));
    }

    #[test]
    fn set_once() {
        let cell = OnceCell::new();
        assert_eq!(cell.value(), None);
        assert_eq!(cell.set(1), Ok(()));
        assert_eq!(cell.set(2), Err(2));
        assert_eq!(cell.value(), Some(&1));
        assert!(!cell.set_with(|| 3));
        let cell = OnceCell::new();
        assert!(cell.set_with(|| 3));
        assert_eq!(cell.set(4), Err(4));
        assert_eq!(cell.value(), Some(&3));
    }

    #[test]
    fn one_at_a_time() {
        let cell = TryCell::new(1);
        assert_eq!(cell.with(|value| (core::mem::replace(value, 2), cell.with(|_| ()))), Some((1, None)));
        assert_eq!(cell.with(|value| *value), Some(2));
    }
}
