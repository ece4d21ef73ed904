//! Containers that are woken by arriving data.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{TestEngine, assert_nothing_held, engine, load_and_start, settle};
use tinycontainer::metadata::{Bus, Wake};
use tinycontainer::{Direction, Next, Waker};
use tinycontainer_testkit::{OWNER, OwnedPeer, Spec, module};

const WRITE: &str = "(drop (call $write (global.get $fd) (i32.const 0) (i32.const 1)))";

/// A guest with a descriptor in `$fd`, which is the name that reads and writes use.
fn guest(start: &str, body: &str) -> String {
    module(start, &format!("{body} i32.const 0"), "")
        .replace("(memory 1)", "(memory 1) (global $fd (mut i32) (i32.const -1))")
}

const OPEN: &str = "(global.set $fd (call $open (i32.const 1)))";
const READ: &str = "(drop (call $read (global.get $fd) (i32.const 0) (i32.const 64)))";

fn event_driven(uid: &str, start: &str, body: &str, period_ms: u32) -> Spec {
    let mut spec = Spec::new(uid, &guest(start, body));
    spec.schedule.period_ms = period_ms;
    spec.schedule.wake = Wake::Message;
    spec
}

fn to(uid: &str) -> OwnedPeer {
    OwnedPeer::Container(uid.into(), 1)
}

/// A writer that sends a message in each of its loops, a millisecond apart, in slot 0; a reader in slot 1.
fn pair(reader: Spec) -> TestEngine {
    let engine = engine();
    let mut writer = Spec::new("writer", &guest(OPEN, WRITE)).endpoint(1, to("reader"), Direction::Out);
    writer.schedule.period_ms = 1;
    load_and_start(&engine, &writer, OWNER);
    load_and_start(&engine, &reader.endpoint(1, to("writer"), Direction::In), OWNER);
    engine
}

fn loops(engine: &TestEngine, uid: &str) -> u32 {
    engine.status(uid).unwrap().counters.loops
}

/// How often the agent in that slot was woken since the last call.
fn woken(engine: &TestEngine, slot: usize) -> usize {
    let all = std::mem::take(&mut *engine.platform().woken.lock().unwrap());
    all.into_iter().filter(|woken| *woken == slot).count()
}

#[test]
fn a_message_wakes_its_reader_once() {
    let engine = pair(event_driven("reader", OPEN, READ, 0));
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    assert_eq!(settle(&mut agents[1], 0), Next::Idle, "nothing to read, and no end: it sleeps for good");
    assert_eq!((loops(&engine, "reader"), woken(&engine, 1)), (0, 1), "woken by its start alone");
    settle(&mut agents[0], 0);
    assert_eq!(woken(&engine, 1), 1);
    assert_eq!(settle(&mut agents[1], 0), Next::Idle);
    assert_eq!(loops(&engine, "reader"), 1);
    // Three messages while it does not step: one wake-up, and a loop for each.
    (1..=3).for_each(|now| _ = settle(&mut agents[0], now));
    assert_eq!(woken(&engine, 1), 1);
    assert_eq!(settle(&mut agents[1], 3), Next::Idle);
    assert_eq!(loops(&engine, "reader"), 4);
    assert_eq!(engine.status("reader").unwrap().counters.missed, 0);
}

#[test]
fn a_sleeping_container_is_never_woken() {
    let engine = pair(event_driven("reader", OPEN, READ, 5));
    let mut reader = engine.agent(1).unwrap();
    settle(&mut reader, 0);
    // The writer's agent is not stepped: it is not started.
    engine.platform().woken.lock().unwrap().clear();
    for now in 0..10_000 {
        assert_eq!(reader.step(now), Next::Idle, "no time at which it is to be stepped");
    }
    assert_eq!((woken(&engine, 1), loops(&engine, "reader")), (0, 0));
}

#[test]
fn it_loops_at_most_once_in_each_period() {
    let engine = pair(event_driven("reader", OPEN, READ, 10));
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    settle(&mut agents[1], 100);
    (100..=102).for_each(|now| _ = settle(&mut agents[0], now));
    assert_eq!(settle(&mut agents[1], 105), Next::At(115), "the first at once, the next a period later");
    assert_eq!(loops(&engine, "reader"), 1);
    assert_eq!(settle(&mut agents[1], 114), Next::At(115));
    assert_eq!(settle(&mut agents[1], 119), Next::At(129), "a period after it began");
    assert_eq!(settle(&mut agents[1], 129), Next::Idle);
    assert_eq!(loops(&engine, "reader"), 3);
}

