//! How long a hook of 50 ms takes that does nothing but call: at most 1.25 times its budget on an idle machine, and
//! one longest transfer.
//!
//! `cargo bench -p tinycontainer-posix --bench budget`
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tinycontainer_posix::tinycontainer::metadata::Bus;
use tinycontainer_posix::tinycontainer::{Direction, Mask, Notice, State, StopReason};
use tinycontainer_posix::{Buses, Config, Event, Host};
use tinycontainer_testkit::{CLASS, DEVICE, NOW, OWNER, OwnedPeer, Spec, module, trust_store};

const BUDGET: Duration = Duration::from_millis(50);

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 5 } else { 1 };
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (traces, record) = (dir.join("budget-traces"), dir.join("budget-record"));
    let _ = std::fs::remove_dir_all(&record);
    std::fs::create_dir_all(&traces).unwrap();
    std::fs::write(traces.join("i2c-72.csv"), format!("0,{}\n", "5a".repeat(1000))).unwrap();
    let (send, events) = channel();
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        buses: Buses::new(Some(&traces), Some(&record)).unwrap(),
        observer: Box::new(move |event| {
            let _ = send.send((Instant::now(), event));
        }),
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    let engine = host.engine();
    // A peer that runs, reads nothing, and one that never runs.
    let mut reader = Spec::new("reader", tinycontainer_testkit::IDLE).endpoint(
        1,
        OwnedPeer::Container("caller".into(), 2),
        Direction::In,
    );
    reader.schedule.period_ms = 3_600_000;
    host.load(&reader.sign(OWNER).parts()).unwrap();
    engine.start("reader").unwrap();
    println!(
        "{:32} {:>8} {:>10} {:>8}   (budget {BUDGET:?}, the fastest of {rounds})",
        "calls", "wall ms", "calls", "ns/call"
    );
    for (name, calls) in [
        ("nothing", "nop"),
        ("heartbeat", "(drop (call $heartbeat))"),
        ("write 64 KiB, recorded", "(drop (call $write (global.get $uart) (i32.const 0) (i32.const 65536)))"),
        ("write 0 bytes, recorded", "(drop (call $write (global.get $uart) (i32.const 0) (i32.const 0)))"),
        ("read 64 KiB, trace", "(drop (call $read (global.get $i2c) (i32.const 0) (i32.const 65536)))"),
        ("read 0 bytes, trace", "(drop (call $read (global.get $i2c) (i32.const 0) (i32.const 0)))"),
        ("read data, at its end", "(drop (call $read (global.get $data) (i32.const 0) (i32.const 65536)))"),
        ("open and close a device", "(drop (call $close (call $open (i32.const 3))))"),
        ("open and close a container", "(drop (call $close (call $open (i32.const 2))))"),
        (
            "open and close data, read it",
            "(global.set $data (call $open (i32.const 5)))
            (drop (call $read (global.get $data) (i32.const 0) (i32.const 65536)))
            (drop (call $close (global.get $data)))",
        ),
        ("a message of 4 bytes", "(drop (call $write (global.get $peer) (i32.const 0) (i32.const 4)))"),
        (
            "a message that is too long",
            "(drop (call $write (global.get $peer) (i32.const 0) (i32.const 65536)))",
        ),
        (
            "a message to one that is gone",
            "(drop (call $write (global.get $gone) (i32.const 0) (i32.const 4)))",
        ),
        ("a refused open", "(drop (call $open (i32.const 9)))"),
        ("a refused write", "(drop (call $write (i32.const 77) (i32.const 0) (i32.const 4)))"),
        ("a bad pointer", "(drop (call $write (global.get $uart) (i32.const 65535) (i32.const 2)))"),
        ("a peer without a driver", "(drop (call $open (i32.const 6)))"),
        ("a line of 4 bytes", "(call $logger (i32.const 0))"),
        ("a line of 256 bytes", "(call $logger (i32.const 1024))"),
    ] {
        let spec = caller(calls);
        host.load(&spec.sign(OWNER).parts()).unwrap();
        let results: Vec<_> = (0..rounds)
            .map(|_| {
                let before = engine.status("caller").unwrap().counters.calls;
                let took = run(&host, &events);
                (took, engine.status("caller").unwrap().counters.calls - before)
            })
            .collect();
        engine.unload("caller").unwrap();
        let (took, calls) = results.into_iter().min().unwrap();
        let each = took.as_nanos() / u128::from(calls.max(1));
        println!("{name:32} {:8.1} {calls:10} {each:8}", took.as_secs_f64() * 1000.0);
    }
}

fn caller(calls: &str) -> Spec {
    let open = |name, id| format!("(global.set ${name} (call $open (i32.const {id})))");
    let start = [("uart", 1), ("peer", 2), ("i2c", 3), ("gone", 4), ("data", 5)]
        .map(|(name, id)| open(name, id))
        .concat();
    let globals: String = ["uart", "peer", "i2c", "gone", "data"]
        .map(|name| format!("(global ${name} (mut i32) (i32.const 0))"))
        .concat();
    let text = module(&start, &format!("(loop $l {calls} br $l) unreachable"), "").replace(
        "(memory 1)",
        &format!(
            "(memory 1) {globals} (data (i32.const 0) \"line\\00\") (data (i32.const 1024) \"{}\")",
            "x".repeat(300)
        ),
    );
    let mut spec = Spec::new("caller", &text)
        .endpoint(1, OwnedPeer::Local(Bus::Uart, 1), Direction::Both)
        .endpoint(2, OwnedPeer::Container("reader".into(), 1), Direction::Out)
        .endpoint(3, OwnedPeer::Local(Bus::I2c, 72), Direction::In)
        .endpoint(4, OwnedPeer::Container("nobody".into(), 1), Direction::Out)
        .endpoint(5, OwnedPeer::Local(Bus::Data, 0), Direction::In)
        .endpoint(6, OwnedPeer::Local(Bus::Spi, 1), Direction::In);
    spec.data = vec![7; 60_000];
    spec.syscalls = Mask::ALL;
    spec.schedule.loop_ms = 50;
    spec
}

/// Starts it, and says how long it runs until its budget is used up.
fn run(host: &Host, events: &Receiver<(Instant, Event)>) -> Duration {
    let engine = host.engine();
    let is = |event: &Event, stopped: bool| match event {
        Event::Notice { uid, notice: Notice::Started } => uid == "caller" && !stopped,
        Event::Notice { uid, notice: Notice::Stopped(why) } => {
            assert!(why.reason == StopReason::Budget || uid != "caller", "{why}");
            uid == "caller" && stopped
        }
        _ => false,
    };
    engine.start("caller").unwrap();
    let started = events.iter().find(|(_, event)| is(event, false)).unwrap().0;
    let stopped = events.iter().find(|(_, event)| is(event, true)).unwrap().0;
    while engine.status("caller").unwrap().state != State::Created {
        std::thread::yield_now();
    }
    stopped - started
}
