//! Data that arrives at virtual devices: a line of a trace, at its time, for containers that are woken by it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tinycontainer::Waker;

/// The lines of a trace: from a time in milliseconds on, these bytes. The times ascend.
pub(crate) type Trace = Vec<(u64, Vec<u8>)>;

type Readable = Box<dyn Fn(Waker) + Send + Sync>;

/// Passes what a driver announces to the engine. For as long as there is no engine, to none.
#[derive(Clone, Default)]
pub(crate) struct ToEngine(Arc<OnceLock<Readable>>);

impl ToEngine {
    /// Only the first call has an effect.
    pub(crate) fn set(&self, readable: impl Fn(Waker) + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(readable));
    }

    fn readable(&self, waker: Waker) {
        if let Some(readable) = self.0.get() {
            readable(waker);
        }
    }
}

impl fmt::Debug for ToEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToEngine({})", self.0.get().is_some())
    }
}

/// With this a device announces data for one open descriptor, from any thread, until it is closed.
#[derive(Debug, Clone)]
pub struct Announce {
    waker: Waker,
    engine: ToEngine,
}

impl Announce {
    pub(crate) fn new(waker: Waker, engine: ToEngine) -> Self {
        Self { waker, engine }
    }

    /// Data can be read. The container's `loop()` runs, now or at the end of its period.
    pub fn readable(&self) {
        self.engine.readable(self.waker);
    }

    /// The descriptor, for drivers that are not written in Rust.
    pub fn waker(&self) -> Waker {
        self.waker
    }
}

/// Announces the lines of traces at their times, by a thread that exists from the first watched device on.
#[derive(Debug)]
pub(crate) struct Arrivals {
    shared: Arc<(Mutex<State>, Condvar)>,
    start: Instant,
}

#[derive(Debug, Default)]
struct State {
    /// The next line of each watched device, by its time in milliseconds.
    next: BTreeMap<(u64, u64), Watched>,
    last_number: u64,
    has_thread: bool,
    ends: bool,
}

#[derive(Debug)]
struct Watched {
    trace: Arc<Trace>,
    /// Which line.
    line: usize,
    announce: Announce,
}

impl State {
    /// Waits for a line of a device's trace, if it has one.
    fn wait_for(&mut self, number: u64, watched: Watched) {
        if let Some(&(time, _)) = watched.trace.get(watched.line) {
            self.next.insert((time, number), watched);
        }
    }
}

impl Arrivals {
    pub(crate) fn new(start: Instant) -> Self {
        Self { shared: Arc::default(), start }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces the lines of a trace, those of the past at once. Returns the number for [`Arrivals::forget`].
    pub(crate) fn watch(&self, trace: Arc<Trace>, announce: Announce) -> u64 {
        let now = millis(self.start);
        let line = trace.partition_point(|(from, _)| *from <= now);
        if line > 0 {
            announce.readable();
        }
        let mut state = self.state();
        state.last_number += 1;
        let number = state.last_number;
        state.wait_for(number, Watched { trace, line, announce });
        if !state.has_thread {
            let (shared, start) = (self.shared.clone(), self.start);
            state.has_thread = std::thread::Builder::new()
                .name("arrivals".into())
                .spawn(move || run(&shared, start))
                .is_ok();
        }
        self.shared.1.notify_one();
        number
    }

    /// The device was closed.
    pub(crate) fn forget(&self, number: u64) {
        self.state().next.retain(|(_, other), _| *other != number);
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        // The thread is not joined: what it calls may hold the last reference to this.
        self.state().ends = true;
        self.shared.1.notify_one();
    }
}

fn run((state, changed): &(Mutex<State>, Condvar), start: Instant) {
    let mut state_now = state.lock().unwrap_or_else(PoisonError::into_inner);
    while !state_now.ends {
        let Some(&(time, number)) = state_now.next.keys().next() else {
            state_now = changed.wait(state_now).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let wait = (start + Duration::from_millis(time)).saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            state_now = changed.wait_timeout(state_now, wait).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        if let Some(watched) = state_now.next.remove(&(time, number)) {
            let announce = watched.announce.clone();
            state_now.wait_for(number, Watched { line: watched.line + 1, ..watched });
            drop(state_now);
            announce.readable();
            state_now = state.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
