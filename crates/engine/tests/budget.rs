//! A hook ends by its budget whatever it calls: drivers that block, slow output, endless calls.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{RATE, TestEngine, TestPlatform, engine, load_and_start, settle, state};
use std::sync::atomic::Ordering;
use tinycontainer::metadata::{Bus, Schedule};
use tinycontainer::{Agent, Direction, Mask, Next, Notice, Platform, State, StopReason};
use tinycontainer_testkit::{OWNER, OwnedPeer, Spec, module};

/// The budget of a loop, in milliseconds.
const BUDGET_MS: u32 = 50;

/// A container that makes these calls in an endless loop; `$fd` is its endpoint 1, UART 1.
fn caller(calls: &str) -> Spec {
    let text = module(
        "(global.set $fd (call $open (i32.const 1)))",
        &format!("(loop $l {calls} br $l) unreachable"),
        "",
    )
    .replace(
        "(memory 1)",
        "(memory 1) (global $fd (mut i32) (i32.const 0)) (data (i32.const 0) \"line\\00\")",
    );
    let mut spec = Spec::new("x", &text).endpoint(1, OwnedPeer::Local(Bus::Uart, 1), Direction::Both);
    spec.schedule = Schedule { period_ms: 1000, loop_ms: BUDGET_MS, ..spec.schedule };
    spec
}

/// Steps it until its first loop is next.
fn up_to_loop<'e>(engine: &'e TestEngine, spec: &Spec) -> Agent<'e, TestPlatform, { common::N }> {
    load_and_start(engine, spec, OWNER);
    let mut agent = engine.agent(0).unwrap();
    while state(engine, "x") != State::OnLoop {
        assert_eq!(agent.step(0), Next::Now);
    }
    agent
}

fn now_us(engine: &TestEngine) -> u64 {
    engine.platform().clock_us.load(Ordering::Relaxed)
}

/// Runs its first loop to the end. Returns the number of calls, and the time by the clock in microseconds.
fn one_loop(engine: &TestEngine, spec: &Spec) -> (u32, u64) {
    let mut agent = up_to_loop(engine, spec);
    let (before, began) = (engine.status("x").unwrap().counters.calls, now_us(engine));
    agent.step(0);
    let status = engine.status("x").unwrap();
    assert_eq!(status.last.unwrap().reason, StopReason::Budget, "{status:?}");
    (status.counters.calls - before, now_us(engine) - began)
}

const WRITE: &str = "(drop (call $write (global.get $fd) (i32.const 0) (i32.const 65536)))";
const WRITE_NOTHING: &str = "(drop (call $write (global.get $fd) (i32.const 0) (i32.const 0)))";
const READ: &str = "(drop (call $read (global.get $fd) (i32.const 0) (i32.const 65536)))";
const REOPEN: &str = "(drop (call $close (call $open (i32.const 1))))";
const LOG: &str = "(call $logger (i32.const 0))";
const REFUSED: &str = "(drop (call $open (i32.const 9)))";

#[test]
fn item_02_a_blocking_driver_is_charged() {
    for (calls, of_driver) in [(WRITE, 11), (WRITE_NOTHING, 11), (READ, 11), (REOPEN, 11)] {
        let engine = engine();
        engine.platform().drivers.script().takes_us = 5000;
        let (calls_made, took) = one_loop(&engine, &caller(calls));
        // The call that exceeds the budget is the last: 50 ms allow ten calls of 5 ms, less the other costs.
        assert!((9..=of_driver).contains(&calls_made), "{calls}: {calls_made} calls");
        assert!(took <= u64::from(BUDGET_MS) * 1000 + 5000, "{calls}: {took} us");
    }
}

#[test]
fn item_02_a_call_of_any_length_ends_any_budget() {
    // A call longer than the largest budget (2^31 - 1 instructions) must not overflow.
    for us in [300_000_000, 3_600_000_000, u64::MAX / 4] {
        let engine = engine();
        engine.platform().drivers.script().takes_us = 0;
        let mut spec = caller(WRITE);
        // The longest hook that is possible here.
        spec.schedule.loop_ms = 10_000;
        let mut agent = up_to_loop(&engine, &spec);
        let before = engine.status("x").unwrap().counters.calls;
        engine.platform().drivers.script().takes_us = us;
        agent.step(0);
        let status = engine.status("x").unwrap();
        assert_eq!(status.last.unwrap().reason, StopReason::Budget, "{us}");
        assert_eq!(status.counters.calls - before, 1, "{us}");
        assert!(status.counters.instructions >= 10_000 * u64::from(RATE), "{us}: {status:?}");
        engine.platform().drivers.script().takes_us = 0;
    }
}

