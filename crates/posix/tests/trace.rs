//! What a host reports about hooks and calls, and a device's speed on a host. There is one host in a process, so this is
//! one test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tinycontainer_posix::tinycontainer::Direction;
use tinycontainer_posix::tinycontainer::metadata::Bus;
use tinycontainer_posix::tinycontainer::runtime::{Errno, Hook, Syscall};
use tinycontainer_posix::{Buses, CallRun, Config, HookRun, Host};
use tinycontainer_testkit::{CLASS, DEVICE, NOW, OWNER, OwnedPeer, Spec, module, trust_store};

/// Writes to its endpoint 1, reads from a descriptor that is none of its own, and executes some thousand instructions.
fn spec() -> Spec {
    let wat = module(
        "(global.set $fd (call $open (i32.const 1)))",
        "(local $i i32)
         (drop (call $write (global.get $fd) (i32.const 0) (i32.const 3)))
         (drop (call $read (i32.const 77) (i32.const 0) (i32.const 3)))
         (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (br_if $l (i32.lt_u (local.get $i) (i32.const 2000))))
         i32.const 0",
        "",
    )
    .replace("(memory 1)", "(memory 1) (global $fd (mut i32) (i32.const -1))");
    let mut spec = Spec::new("traced", &wat).endpoint(1, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out);
    spec.schedule.period_ms = 5;
    spec.schedule.loop_ms = 50;
    spec.schedule.max_loops = 5;
    spec
}

#[test]
fn hooks_and_calls_are_reported_and_take_as_long_as_on_a_slow_device() {
    let record = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("traced");
    let _ = std::fs::remove_dir_all(&record);
    let (hooks, calls) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        buses: Buses::new(None, Some(&record)).unwrap(),
        instructions_per_ms: NonZeroU32::new(500),
        on_hook: Some({
            let hooks = hooks.clone();
            Box::new(move |run: HookRun| hooks.lock().unwrap().push(run))
        }),
        on_call: Some({
            let calls = calls.clone();
            Box::new(move |run: CallRun| calls.lock().unwrap().push(run))
        }),
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    host.load(&spec().sign(OWNER).parts()).unwrap();
    host.engine().start("traced").unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while host.engine().is_running("traced") {
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
    let hooks = hooks.lock().unwrap();
    let kinds: Vec<_> = hooks.iter().map(|run| run.hook).collect();
    assert_eq!(kinds[..2], [Hook::Start, Hook::Loop]);
    assert_eq!(kinds.iter().filter(|hook| **hook == Hook::Loop).count(), 5);
    assert_eq!(kinds.last(), Some(&Hook::Stop));
    let status = host.engine().status("traced").unwrap();
    assert_eq!(hooks.iter().map(|run| run.instructions).sum::<u64>(), status.counters.instructions);
    assert_eq!(hooks.iter().map(|run| run.missed).sum::<u32>(), status.counters.missed);
    assert!(status.counters.missed > 0, "each loop takes longer than its 5 ms");
    for run in hooks.iter() {
        let least = Duration::from_micros(run.instructions * 1000 / 500);
        assert!(Duration::from_micros(run.to_us - run.from_us) >= least, "{run:?} takes {least:?} there");
        assert!(run.memory.used > 0 && run.memory.peak >= run.memory.used, "{run:?}");
    }
    let calls = calls.lock().unwrap();
    assert_eq!(u64::from(status.counters.calls), calls.len() as u64);
    let of = |call| calls.iter().find(|run| run.call == call).unwrap();
    let opened = of(Syscall::Open);
    assert_eq!((opened.endpoint, opened.descriptor), (Some(1), None));
    let written = of(Syscall::Write);
    assert_eq!((written.endpoint, written.result), (Some(1), Ok(3)));
    assert_eq!(written.descriptor.map(i32::cast_unsigned), opened.result.ok());
    let foreign = of(Syscall::Read);
    assert_eq!((foreign.endpoint, foreign.descriptor), (None, Some(77)));
    assert_eq!(foreign.result, Err(Errno::Refused));
}
