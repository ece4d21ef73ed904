//! One attack on a device: what it finds there, and what must be as before when it is over.

use crate::device::report::{Memory, Refusal, Snapshot, Status};
use crate::device::{Device, Unit};
use std::fmt::{self, Debug, Display};
use tinycontainer::firewall::{DenyReason, Direction, Mask, Syscall};
use tinycontainer::metadata::{Bus, Limits, Schedule};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{self as kit, IDLE, Image, OWNER, OwnedPeer, PROVIDER_A, Spec};
use tinycontainer_token::Claims;

/// Contained, or what was not as it must be.
pub type Outcome = Result<(), Failure>;

/// What was not contained.
#[derive(Debug)]
pub struct Failure {
    pub(super) text: String,
    /// The device has refused what was attempted, but for another reason than it must.
    pub refused: bool,
}

impl<T: Into<String>> From<T> for Failure {
    fn from(text: T) -> Self {
        Self { text: text.into(), refused: false }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A periodic container of the owner that runs during each attack.
pub(super) const NEIGHBOUR: &str = "o.neighbour";
/// Its period in milliseconds: longer than the budgets of all hooks of an attacker together.
const PERIOD_MS: u32 = 100;
/// The endpoint by which a guest reports to the attack: unit 0 of the bus `app`.
pub(super) const REPORT: u32 = 1000;
/// Why a container stops whose module the runtime does not load.
pub(super) const REJECTED: &str = "rejected by the runtime";
/// The linear memory of the guests that [`guest`] makes, in bytes.
pub(super) const MEMORY: u32 = 1024;

/// `Err` unless both are equal.
pub(super) fn expect<T: PartialEq + Debug>(what: &str, got: T, want: T) -> Outcome {
    if got == want { Ok(()) } else { Err(format!("{what}: {got:?} and not {want:?}").into()) }
}

/// As [`expect`], for the result of a call.
pub(super) fn expect_code(what: &str, got: Code, want: Code) -> Outcome {
    let refused = got != Code::Ok && want != Code::Ok;
    expect(what, got, want).map_err(|failure| Failure { refused, ..failure })
}

/// `Err` unless it holds.
pub(super) fn require(what: &str, holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// An attack that is under way.
pub struct Trial<'d> {
    /// The device. What an attack does not ask of it must not have happened: see [`Trial::end`].
    pub device: &'d mut Device,
    before: AtRest,
    /// The neighbour's loops and the time, in microseconds, when the attack began.
    loops: u32,
    began_us: u64,
    now_us: u64,
    /// The attack has replaced the trust store.
    other_store: bool,
}

/// What a snapshot has beside what goes on by itself.
#[derive(Debug, Clone, PartialEq)]
struct AtRest {
    containers: Vec<(String, u8, u32, u32, u32)>,
    memory: Memory,
}

fn at_rest(snapshot: Snapshot) -> AtRest {
    let containers = snapshot.containers.into_iter();
    AtRest {
        containers: containers.map(|c| (c.uid, c.slot, c.version, c.image_bytes, c.memory_used)).collect(),
        memory: Memory { version_records: 0, ..snapshot.memory },
    }
}

impl<'d> Trial<'d> {
    /// A fresh device on which the neighbour runs.
    ///
    /// # Errors
    /// The device does not take the neighbour.
    pub fn begin(device: &'d mut Device) -> Result<Self, Failure> {
        device.restart().map_err(|broken| broken.to_string())?;
        let mut neighbour = Spec::new(NEIGHBOUR, IDLE);
        neighbour.schedule =
            Schedule { start_ms: 10, period_ms: PERIOD_MS, loop_ms: 10, stop_ms: 10, ..neighbour.schedule };
        expect("loading the neighbour", device.load(&neighbour.sign(OWNER)), Code::Ok)?;
        expect("starting the neighbour", device.start(NEIGHBOUR), Code::Ok)?;
        let now_us = device.run(PERIOD_MS / 2);
        device.log();
        device.audit();
        let before = at_rest(device.snapshot());
        let loops = device.status(NEIGHBOUR).ok_or("the neighbour is not loaded")?.counters.loops;
        Ok(Self { device, before, loops, began_us: now_us, now_us, other_store: false })
    }

    /// What must hold after an attack: what the attacker had is gone or can be removed, nothing else has changed, the
    /// neighbour has missed no period, and the device works.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn end(mut self) -> Outcome {
        for unit in [0, 1, 2, 3, 4, 5].map(Unit::App).into_iter().chain([Unit::Sensor, Unit::Pin]) {
            expect(&format!("what was written to {unit:?}"), self.device.written(unit), vec![])?;
        }
        expect("lines of log that the attack does not account for", self.device.log(), vec![])?;
        expect("refused calls that the attack does not account for", self.device.audit(), vec![])?;
        self.device.driver(0, false);
        for container in self.device.containers() {
            if container.uid != NEIGHBOUR {
                self.remove(&container.uid)?;
            }
        }
        if self.other_store {
            expect("the owner's trust store", self.device.set_trust(&kit::trust_store()), Code::Ok)?;
        }
        let neighbour = self.status(NEIGHBOUR)?;
        require(&format!("the neighbour does not run: {neighbour:?}"), neighbour.state.is_running())?;
        expect("periods that the neighbour missed", neighbour.counters.missed, 0)?;
        expect("starts of the neighbour", neighbour.counters.starts, 1)?;
        let ms = (self.now_us - self.began_us) / 1000;
        let (loops, due) = (u64::from(neighbour.counters.loops - self.loops), ms / u64::from(PERIOD_MS));
        require(&format!("the neighbour made {loops} loops in {ms} ms"), loops.abs_diff(due) <= 1)?;
        expect("table, memory and handles", at_rest(self.device.snapshot()), self.before.clone())?;
        // And the device does what it did before.
        // Valid whatever time has passed and whatever versions were seen.
        let good = Spec { version: u32::MAX, ..Spec::new("a.good", IDLE) };
        let good = good.sign_with(PROVIDER_A, |claims| Claims { exp: None, ..*claims });
        expect("loading a good image afterwards", self.device.load(&good), Code::Ok)?;
        expect("starting it", self.device.start("a.good"), Code::Ok)?;
        self.run(50);
        let status = self.status("a.good")?;
        require(&format!("the good container does not run: {status:?}"), status.state.is_running())?;
        self.remove("a.good")?;
        expect("table, memory and handles after that", at_rest(self.device.snapshot()), self.before)
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: u32) {
        self.now_us = self.device.run(ms);
    }

    /// Stops and unloads a container.
    ///
    /// # Errors
    /// It cannot be removed within two periods of the neighbour.
    pub fn remove(&mut self, uid: &str) -> Outcome {
        if self.status(uid)?.state.is_running() {
            expect(&format!("stopping {uid}"), self.device.stop(uid), Code::Ok)?;
            self.run(2 * PERIOD_MS);
        }
        expect(&format!("unloading {uid}"), self.device.unload(uid), Code::Ok)
    }

    /// The status of a container.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn status(&mut self, uid: &str) -> Result<Status, Failure> {
        self.device.status(uid).ok_or_else(|| format!("{uid} is not loaded").into())
    }

