//! The engine's lock: RIOT's mutex.

use riot_wrappers::mutex::Mutex;
use tinycontainer::Lock;

/// A value behind RIOT's mutex.
pub(crate) struct RiotLock<T>(Mutex<T>);

impl<T> Lock<T> for RiotLock<T> {
    #[inline(always)]
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock())
    }
}
