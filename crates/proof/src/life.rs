//! The life of containers on a device.

use crate::device::report::Event;
use crate::device::{Device, Unit};
use crate::guests::module;
use anyhow::{Context as _, ensure};
use tinycontainer::metadata::{Bus, Direction, Limits, Schedule};
use tinycontainer::{State, StopReason};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{IDLE, OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, STRANGER, Spec};

/// A test: its name, and what it does with a fresh device.
pub type Test = (&'static str, fn(&mut Device) -> anyhow::Result<()>);

/// The tests.
pub const TESTS: &[Test] = &[
    ("a container is loaded, started, stopped, started again and unloaded", whole_life),
    ("two containers exchange messages", messages),
    ("a driver's bytes reach a container, and its bytes the driver", driver),
    ("a container that waits for messages runs when one arrives, and not before", wakes),
    ("an unsigned, a tampered and an unauthorised image are refused and leave nothing", refused_images),
    ("a spinner is ended by its budget, and the periodic container beside it misses nothing", spinner),
    ("a trap ends its container only", trap),
    ("a hog of memory gets its limit and no more", hog),
    ("1,000 rounds of load, start, run, stop, unload leave the memory as it was", rounds),
];

/// How many rounds the last test does.
pub const ROUNDS: u32 = 1000;

fn ok(code: Code, what: &str) -> anyhow::Result<()> {
    ensure!(code == Code::Ok, "{what}: {code}");
    Ok(())
}

fn state(device: &mut Device, uid: &str) -> anyhow::Result<State> {
    Ok(device.status(uid).with_context(|| format!("{uid} is gone"))?.state)
}

fn stopped(device: &mut Device, uid: &str) -> anyhow::Result<StopReason> {
    let status = device.status(uid).with_context(|| format!("{uid} is gone"))?;
    ensure!(status.state == State::Created, "{uid} is {:?}", status.state);
    status.last.with_context(|| format!("{uid} has not stopped"))
}

fn load_and_start(
    device: &mut Device,
    spec: &Spec,
    signer: tinycontainer_testkit::Signer,
) -> anyhow::Result<()> {
    ok(device.load(&spec.sign(signer)), "load")?;
    ok(device.start(&spec.uid), "start")
}

/// A container that counts its loops at `app:0`: a byte for each.
fn ticker(uid: &str, unit: u32) -> Spec {
    let wat = module(
        "(global.set $fd (call $open (i32.const 1)))",
        "(drop (call $write (global.get $fd) (i32.const 0) (i32.const 1))) i32.const 0",
        "",
    );
    let mut spec = Spec::new(uid, &wat).endpoint(1, OwnedPeer::Local(Bus::App, unit), Direction::Out);
    spec.schedule = Schedule { period_ms: 10, loop_ms: 5, ..spec.schedule };
    spec
}

fn whole_life(device: &mut Device) -> anyhow::Result<()> {
    let before = device.memory();
    let spec = ticker("x", 0);
    ok(device.load(&spec.sign(OWNER)), "load")?;
    ensure!(state(device, "x")? == State::Created);
    ensure!(device.load(&spec.sign(OWNER)) == Code::DuplicateUid);
    ensure!(device.stop("x") == Code::NotRunning);
    for round in 1..=2 {
        ok(device.start("x"), "start")?;
        ensure!(device.start("x") == Code::Running);
        device.run(95);
        ensure!(device.unload("x") == Code::Running);
        let written = device.written(Unit::App(0)).len();
        ensure!((9..=10).contains(&written), "{written} loops in 95 ms of periods of 10 ms");
        ok(device.stop("x"), "stop")?;
        device.run(10);
        ensure!(stopped(device, "x")? == StopReason::Requested);
        let status = device.status("x").context("x is gone")?;
        ensure!(status.counters.starts == round && status.memory_used == 0, "{status:?}");
    }
    ok(device.unload("x"), "unload")?;
    let after = device.memory();
    ensure!(
        (after.free, after.largest, after.open_handles) == (before.free, before.largest, 0),
        "{before:?} {after:?}"
    );
    ensure!(device.status("x").is_none() && device.start("x") == Code::NotFound);
    let events = device.events();
    let starts = events.iter().filter(|event| matches!(event, Event::Started { .. })).count();
    ensure!(starts == 2, "{events:?}");
    Ok(())
}

fn messages(device: &mut Device) -> anyhow::Result<()> {
    let sender = module(
        "(global.set $fd (call $open (i32.const 1)))",
        "(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
         (drop (call $write (global.get $fd) (i32.const 0) (i32.const 1))) i32.const 0",
        "",
    );
    let reader = module(
        "(global.set $fd (call $open (i32.const 2))) (global.set $to (call $open (i32.const 3)))",
        "(if (i32.eq (call $read (global.get $fd) (i32.const 0) (i32.const 8)) (i32.const 1))
            (then (drop (call $write (global.get $to) (i32.const 0) (i32.const 1))))) i32.const 0",
        "",
    );
    let a =
        Spec::new("a.sends", &sender).endpoint(1, OwnedPeer::Container("reads".into(), 2), Direction::Out);
    let b = Spec::new("reads", &reader)
        .endpoint(2, OwnedPeer::Container("a.sends".into(), 1), Direction::In)
        .endpoint(3, OwnedPeer::Local(Bus::App, 0), Direction::Out);
    load_and_start(device, &b, OWNER)?;
    load_and_start(device, &a, PROVIDER_A)?;
    device.run(105);
    let read = device.written(Unit::App(0));
    ensure!((8..=11).contains(&read.len()), "{read:?}");
    ensure!(read.iter().zip(1..).all(|(byte, number)| *byte == number), "out of order: {read:?}");
    Ok(())
}

