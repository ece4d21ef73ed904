//! Every race of the engine's, in every interleaving up to a bound: starts, stops, unloads and loads
//! against a stepping agent.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p tinycontainer --test loom`
//!
//! Loom cannot observe the interpreter's C, so the runtime here is a few lines of Rust; the other tests run the real
//! one.
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use loom::sync::Arc;
use loom::thread;
use std::sync::atomic::{AtomicUsize, Ordering};
use tinycontainer::metadata::{Access, Bus, Schedule, Wake};
use tinycontainer::policy::Device;
use tinycontainer::runtime::{
    Account, Budget, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Rate, Runtime, Type,
};
use tinycontainer::{
    Direction, Drivers, Engine, Hook, ImageError, IoError, Lock, Next, Platform, Sizes, StartError, State,
    StopError, StopReason, UnloadError, Waker,
};
use tinycontainer_testkit as kit;

struct LoomLock<T>(loom::sync::Mutex<T>);

impl<T> Lock<T> for LoomLock<T> {
    fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }
}

/// Counts its instances.
#[derive(Default)]
struct Counting {
    instances: std::sync::Arc<AtomicUsize>,
    /// Its guests open endpoint 1 and read from it.
    opens: bool,
}

struct Counted {
    instances: std::sync::Arc<AtomicUsize>,
    opens: bool,
    fd: Option<i32>,
}

impl Runtime for Counting {
    type Instance = Counted;

    fn accepts(&self, kind: Type) -> bool {
        kind == Type::Wasm
    }

    fn instantiate(&self, _: Account, _: Type, _: &[u8], _: &Limits) -> Result<Counted, ModuleError> {
        assert_eq!(self.instances.fetch_add(1, Ordering::SeqCst), 0, "one instance of a container at a time");
        Ok(Counted { instances: self.instances.clone(), opens: self.opens, fd: None })
    }

    fn memory(&self, _: Account) -> MemoryUse {
        MemoryUse::default()
    }
}

impl Instance for Counted {
    fn call(&mut self, hook: Hook, _: Budget, host: &mut dyn Host) -> Outcome {
        match hook {
            // Opened once, and read in each loop.
            Hook::Start if self.opens => self.fd = host.open(1).ok(),
            Hook::Loop if self.fd.is_some() => _ = host.read(self.fd.unwrap_or(-1), &mut [0]),
            // A native call: enters and leaves the syscall state without the lock.
            Hook::Loop => _ = host.heartbeat(),
            _ => (),
        }
        Outcome { result: Ok(0), instructions: 1 }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.instances.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A peer that has a byte to read, or none; and the waker of its last watch.
#[derive(Default)]
struct OneByte(loom::sync::atomic::AtomicBool, std::sync::Mutex<Option<Waker>>);

impl Drivers for OneByte {
    type Handle = ();
    fn open(&self, _: &str, _: &Access<'_>) -> Result<(), IoError> {
        Ok(())
    }
    fn watch(&self, (): &mut (), waker: Waker) {
        *self.1.lock().unwrap() = Some(waker);
    }
    fn read(&self, (): &mut (), _: &mut [u8]) -> Result<usize, IoError> {
        if self.0.swap(false, Ordering::AcqRel) { Ok(1) } else { Err(IoError::WouldBlock) }
    }
    fn write(&self, (): &mut (), _: &[u8]) -> Result<usize, IoError> {
        Err(IoError::Failed)
    }
    fn close(&self, (): ()) {}
}

struct Loomed {
    runtime: Counting,
    drivers: OneByte,
    /// The agent in slot 0 was woken.
    woken: loom::sync::atomic::AtomicBool,
    store: &'static [u8],
}

impl Platform for Loomed {
    type Lock<T> = LoomLock<T>;
    type Buf = Box<[u8]>;
    type Runtime = Counting;
    type Drivers = OneByte;

    fn runtime(&self) -> &Counting {
        &self.runtime
    }
    fn rate(&self, _: Type) -> Rate {
        Rate { instructions_per_ms: 1 }
    }
    fn now_us(&self) -> u64 {
        0
    }
    fn drivers(&self) -> &OneByte {
        &self.drivers
    }
    fn allocate(&self, _: usize, len: usize) -> Option<Box<[u8]>> {
        Some(vec![0; len].into())
    }
    fn device(&self) -> Device<'_> {
        kit::device(self.store)
    }
    fn wake(&self, _: usize) {
        // Not `store`: loom would let a later swap miss it.
        self.woken.swap(true, Ordering::AcqRel);
    }
    fn log(&self, _: &str, _: &[u8]) {}
}

const SLOTS: usize = 2;

/// Made once: signing is slow, and the result is the same in every interleaving.
struct Fixture {
    store: &'static [u8],
    image: kit::Image,
    opens: bool,
}

impl Fixture {
    fn new(max_loops: u32) -> Self {
        let mut spec = kit::Spec::new("a.c", kit::IDLE);
        spec.schedule = Schedule { period_ms: 0, max_loops, ..spec.schedule };
        Self { store: Vec::leak(kit::trust_store()), image: spec.sign(kit::PROVIDER_A), opens: false }
    }