#[test]
fn what_is_not_read_waits_on() {
    let engine = pair(event_driven("reader", OPEN, "", 10));
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    settle(&mut agents[1], 0);
    settle(&mut agents[0], 0);
    for round in 0..5 {
        assert_eq!(settle(&mut agents[1], 10 * round), Next::At(10 * (round + 1)));
    }
    assert_eq!(loops(&engine, "reader"), 5);
}

#[test]
fn an_endpoint_that_is_not_open_wakes_nobody() {
    let engine = pair(event_driven("reader", "", READ, 0));
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    settle(&mut agents[1], 0);
    settle(&mut agents[0], 0);
    assert_eq!(settle(&mut agents[1], 0), Next::Idle);
    assert_eq!(loops(&engine, "reader"), 0);
}

#[test]
fn a_periodic_reader_is_not_woken() {
    let mut reader = event_driven("reader", OPEN, READ, 10);
    reader.schedule.wake = Wake::Period;
    let engine = pair(reader);
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    assert_eq!(settle(&mut agents[1], 0), Next::At(10));
    woken(&engine, 1);
    settle(&mut agents[0], 0);
    assert_eq!((woken(&engine, 1), loops(&engine, "reader")), (0, 1));
}

#[test]
fn lifetime_heartbeat_and_stop_hold_while_it_sleeps() {
    let mut reader = event_driven("reader", OPEN, READ, 0);
    reader.schedule.lifetime_ms = 1000;
    let engine = pair(reader);
    let mut agent = engine.agent(1).unwrap();
    assert_eq!(settle(&mut agent, 0), Next::At(1000));
    assert_eq!(settle(&mut agent, 1000), Next::Idle);
    assert!(!engine.is_running("reader"));
    engine.start("reader").unwrap();
    assert_eq!(settle(&mut agent, 2000), Next::At(3000));
    engine.stop("reader").unwrap();
    assert_eq!(settle(&mut agent, 2001), Next::Idle);
    assert!(!engine.is_running("reader"));
}

/// A container in slot 0 that reads from `app:1` and writes to `app:2`, both open, its agent and its waker.
macro_rules! running {
    ($engine:ident, $agent:ident, $waker:ident, $body:expr, $period:expr) => {
        let $engine = engine();
        let start = format!("{OPEN} (drop (call $open (i32.const 2)))");
        let spec = event_driven("sensor", &start, $body, $period)
            .endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::In)
            .endpoint(2, OwnedPeer::Local(Bus::App, 2), Direction::Out);
        load_and_start(&$engine, &spec, OWNER);
        let mut $agent = $engine.agent(0).unwrap();
        assert_eq!(settle(&mut $agent, 0), Next::Idle);
        let wakers = $engine.platform().drivers.script().wakers.clone();
        let [$waker] = wakers[..] else { panic!("an endpoint for writing only is not watched: {wakers:?}") };
    };
}

#[test]
fn a_driver_wakes_its_reader() {
    running!(engine, agent, waker, READ, 0);
    assert_eq!(loops(&engine, "sensor"), 0);
    engine.readable(waker);
    assert_eq!(woken(&engine, 0), 2, "by its start and by the driver");
    assert_eq!(settle(&mut agent, 0), Next::Idle, "it has read: it is not readable until announced again");
    assert_eq!(loops(&engine, "sensor"), 1);
    // Announced twice causes one loop.
    engine.readable(waker);
    engine.readable(Waker::from_bits(waker.to_bits()));
    settle(&mut agent, 0);
    assert_eq!(loops(&engine, "sensor"), 2);
    engine.stop("sensor").unwrap();
    settle(&mut agent, 0);
    engine.unload("sensor").unwrap();
    assert_nothing_held(&engine);
}

