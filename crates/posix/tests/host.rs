//! The host platform: threads, buses, messages. There is one host in a process, so this is one test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tinycontainer_posix::tinycontainer::metadata::{Access, Bus, Peer, Scheme};
use tinycontainer_posix::tinycontainer::{Direction, ImageError, IoError, Notice, State, StopReason};
use tinycontainer_posix::{Buses, Config, Device, Devices, Event, Host, HostError};
use tinycontainer_testkit::{CLASS, DEVICE, NOW, OWNER, OwnedPeer, STRANGER, Spec, module, trust_store};

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The application's own driver for servers by CoAP. Stores what is written.
#[derive(Debug, Default, Clone)]
struct Network(Arc<Mutex<Vec<Write>>>);

#[derive(Debug, PartialEq)]
struct Write {
    uid: String,
    authority: String,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Server {
    network: Network,
    uid: String,
    authority: String,
}

impl Devices for Network {
    fn open(&self, uid: &str, access: &Access<'_>) -> Option<Result<Box<dyn Device>, IoError>> {
        let Peer::Remote { scheme: Scheme::Coap, authority } = access.peer else { return None };
        let server = Server { network: self.clone(), uid: uid.into(), authority: authority.into() };
        authority.starts_with("server.").then(|| -> Result<Box<dyn Device>, IoError> { Ok(Box::new(server)) })
    }
}

impl Device for Server {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, IoError> {
        Err(IoError::WouldBlock)
    }
    fn write(&mut self, buf: &[u8]) -> Result<usize, IoError> {
        let write = Write { uid: self.uid.clone(), authority: self.authority.clone(), bytes: buf.into() };
        self.network.0.lock().unwrap().push(write);
        Ok(buf.len())
    }
}

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn a_sensor_an_actuator_and_a_host() {
    let (traces, record) = (folder("traces"), folder("record"));
    std::fs::write(traces.join("i2c-72.csv"), "time_ms,hex\n# warm\n0,0190\n").unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let observer = {
        let events = events.clone();
        Box::new(move |event| events.lock().unwrap().push(event))
    };
    let network = Network::default();
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        buses: Buses::new(Some(&traces), Some(&record)).unwrap().with_devices(network.clone()),
        observer,
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    assert!(matches!(Host::new(Config::default()), Err(HostError::AlreadyStarted)));
    let free = host.pool().free_bytes();
    let engine = host.engine();

    // The sensor reads two bytes and sends them on; the actuator writes the first to a pin.
    let sensor = module(
        "(global.set $in (call $open (i32.const 1))) (global.set $out (call $open (i32.const 2)))",
        "(local $fd i32) (drop (call $read (global.get $in) (i32.const 0) (i32.const 2)))
         (drop (call $write (global.get $out) (i32.const 0) (i32.const 2)))
         (call $logger (i32.const 32))
         (if (i32.ge_s (local.tee $fd (call $open (i32.const 3))) (i32.const 0))
           (then (drop (call $write (local.get $fd) (i32.const 32) (i32.const 4)))
                 (drop (call $close (local.get $fd)))))
         i32.const 0",
        "",
    );
    let actuator = module(
        "(global.set $in (call $open (i32.const 1))) (global.set $out (call $open (i32.const 2)))
         (drop (call $open (i32.const 3)))",
        "(if (i32.gt_s (call $read (global.get $in) (i32.const 0) (i32.const 2)) (i32.const 0))
           (then (drop (call $write (global.get $out) (i32.const 1) (i32.const 1)))))
         i32.const 0",
        "",
    );
    let globals = "(memory 1) (global $in (mut i32) (i32.const 0)) (global $out (mut i32) (i32.const 0)) (data (i32.const 32) \"tick\\1b[2J\\00\")";
    let peer = |uid: &str, endpoint| OwnedPeer::Container(uid.into(), endpoint);
    let sensor = Spec::new("sensor", &sensor.replace("(memory 1)", globals))
        .endpoint(1, OwnedPeer::Local(Bus::I2c, 72), Direction::In)
        .endpoint(2, peer("actuator", 1), Direction::Out)
        .endpoint(3, OwnedPeer::Remote(Scheme::Coap, "server.example:5683".into()), Direction::Both);
    let actuator = Spec::new("actuator", &actuator.replace("(memory 1)", globals))
        .endpoint(1, peer("sensor", 2), Direction::In)
        .endpoint(2, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out)
        .endpoint(3, OwnedPeer::Remote(Scheme::Coap, "host.example".into()), Direction::Both);
    assert_eq!(host.load(&sensor.sign(OWNER).parts()), Ok("sensor".into()));
    host.load(&actuator.sign(OWNER).parts()).unwrap();
    assert!(matches!(host.load(&sensor.sign(STRANGER).parts()), Err(ImageError::Rejected(_))));
    engine.start("sensor").unwrap();
    engine.start("actuator").unwrap();
    let recording = record.join("gpio-17.csv");
    wait_for("the pin", || {
        std::fs::read_to_string(&recording)
            .is_ok_and(|text| text.lines().filter(|l| l.ends_with(",90")).count() > 3)
    });
    wait_for("a log line", || {
        // The guest's escape sequence has become visible, and harmless.
        events
            .lock()
            .unwrap()
            .iter()
            .any(|e| matches!(e, Event::Log { uid, line } if uid == "sensor" && line == "tick\\u{1b}[2J"))
    });
    wait_for("the application's driver of a remote peer", || !network.0.lock().unwrap().is_empty());
    let write =
        Write { uid: "sensor".into(), authority: "server.example:5683".into(), bytes: b"tick".to_vec() };
    assert_eq!(network.0.lock().unwrap()[0], write);
    let no_driver = Notice::DriverFailed(3, IoError::NoPeer);
    assert!(
        events
            .lock()
            .unwrap()
            .iter()
            .any(|e| matches!(e, Event::Notice { notice, .. } if *notice == no_driver))
    );

