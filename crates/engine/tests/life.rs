//! The life cycle of a container: every transition, and every way it ends.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{RATE, TestEngine, assert_nothing_held, engine, load, load_and_start, settle, state};
use std::sync::atomic::Ordering;
use tinycontainer::metadata::{Access, Bus, Peer, Schedule};
use tinycontainer::policy::{Lapsed, Trust};
use tinycontainer::runtime::{ModuleError as RuntimeError, Trap};
use tinycontainer::{
    Detail, Direction, Mask, Next, Notice, StartError, State, StopError, StopReason, Stopped, UnloadError,
};
use tinycontainer_testkit::{IDLE, NOW, OWNER, OwnedPeer, PROVIDER_A, Spec, endpoint_token, module};
use tinycontainer_token::Claims;

fn spec(wat: &str, schedule: impl FnOnce(Schedule) -> Schedule) -> Spec {
    let mut spec = Spec::new("a.c", wat);
    spec.syscalls = Mask::ALL;
    spec.schedule = schedule(spec.schedule);
    spec
}

fn stopped(reason: StopReason) -> Option<Stopped> {
    Some(Stopped { reason, detail: Detail::None })
}

const NOP: &str = "";
const GO_ON: &str = "i32.const 0";

#[test]
fn from_load_to_unload() {
    let engine = engine();
    assert_eq!(engine.start("a.c"), Err(StartError::NotFound));
    assert_eq!(engine.stop("a.c"), Err(StopError::NotFound));
    assert_eq!(engine.unload("a.c"), Err(UnloadError::NotFound));
    assert!(!engine.is_running("a.c") && engine.status("a.c").is_err());

    load(&engine, &spec(IDLE, |s| s).sign(PROVIDER_A)).unwrap();
    assert_eq!(state(&engine, "a.c"), State::Created);
    assert_eq!(engine.stop("a.c"), Err(StopError::NotRunning));
    let mut agent = engine.agent(0).unwrap();
    assert!(engine.agent(0).is_none(), "there is one agent for each slot");
    assert!(engine.agent(99).is_none());
    assert_eq!(agent.step(0), Next::Idle);

    engine.start("a.c").unwrap();
    assert!(engine.is_running("a.c"));
    assert_eq!(engine.start("a.c"), Err(StartError::Running));
    assert_eq!(engine.unload("a.c"), Err(UnloadError::Running), "unload while running is refused");
    for (before, next) in [
        (State::Startup, Next::Now),
        (State::OnStart, Next::Now),
        (State::Ready, Next::Now),
        (State::OnLoop, Next::Now),
        (State::Ready, Next::At(10)),
    ] {
        assert_eq!(state(&engine, "a.c"), before);
        assert_eq!(agent.step(0), next);
    }
    engine.stop("a.c").unwrap();
    engine.stop("a.c").unwrap();
    for before in [State::Ready, State::OnStop] {
        assert_eq!(state(&engine, "a.c"), before);
        assert_eq!(agent.step(3), Next::Now);
    }
    assert_eq!(state(&engine, "a.c"), State::OnFinalize);
    assert_eq!(engine.unload("a.c"), Err(UnloadError::Running), "nor while it is stopping");
    assert_eq!(agent.step(3), Next::Idle);
    let status = engine.status("a.c").unwrap();
    assert_eq!((status.state, status.last), (State::Created, stopped(StopReason::Requested)));
    assert_eq!((status.counters.starts, status.counters.loops), (1, 1));
    assert_eq!(status.memory.used, 0, "stopped, it holds its image only");
    assert!(status.memory.peak > 0 && status.image_bytes > 0);
    engine.unload("a.c").unwrap();
    assert!(engine.status("a.c").is_err());
    assert_nothing_held(&engine);
}

/// Loads a container `a.c` of this signer with claims that a test chose.
fn loaded(change: impl for<'c> FnOnce(&Claims<'c>) -> Claims<'c>) -> TestEngine {
    let engine = engine();
    load(&engine, &spec(IDLE, |s| s).sign_with(PROVIDER_A, change)).unwrap();
    engine
}

/// Starts and stops it once.
fn start_and_stop(engine: &TestEngine) -> Result<(), StartError> {
    engine.start("a.c")?;
    let mut agent = engine.agent(0).unwrap();
    settle(&mut agent, 0);
    engine.stop("a.c").unwrap();
    settle(&mut agent, 0);
    Ok(())
}

