//! A host in this process, with a thread for each container.

use crate::device::report::Snapshot;
use crate::device::{Process, Usage};
use crate::soak::random::Random;
use crate::soak::subject::{Held, Seen, Subject};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tinycontainer::IoError;
use tinycontainer::metadata::{Access, Bus, Peer};
use tinycontainer::policy::Ceilings;
use tinycontainer::runtime::Account;
use tinycontainer_capi::Code;
use tinycontainer_posix::{Buses, Config, Devices, Host, HostError, MAX_CONTAINERS, buses};
use tinycontainer_testkit::{self as kit, Image};

/// A host, of which there is one in a process.
pub struct Threads {
    host: Host,
    open: Arc<AtomicUsize>,
}

impl Threads {
    /// Starts it, with the trust store and names of `testkit`.
    ///
    /// # Errors
    /// If one was started before, or there is no memory.
    pub fn new() -> Result<Self, HostError> {
        let open = Arc::new(AtomicUsize::new(0));
        let config = Config {
            name: kit::DEVICE.into(),
            class: kit::CLASS.into(),
            trust: kit::trust_store(),
            now: Some(kit::NOW),
            ceilings: Ceilings { hook_ms: 10_000, ..Config::default().ceilings },
            buses: Buses::default().with_devices(Echoes(open.clone())),
            ..Config::default()
        };
        let host = Host::new(config)?;
        // A slot's thread stays: with all of them at the beginning, their number must not change.
        for slot in 0..MAX_CONTAINERS {
            host.ensure_thread(slot);
        }
        Ok(Self { host, open })
    }
}

/// Units of the bus `app` that return what was written to them.
#[derive(Debug)]
struct Echoes(Arc<AtomicUsize>);

#[derive(Debug)]
struct Echo {
    bytes: Vec<u8>,
    open: Arc<AtomicUsize>,
}

impl Devices for Echoes {
    fn open(&self, _: &str, access: &Access<'_>) -> Option<Result<Box<dyn buses::Device>, IoError>> {
        let Peer::Local { bus: Bus::App, .. } = access.peer else { return None };
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(Ok(Box::new(Echo { bytes: Vec::new(), open: self.0.clone() })))
    }
}

impl buses::Device for Echo {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IoError> {
        if self.bytes.is_empty() {
            return Err(IoError::WouldBlock);
        }
        let taken = buf.iter_mut().zip(self.bytes.drain(..)).map(|(to, from)| *to = from).count();
        Ok(taken)
    }

    fn write(&mut self, buf: &[u8]) -> Result<usize, IoError> {
        self.bytes = buf.to_vec();
        Ok(buf.len())
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Subject for Threads {
    fn is_exact(&self) -> bool {
        false
    }

    fn slots(&self) -> u8 {
        MAX_CONTAINERS as u8
    }

    fn load(&mut self, image: &Image) -> Code {
        self.host.load(&image.parts()).map_or_else(Code::from, |_| Code::Ok)
    }

    fn start(&mut self, uid: &str) -> Code {
        self.host.engine().start(uid).map_or_else(Code::from, |()| Code::Ok)
    }

    fn stop(&mut self, uid: &str) -> Code {
        self.host.engine().stop(uid).map_or_else(Code::from, |()| Code::Ok)
    }

    fn unload(&mut self, uid: &str) -> Code {
        self.host.engine().unload(uid).map_or_else(Code::from, |()| Code::Ok)
    }

    fn containers(&mut self) -> Vec<Seen> {
        let seen = self.host.engine().containers().map(|status| Seen {
            uid: status.uid.as_str().into(),
            state: status.state,
            last: status.last.map(|last| last.reason),
            loops: status.counters.loops,
        });
        seen.collect()
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        None
    }

    fn held(&mut self) -> Held {
        let pool = self.host.pool();
        Held {
            free: (pool.free_bytes(), pool.largest_free()),
            accounts: (0..=2 * MAX_CONTAINERS as u8)
                .map(|account| pool.usage(Account(account)).used)
                .collect(),
            open_handles: self.open.load(Ordering::Relaxed),
        }
    }

    fn pass(&mut self, random: &mut Random) {
        std::thread::sleep(Duration::from_millis(random.below(4)));
    }

    fn settle(&mut self) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.host.engine().containers().any(|status| status.state.is_running())
            && Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn broken(&self) -> Option<&str> {
        None
    }

    fn usage(&self) -> Option<Usage> {
        Process(std::process::id()).usage()
    }
}
