//! Two runtimes under one engine: WebAssembly by WAMR, and the testkit's own.
#![cfg(not(loom))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Counted, N, SharedWamr, StdLock, TestDrivers, TestPlatform, sizes};
use std::sync::atomic::Ordering;
use tinycontainer::metadata::Schedule;
use tinycontainer::policy::Device;
use tinycontainer::runtime::{Either, Rate, Type};
use tinycontainer::{Engine, ImageError, Mask, Next, Notice, Platform, StopReason};
use tinycontainer_testkit as kit;

/// The instructions in a millisecond of the testkit's runtime, here.
const TINY_RATE: u32 = 1000;

struct TwoRuntimes {
    base: TestPlatform,
    runtime: Either<SharedWamr, kit::Tiny>,
}

impl Platform for TwoRuntimes {
    type Lock<T> = StdLock<T>;
    type Buf = Counted;
    type Runtime = Either<SharedWamr, kit::Tiny>;
    type Drivers = TestDrivers;

    fn runtime(&self) -> &Self::Runtime {
        &self.runtime
    }

    fn rate(&self, kind: Type) -> Rate {
        if kind == Type::Wasm { self.base.rate(kind) } else { Rate { instructions_per_ms: TINY_RATE } }
    }

    fn now_us(&self) -> u64 {
        self.base.now_us()
    }

    fn drivers(&self) -> &TestDrivers {
        self.base.drivers()
    }

    fn allocate(&self, slot: usize, len: usize) -> Option<Counted> {
        self.base.allocate(slot, len)
    }

    fn device(&self) -> Device<'_> {
        self.base.device()
    }

    fn wake(&self, _slot: usize) {}

    fn log(&self, uid: &str, line: &[u8]) {
        self.base.log(uid, line);
    }

    fn notice(&self, uid: &str, notice: Notice) {
        self.base.notice(uid, notice);
    }
}

fn engine() -> Engine<TwoRuntimes, N> {
    let base = TestPlatform::new();
    let runtime = Either(base.runtime, kit::Tiny);
    Engine::new(TwoRuntimes { base, runtime })
}

fn load(engine: &Engine<TwoRuntimes, N>, spec: &kit::Spec) -> Result<(), ImageError> {
    let image = spec.sign(kit::OWNER);
    let mut loading = engine.begin(sizes(&image))?;
    for part in [&image.metadata, &image.data, &image.code] {
        loading.write(part)?;
    }
    loading.finish().map(drop)
}

fn wasm(uid: &str, loop_: &str) -> kit::Spec {
    let schedule = Schedule { loop_ms: 10, ..kit::Spec::new(uid, kit::IDLE).schedule };
    kit::Spec { schedule, ..kit::Spec::new(uid, &kit::module("", loop_, "")) }
}

fn tiny(uid: &str, code: &[u8]) -> kit::Spec {
    kit::Spec { kind: Type::Bpf, code: code.to_vec(), ..wasm(uid, "i32.const 0") }
}

/// Runs all containers at once, each by its agent, until none has anything to do before `until`. Then the agents are
/// dropped, which ends the containers.
fn run(engine: &Engine<TwoRuntimes, N>, until: u64) {
    let mut agents: Vec<_> = (0..N).map(|slot| engine.agent(slot).unwrap()).collect();
    for now in 0..=until {
        // Each does one thing in turn.
        while agents.iter_mut().map(|agent| agent.step(now)).filter(|next| *next == Next::Now).count() > 0 {}
    }
}

#[test]
fn two_types_run_at_once_each_within_its_own_budget() {
    let engine = engine();
    for spec in [
        wasm("w.spins", "(loop $again (br $again)) (i32.const 0)"),
        tiny("t.spins", &[kit::Tiny::REPEAT]),
        wasm("w.ends", "(i32.const 1)"),
        tiny("t.ends", &[kit::Tiny::FINISH]),
    ] {
        load(&engine, &spec).unwrap();
        engine.start(&spec.uid).unwrap();
    }
    run(&engine, 0);
    let stopped = |uid| {
        let status = engine.status(uid).unwrap();
        (status.last.unwrap().reason, status.counters.instructions)
    };
    // 10 ms of each: by its own runtime's speed.
    assert_eq!(stopped("t.spins"), (StopReason::Budget, u64::from(10 * TINY_RATE)));
    let (reason, instructions) = stopped("w.spins");
    assert_eq!(reason, StopReason::Budget);
    let budget = u64::from(10 * common::RATE);
    assert!((budget - 100..=budget + 100).contains(&instructions), "{instructions} of {budget}");
    assert_eq!(stopped("t.ends"), (StopReason::Finished, 1));
    assert_eq!(stopped("w.ends").0, StopReason::Finished);
}

#[test]
fn the_time_of_a_call_is_charged_by_the_rate_of_the_containers_type() {
    let engine = engine();
    let costs = |uid: &str, spec: kit::Spec, takes_us| {
        engine.platform().base.output_takes_us.store(takes_us, Ordering::Relaxed);
        load(&engine, &spec).unwrap();
        engine.start(uid).unwrap();
        run(&engine, 0);
        let instructions = engine.status(uid).unwrap().counters.instructions;
        engine.unload(uid).unwrap();
        instructions
    };
    let tiny = || tiny("t", &[kit::Tiny::LOG]);
    let wasm = || {
        let spec = wasm("w", "(call $logger (i32.const 0)) (i32.const 0)");
        kit::Spec { syscalls: Mask::ALL, ..spec }
    };
    assert_eq!(costs("t", tiny(), 2000) - costs("t", tiny(), 0), u64::from(2 * TINY_RATE));
    assert_eq!(costs("w", wasm(), 2000) - costs("w", wasm(), 0), u64::from(2 * common::RATE));
}

#[test]
fn a_type_that_no_runtime_accepts_is_refused() {
    let engine = engine();
    for kind in Type::ALL.into_iter().filter(|kind| ![Type::Wasm, Type::Bpf].contains(kind)) {
        let spec = kit::Spec { kind, ..wasm("w", "i32.const 0") };
        assert_eq!(load(&engine, &spec), Err(ImageError::UnsupportedType(kind)));
    }
    assert_eq!(engine.containers().count(), 0);
}

#[test]
fn code_goes_to_the_runtime_of_its_type() {
    let engine = engine();
    // A WebAssembly module, declared as the other type.
    load(&engine, &kit::Spec { kind: Type::Bpf, ..wasm("t", "i32.const 0") }).unwrap();
    engine.start("t").unwrap();
    run(&engine, 0);
    assert_eq!(engine.status("t").unwrap().last.unwrap().reason, StopReason::Rejected);
}
