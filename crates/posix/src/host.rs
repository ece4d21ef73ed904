//! The host: starts the engine, loads images and runs one thread for each container.

use crate::config::{Config, Event, MAX_CONTAINERS};
use crate::platform::{Posix, WakeFlag};
use crate::trace::{HookRun, Traced};
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tinycontainer::metadata::transport::Parts;
use tinycontainer::policy::Trust;
use tinycontainer::runtime::{Hook, ModuleError, Rate};
use tinycontainer::{Agent, Engine, ImageError, Next, Platform, Sizes, State, Status};
use tinycontainer_pool::{Accounts, Pool};
use tinycontainer_wamr::{ThreadLocal, Wamr};

type HostAccounts = Accounts<MAX_CONTAINERS>;

/// How a thread's stack is sized: the interpreter, a native call, a driver and the observer.
const STACK_BYTES: usize = 256 * 1024;

static POOL: Pool = Pool::new();
static THREADS: ThreadLocal = ThreadLocal;

/// Why a host cannot be started.
#[derive(Debug)]
pub enum HostError {
    /// A process can start one host, once.
    AlreadyStarted,
    /// The trust store cannot be decoded.
    Trust(tinycontainer::metadata::Error),
    /// The memory for containers is too small.
    Memory,
    /// The speed of the runtime cannot be measured.
    Calibration(ModuleError),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted => f.write_str("there is one host in a process, and it has been made"),
            Self::Trust(error) => write!(f, "the trust store is not valid: {error}"),
            Self::Memory => f.write_str("the memory for containers is too small"),
            Self::Calibration(error) => write!(f, "the runtime cannot be calibrated: {error}"),
        }
    }
}

impl std::error::Error for HostError {}

type HostEngine = Engine<Posix, MAX_CONTAINERS>;

/// A host with its containers and their threads. Dropping it stops them all.
pub struct Host {
    engine: Arc<HostEngine>,
    ends: Arc<AtomicBool>,
    threads: Mutex<Vec<Option<JoinHandle<()>>>>,
}

impl Host {
    /// Starts a host: takes the memory, starts the runtime, measures its speed.
    ///
    /// # Errors
    /// If a host was started before, the trust store is not valid, the memory is too small, or the runtime cannot be
    /// calibrated.
    pub fn new(mut config: Config) -> Result<Self, HostError> {
        // There is one host in a process: what the engine borrows is leaked.
        let trust = Trust::decode(Vec::leak(config.trust.clone())).map_err(HostError::Trust)?;
        let region = Box::leak(vec![MaybeUninit::uninit(); config.pool_bytes].into_boxed_slice());
        HostAccounts::init(&POOL, region).map_err(|error| match error {
            tinycontainer_pool::InitError::AlreadyGiven => HostError::AlreadyStarted,
            _ => HostError::Memory,
        })?;
        let runtime = Wamr::init(&POOL, &THREADS, HostAccounts::RUNTIME).map_err(|error| match error {
            tinycontainer_wamr::InitError::AlreadyStarted => HostError::AlreadyStarted,
            tinycontainer_wamr::InitError::OutOfMemory => HostError::Memory,
        })?;
        let start = config.buses.start();
        let micros = || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let rate = match config.instructions_per_ms {
            Some(rate) => Rate { instructions_per_ms: rate.get() },
            None => runtime.calibrate(&micros, 1).map_err(HostError::Calibration)?,
        };
        let runtime = Traced { wamr: runtime, on_call: config.on_call.take().map(Arc::from), start };
        let audiences = [&config.name, &config.class]
            .into_iter()
            .filter(|name| !name.is_empty())
            .map(|name| &*String::leak(name.clone()))
            .collect();
        let observer: Arc<dyn Fn(Event) + Send + Sync> = config.observer.into();
        config.buses.on_record_limit({
            let observer = observer.clone();
            move |path, limit| observer(Event::RecordingEnded { path: path.into(), limit })
        });
        config.observer = Box::new(move |event| observer(event));
        let wake_flags = (0..MAX_CONTAINERS).map(|_| WakeFlag::default()).collect();
        let posix = Posix { config, trust, audiences, pool: &POOL, runtime, rate, wake_flags };
        let engine = Arc::new(Engine::new(posix));
        let weak = Arc::downgrade(&engine);
        engine.platform().config.buses.on_readable(move |waker| {
            if let Some(engine) = weak.upgrade() {
                engine.readable(waker);
            }
        });
        Ok(Self {
            engine,
            ends: Arc::new(AtomicBool::new(false)),
            threads: Mutex::new((0..MAX_CONTAINERS).map(|_| None).collect()),
        })
    }

