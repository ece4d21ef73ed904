//! The implementation of the engine's `Platform` on a host.

use crate::buses::Buses;
use crate::config::{Config, Event, MAX_CONTAINERS};
use crate::trace::Traced;
use std::sync::{Condvar, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tinycontainer::policy::{Device, LegacyFormat, Trust};
use tinycontainer::runtime::{Rate, Type};
use tinycontainer::{Lock, Notice, Platform};
use tinycontainer_pool::{Accounts, Pool, PoolBuf};

/// The engine's lock, by the standard library.
#[derive(Debug)]
pub struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Lock<T> for Mutex<T> {
    fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // Nothing under the lock panics; were it to, the state is still whole.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A host under the engine.
pub struct Posix {
    pub(crate) config: Config,
    pub(crate) trust: Trust<'static>,
    pub(crate) audiences: Vec<&'static str>,
    pub(crate) pool: &'static Pool,
    pub(crate) runtime: Traced,
    pub(crate) rate: Rate,
    /// One for each slot: whether its agent was woken since it last looked.
    pub(crate) wake_flags: Vec<WakeFlag>,
}

/// Wakes one thread.
#[derive(Default)]
pub(crate) struct WakeFlag {
    pub(crate) raised: std::sync::Mutex<bool>,
    pub(crate) changed: Condvar,
}

impl Platform for Posix {
    type Lock<T> = Mutex<T>;
    type Buf = PoolBuf;
    type Runtime = Traced;
    type Drivers = Buses;

    const LOG_BURST: u32 = 64 << 10;
    const LOG_BYTES_PER_SECOND: u32 = 256 << 10;
    /// The observer gets them all, so that it can count them.
    const NOTICE_BYTES: u32 = 0;

    fn runtime(&self) -> &Traced {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        self.rate
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.config.buses.start().elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn drivers(&self) -> &Buses {
        &self.config.buses
    }

    fn allocate(&self, slot: usize, len: usize) -> Option<PoolBuf> {
        self.pool.take(Accounts::<MAX_CONTAINERS>::image(slot), len).ok()
    }

    fn device(&self) -> Device<'_> {
        if let Some(describe) = self.config.describe {
            return describe(self.config.ceilings);
        }
        Device {
            audiences: &self.audiences,
            trust: self.trust,
            now: self
                .config
                .now
                .or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())),
            ceilings: self.config.ceilings,
            accept_2024: self.config.accept_2024.as_ref().map(|policy| policy as &dyn LegacyFormat),
        }
    }

    fn wake(&self, slot: usize) {
        if let Some(flag) = self.wake_flags.get(slot) {
            *flag.raised.lock().unwrap_or_else(PoisonError::into_inner) = true;
            flag.changed.notify_one();
        }
    }

    fn log(&self, uid: &str, line: &[u8]) {
        // The guest's bytes: whatever could steer a terminal is made visible instead.
        let line = String::from_utf8_lossy(line).chars().flat_map(visible).collect();
        (self.config.observer)(Event::Log { uid: uid.into(), line });
    }

    fn notice(&self, uid: &str, notice: Notice) {
        (self.config.observer)(Event::Notice { uid: uid.into(), notice });
    }
}

/// The character, or its escape if it is a control character.
fn visible(c: char) -> impl Iterator<Item = char> {
    let (plain, escaped) = if c.is_control() { (None, Some(c.escape_default())) } else { (Some(c), None) };
    plain.into_iter().chain(escaped.into_iter().flatten())
}