#[test]
fn item_07_start_asks_again_whether_the_time_is_over() {
    let engine = loaded(|claims| Claims { exp: Some(NOW + 10), nbf: Some(NOW), ..*claims });
    let at = |now| engine.platform().now.store(now, Ordering::Relaxed);
    assert_eq!(start_and_stop(&engine), Ok(()));
    at(NOW + 9);
    assert_eq!(start_and_stop(&engine), Ok(()));
    at(0);
    assert_eq!(engine.start("a.c"), Err(StartError::Lapsed(Lapsed::NoClock)));
    at(NOW + 10);
    let before = engine.status("a.c").unwrap();
    assert_eq!(engine.start("a.c"), Err(StartError::Lapsed(Lapsed::Expired(NOW + 10))));
    assert_eq!(engine.status("a.c").unwrap(), before, "nothing has changed");
    at(NOW);
    assert_eq!(
        engine.start("a.c"),
        Err(StartError::Lapsed(Lapsed::Expired(NOW + 10))),
        "not after the clock was set back either"
    );
    engine.unload("a.c").unwrap();
    assert_nothing_held(&engine);
}

#[test]
fn item_07_start_asks_again_whether_the_anchors_are_there() {
    let engine = loaded(|claims| *claims);
    let trust = |trust| *engine.platform().trust.lock().unwrap() = trust;
    let store = *engine.platform().trust.lock().unwrap();
    assert_eq!(start_and_stop(&engine), Ok(()));
    trust(Trust::NONE);
    assert_eq!(engine.start("a.c"), Err(StartError::Lapsed(Lapsed::AnchorGone)));
    assert_eq!(state(&engine, "a.c"), State::Created);
    trust(store);
    assert_eq!(start_and_stop(&engine), Ok(()));
}

#[test]
fn item_07_an_endpoint_tokens_anchor_and_time_count_too() {
    let engine = engine();
    let access = Access { peer: Peer::Local { bus: Bus::Gpio, unit: 17 }, direction: Direction::Out };
    let mut third_party = spec(IDLE, |s| s);
    let token = endpoint_token(OWNER, "a.c", &access);
    third_party.endpoints.push((2, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out, Some(token)));
    // The metadata itself is valid for ever.
    load(&engine, &third_party.sign_with(PROVIDER_A, |claims| Claims { exp: None, ..*claims })).unwrap();
    assert_eq!(start_and_stop(&engine), Ok(()));
    engine.platform().now.store(NOW + 1000, Ordering::Relaxed);
    assert_eq!(engine.start("a.c"), Err(StartError::Lapsed(Lapsed::Expired(NOW + 1000))));
}

#[test]
fn the_period_is_kept_without_drift() {
    let engine = engine();
    load_and_start(&engine, &spec(&module(NOP, GO_ON, NOP), |s| Schedule { period_ms: 50, ..s }), PROVIDER_A);
    let mut agent = engine.agent(0).unwrap();
    assert_eq!(settle(&mut agent, 1000), Next::At(1050));
    assert_eq!(settle(&mut agent, 1049), Next::At(1050), "woken early: waits on");
    assert_eq!(settle(&mut agent, 1057), Next::At(1100), "late by 7: the next is not");
    // Late by more than two periods: two are missed and not made up for.
    assert_eq!(settle(&mut agent, 1230), Next::At(1250));
    let counters = engine.status("a.c").unwrap().counters;
    assert_eq!((counters.loops, counters.missed), (3, 2));
}

#[test]
fn without_a_period_it_loops_when_stepped() {
    let engine = engine();
    load_and_start(
        &engine,
        &spec(&module(NOP, GO_ON, NOP), |s| Schedule { period_ms: 0, max_loops: 7, ..s }),
        PROVIDER_A,
    );
    let mut agent = engine.agent(0).unwrap();
    assert_eq!(settle(&mut agent, 5), Next::Idle);
    let status = engine.status("a.c").unwrap();
    assert_eq!((status.counters.loops, status.last), (7, stopped(StopReason::LoopCount)));
}

/// `stop()` logs, so that a test sees whether it was called.
const STOP_LOGS: &str = r#"(call $logger (i32.const 16))"#;

