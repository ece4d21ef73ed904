//! A device under test: the program `console` of the crate `bare`, in a process of its own.
//!
//! | module | holds |
//! | --- | --- |
//! | `protocol` | requests; the file is the console's |
//! | `wire` | the process and its serial line |
//! | `process` | what the process uses |
//! | [`report`] | what a device reports |

mod process;
pub mod report;
mod wire;

#[path = "../../bare/examples/console/protocol.rs"]
mod protocol;

use crate::device::report::{Counters, Event, Memory, Refusal, Snapshot, Status};
pub use process::{Process, Usage};
pub use protocol::Function;
use protocol::{EventKind, Fields as _, MAX_FRAME, Op, UNITS};
use std::ffi::OsString;
use std::path::PathBuf;
use tinycontainer::Sizes;
use tinycontainer_abi::Syscall;
use tinycontainer_capi::Code;
use tinycontainer_testkit as kit;
pub use wire::Broken;
use wire::{Reader, Wire, Writer};

/// Where a device runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As a program of this host, in simulated time.
    Host,
    /// On QEMU's mps2-an386, where each instruction takes a nanosecond.
    Qemu,
}

/// A program for devices under test.
#[derive(Debug, Clone)]
pub struct Program {
    /// What to call it.
    pub name: String,
    /// Where it runs.
    pub kind: Kind,
    /// The program, or the firmware's ELF file.
    pub path: PathBuf,
}

impl Program {
    /// From an argument `NAME=PATH`: names that begin with `qemu` run on QEMU.
    ///
    /// # Errors
    /// Without `=`.
    pub fn parse(argument: &str) -> Result<Self, String> {
        let (name, path) = argument.split_once('=').ok_or("a device is NAME=PATH")?;
        let kind = if name.starts_with("qemu") { Kind::Qemu } else { Kind::Host };
        Ok(Self { name: name.into(), kind, path: path.into() })
    }

    /// The command that runs it. `rate`: the instructions of containers in a millisecond, if a device of this program has
    /// already measured them.
    fn command(&self, rate: Option<u32>) -> (OsString, Vec<OsString>) {
        match self.kind {
            Kind::Host => (self.path.clone().into(), Vec::new()),
            Kind::Qemu => {
                let known = rate.map_or_else(String::new, |rate| format!(",arg={rate}"));
                let options = format!(
                    "-M mps2-an386 -display none -monitor none -serial stdio -icount shift=0,sleep=off \
                    -semihosting-config enable=on,target=native{known} -kernel"
                );
                let options = options.split_whitespace().map(OsString::from);
                ("qemu-system-arm".into(), options.chain([self.path.clone().into()]).collect())
            }
        }
    }
}

/// A device under test. Once it is [broken](Device::broken), its answers are those of an empty device.
pub struct Device {
    program: Program,
    wire: Wire,
    broken: Option<String>,
    instructions: u64,
    /// The number of the last refusal that was asked for.
    seen: u64,
    slots: u8,
    pool_bytes: u32,
    /// The instructions of containers in a millisecond.
    rate: u32,
    /// The process was told the rate, and does not measure it at each start.
    was_told: bool,
}

/// An argument of [`Device::call_c`].
#[derive(Debug, Clone, Copy)]
pub enum Argument<'a> {
    /// A pointer that is NULL.
    Null,
    /// A pointer to these bytes.
    Bytes(&'a [u8]),
    /// A number.
    Number(u64),
}