#[test]
fn item_02_a_container_that_blocks_is_stopped_after_the_hook_that_runs() {
    // Each loop takes 5 ms of its 50 by the clock, so it goes on; a stop takes effect after the loop.
    let engine = engine();
    let text = module(
        "(drop (call $open (i32.const 1)))",
        "(drop (call $write (i32.const 0) (i32.const 0) (i32.const 65536))) i32.const 0",
        "",
    );
    let mut spec = Spec::new("x", &text).endpoint(1, OwnedPeer::Local(Bus::Uart, 1), Direction::Both);
    spec.schedule = Schedule { period_ms: 0, loop_ms: BUDGET_MS, ..spec.schedule };
    let mut agent = up_to_loop(&engine, &spec);
    engine.platform().drivers.script().takes_us = 5000;
    for _ in 0..20 {
        agent.step(now_us(&engine) / 1000);
    }
    assert!(engine.is_running("x"));
    let asked = now_us(&engine);
    engine.stop("x").unwrap();
    settle(&mut agent, now_us(&engine) / 1000);
    let status = engine.status("x").unwrap();
    assert_eq!((status.state, status.last.unwrap().reason), (State::Created, StopReason::Requested));
    assert!(now_us(&engine) - asked <= 10_000, "one write and one close");
}

#[test]
fn item_02_slow_output_is_charged() {
    // 5 ms for each line and each notice; the limit lets more pass than the budget allows.
    for calls in [LOG, REFUSED] {
        let engine = engine();
        engine.platform().output_takes_us.store(5000, Ordering::Relaxed);
        let (calls_made, took) = one_loop(&engine, &caller(calls));
        assert!((5..=11).contains(&calls_made), "{calls}: {calls_made} calls");
        assert!(took <= u64::from(BUDGET_MS) * 1000 + 5000, "{calls}: {took} us");
    }
}

#[test]
fn item_02_a_buffer_is_cut_to_the_longest_transfer() {
    for (max_transfer, expected) in
        [(None, 64), (Some(256), 256), (Some(1), 1), (Some(0), 1), (Some(usize::MAX), 600)]
    {
        let engine = engine();
        engine.platform().drivers.script().max_transfer = max_transfer;
        engine.platform().drivers.script().answers.push_back(Ok(vec![7; expected]));
        let body = "(i32.store (i32.const 700) (call $read (global.get $fd) (i32.const 0) (i32.const 600)))
             (i32.store (i32.const 704) (call $write (global.get $fd) (i32.const 0) (i32.const 600)))
             (i32.eqz (i32.and (i32.eq (i32.load (i32.const 700)) (i32.const EXPECTED))
                               (i32.eq (i32.load (i32.const 704)) (i32.const EXPECTED))))
             return";
        let spec = caller(&body.replace("EXPECTED", &expected.to_string()));
        let mut agent = up_to_loop(&engine, &spec);
        agent.step(0);
        assert_eq!(state(&engine, "x"), State::Ready, "the guest learns that {expected} were transferred");
        let asked = engine.platform().drivers.script().asked.clone();
        assert!(asked.contains(&format!("read {expected} from uart:1")), "{asked:?}");
        let written = asked.iter().find(|asked| asked.starts_with("write")).unwrap();
        assert_eq!(written.matches('7').count(), expected, "{written}");
    }
}

#[test]
fn item_02_a_driver_that_never_waits_is_charged_what_it_says() {
    let calls = |fixed_ns, takes_us| {
        let engine = engine();
        engine.platform().drivers.script().takes_us = takes_us;
        engine.platform().drivers.script().fixed_ns = fixed_ns;
        one_loop(&engine, &caller(WRITE_NOTHING)).0
    };
    let free = calls(Some(0), 5000);
    // 10 us are 100 instructions; a call costs about 25 without them.
    let said = calls(Some(10_000), 0);
    assert!(said < free / 3 && said > BUDGET_MS * 1000 / 20, "{said} of {free}");
    assert!(calls(None, 5000) <= 11);
    assert!(calls(Some(u32::MAX), 0) <= 1 + BUDGET_MS / 4000);
}