    /// Replaces the trust store. Once: the device has space for few.
    ///
    /// # Errors
    /// The device does not take it.
    pub fn trust(&mut self, store: &[u8]) -> Outcome {
        self.other_store = true;
        expect("setting the trust store", self.device.set_trust(store), Code::Ok)
    }

    /// Does something that must have that result and change nothing.
    ///
    /// # Errors
    /// Another result, or a change.
    pub fn unchanged(&mut self, what: &str, code: Code, act: impl FnOnce(&mut Device) -> Code) -> Outcome {
        let before = self.device.snapshot();
        expect_code(what, act(self.device), code)?;
        expect(&format!("after {what}"), self.device.snapshot(), before)
    }

    /// The image is refused with that code, and nothing has changed.
    ///
    /// # Errors
    /// It is accepted, refused for another reason, or something has changed.
    pub fn refused(&mut self, image: &Image, code: Code) -> Outcome {
        self.unchanged("loading the image", code, |device| device.load(image))
    }

    /// The image is accepted.
    ///
    /// # Errors
    /// It is refused.
    pub fn accepted(&mut self, image: &Image) -> Outcome {
        expect("loading a valid image", self.device.load(image), Code::Ok)
    }

    /// Loads a container of the owner.
    ///
    /// # Errors
    /// It is refused.
    pub fn load(&mut self, spec: &Spec) -> Outcome {
        // The endpoints by ascending id, as the metadata lists them.
        let mut spec = spec.clone();
        spec.endpoints.sort_by_key(|(id, ..)| *id);
        self.accepted(&spec.sign(OWNER))
    }

    /// Loads and starts a container of the owner.
    ///
    /// # Errors
    /// It is refused.
    pub fn start(&mut self, spec: &Spec) -> Outcome {
        self.load(spec)?;
        expect("starting it", self.device.start(&spec.uid), Code::Ok)
    }

    /// Loads and starts a container of the owner, which must have stopped after half a second for that reason.
    ///
    /// # Errors
    /// It is refused, still runs, or has stopped for another reason.
    pub fn stops(&mut self, spec: &Spec, reason: &str) -> Outcome {
        self.start(spec)?;
        self.run(500);
        self.stopped(&spec.uid, reason)
    }

