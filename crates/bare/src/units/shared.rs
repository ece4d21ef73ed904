//! A peripheral that several units use, or one.

use core::cell::Cell;
use critical_section::Mutex;
use tinycontainer::IoError;

/// A peripheral. It is taken out for each transfer and put back after it, so interrupts are masked for the time of a
/// move only.
pub struct Shared<T>(Mutex<Cell<Option<T>>>);

impl<T> Shared<T> {
    /// A peripheral; [`give`](Self::give) it later if it cannot be made in a static.
    pub const fn new(peripheral: Option<T>) -> Self {
        Self(Mutex::new(Cell::new(peripheral)))
    }

    /// Gives it the peripheral; returns the one that was there.
    pub fn give(&self, peripheral: T) -> Option<T> {
        critical_section::with(|section| self.0.borrow(section).replace(Some(peripheral)))
    }

    /// Takes the peripheral back.
    pub fn take(&self) -> Option<T> {
        critical_section::with(|section| self.0.borrow(section).take())
    }

    /// Uses it.
    ///
    /// # Errors
    /// [`IoError::WouldBlock`] if it is in use or was not given; those of `f`.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> Result<R, IoError>) -> Result<R, IoError> {
        let mut peripheral = self.take().ok_or(IoError::WouldBlock)?;
        let result = f(&mut peripheral);
        self.give(peripheral);
        result
    }
}
