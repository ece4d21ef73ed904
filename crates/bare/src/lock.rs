//! The engine's lock.

use core::cell::RefCell;
use critical_section::Mutex;
use tinycontainer::Lock;

/// A value that is used within a critical section: interrupts are masked for the time of one call of the engine, at most the
/// copy of a message.
pub struct SectionLock<T>(Mutex<RefCell<T>>);

impl<T> Lock<T> for SectionLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(RefCell::new(value)))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        critical_section::with(|section| match self.0.borrow(section).try_borrow_mut() {
            Ok(mut value) => f(&mut value),
            // Taken twice, which the engine never does: stops here, as with a mutex.
            Err(_) => loop {
                core::hint::spin_loop();
            },
        })
    }
}