#[test]
fn driver_data_that_is_not_read_waits_on() {
    running!(engine, agent, waker, "", 10);
    engine.readable(waker);
    assert_eq!(settle(&mut agent, 0), Next::At(10));
    assert_eq!(settle(&mut agent, 10), Next::At(20));
    assert_eq!(loops(&engine, "sensor"), 2);
}

#[test]
fn a_closed_descriptor_wakes_nobody() {
    running!(engine, agent, waker, "(drop (call $close (global.get $fd)))", 0);
    engine.readable(waker);
    assert_eq!(settle(&mut agent, 0), Next::Idle, "it has closed it in its loop");
    engine.readable(waker);
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    assert_eq!(loops(&engine, "sensor"), 1);
}

#[test]
fn a_waker_kept_after_close_does_nothing() {
    // Each loop closes the descriptor and opens it again: it has the same index.
    let reopen = format!("(drop (call $close (global.get $fd))) {OPEN}");
    running!(engine, agent, stale, &reopen, 0);
    engine.readable(stale);
    settle(&mut agent, 0);
    let watched = || *engine.platform().drivers.script().wakers.last().unwrap();
    let second = watched();
    assert_ne!(second, stale);
    woken(&engine, 0);
    engine.readable(stale);
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    assert_eq!((loops(&engine, "sensor"), woken(&engine, 0)), (1, 0), "no loop, and no wake-up");
    // It does not take the place of an announcement either.
    engine.readable(second);
    engine.readable(stale);
    settle(&mut agent, 0);
    assert_eq!((loops(&engine, "sensor"), woken(&engine, 0)), (2, 1));
    // Nor does one of an earlier run, while the container is stopped or after it has begun again.
    let last = watched();
    engine.stop("sensor").unwrap();
    settle(&mut agent, 0);
    woken(&engine, 0);
    engine.readable(last);
    assert_eq!(woken(&engine, 0), 0);
    engine.start("sensor").unwrap();
    settle(&mut agent, 0);
    woken(&engine, 0);
    for waker in [stale, second, last] {
        engine.readable(waker);
    }
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    assert_eq!((loops(&engine, "sensor"), woken(&engine, 0)), (0, 0));
    engine.readable(watched());
    settle(&mut agent, 0);
    assert_eq!(loops(&engine, "sensor"), 1);
}

#[test]
fn generations_of_wakers_wrap_around() {
    let reopen = format!("(drop (call $close (global.get $fd))) {OPEN}");
    running!(engine, agent, first, &reopen, 0);
    let mut waker = first;
    // A close and an open each take one of 32,768.
    for round in 1..=16_384 {
        engine.readable(waker);
        settle(&mut agent, 0);
        waker = engine.platform().drivers.script().wakers.pop().unwrap();
        assert_eq!(loops(&engine, "sensor"), round);
        assert_eq!(waker == first, round == 16_384);
    }
}

#[test]
fn any_number_as_a_waker_is_harmless() {
    running!(engine, agent, waker, READ, 0);
    // Any slot and index, with the generation of the waker and others; the lowest bit of a generation is none of it.
    let generation = waker.to_bits() >> 16;
    for bits in 0..=u32::from(u16::MAX) {
        for generation in [0, 1, generation, generation + 2, 0xffff] {
            let bits = generation << 16 | bits;
            if bits != waker.to_bits() {
                engine.readable(Waker::from_bits(bits));
            }
        }
    }
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    assert_eq!(loops(&engine, "sensor"), 0);
}

#[test]
fn a_restart_forgets_what_was_announced() {
    running!(engine, agent, waker, READ, 0);
    engine.readable(waker);
    engine.stop("sensor").unwrap();
    settle(&mut agent, 0);
    engine.start("sensor").unwrap();
    assert_eq!(settle(&mut agent, 0), Next::Idle);
    assert_eq!(loops(&engine, "sensor"), 0);
}

#[test]
fn a_periodic_container_is_not_watched() {
    let engine = engine();
    let mut spec =
        event_driven("sensor", OPEN, READ, 10).endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::In);
    spec.schedule.wake = Wake::Period;
    load_and_start(&engine, &spec, OWNER);
    settle(&mut engine.agent(0).unwrap(), 0);
    assert!(engine.platform().drivers.script().wakers.is_empty());
}
