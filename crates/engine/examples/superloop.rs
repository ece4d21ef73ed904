//! The engine on a platform of one's own: one thread, no driver, the standard library for clock and memory.
//!
//! Makes containers run for some seconds:
//!
//! ```text
//! cargo run -p tinycontainer --example superloop -- TRUST_STORE DEVICE SECONDS IMAGE...
//! ```
//!
//! TRUST_STORE is what `tinycontainerctl trust -o` writes. A program of yours needs in its Cargo.toml `tinycontainer`,
//! `tinycontainer-pool`, `tinycontainer-wamr` (feature `std`: which container a thread works for) and `critical-section` (feature
//! `std`: without an implementation linking ends with ``undefined symbol: _critical_section_1_0_acquire``).
#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};
use tinycontainer::metadata::transport::Parts;
use tinycontainer::policy::{Ceilings, Device, Trust};
use tinycontainer::runtime::{Rate, Type};
use tinycontainer::{Engine, Next, NoDrivers, Notice, Platform, SingleThread, Sizes};
use tinycontainer_pool::{Accounts, Pool, PoolBuf};
use tinycontainer_wamr::{ThreadLocal, Wamr};

/// How many containers there may be.
const N: usize = 4;
/// The memory of all containers, in bytes.
const POOL_BYTES: usize = 512 * 1024;

static POOL: Pool = Pool::new();
static THREAD: ThreadLocal = ThreadLocal;

struct Here<'t> {
    started: Instant,
    runtime: Wamr,
    rate: Rate,
    trust: Trust<'t>,
    names: [&'t str; 1],
}

impl Platform for Here<'_> {
    type Lock<T> = SingleThread<T>;
    type Buf = PoolBuf;
    type Runtime = Wamr;
    type Drivers = NoDrivers;

    fn runtime(&self) -> &Wamr {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        self.rate
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn drivers(&self) -> &NoDrivers {
        &NoDrivers
    }

    /// Images and message queues have accounts of their own, that `Accounts::init` has opened without a cap: the policy's
    /// ceilings bound them. Those of instances are opened by WAMR, with the limits of the image as the cap.
    fn allocate(&self, slot: usize, len: usize) -> Option<PoolBuf> {
        POOL.take(Accounts::<N>::image(slot), len).ok()
    }

    fn device(&self) -> Device<'_> {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().ok().map(|time| time.as_secs());
        let (linear_memory, stack, heap, image) = (64 * 1024, 8 * 1024, 64 * 1024, 128 * 1024);
        let ceilings = Ceilings { linear_memory, stack, heap, image, hook_ms: 1000 };
        Device { audiences: &self.names, trust: self.trust, now, ceilings, accept_2024: None }
    }

    /// Nothing waits: the loop below steps every agent.
    fn wake(&self, _slot: usize) {}

    fn log(&self, uid: &str, line: &[u8]) {
        // A container's text may contain control characters of a terminal.
        println!("{uid}: {}", line.escape_ascii());
    }

    fn notice(&self, uid: &str, notice: Notice) {
        println!("{uid}: {notice:?}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [trust, device, seconds, images @ ..] = &arguments[..] else {
        return Err("usage: superloop TRUST_STORE DEVICE SECONDS IMAGE...".into());
    };
    let trust = std::fs::read(trust)?;
    let trust = Trust::decode(&trust).map_err(|error| error.to_string())?;
    let end = Duration::from_secs(seconds.parse()?);

    let region = Box::leak(vec![MaybeUninit::uninit(); POOL_BYTES].into_boxed_slice());
    Accounts::<N>::init(&POOL, region).map_err(|error| error.to_string())?;
    let started = Instant::now();
    let now_us = || u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let runtime = Wamr::init(&POOL, &THREAD, Accounts::<N>::RUNTIME)?;
    let rate = runtime.calibrate(&now_us, 1).map_err(|error| error.to_string())?;
    let engine = Engine::<_, N>::new(Here { started, runtime, rate, trust, names: [device] });

    for path in images {
        let file = std::fs::read(path)?;
        let parts = Parts::decode(&file).map_err(|error| error.to_string())?;
        let sizes = Sizes { metadata: parts.metadata.len(), data: parts.data.len(), code: parts.code.len() };
        let mut loading = engine.begin(sizes).map_err(|error| format!("{path}: {error}"))?;
        for part in [parts.metadata, parts.data, parts.code] {
            // In pieces of any size: as they come over a radio.
            loading.write(part).map_err(|error| format!("{path}: {error}"))?;
        }
        loading.finish().map_err(|error| format!("{path}: {error}"))?;
        let loaded = engine.status_of(loading.slot()).ok_or("it was unloaded")?;
        engine.start(&loaded.uid).map_err(|error| format!("{path}: {error}"))?;
    }

    let mut agents: Vec<_> = (0..N).filter_map(|slot| engine.agent(slot)).collect();
    while started.elapsed() < end {
        // One step of each; then it sleeps, if none has something to do at once.
        let now_ms = now_us() / 1000;
        let busy =
            agents.iter_mut().map(|agent| agent.step(now_ms)).filter(|next| *next == Next::Now).count();
        if busy == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    for status in engine.containers() {
        println!("{}: {:?}, {} loops", status.uid, status.state, status.counters.loops);
    }
    Ok(())
}
