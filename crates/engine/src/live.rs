//! The part of a slot that an agent and the control functions share without the engine's lock.

use crate::MAX_OPEN;
use crate::error::StartError;
use crate::platform::Lock;
use crate::status::Counters;
use tinycontainer_lifecycle::{Event, Illegal, State};

#[cfg(not(loom))]
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The part of a slot that its agent changes in each loop. On a host it has its own cache lines, so that agents on
/// several processors do not slow each other down.
///
/// `L` is a lock around the counters: a lock for this slot, taken by its agent and for its status.
#[cfg_attr(target_pointer_width = "64", repr(align(128)))]
pub(crate) struct Live<L> {
    /// Changed under the engine's lock, with one exception: while a hook may run, the agent alone changes it
    /// (Instantiate, Tick, Continue, Call, Return), without the lock.
    state: AtomicU8,
    /// A stop was requested: the agent ends the container before its next loop. Written under the engine's lock.
    stop_requested: AtomicBool,
    /// One bit for each descriptor: a driver has announced data that has not been read since.
    readable: AtomicU8,
    counters: L,
}

impl<L: Lock<Counters>> Live<L> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(State::Empty as u8),
            stop_requested: AtomicBool::new(false),
            readable: AtomicU8::new(0),
            counters: L::new(Counters::default()),
        }
    }

    pub(crate) fn state(&self) -> State {
        State::from_number(self.state.load(Ordering::Acquire)).unwrap_or(State::Empty)
    }

    /// Changes the state.
    pub(crate) fn transit(&self, event: Event) -> Result<(), Illegal> {
        let next = self.state().after(event)?;
        self.state.store(next as u8, Ordering::Release);
        Ok(())
    }

    /// Starts the container, and clears an earlier stop request. Under the engine's lock.
    pub(crate) fn start(&self) -> Result<(), StartError> {
        let next = self.state().after(Event::Start).map_err(|_| StartError::Running)?;
        // This first: the agent reads it as soon as it sees the new state.
        self.stop_requested.store(false, Ordering::Release);
        self.state.store(next as u8, Ordering::Release);
        Ok(())
    }

    /// Requests a stop. Under the engine's lock, while the container runs.
    pub(crate) fn request_stop(&self) {
        self.stop_requested.store(true, Ordering::Release);
    }

    pub(crate) fn stop_requested(&self) -> bool {
        self.stop_requested.load(Ordering::Acquire)
    }

    /// Whether a stop was requested of the container that runs, and it has not stopped yet.
    pub(crate) fn is_stopping(&self) -> bool {
        self.state().is_running() && self.stop_requested()
    }

    /// Data has arrived for the descriptor with that index. May be called by an interrupt.
    pub(crate) fn announce(&self, place: u8) {
        self.readable.fetch_or(bit(place), Ordering::Release);
    }

    /// The descriptor with that index is about to be read, or is new: data that arrives from now on is announced
    /// again.
    pub(crate) fn clear(&self, place: u8) {
        self.readable.fetch_and(!bit(place), Ordering::AcqRel);
    }

    /// Whether data was announced for the descriptor with that index.
    pub(crate) fn is_readable(&self, place: u8) -> bool {
        self.readable.load(Ordering::Acquire) & bit(place) != 0
    }

    /// Reads or changes the counters. `f` takes no lock.
    pub(crate) fn counters<R>(&self, f: impl FnOnce(&mut Counters) -> R) -> R {
        self.counters.with(f)
    }
}

/// There are as many bits as descriptors.
fn bit(place: u8) -> u8 {
    const { assert!(MAX_OPEN <= u8::BITS as usize, "a bit for each descriptor") };
    1u8.checked_shl(u32::from(place)).unwrap_or(0)
}
