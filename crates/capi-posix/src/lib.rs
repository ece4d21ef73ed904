//! The posix platform under the C API: [`Port`] over a [`Host`].

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};
use tinycontainer_capi::drivers::Handle;
use tinycontainer_capi::tinycontainer::metadata::Access;
use tinycontainer_capi::tinycontainer::policy::{Ceilings, Device};
use tinycontainer_capi::tinycontainer::{Drivers, Engine, IoError, Notice};
use tinycontainer_capi::{CDrivers, Code, LoadSession, Memory, NoDrivers, Pid, Port, Priorities};
use tinycontainer_posix::{
    Announce, Buses, Config, Devices, Event, Host, HostError, MAX_CONTAINERS, Posix, buses,
};

/// The one host of the process. It ends with it.
static HOST: OnceLock<Host> = OnceLock::new();
static SESSION: LoadSession<Posix, MAX_CONTAINERS> = LoadSession::new();

/// A POSIX host.
struct OnHost;

tinycontainer_capi::set_port!(OnHost: MAX_CONTAINERS = OnHost);

impl Port<MAX_CONTAINERS> for OnHost {
    type Platform = Posix;

    fn init(&self, _: Priorities) -> Result<Pid, Code> {
        from_environment()?;
        let config = Config {
            describe: Some(describe),
            buses: Buses::default().with_devices(FromC),
            observer: Box::new(show),
            ..Config::default()
        };
        let host = Host::new(config).map_err(|error| match error {
            HostError::AlreadyStarted => Code::AlreadyInitialized,
            HostError::Memory => Code::OutOfMemory,
            HostError::Trust(_) => Code::BadTrust,
            HostError::Calibration(_) => Code::RuntimeFailed,
        })?;
        HOST.set(host).map_err(|_| Code::AlreadyInitialized)?;
        // There is no controller's thread here: the calling threads load images.
        Pid::new(1).ok_or(Code::NoThread)
    }

    fn engine(&self) -> Option<&'static Engine<Posix, MAX_CONTAINERS>> {
        HOST.get().map(Host::engine)
    }

    fn session(&self) -> &'static LoadSession<Posix, MAX_CONTAINERS> {
        &SESSION
    }

    fn ensure_agent(&self, slot: usize) -> Result<(), Code> {
        let host = HOST.get().ok_or(Code::NotInitialized)?;
        if host.ensure_thread(slot) { Ok(()) } else { Err(Code::NoThread) }
    }

    fn memory(&self) -> Memory {
        HOST.get().map(Host::pool).map_or(Memory::default(), |pool| Memory {
            total: Config::default().pool_bytes,
            free: pool.free_bytes(),
            largest: pool.largest_free(),
        })
    }

    fn uptime_ms(&self) -> u64 {
        HOST.get().map_or(0, Host::uptime_ms)
    }
}

/// Reads from the environment what the program has not set.
fn from_environment() -> Result<(), Code> {
    if let Some(path) = std::env::var_os("TINYCONTAINER_TRUST") {
        let store = std::fs::read(path).map_err(|_| Code::BadTrust)?;
        tinycontainer_capi::settings::default_trust(Vec::leak(store))?;
    }
    let variable = |name| std::env::var(name).ok().map(|value| &*String::leak(value));
    let (name, class) = (variable("TINYCONTAINER_NAME"), variable("TINYCONTAINER_CLASS"));
    if name.is_some() || class.is_some() {
        tinycontainer_capi::settings::default_names(name, class);
    }
    Ok(())
}

fn describe(ceilings: Ceilings) -> Device<'static> {
    let device = tinycontainer_capi::settings::device(ceilings);
    let system = || SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs());
    Device { now: device.now.or_else(system), ..device }
}

fn show(event: Event) {
    // Standard output may be closed.
    let _ = match event {
        Event::Log { uid, line } => writeln!(std::io::stdout(), "{uid}: {line}"),
        Event::Notice { uid, notice: Notice::LogDropped(dropped) } => {
            writeln!(std::io::stdout(), "[{uid}] lines dropped: {dropped}")
        }
        Event::Notice { .. } | Event::RecordingEnded { .. } => Ok(()),
    };
}

/// The C program's drivers, for [`Buses`].
#[derive(Debug)]
struct FromC;

/// The drivers of the C program. The platform's own are the virtual devices, which `Buses` opens.
static DRIVERS: CDrivers = CDrivers(NoDrivers);

#[derive(Debug)]
struct Opened(Option<Handle<<NoDrivers as Drivers>::Handle>>);

impl Devices for FromC {
    fn open(&self, uid: &str, access: &Access<'_>) -> Option<Result<Box<dyn buses::Device>, IoError>> {
        match DRIVERS.open(uid, access) {
            // There may be a virtual device.
            Err(IoError::NoPeer) => None,
            opened => Some(opened.map(|handle| -> Box<dyn buses::Device> { Box::new(Opened(Some(handle))) })),
        }
    }
}

impl buses::Device for Opened {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IoError> {
        self.0.as_mut().map_or(Err(IoError::Failed), |handle| DRIVERS.read(handle, buf))
    }

    fn write(&mut self, buf: &[u8]) -> Result<usize, IoError> {
        self.0.as_mut().map_or(Err(IoError::Failed), |handle| DRIVERS.write(handle, buf))
    }

    fn watch(&mut self, announce: Announce) {
        if let Some(handle) = &mut self.0 {
            DRIVERS.watch(handle, announce.waker());
        }
    }

    fn max_transfer(&self) -> usize {
        self.0.as_ref().map_or(1, |handle| DRIVERS.max_transfer(handle))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            DRIVERS.close(handle);
        }
    }
}