    /// The container has stopped for that reason: what is shown begins with these words.
    ///
    /// # Errors
    /// It still runs, or has stopped for another reason.
    pub fn stopped(&mut self, uid: &str, reason: &str) -> Outcome {
        let status = self.status(uid)?;
        require(&format!("{uid} still runs"), !status.state.is_running())?;
        let why = status.last_text;
        // The interpreter has refused what the loader must refuse.
        let refused = reason == REJECTED && why.starts_with("trapped");
        require(&format!("{uid} stopped for another reason: {why:?}, not {reason:?}"), why.contains(reason))
            .map_err(|failure| Failure { refused, ..failure })
    }

    /// Runs a guest that reports, to its end; returns what it has noted.
    ///
    /// # Errors
    /// It is refused, or has not finished.
    pub fn notes(&mut self, spec: &Spec) -> Result<Vec<i32>, Failure> {
        self.stops(spec, "finished")?;
        Ok(self.reported())
    }

    /// As [`notes`](Self::notes), but waits only for so many milliseconds.
    ///
    /// # Errors
    /// It is refused, or has not finished.
    pub fn notes_in(&mut self, spec: &Spec, ms: u32) -> Result<Vec<i32>, Failure> {
        self.start(spec)?;
        self.run(ms);
        self.stopped(&spec.uid, "finished")?;
        Ok(self.reported())
    }

    /// What guests have reported since the last call.
    pub fn reported(&mut self) -> Vec<i32> {
        let bytes = self.device.written(Unit::App(0));
        bytes.chunks_exact(4).map(|note| i32::from_le_bytes(note.try_into().unwrap_or_default())).collect()
    }

    /// The refused calls since the last call of this are these.
    ///
    /// # Errors
    /// They are others.
    pub fn audited(&mut self, uid: &str, calls: &[(Syscall, DenyReason)]) -> Outcome {
        let audit = self.device.audit();
        let others: Vec<_> = audit.iter().filter(|refusal| refusal.uid != uid).collect();
        expect("refused calls of others", others, vec![])?;
        let found: Vec<_> = audit.iter().map(|Refusal { call, reason, .. }| (*call, *reason)).collect();
        expect("refused calls", &found[..], calls)
    }
}

/// A memory of [`MEMORY`] bytes: a page that the interpreter cuts to what is used.
const SMALL: &str = r#"(memory 1)
    (global $sp (mut i32) (i32.const 1016))
    (global (export "__data_end") i32 (i32.const 1016))
    (global (export "__heap_base") i32 (i32.const 1024))"#;

/// A container of the owner: these fields, and these bodies of its hooks. It has [`MEMORY`] bytes of memory, `hello` and a
/// NUL at 64, `$note(i32)` stores a number from 768 on, and `$report()` writes the numbers to the attack.
pub(super) fn hooks(uid: &str, fields: &str, start: &str, loop_: &str, stop: &str) -> Spec {
    Spec {
        limits: Limits { linear_memory: MEMORY, stack: 1024, heap: 32768 },
        ..with(SMALL, uid, fields, start, loop_, stop)
    }
}

/// The same with a whole page of memory.
pub(super) fn page_hooks(uid: &str, fields: &str, start: &str, loop_: &str, stop: &str) -> Spec {
    Spec {
        limits: Limits { linear_memory: 65536, stack: 1024, heap: 32768 },
        ..with("(memory 1)", uid, fields, start, loop_, stop)
    }
}

fn with(memory: &str, uid: &str, fields: &str, start: &str, loop_: &str, stop: &str) -> Spec {
    let common = format!(
        r#"{memory}
        (global $at (mut i32) (i32.const 768))
        (global $fd (mut i32) (i32.const 0))
        (data (i32.const 64) "hello\00")
        (func $note (param i32)
          (i32.store (global.get $at) (local.get 0))
          (global.set $at (i32.add (global.get $at) (i32.const 4))))
        (func $report (local $to i32)
          (local.set $to (call $open (i32.const {REPORT})))
          (drop (call $write (local.get $to) (i32.const 768) (i32.sub (global.get $at) (i32.const 768))))
          (drop (call $close (local.get $to)))
          (global.set $at (i32.const 768)))
        {fields}"#
    );
    let text = kit::module(start, loop_, stop).replace("(memory 1)", &common);
    let mut spec = Spec::new(uid, &text);
    spec.syscalls = Mask::ALL;
    spec.schedule = Schedule { start_ms: 10, period_ms: 20, loop_ms: 10, stop_ms: 10, ..spec.schedule };
    spec.endpoint(REPORT, OwnedPeer::Local(Bus::App, 0), Direction::Out)
}

/// A container whose first loop does this, reports, and finishes.
pub(super) fn guest(uid: &str, body: &str) -> Spec {
    hooks(uid, "", "", &format!("{body} (call $report) (i32.const 1)"), "")
}

/// The same with a whole page of memory.
pub(super) fn page_guest(uid: &str, body: &str) -> Spec {
    page_hooks(uid, "", "", &format!("{body} (call $report) (i32.const 1)"), "")
}
