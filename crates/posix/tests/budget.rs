//! Hooks end by their budget, whatever they call, on the real host. There is one host in a process, so this is one
//! test. Its bounds are generous: what is exact is tested with a clock of the test's own, in the engine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tinycontainer_posix::tinycontainer::metadata::{Access, Bus, Peer};
use tinycontainer_posix::tinycontainer::{
    DEFAULT_MAX_TRANSFER, Direction, Drivers as _, IoError, Mask, Notice, State, StopReason,
};
use tinycontainer_posix::{Buses, Config, Device, Devices, Event, Host};
use tinycontainer_testkit::{CLASS, DEVICE, NOW, OWNER, OwnedPeer, Spec, module, trust_store};

/// Serves `app:1` with a device that takes 5 ms for each call, and remembers the longest buffer it was given.
#[derive(Debug, Default, Clone)]
struct Slow(Arc<Mutex<usize>>);

impl Devices for Slow {
    fn open(&self, _: &str, access: &Access<'_>) -> Option<Result<Box<dyn Device>, IoError>> {
        let mine = matches!(access.peer, Peer::Local { bus: Bus::App, unit: 1 });
        mine.then(|| -> Result<Box<dyn Device>, IoError> { Ok(Box::new(self.clone())) })
    }
}

impl Device for Slow {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IoError> {
        self.write(buf)
    }
    fn write(&mut self, buf: &[u8]) -> Result<usize, IoError> {
        let mut longest = self.0.lock().unwrap();
        *longest = buf.len().max(*longest);
        drop(longest);
        std::thread::sleep(Duration::from_millis(5));
        Ok(buf.len())
    }
}

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

const LIMIT: u64 = 4096;
/// What a loop of 50 ms may take here: 18.7 s were measured before calls were charged for their time.
const GENEROUS: Duration = Duration::from_secs(2);