fn with_text(start: &str, loop_: &str) -> String {
    module(start, loop_, STOP_LOGS).replace("(memory 1)", r#"(memory 1) (data (i32.const 16) "stopping\00")"#)
}

fn run_until_idle(
    wat: &str,
    schedule: impl FnOnce(Schedule) -> Schedule,
) -> (Option<Stopped>, Vec<String>, u32) {
    let engine = engine();
    load_and_start(&engine, &spec(wat, schedule), PROVIDER_A);
    let mut agent = engine.agent(0).unwrap();
    let mut now = 0;
    while let Next::At(time) = settle(&mut agent, now) {
        assert!(time > now && time < 100_000);
        now = time;
    }
    let status = engine.status("a.c").unwrap();
    assert_eq!(status.state, State::Created);
    let log = engine.platform().log.lock().unwrap().clone();
    let notices = engine.platform().notices.lock().unwrap();
    let last = notices.last().cloned().map(|(_, notice)| notice);
    assert_eq!(last, status.last.map(Notice::Stopped), "and it is noticed");
    (status.last, log, status.counters.loops)
}

#[test]
fn every_reason_to_stop() {
    let logged = vec!["a.c: stopping".to_owned()];
    let quiet = Vec::<String>::new();
    // Loop count, lifetime, a loop that is done, a missed heartbeat: `stop()` is called after all of these.
    let wat = with_text(NOP, GO_ON);
    assert_eq!(
        run_until_idle(&wat, |s| Schedule { max_loops: 3, ..s }),
        (stopped(StopReason::LoopCount), logged.clone(), 3)
    );
    assert_eq!(
        run_until_idle(&wat, |s| Schedule { lifetime_ms: 35, ..s }),
        (stopped(StopReason::Lifetime), logged.clone(), 4)
    );
    assert_eq!(
        run_until_idle(&wat, |s| Schedule { heartbeat_ms: 25, ..s }),
        (stopped(StopReason::Heartbeat), logged.clone(), 3)
    );
    let done = Some(Stopped { reason: StopReason::Finished, detail: Detail::Returned(-5) });
    assert_eq!(run_until_idle(&with_text(NOP, "i32.const -5"), |s| s), (done, logged.clone(), 1));
    // With heartbeats it goes on.
    assert_eq!(
        run_until_idle(&with_text(NOP, "call $heartbeat"), |s| Schedule {
            heartbeat_ms: 25,
            max_loops: 9,
            ..s
        }),
        (stopped(StopReason::LoopCount), logged, 9)
    );
    // After a trap or an exhausted budget no hook is called again.
    let trapped = |trap| Some(Stopped { reason: StopReason::Trapped, detail: Detail::Trap(trap) });
    assert_eq!(
        run_until_idle(&with_text(NOP, "unreachable"), |s| s),
        (trapped(Trap::Unreachable), quiet.clone(), 1)
    );
    assert_eq!(
        run_until_idle(&with_text(NOP, "(i32.load (i32.const 65536))"), |s| s),
        (trapped(Trap::OutOfBounds), quiet.clone(), 1)
    );
    assert_eq!(
        run_until_idle(&with_text("unreachable", GO_ON), |s| s),
        (trapped(Trap::Unreachable), quiet.clone(), 0)
    );
    let spin = "(loop $l br $l) unreachable";
    assert_eq!(run_until_idle(&with_text(NOP, spin), |s| s), (stopped(StopReason::Budget), quiet.clone(), 1));
    assert_eq!(
        run_until_idle(&with_text("(loop $l br $l)", GO_ON), |s| s),
        (stopped(StopReason::Budget), quiet, 0)
    );
}

#[test]
fn a_stop_hook_that_fails_does_not_hide_why_it_was_called() {
    for stop in ["unreachable", "(loop $l br $l)"] {
        let (last, _, loops) = run_until_idle(&module(NOP, GO_ON, stop), |s| Schedule { max_loops: 2, ..s });
        assert_eq!((last, loops), (stopped(StopReason::LoopCount), 2));
    }
}

#[test]
fn a_budget_is_milliseconds_times_the_rate() {
    for ms in [1, 3] {
        let engine = engine();
        let wat = module(NOP, "(loop $l br $l) unreachable", NOP);
        load_and_start(&engine, &spec(&wat, |s| Schedule { loop_ms: ms, ..s }), PROVIDER_A);
        let mut agent = engine.agent(0).unwrap();
        assert_eq!(settle(&mut agent, 0), Next::Idle);
        let used = engine.status("a.c").unwrap().counters.instructions;
        // `start()` adds some instructions.
        assert!((u64::from(ms * RATE)..u64::from(ms * RATE) + 10).contains(&used), "{used}");
    }
}

#[test]
fn what_the_runtime_rejects_can_be_unloaded() {
    let engine = engine();
    let wat = r#"(module (func (export "start")) (func (export "stop")))"#;
    load_and_start(&engine, &spec(wat, |s| s), PROVIDER_A);
    let mut agent = engine.agent(0).unwrap();
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    let status = engine.status("a.c").unwrap();
    assert_eq!(status.state, State::Created);
    let Some(Stopped { reason: StopReason::Rejected, detail: Detail::Load(RuntimeError::Hook(..)) }) =
        status.last
    else {
        panic!("{:?}", status.last);
    };
    engine.unload("a.c").unwrap();
    assert_nothing_held(&engine);
}

#[test]
fn a_stop_before_the_first_step_runs_nothing() {
    let engine = engine();
    load_and_start(&engine, &spec(&with_text("unreachable", "unreachable"), |s| s), PROVIDER_A);
    engine.stop("a.c").unwrap();
    let mut agent = engine.agent(0).unwrap();
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    let status = engine.status("a.c").unwrap();
    assert_eq!((status.last, status.counters.starts), (stopped(StopReason::Requested), 0));
    assert!(engine.platform().log.lock().unwrap().is_empty());
    // An old request does not stop the next start.
    engine.start("a.c").unwrap();
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    assert_eq!(engine.status("a.c").unwrap().last.unwrap().reason, StopReason::Trapped);
}

#[test]
fn a_thousand_restarts_and_reloads_leave_nothing() {
    let engine = engine();
    let mut spec = spec(&with_text(NOP, GO_ON), |s| Schedule { max_loops: 1, period_ms: 0, ..s });
    spec.data = vec![1; 100];
    let image = spec.sign(PROVIDER_A);
    let mut agent = engine.agent(0).unwrap();
    let mut peak = None;
    for _ in 0..100 {
        load(&engine, &image).unwrap();
        for _ in 0..10 {
            engine.start("a.c").unwrap();
            assert_eq!(settle(&mut agent, 0), Next::Idle);
            let status = engine.status("a.c").unwrap();
            assert_eq!(status.last, stopped(StopReason::LoopCount));
            assert_eq!(status.memory.used, 0);
            // Except for rounding, since other tests share the pool: a block may be a few bytes larger.
            assert!(peak.get_or_insert(status.memory.peak).abs_diff(status.memory.peak) < 256);
        }
        engine.unload("a.c").unwrap();
        assert_nothing_held(&engine);
    }
    assert_eq!(engine.platform().log.lock().unwrap().len(), 1000);
}

#[test]
fn an_agent_that_goes_ends_its_container() {
    for steps in 0..6 {
        let engine = engine();
        load_and_start(&engine, &spec(IDLE, |s| s), PROVIDER_A);
        let mut agent = engine.agent(0).unwrap();
        (0..steps).for_each(|_| _ = agent.step(0));
        drop(agent);
        let status = engine.status("a.c").unwrap();
        assert_eq!(
            (status.state, status.last),
            (State::Created, stopped(StopReason::Requested)),
            "after {steps} steps"
        );
        assert_eq!(status.memory.used, 0);
        assert!(engine.agent(0).is_some(), "another agent can be made");
        engine.unload("a.c").unwrap();
        assert_nothing_held(&engine);
    }
}

#[test]
fn a_spinning_container_does_not_hold_up_another() {
    let engine = engine();
    load_and_start(&engine, &spec(&module(NOP, "(loop $l br $l) unreachable", NOP), |s| s), PROVIDER_A);
    let mut other = spec(IDLE, |s| s);
    other.uid = "a.other".into();
    load_and_start(&engine, &other, PROVIDER_A);
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    for now in 0..100 {
        agents.iter_mut().for_each(|agent| _ = settle(agent, now));
    }
    assert_eq!(engine.status("a.c").unwrap().last, stopped(StopReason::Budget));
    let counters = engine.status("a.other").unwrap().counters;
    assert_eq!((counters.loops, counters.missed), (10, 0));
}
