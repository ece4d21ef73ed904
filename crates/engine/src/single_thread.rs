//! A lock for platforms with one thread.

use crate::platform::Lock;
use core::cell::RefCell;

/// The [`Lock`] of a platform on which one thread does everything: loads, steps the agents and calls the control functions,
/// and no interrupt calls the engine. It is not `Sync`, so the compiler refuses an engine that is used by two threads.
#[derive(Debug)]
pub struct SingleThread<T>(RefCell<T>);

impl<T> Lock<T> for SingleThread<T> {
    fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        match self.0.try_borrow_mut() {
            Ok(mut value) => f(&mut value),
            // Taken twice, which the engine never does: stops here, as with a mutex.
            Err(_) => loop {
                core::hint::spin_loop();
            },
        }
    }
}