fn driver(device: &mut Device) -> anyhow::Result<()> {
    let echo = module(
        "(global.set $fd (call $open (i32.const 1)))",
        "(local $n i32)
         (local.set $n (call $read (global.get $fd) (i32.const 0) (i32.const 1000)))
         (if (i32.gt_s (local.get $n) (i32.const 0))
            (then (drop (call $write (global.get $fd) (i32.const 0) (local.get $n))))) i32.const 0",
        "",
    );
    let spec = Spec::new("echo", &echo).endpoint(1, OwnedPeer::Local(Bus::App, 3), Direction::Both);
    load_and_start(device, &spec, OWNER)?;
    device.run(20);
    ensure!(device.feed(Unit::App(3), b"what arrives") == 12);
    device.run(20);
    ensure!(device.written(Unit::App(3)) == b"what arrives");
    // A transfer is at most 64 bytes.
    ensure!(device.feed(Unit::App(3), &[5; 100]) == 100);
    device.run(40);
    ensure!(device.written(Unit::App(3)) == [5; 100]);
    device.driver(0, true);
    ensure!(device.feed(Unit::App(3), b"lost") == 4);
    device.run(20);
    ensure!(device.written(Unit::App(3)).is_empty() && state(device, "echo")? != State::Created);
    let failed = device.events().iter().any(|event| matches!(event, Event::DriverFailed { endpoint: 1, .. }));
    ensure!(failed, "the failure was not reported");
    Ok(())
}

fn wakes(device: &mut Device) -> anyhow::Result<()> {
    let wat = module(
        "(global.set $fd (call $open (i32.const 1)))",
        "(drop (call $read (global.get $fd) (i32.const 0) (i32.const 8))) i32.const 0",
        "",
    );
    let mut spec = Spec::new("sleeper", &wat).endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::In);
    spec.schedule.wake = tinycontainer::metadata::Wake::Message;
    load_and_start(device, &spec, OWNER)?;
    device.run(500);
    let loops = |device: &mut Device| device.status("sleeper").map_or(0, |status| status.counters.loops);
    let before = loops(device);
    ensure!(before <= 1, "{before} loops without a message");
    device.feed(Unit::App(1), b"wake");
    device.run(50);
    let after = loops(device);
    ensure!(after > before, "no loop for a message");
    device.run(500);
    ensure!(loops(device) <= after + 1, "it loops without a message");
    Ok(())
}