impl Device {
    /// Starts it: with the trust store and the time of `testkit`.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn start_up(program: &Program) -> Result<Self, Broken> {
        Self::start_up_at(program, None)
    }

    fn start_up_at(program: &Program, rate: Option<u32>) -> Result<Self, Broken> {
        let (command, arguments) = program.command(rate);
        let wire = Wire::new(&command, &arguments)?;
        let mut device = Self {
            program: program.clone(),
            wire,
            broken: None,
            instructions: 0,
            seen: 0,
            slots: 0,
            pool_bytes: 0,
            rate: 0,
            was_told: rate.is_some(),
        };
        device.greet()?;
        Ok(device)
    }

    /// Sets up the device, which has just started.
    fn greet(&mut self) -> Result<(), Broken> {
        self.seen = 0;
        let mut reader = self.ask(Op::Hello, |_| {});
        (self.slots, self.pool_bytes, self.rate) = (reader.u8(), reader.u32(), reader.u32());
        self.set_time(Some(kit::NOW));
        self.set_trust(&kit::trust_store());
        self.broken.clone().map_or(Ok(()), |why| Err(Broken(why)))
    }

    /// Where it runs.
    pub fn kind(&self) -> Kind {
        self.program.kind
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// How many containers it can have.
    pub fn slots(&self) -> u8 {
        self.slots
    }

    /// The memory of containers, in bytes.
    pub fn pool_bytes(&self) -> u32 {
        self.pool_bytes
    }

    /// The instructions of containers in a millisecond.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Why it is broken, if it is.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Ends it and starts a new one.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn reset(&mut self) -> Result<(), Broken> {
        let program = self.program.clone();
        *self = Self::start_up_at(&program, Some(self.rate).filter(|rate| *rate != 0))?;
        Ok(())
    }

    /// As [`reset`](Self::reset), but on QEMU the firmware starts again in the same process, unless the device is broken:
    /// that takes a fraction of the time.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn restart(&mut self) -> Result<(), Broken> {
        if self.kind() == Kind::Host || self.broken.is_some() || !self.was_told {
            return self.reset();
        }
        self.wire.tell(Op::Restart as u8, &[])?;
        self.greet()
    }

    /// Processor instructions that the last request took while the processor did not sleep, in steps of 40; 0 on a host.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Its process.
    pub fn process(&self) -> Process {
        Process(self.wire.process())
    }

    fn ask(&mut self, op: Op, arguments: impl FnOnce(&mut Writer)) -> Reader {
        let mut writer = Writer::default();
        arguments(&mut writer);
        if self.broken.is_some() {
            return Reader::empty();
        }
        match self.wire.ask(op as u8, &writer.0) {
            Ok((instructions, reader)) => {
                self.instructions = instructions;
                reader
            }
            Err(Broken(why)) => {
                self.broken = Some(format!("{why}, after the request `{}`", op.name()));
                Reader::empty()
            }
        }
    }

    fn code(&mut self, op: Op, arguments: impl FnOnce(&mut Writer)) -> Code {
        self.ask(op, arguments).code()
    }

    /// Begins to load an image; returns the session.
    ///
    /// # Errors
    /// Why not.
    pub fn begin(&mut self, sizes: Sizes) -> Result<u8, Code> {
        let mut reader = self.ask(Op::Begin, |w| {
            for size in [sizes.metadata, sizes.data, sizes.code] {
                w.u32(u32::try_from(size).unwrap_or(u32::MAX));
            }
        });
        match reader.code() {
            Code::Ok => Ok(reader.u8()),
            code => Err(code),
        }
    }

    /// The next bytes of metadata, data and code.
    pub fn write(&mut self, session: u8, bytes: &[u8]) -> Code {
        let mut instructions = 0;
        for part in bytes.chunks(MAX_FRAME / 2) {
            let code = self.code(Op::Write, |w| {
                w.u8(session);
                w.bytes(part);
            });
            instructions += self.instructions;
            if code != Code::Ok {
                return code;
            }
        }
        self.instructions = instructions;
        Code::Ok
    }

    /// Ends a session: the container is loaded if all was right.
    pub fn finish(&mut self, session: u8) -> Code {
        self.code(Op::Finish, |w| w.u8(session))
    }

    /// Drops a session.
    pub fn drop_session(&mut self, session: u8) {
        self.ask(Op::Drop, |w| w.u8(session));
    }

    /// Loads a whole image. [`instructions`](Self::instructions) then are those of all of it.
    pub fn load(&mut self, image: &kit::Image) -> Code {
        let sizes = Sizes { metadata: image.metadata.len(), data: image.data.len(), code: image.code.len() };
        let session = match self.begin(sizes) {
            Ok(session) => session,
            Err(code) => return code,
        };
        let mut instructions = self.instructions;
        for part in [&image.metadata, &image.data, &image.code] {
            let code = self.write(session, part);
            instructions += self.instructions;
            if code != Code::Ok {
                self.drop_session(session);
                return code;
            }
        }
        let code = self.finish(session);
        self.instructions += instructions;
        code
    }

    /// Starts a container.
    pub fn start(&mut self, uid: &str) -> Code {
        self.code(Op::Start, |w| w.bytes(uid.as_bytes()))
    }

    /// Asks it to stop.
    pub fn stop(&mut self, uid: &str) -> Code {
        self.code(Op::Stop, |w| w.bytes(uid.as_bytes()))
    }

    /// Removes it.
    pub fn unload(&mut self, uid: &str) -> Code {
        self.code(Op::Unload, |w| w.bytes(uid.as_bytes()))
    }

    /// Lets so many milliseconds pass; returns the device's time then, in microseconds.
    pub fn run(&mut self, ms: u32) -> u64 {
        self.ask(Op::Run, |w| w.u32(ms)).u64()
    }

    /// The status of the container in a slot, if there is one.
    pub fn status_at(&mut self, slot: u8) -> Option<Status> {
        let mut r = self.ask(Op::Status, |w| w.u8(slot));
        if r.u8() == 0 {
            return None;
        }
        Some(Status {
            uid: r.text(),
            slot: r.u8(),
            version: r.u32(),
            priority: r.u8(),
            state: tinycontainer::State::from_number(r.u8())?,
            last: tinycontainer::StopReason::from_number(r.u8()),
            last_text: r.text(),
            counters: Counters {
                starts: r.u32(),
                loops: r.u32(),
                missed: r.u32(),
                calls: r.u32(),
                refusals: r.u32(),
                log_dropped: r.u32(),
                dropped: r.u32(),
                instructions: r.u64(),
            },
            image_bytes: r.u32(),
            memory_used: r.u32(),
            memory_peak: r.u32(),
        })
    }

    /// All containers, by slot.
    pub fn containers(&mut self) -> Vec<Status> {
        (0..self.slots).filter_map(|slot| self.status_at(slot)).collect()
    }

    /// The status of a container.
    pub fn status(&mut self, uid: &str) -> Option<Status> {
        self.containers().into_iter().find(|status| status.uid == uid)
    }

    /// The memory of all containers.
    pub fn memory(&mut self) -> Memory {
        let mut r = self.ask(Op::Memory, |_| {});
        Memory {
            total: r.u32(),
            free: r.u32(),
            largest: r.u32(),
            open_handles: r.u32(),
            version_records: r.u32(),
            accounts: (0..2 * u32::from(self.slots) + 1).map(|_| r.u32()).collect(),
        }
    }

    /// Everything that an attack must leave as it is.
    pub fn snapshot(&mut self) -> Snapshot {
        Snapshot { containers: self.containers(), memory: self.memory() }
    }

    /// The refusals since the last call.
    pub fn audit(&mut self) -> Vec<Refusal> {
        let mut found = Vec::new();
        loop {
            let after = self.seen;
            let mut r = self.ask(Op::Refusal, |w| w.u64(after));
            if r.u8() == 0 {
                return found;
            }
            self.seen = r.u64();
            let _at_ms = r.u64();
            let uid = r.text();
            let call = Syscall::from_number(r.u8());
            let endpoint = (r.u8() != 0, r.u32());
            let reason = tinycontainer::firewall::DenyReason::from_number(r.u8());
            let (Some(call), Some(reason)) = (call, reason) else { return found };
            found.push(Refusal { uid, call, endpoint: endpoint.0.then_some(endpoint.1), reason });
        }
    }

    /// What was logged and reported since the last call. The device keeps 6,000 bytes of it.
    pub fn events(&mut self) -> Vec<Event> {
        let mut r = self.ask(Op::Events, |_| {});
        let dropped = r.u32();
        let mut events = Vec::new();
        while !r.is_empty() {
            let kind = EventKind::from_number(r.u8());
            let (uid, bytes) = (r.text(), r.bytes());
            let number = || bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
            events.push(match kind {
                Some(EventKind::Log) => Event::Log { uid, line: bytes },
                Some(EventKind::Started) => Event::Started { uid },
                Some(EventKind::Stopped) => {
                    Event::Stopped { uid, why: String::from_utf8_lossy(&bytes).into() }
                }
                Some(EventKind::Refused) => Event::Refused { uid },
                Some(EventKind::DriverFailed) => Event::DriverFailed { uid, endpoint: number() },
                Some(EventKind::LogDropped) => Event::LogDropped { uid, lines: number() },
                None => break,
            });
        }
        if dropped > 0 {
            events.push(Event::Lost(dropped));
        }
        events
    }

    /// The lines logged since the last call of this or of [`events`](Self::events), with the uid of their container.
    pub fn log(&mut self) -> Vec<(String, Vec<u8>)> {
        let lines = self.events().into_iter().filter_map(|event| match event {
            Event::Log { uid, line } => Some((uid, line)),
            _ => None,
        });
        lines.collect()
    }

    /// Sets the clock of the real time; `None`: the device does not know it.
    pub fn set_time(&mut self, seconds: Option<u64>) {
        self.ask(Op::Time, |w| w.u64(seconds.unwrap_or(0)));
    }

    /// Sets the trust store: at most 2,048 bytes, and three times.
    pub fn set_trust(&mut self, store: &[u8]) -> Code {
        self.code(Op::Trust, |w| w.bytes(store))
    }

    /// Bytes arrive at a unit; returns how many fit.
    pub fn feed(&mut self, unit: Unit, bytes: &[u8]) -> u16 {
        let mut reader = self.ask(Op::Feed, |w| {
            w.u8(unit.place());
            w.bytes(bytes);
        });
        reader.u16()
    }

    /// What containers have written to a unit since the last call, up to 1,024 bytes.
    pub fn written(&mut self, unit: Unit) -> Vec<u8> {
        self.ask(Op::Written, |w| w.u8(unit.place())).bytes()
    }

    /// Each transfer takes so long, and fails or not.
    pub fn driver(&mut self, takes_us: u32, fails: bool) {
        self.ask(Op::Driver, |w| {
            w.u32(takes_us);
            w.u8(fails.into());
        });
    }

    /// Calls a function of the C API: see `calls.rs` of the console for arguments and results.
    pub fn call_c(&mut self, function: Function, arguments: &[Argument<'_>]) -> i64 {
        let mut reader = self.ask(Op::Call, |w| {
            w.u8(function as u8);
            w.u8(u8::try_from(arguments.len()).unwrap_or(u8::MAX));
            for argument in arguments {
                match argument {
                    Argument::Null => w.u8(0),
                    Argument::Bytes(bytes) => {
                        w.u8(1);
                        w.bytes(bytes);
                    }
                    Argument::Number(number) => {
                        w.u8(2);
                        w.u64(*number);
                    }
                }
            }
        });
        reader.u64().cast_signed()
    }
}

/// A unit whose bytes the test provides and sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `app:0` to `app:5`.
    App(u8),
    /// `i2c:72`.
    Sensor,
    /// `gpio:17`.
    Pin,
}

impl Unit {
    fn place(self) -> u8 {
        match self {
            Self::App(unit) => unit,
            Self::Sensor => UNITS as u8 - 2,
            Self::Pin => UNITS as u8 - 1,
        }
    }
}
