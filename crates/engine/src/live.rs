//! The part of a slot that an agent and the control functions share without the engine's lock.

use crate::MAX_OPEN;
use crate::error::StartError;
use crate::platform::Lock;
use crate::status::Counters;
use tinycontainer_lifecycle::{Event, Illegal, State};

#[cfg(not(loom))]
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, Ordering};

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
    /// For each index of a descriptor the generation of its last watch, and [`READABLE`].
    watches: [AtomicU16; MAX_OPEN],
    counters: L,
}

impl<L: Lock<Counters>> Live<L> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(State::Empty as u8),
            stop_requested: AtomicBool::new(false),
            watches: core::array::from_fn(|_| AtomicU16::new(0)),
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

    /// Begins a watch of the descriptor with that index, and returns its generation. Wakers of earlier ones do nothing
    /// from now on. Only by the agent, as [`end_watch`](Self::end_watch) is.
    #[inline(never)]
    pub(crate) fn begin_watch(&self, place: u8) -> u16 {
        let Some(watch) = self.watches.get(usize::from(place)) else { return 0 };
        // An announcement at this time is of an earlier watch: it may be lost.
        let generation = (watch.load(Ordering::Acquire) & !READABLE).wrapping_add(NEXT_GENERATION);
        watch.store(generation, Ordering::Release);
        generation
    }

    /// The descriptor with that index was closed: its waker does nothing from now on.
    pub(crate) fn end_watch(&self, place: u8) {
        self.begin_watch(place);
    }

    /// All descriptors were closed.
    pub(crate) fn end_watches(&self) {
        (0..MAX_OPEN as u8).for_each(|place| self.end_watch(place));
    }

    /// Data has arrived for the descriptor with that index. Returns whether this is new: false if data was announced that
    /// has not been read since, or if the watch is over. May be called by an interrupt.
    pub(crate) fn announce(&self, place: u8, generation: u16) -> bool {
        let idle = generation & !READABLE;
        self.watches.get(usize::from(place)).is_some_and(|watch| {
            watch.compare_exchange(idle, idle | READABLE, Ordering::AcqRel, Ordering::Acquire).is_ok()
        })
    }

    /// The descriptor with that index is about to be read: data that arrives from now on is announced again.
    pub(crate) fn clear(&self, place: u8) {
        if let Some(watch) = self.watches.get(usize::from(place)) {
            watch.fetch_and(!READABLE, Ordering::AcqRel);
        }
    }

    /// Whether data was announced for the descriptor with that index.
    pub(crate) fn is_readable(&self, place: u8) -> bool {
        let watch = self.watches.get(usize::from(place));
        watch.is_some_and(|watch| watch.load(Ordering::Acquire) & READABLE != 0)
    }

    /// Reads or changes the counters. `f` takes no lock.
    pub(crate) fn counters<R>(&self, f: impl FnOnce(&mut Counters) -> R) -> R {
        self.counters.with(f)
    }
}

/// A bit of a watch: data was announced that has not been read since. The other bits are the generation.
const READABLE: u16 = 1;
const NEXT_GENERATION: u16 = 2;
