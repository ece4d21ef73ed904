//! A container that is woken by what arrives: from an application's device, from a trace, and not at all without.
//! There is one host in a process, so this is one test.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tinycontainer_posix::tinycontainer::metadata::{Access, Bus, Peer, Wake};
use tinycontainer_posix::tinycontainer::{Direction, IoError, State};
use tinycontainer_posix::{Announce, Buses, Config, Device, Devices, Host};
use tinycontainer_testkit::{CLASS, DEVICE, NOW, OWNER, OwnedPeer, Spec, module, trust_store};

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// `uart:1`: bytes that the test lets arrive.
#[derive(Debug, Clone, Default)]
struct Line {
    announce: Arc<Mutex<Option<Announce>>>,
    waiting: Arc<AtomicU8>,
}

impl Devices for Line {
    fn open(&self, _: &str, access: &Access<'_>) -> Option<Result<Box<dyn Device>, IoError>> {
        let Peer::Local { bus: Bus::Uart, unit: 1 } = access.peer else { return None };
        Some(Ok(Box::new(self.clone())))
    }
}

impl Device for Line {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, IoError> {
        let read = |waiting: u8| waiting.checked_sub(1);
        let before = self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, read);
        match before.map_err(|_| IoError::WouldBlock)? {
            1 => (),
            // It leaves some.
            _ => self.announce.lock().unwrap().as_ref().unwrap().readable(),
        }
        Ok(1)
    }
    fn write(&mut self, _: &[u8]) -> Result<usize, IoError> {
        Err(IoError::Failed)
    }
    fn watch(&mut self, announce: Announce) {
        *self.announce.lock().unwrap() = Some(announce);
    }
}

/// Opens endpoint 1 in `start()`, reads from it in each loop.
fn reader(uid: &str, peer: OwnedPeer) -> Spec {
    let wat = module(
        "(global.set $fd (call $open (i32.const 1)))",
        "(drop (call $read (global.get $fd) (i32.const 0) (i32.const 8))) i32.const 0",
        "",
    )
    .replace("(memory 1)", "(memory 1) (global $fd (mut i32) (i32.const -1))");
    let mut spec = Spec::new(uid, &wat).endpoint(1, peer, Direction::In);
    spec.schedule.period_ms = 0;
    spec.schedule.wake = Wake::Message;
    spec
}

#[test]
fn what_arrives_wakes_and_nothing_else() {
    let traces = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("arriving");
    std::fs::create_dir_all(&traces).unwrap();
    // Two lines that are past when the container starts, and three that come.
    std::fs::write(traces.join("i2c-72.csv"), "0,01\n1,02\n2000,03\n2050,04\n2100,05\n").unwrap();
    let line = Line::default();
    let buses = Buses::new(Some(&traces), None).unwrap().with_devices(line.clone());
    let began = Instant::now();
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        buses,
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    let specs =
        [reader("line", OwnedPeer::Local(Bus::Uart, 1)), reader("trace", OwnedPeer::Local(Bus::I2c, 72))];
    for spec in specs {
        let image = spec.sign(OWNER);
        host.load(&image.parts()).unwrap();
        host.engine().start(&spec.uid).unwrap();
    }
    let status = |uid: &str| host.engine().status(uid).unwrap();
    let loops = |uid: &str| status(uid).counters.loops;
    assert!(began.elapsed() < Duration::from_millis(1900), "this machine is too slow for the trace's times");
    wait_for("start()", || status("line").state == State::Ready);
    wait_for("the lines of the past", || loops("trace") == 1);
    assert_eq!(loops("line"), 0);

    // Nothing arrives: its thread is not scheduled once.
    wait_for("it sleeps", || thread("container-0").contains("State:\tS"));
    let before = sleeps_of("container-0");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        (sleeps_of("container-0"), loops("line")),
        (before, 0),
        "a sleeping container costs no wake-ups"
    );

    // Three bytes at once, announced once: a loop for each, since each read announces what it leaves.
    line.waiting.store(3, Ordering::Release);
    let announce = line.announce.lock().unwrap().clone().unwrap();
    announce.readable();
    wait_for("three loops", || loops("line") == 3);
    assert_eq!(line.waiting.load(Ordering::Acquire), 0);

    wait_for("the lines that come", || loops("trace") == 4);
    host.engine().stop("line").unwrap();
    wait_for("its end", || !host.engine().is_running("line"));
    announce.readable();
    assert_eq!((loops("line"), loops("trace")), (3, 4));
}

/// How often the thread of that name has gone to sleep.
fn sleeps_of(name: &str) -> u64 {
    let status = thread(name);
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

/// What the system reports of the thread of that name of this process.
fn thread(name: &str) -> String {
    let task = std::fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|task| task.unwrap().path())
        .find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name))
        .unwrap();
    std::fs::read_to_string(task.join("status")).unwrap()
}