#[test]
fn item_02_lines_beyond_the_limit_are_dropped_and_counted() {
    let engine = engine();
    // 64 lines in each loop, each of 4 bytes, the uid's 1, and 3.
    let body = "(local $n i32)
         (loop $l (call $logger (i32.const 0))
           (br_if $l (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200))))
         i32.const 0";
    let mut spec = caller("nop");
    spec.code = wat::parse_str(
        module("", body, "").replace("(memory 1)", "(memory 1) (data (i32.const 0) \"line\\00\")"),
    )
    .unwrap();
    spec.schedule.loop_ms = 1000;
    let mut agent = up_to_loop(&engine, &spec);
    let platform = engine.platform();
    let lines = || std::mem::take(&mut *platform.log.lock().unwrap()).len() as u32;
    let dropped = || {
        let notices = std::mem::take(&mut *platform.notices.lock().unwrap());
        let dropped = notices.iter().filter_map(|(_, notice)| match notice {
            Notice::LogDropped(dropped) => Some(*dropped),
            _ => None,
        });
        dropped.collect::<Vec<_>>()
    };
    agent.step(0);
    let burst = TestPlatform::LOG_BURST / 8;
    assert_eq!((lines(), dropped()), (burst, vec![]), "the burst, and no notice while lines are dropped");
    assert_eq!(engine.status("x").unwrap().counters.log_dropped, 200 - burst);
    // Half a second later half of it is available, and the first line that passes is preceded by the number dropped,
    // which is counted too.
    platform.clock_us.fetch_add(500_000, Ordering::Relaxed);
    agent.step(500);
    agent.step(1000);
    agent.step(1000);
    let half = burst / 2 - TestPlatform::NOTICE_BYTES / 8;
    assert_eq!((lines(), dropped()), (half, vec![200 - burst]));
    // After a long pause the full burst is available again, and no more.
    platform.clock_us.fetch_add(3_600_000_000, Ordering::Relaxed);
    agent.step(2000);
    agent.step(2000);
    let most = burst - TestPlatform::NOTICE_BYTES / 8;
    assert_eq!((lines(), dropped()), (most, vec![200 - half]));
    // What is not yet reported when it stops is reported then, before the reason.
    engine.stop("x").unwrap();
    settle(&mut agent, 2000);
    let notices = platform.notices.lock().unwrap();
    let last: Vec<_> = notices.iter().rev().take(2).map(|(_, notice)| *notice).collect();
    assert!(matches!(last[0], Notice::Stopped(_)) && last[1] == Notice::LogDropped(200 - most), "{last:?}");
}

#[test]
fn item_02_notices_of_refused_calls_are_limited() {
    let engine = engine();
    let (calls, _) = one_loop(&engine, &caller(REFUSED));
    let notices = engine.platform().notices.lock().unwrap();
    let shown = notices.iter().filter(|(_, notice)| matches!(notice, Notice::Refused(..))).count();
    assert!(calls > 100, "{calls}");
    assert_eq!(shown as u32, TestPlatform::LOG_BURST / TestPlatform::NOTICE_BYTES);
    assert_eq!(engine.refusals(), u64::from(calls), "the record has them all");
    let counters = engine.status("x").unwrap().counters;
    assert_eq!((counters.refusals, counters.log_dropped), (calls, calls - shown as u32));
}

#[test]
fn item_02_every_call_ends() {
    // Whatever is called, with a clock that does not advance: the fixed costs end it.
    let messages = "(drop (call $write (i32.const 0) (i32.const 0) (i32.const 4)))";
    let bad_pointer = "(drop (call $read (global.get $fd) (i32.const 65535) (i32.const 2)))";
    for calls in
        [WRITE, WRITE_NOTHING, READ, REOPEN, LOG, REFUSED, messages, bad_pointer, "(drop (call $heartbeat))"]
    {
        let engine = engine();
        let mut spec = caller(calls);
        spec.syscalls = Mask::ALL;
        let (calls_made, _) = one_loop(&engine, &spec);
        assert!(calls_made <= RATE * BUDGET_MS / 20, "{calls}: {calls_made}");
    }
}