fn refused_images(device: &mut Device) -> anyhow::Result<()> {
    let good = Spec::new("a.x", IDLE);
    let before = device.snapshot();
    let mut tampered = good.sign(PROVIDER_A);
    if let Some(byte) = tampered.code.last_mut() {
        *byte ^= 1;
    }
    let cases = [
        ("by a stranger", good.sign(STRANGER), Code::UnknownKey),
        ("tampered", tampered, Code::BadDigest),
        ("by the wrong provider", good.sign(PROVIDER_B), Code::OutOfScope),
    ];
    for (what, image, expected) in cases {
        let code = device.load(&image);
        ensure!(code == expected, "{what}: {code}");
        ensure!(device.snapshot() == before, "{what}: something has changed");
    }
    let mut unauthorised =
        Spec::new("a.x", IDLE).endpoint(1, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out);
    ensure!(device.load(&unauthorised.sign(PROVIDER_A)) == Code::EndpointNotGranted);
    unauthorised.endpoints.clear();
    ok(device.load(&unauthorised.sign(PROVIDER_A)), "the control")
}

fn spinner(device: &mut Device) -> anyhow::Result<()> {
    let mut periodic = ticker("x", 0);
    periodic.schedule.period_ms = 100;
    let mut spinner = Spec::new("spin", &module("", "(loop $again (br $again)) i32.const 0", ""));
    spinner.schedule = Schedule { period_ms: 10, loop_ms: 50, ..spinner.schedule };
    load_and_start(device, &periodic, OWNER)?;
    load_and_start(device, &spinner, OWNER)?;
    device.run(995);
    ensure!(stopped(device, "spin")? == StopReason::Budget);
    let status = device.status("x").context("x is gone")?;
    ensure!(status.counters.missed == 0 && (9..=10).contains(&status.counters.loops), "{status:?}");
    Ok(())
}

fn trap(device: &mut Device) -> anyhow::Result<()> {
    let wild = module("", "(drop (i32.load (i32.const -4))) i32.const 0", "");
    load_and_start(device, &ticker("x", 0), OWNER)?;
    load_and_start(device, &Spec::new("wild", &wild), OWNER)?;
    device.run(100);
    ensure!(stopped(device, "wild")? == StopReason::Trapped);
    ensure!(
        state(device, "x")? != State::Created && device.status("x").is_some_and(|x| x.counters.loops >= 9)
    );
    ok(device.start("wild"), "a second start")?;
    device.run(10);
    ensure!(stopped(device, "wild")? == StopReason::Trapped);
    Ok(())
}

fn hog(device: &mut Device) -> anyhow::Result<()> {
    let wat = module("", "(drop (memory.grow (i32.const 1))) i32.const 0", "");
    let mut spec = Spec::new("hog", &wat);
    spec.limits = Limits { linear_memory: 65536, stack: 2048, heap: 16384 };
    load_and_start(device, &spec, OWNER)?;
    device.run(500);
    let status = device.status("hog").context("hog is gone")?;
    ensure!(status.counters.loops > 10, "{status:?}");
    ensure!(status.memory_peak < 65536 + 16384 + 4096, "{status:?}");
    spec.uid = "greedy".into();
    spec.limits.linear_memory = 65537;
    let code = device.load(&spec.sign(OWNER));
    ensure!(code == Code::OverLimits, "{code}");
    Ok(())
}

fn rounds(device: &mut Device) -> anyhow::Result<()> {
    let image = ticker("x", 0).sign(OWNER);
    let mut before = None;
    for round in 0..ROUNDS {
        ok(device.load(&image), "load")?;
        ok(device.start("x"), "start")?;
        device.run(12);
        ok(device.stop("x"), "stop")?;
        device.run(10);
        ok(device.unload("x"), "unload")?;
        let memory = device.memory();
        let first = before.get_or_insert_with(|| memory.clone());
        let flat =
            |m: &crate::device::report::Memory| (m.free, m.largest, m.open_handles, m.accounts.clone());
        ensure!(flat(&memory) == flat(first), "round {round}: {memory:?}, first {first:?}");
        device.written(Unit::App(0));
        device.events();
    }
    Ok(())
}