/// A container that makes these calls without end in each hook of 50 ms.
fn caller(calls: &str) -> Spec {
    let text = module(
        "(global.set $uart (call $open (i32.const 1))) (global.set $slow (call $open (i32.const 2)))
         (global.set $peer (call $open (i32.const 3)))",
        &format!("(loop $l {calls} br $l) unreachable"),
        "",
    )
    .replace(
        "(memory 1)",
        "(memory 1) (global $uart (mut i32) (i32.const 0)) (global $slow (mut i32) (i32.const 0))
         (global $peer (mut i32) (i32.const 0)) (data (i32.const 0) \"line\\00\")",
    );
    let mut spec = Spec::new("caller", &text)
        .endpoint(1, OwnedPeer::Local(Bus::Uart, 1), Direction::Both)
        .endpoint(2, OwnedPeer::Local(Bus::App, 1), Direction::Both)
        .endpoint(3, OwnedPeer::Container("reader".into(), 1), Direction::Out);
    spec.syscalls = Mask::ALL;
    spec.schedule.loop_ms = 50;
    spec
}

#[test]
fn item_02_every_hook_ends_by_its_budget_and_stop_is_obeyed() {
    let record = folder("budget");
    let events = Arc::new(Mutex::new(Vec::new()));
    let slow = Slow::default();
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        buses: Buses::new(None, Some(&record)).unwrap().with_record_limit(LIMIT).with_devices(slow.clone()),
        observer: {
            let events = events.clone();
            Box::new(move |event| events.lock().unwrap().push(event))
        },
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    let engine = host.engine();
    let mut reader = Spec::new("reader", tinycontainer_testkit::IDLE).endpoint(
        1,
        OwnedPeer::Container("caller".into(), 3),
        Direction::In,
    );
    reader.schedule.period_ms = 3_600_000;
    host.load(&reader.sign(OWNER).parts()).unwrap();
    engine.start("reader").unwrap();
    for (calls, most) in [
        ("(drop (call $write (global.get $uart) (i32.const 0) (i32.const 65536)))", None),
        ("(drop (call $write (global.get $uart) (i32.const 0) (i32.const 0)))", None),
        ("(drop (call $read (global.get $uart) (i32.const 0) (i32.const 65536)))", None),
        // Sleeping takes at least as long as said: 11 calls are 55 ms. Three more opened and one was the last loop's.
        ("(drop (call $write (global.get $slow) (i32.const 0) (i32.const 65536)))", Some(11 + 3)),
        ("(drop (call $read (global.get $slow) (i32.const 0) (i32.const 0)))", Some(11 + 3)),
        ("(call $logger (i32.const 0))", None),
        ("(drop (call $open (i32.const 9)))", None),
        ("(drop (call $write (global.get $uart) (i32.const 65535) (i32.const 2)))", None),
        ("(drop (call $write (global.get $peer) (i32.const 0) (i32.const 4)))", None),
        ("(drop (call $heartbeat))", None),
    ] {
        host.load(&caller(calls).sign(OWNER).parts()).unwrap();
        let began = Instant::now();
        engine.start("caller").unwrap();
        // Whether or not the loop has begun, it has stopped by its budget's end.
        let _ = engine.stop("caller");
        while engine.status("caller").unwrap().state != State::Created {
            assert!(began.elapsed() < GENEROUS, "{calls}: obeys no stop");
            std::thread::yield_now();
        }
        let began = Instant::now();
        let before = engine.status("caller").unwrap().counters.calls;
        engine.start("caller").unwrap();
        while engine.status("caller").unwrap().state != State::Created {
            assert!(began.elapsed() < GENEROUS, "{calls}: exceeds its budget");
            std::thread::yield_now();
        }
        let status = engine.status("caller").unwrap();
        assert_eq!(status.last.unwrap().reason, StopReason::Budget, "{calls}: {status:?}");
        if let Some(most) = most {
            assert!(status.counters.calls - before <= most, "{calls}: {status:?}");
        }
        engine.unload("caller").unwrap();
    }
    assert_eq!(*slow.0.lock().unwrap(), DEFAULT_MAX_TRANSFER);

    let events = events.lock().unwrap();
    let path = record.join("uart-1.csv");
    let ended =
        |event: &&Event| matches!(event, Event::RecordingEnded { path: of, limit: LIMIT } if *of == path);
    assert_eq!(events.iter().filter(ended).count(), 1, "said once");
    let recorded = std::fs::read_to_string(&path).unwrap();
    assert!(recorded.len() as u64 <= LIMIT && recorded.len() as u64 > LIMIT / 2, "{}", recorded.len());
    assert_eq!(recorded.lines().next(), Some("time_ms,hex"));
    assert!(recorded.lines().last().unwrap().starts_with("# the recording ends here"), "{recorded}");
    assert!(recorded.lines().skip(1).all(|line| line.starts_with('#') || line.len() > 128), "64 bytes each");
    let logged = events.iter().filter(|event| matches!(event, Event::Log { .. })).count();
    let dropped =
        events.iter().any(|event| matches!(event, Event::Notice { notice: Notice::LogDropped(_), .. }));
    assert!(logged > 1000 && dropped, "{logged} lines");
}

#[test]
fn item_02_a_recording_is_whole_lines_while_it_is_written() {
    // As a process that is killed leaves it: neither closed nor dropped.
    let dir = folder("whole-lines");
    let buses = Buses::new(None, Some(&dir)).unwrap().with_max_transfer(1000);
    let access = Access { peer: Peer::Local { bus: Bus::Uart, unit: 2 }, direction: Direction::Out };
    let mut handle = buses.open("x", &access).unwrap();
    assert_eq!(buses.max_transfer(&handle), 1000);
    let path = dir.join("uart-2.csv");
    for n in 0..300_usize {
        assert_eq!(buses.write(&mut handle, &vec![0x5a; n * 7 % 1000]), Ok(n * 7 % 1000));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'), "after {n} writes");
    }
    buses.close(handle);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 301);
    // A second opening goes on where the first was.
    let mut handle = buses.open("x", &access).unwrap();
    buses.write(&mut handle, &[1]).unwrap();
    buses.close(handle);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 302);
}