    /// A container that is woken by its driver.
    fn event_driven() -> Self {
        let mut spec =
            kit::Spec::new("a.c", kit::IDLE).endpoint(1, kit::OwnedPeer::Local(Bus::App, 1), Direction::In);
        spec.schedule = Schedule { period_ms: 0, wake: Wake::Message, ..spec.schedule };
        Self { store: Vec::leak(kit::trust_store()), image: spec.sign(kit::OWNER), opens: true }
    }

    fn engine(&self) -> Arc<Engine<Loomed, SLOTS>> {
        Arc::new(Engine::new(Loomed {
            runtime: Counting { opens: self.opens, ..Counting::default() },
            drivers: OneByte::default(),
            woken: loom::sync::atomic::AtomicBool::new(false),
            store: self.store,
        }))
    }

    fn load(&self, engine: &Engine<Loomed, SLOTS>) -> Result<(), ImageError> {
        let kit::Image { metadata, data, code } = &self.image;
        let sizes = Sizes { metadata: metadata.len(), data: data.len(), code: code.len() };
        let mut loading = engine.begin(sizes)?;
        [metadata, data, code].into_iter().try_for_each(|part| loading.write(part))?;
        loading.finish().map(drop)
    }

    /// An engine with the container loaded.
    fn loaded(&self) -> Arc<Engine<Loomed, SLOTS>> {
        let engine = self.engine();
        self.load(&engine).unwrap();
        engine
    }
}

fn settle(engine: &Engine<Loomed, SLOTS>) {
    let mut agent = engine.agent(0).unwrap();
    while agent.step(0) == Next::Now {}
}

fn check(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(f);
}

#[test]
fn stop_during_start_and_run() {
    let fixture = Fixture::new(1);
    check(move || {
        let engine = fixture.loaded();
        engine.start("a.c").unwrap();
        let stopper = {
            let engine = engine.clone();
            thread::spawn(move || engine.stop("a.c"))
        };
        settle(&engine);
        let stopped = stopper.join().unwrap();
        settle(&engine);
        let status = engine.status("a.c").unwrap();
        assert_eq!(status.state, State::Created);
        assert_eq!(engine.platform().runtime.instances.load(Ordering::SeqCst), 0, "no instance is left");
        // The first request is recorded as the reason; the later one got an error.
        match (stopped, status.last.unwrap().reason) {
            (Ok(()), StopReason::Requested | StopReason::LoopCount)
            | (Err(StopError::NotRunning), StopReason::LoopCount) => (),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn unload_against_a_running_container() {
    let fixture = Fixture::new(1);
    check(move || {
        let engine = fixture.loaded();
        engine.start("a.c").unwrap();
        let unloader = {
            let engine = engine.clone();
            thread::spawn(move || engine.unload("a.c"))
        };
        settle(&engine);
        match unloader.join().unwrap() {
            Ok(()) => assert!(engine.status("a.c").is_err()),
            Err(UnloadError::Running) => {
                assert_eq!(engine.status("a.c").unwrap().state, State::Created);
                engine.unload("a.c").unwrap();
            }
            Err(UnloadError::NotFound) => panic!("it was there"),
        }
        assert_eq!(engine.platform().runtime.instances.load(Ordering::SeqCst), 0);
        fixture.load(&engine).unwrap();
    });
}

#[test]
fn two_starts() {
    let fixture = Fixture::new(1);
    check(move || {
        let engine = fixture.loaded();
        let other = {
            let engine = engine.clone();
            thread::spawn(move || engine.start("a.c"))
        };
        let mine = engine.start("a.c");
        let theirs = other.join().unwrap();
        assert!(matches!(
            (mine, theirs),
            (Ok(()), Err(StartError::Running)) | (Err(StartError::Running), Ok(()))
        ));
        settle(&engine);
        assert_eq!(engine.status("a.c").unwrap().counters.starts, 1);
    });
}

#[test]
fn start_against_unload() {
    let fixture = Fixture::new(1);
    check(move || {
        let engine = fixture.loaded();
        let starter = {
            let engine = engine.clone();
            thread::spawn(move || engine.start("a.c"))
        };
        let unloaded = engine.unload("a.c");
        let started = starter.join().unwrap();
        match (started, unloaded) {
            (Ok(()), Err(UnloadError::Running)) => {
                settle(&engine);
                engine.unload("a.c").unwrap();
            }
            (Err(StartError::NotFound), Ok(())) => (),
            other => panic!("{other:?}"),
        }
        assert_eq!(engine.containers().count(), 0);
    });
}

#[test]
fn two_loads_of_one_name() {
    let fixture = std::sync::Arc::new(Fixture::new(1));
    check(move || {
        let engine = fixture.engine();
        let other = {
            let (engine, fixture) = (engine.clone(), fixture.clone());
            thread::spawn(move || fixture.load(&engine))
        };
        let mine = fixture.load(&engine);
        let theirs = other.join().unwrap();
        assert!(matches!(
            (mine, theirs),
            (Ok(()), Err(ImageError::DuplicateUid)) | (Err(ImageError::DuplicateUid), Ok(()))
        ));
        assert_eq!(engine.containers().count(), 1);
        // The slot of the session that failed is free.
        assert!(engine.begin(Sizes { metadata: 1, data: 0, code: 1 }).is_ok());
    });
}

#[test]
fn one_agent_for_a_slot() {
    let fixture = Fixture::new(1);
    check(move || {
        let engine = fixture.loaded();
        let other = {
            let engine = engine.clone();
            thread::spawn(move || engine.agent(0).map(drop).is_some())
        };
        let mine = engine.agent(0);
        let theirs = other.join().unwrap();
        assert!(mine.is_some() || theirs);
        drop(mine);
        assert!(engine.agent(0).is_some());
    });
}

#[test]
fn status_while_it_runs_and_stops() {
    let fixture = Fixture::new(1);
    check(move || {
        let engine = fixture.loaded();
        engine.start("a.c").unwrap();
        let watcher = {
            let engine = engine.clone();
            thread::spawn(move || {
                let status = engine.status("a.c").unwrap();
                assert!(status.state.is_loaded() && status.counters.loops <= 1);
                engine.is_running("a.c")
            })
        };
        settle(&engine);
        let _ = watcher.join().unwrap();
        assert!(!engine.is_running("a.c"));
    });
}

#[test]
fn data_that_arrives_while_it_falls_asleep_is_read() {
    let fixture = Fixture::event_driven();
    check(move || {
        let engine = fixture.loaded();
        engine.start("a.c").unwrap();
        let mut agent = engine.agent(0).unwrap();
        // As a platform steps it: when it was woken, until it returns that it waits.
        let mut run = || {
            while engine.platform().woken.swap(false, Ordering::AcqRel) {
                while agent.step(0) == Next::Now {}
            }
        };
        run();
        let waker = engine.platform().drivers.1.lock().unwrap().unwrap();
        let driver = {
            let engine = engine.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    engine.platform().drivers.0.swap(true, Ordering::AcqRel);
                    engine.readable(waker);
                }
            })
        };
        run();
        driver.join().unwrap();
        run();
        assert!(!engine.platform().drivers.0.load(Ordering::Acquire), "no byte is left");
    });
}

#[test]
fn a_waker_of_an_earlier_run_causes_no_loop() {
    let fixture = Fixture::event_driven();
    check(move || {
        let engine = fixture.loaded();
        engine.start("a.c").unwrap();
        let mut agent = engine.agent(0).unwrap();
        let mut run = || {
            while engine.platform().woken.swap(false, Ordering::AcqRel) {
                while agent.step(0) == Next::Now {}
            }
        };
        run();
        let stale = engine.platform().drivers.1.lock().unwrap().unwrap();
        engine.stop("a.c").unwrap();
        run();
        // It opens the same descriptor again, while its driver uses what it has kept.
        engine.start("a.c").unwrap();
        let driver = {
            let engine = engine.clone();
            thread::spawn(move || engine.readable(stale))
        };
        run();
        driver.join().unwrap();
        run();
        assert_eq!(engine.status("a.c").unwrap().counters.loops, 0);
        // The waker of this run works.
        let waker = engine.platform().drivers.1.lock().unwrap().unwrap();
        engine.readable(waker);
        run();
        assert_eq!(engine.status("a.c").unwrap().counters.loops, 1);
    });
}