    // A container that sleeps for an hour stops at once.
    let mut sleeper = Spec::new("sleeper", tinycontainer_testkit::IDLE);
    sleeper.schedule.period_ms = 3_600_000;
    host.load(&sleeper.sign(OWNER).parts()).unwrap();
    engine.start("sleeper").unwrap();
    wait_for("its first loop", || engine.status("sleeper").unwrap().counters.loops == 1);
    for uid in ["sleeper", "sensor", "actuator"] {
        engine.stop(uid).unwrap();
        wait_for("it to stop", || !engine.is_running(uid));
        let status = engine.status(uid).unwrap();
        assert_eq!((status.state, status.last.unwrap().reason), (State::Created, StopReason::Requested));
    }

    // A hundred rounds, and the pool is as it was.
    for _ in 0..100 {
        engine.start("sleeper").unwrap();
        engine.stop("sleeper").unwrap();
        wait_for("it to stop", || !engine.is_running("sleeper"));
    }
    for uid in ["sleeper", "sensor", "actuator"] {
        engine.unload(uid).unwrap();
    }
    assert_eq!((host.pool().free_bytes(), host.pool().largest_free()), (free, free));

    // A host that goes takes a running container with it.
    host.load(&sleeper.sign(OWNER).parts()).unwrap();
    engine.start("sleeper").unwrap();
    drop(host);
}

#[test]
fn traces_that_are_none() {
    let dir = folder("bad-traces");
    let cases = [
        ("thermometer.csv", "0,00", "BUS-UNIT.csv"),
        ("i2c-x.csv", "0,00", "BUS-UNIT.csv"),
        ("i2c-1.csv", "0,0", "even number of hex digits"),
        ("i2c-1.csv", "0,zz", "even number of hex digits"),
        ("i2c-1.csv", "a,00", "number of milliseconds"),
        ("i2c-1.csv", "0,00,00", "time_ms,hex"),
        ("i2c-1.csv", "5,00\n5,01", "must ascend"),
    ];
    for (name, text, expected) in cases {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        let error = Buses::new(Some(&dir), None).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(name), "{error}");
        std::fs::remove_file(path).unwrap();
    }
    assert!(Buses::new(Some(&dir.join("nowhere")), None).is_err());
}