    /// The engine: to start, stop, unload and show containers.
    pub fn engine(&self) -> &HostEngine {
        &self.engine
    }

    /// The memory of all containers.
    pub fn pool(&self) -> &'static Pool {
        &POOL
    }

    /// Loads a whole image; returns the container's uid.
    ///
    /// # Errors
    /// If the image is rejected. Nothing has changed then.
    pub fn load(&self, parts: &Parts<'_>) -> Result<String, ImageError> {
        let Parts { metadata, data, code } = *parts;
        let sizes = Sizes { metadata: metadata.len(), data: data.len(), code: code.len() };
        let mut loading = self.engine.begin(sizes)?;
        let slot = loading.slot();
        for part in [metadata, data, code] {
            loading.write(part)?;
        }
        loading.finish()?;
        self.ensure_thread(slot);
        Ok(self.engine.status_of(slot).map(|status| status.uid.as_str().to_owned()).unwrap_or_default())
    }

    /// Milliseconds since the host's time began.
    pub fn uptime_ms(&self) -> u64 {
        uptime_ms(self.engine.platform().config.buses.start())
    }

    /// Starts a thread for the slot's agent if it has none; returns whether it has one now. The thread is kept for the
    /// next container of the slot.
    pub fn ensure_thread(&self, slot: usize) -> bool {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(thread) = threads.get_mut(slot) else { return false };
        if thread.is_some() {
            return true;
        }
        let (engine, ends) = (self.engine.clone(), self.ends.clone());
        *thread = std::thread::Builder::new()
            .name(format!("container-{slot}"))
            .stack_size(STACK_BYTES)
            .spawn(move || drive(&engine, slot, &ends))
            .ok();
        thread.is_some()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        (0..MAX_CONTAINERS).for_each(|slot| self.engine.platform().wake(slot));
        let threads = self.threads.get_mut().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.iter_mut().filter_map(Option::take) {
            // A panic in the thread has been printed already.
            let _ = thread.join();
        }
    }
}

fn uptime_ms(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Steps one agent for as long as the host lives.
fn drive(engine: &HostEngine, slot: usize, ends: &AtomicBool) {
    let Some(mut agent) = engine.agent(slot) else { return };
    let Some(flag) = engine.platform().wake_flags.get(slot) else { return };
    let start = engine.platform().config.buses.start();
    while !ends.load(Ordering::Acquire) {
        let wait = match step(engine, &mut agent, start) {
            Next::Now => continue,
            Next::At(time) => {
                let at = start + Duration::from_millis(time);
                Some(at.saturating_duration_since(Instant::now()))
            }
            Next::Idle => None,
        };
        let mut raised = flag.raised.lock().unwrap_or_else(PoisonError::into_inner);
        if !*raised && !ends.load(Ordering::Acquire) {
            raised = match wait {
                Some(wait) => {
                    flag.changed.wait_timeout(raised, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => flag.changed.wait(raised).unwrap_or_else(PoisonError::into_inner),
            };
        }
        *raised = false;
    }
}

/// Steps an agent. If the host's speed is set, a hook takes as long as it would at that speed; if hooks are observed, it
/// is reported.
fn step(engine: &HostEngine, agent: &mut Agent<'_, Posix, MAX_CONTAINERS>, start: Instant) -> Next {
    let config = &engine.platform().config;
    if config.on_hook.is_none() && config.instructions_per_ms.is_none() {
        return agent.step(uptime_ms(start));
    }
    let slot = agent.slot();
    let before = engine.status_of(slot);
    let from = start.elapsed();
    let next = agent.step(uptime_ms(start));
    let (Some(before), Some(after)) = (before, engine.status_of(slot)) else { return next };
    let Some(hook) = hook_of(&before) else { return next };
    let instructions = after.counters.instructions.saturating_sub(before.counters.instructions);
    if let Some(rate) = config.instructions_per_ms {
        let takes = Duration::from_micros(instructions.saturating_mul(1000) / u64::from(rate.get()));
        std::thread::sleep(takes.saturating_sub(start.elapsed().saturating_sub(from)));
    }
    if let Some(observer) = &config.on_hook {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        observer(HookRun {
            slot,
            hook,
            from_us: micros(from),
            to_us: micros(start.elapsed()),
            instructions,
            missed: after.counters.missed.saturating_sub(before.counters.missed),
            memory: after.memory,
        });
    }
    next
}

/// The hook that the next step calls.
fn hook_of(status: &Status) -> Option<Hook> {
    match status.state {
        State::OnStart => Some(Hook::Start),
        State::OnLoop => Some(Hook::Loop),
        State::OnStop => Some(Hook::Stop),
        _ => None,
    }
}
