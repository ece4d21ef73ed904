//! A value for each thread. What an observer does inside of a native call is charged to the container's budget, so that it
//! must not wait for the thread of another container, which may not get the processor for long.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More than there are threads of containers: one has its own, unless slots were used by very many threads.
const SHARDS: usize = 128;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN: Cell<Option<usize>> = const { Cell::new(None) };
}

#[derive(Debug)]
pub(crate) struct Shards<T>(Vec<Mutex<T>>);

impl<T> Shards<T> {
    pub(crate) fn new(make: impl Fn() -> T) -> Self {
        Self((0..SHARDS).map(|_| Mutex::new(make())).collect())
    }

    /// Uses the value of this thread.
    pub(crate) fn own<R>(&self, use_: impl FnOnce(&mut T) -> R) -> Option<R> {
        let number = OWN.with(|own| {
            let number = own.get().unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed));
            own.set(Some(number));
            number
        });
        let shard = self.0.get(number % SHARDS)?;
        Some(use_(&mut shard.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The values of all threads.
    pub(crate) fn all(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.0.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
