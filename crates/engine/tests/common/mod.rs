//! A platform whose time a test sets, over the real interpreter.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tinycontainer::metadata::{Access, Peer};
use tinycontainer::policy::{Device, Trust};
use tinycontainer::runtime::{Account, Limits, MemoryUse, ModuleError, Rate, Runtime, Type};
use tinycontainer::{
    Agent, DEFAULT_MAX_TRANSFER, Drivers, Engine, IoError, Lock, Next, Notice, Platform, Sizes, State,
    VersionRecord, Waker,
};
use tinycontainer_pool::Pool;
use tinycontainer_testkit as kit;
use tinycontainer_wamr::{Instance, ThreadLocal, Wamr};

/// Slots in a test's engine.
pub const N: usize = 4;
/// Instructions in a millisecond, here.
pub const RATE: u32 = 10_000;

static POOL: Pool = Pool::new();
static THREADS: ThreadLocal = ThreadLocal;

#[derive(Clone, Copy)]
/// There is one WAMR in a process, and many engines in its tests: each has its own accounts.
pub struct SharedWamr {
    wamr: Wamr,
    first: u8,
}

impl SharedWamr {
    fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let first = NEXT.fetch_add(N as u8, Ordering::Relaxed);
        assert!(first < 250, "more engines than there are accounts");
        Self { first, ..Self::new_unnumbered() }
    }

    fn new_unnumbered() -> Self {
        static WAMR: OnceLock<Wamr> = OnceLock::new();
        let wamr = *WAMR.get_or_init(|| {
            let region = Box::leak(vec![MaybeUninit::uninit(); 15 << 20].into_boxed_slice());
            POOL.init(region, 256).unwrap();
            POOL.open(Account(0), 1 << 20);
            Wamr::init(&POOL, &THREADS, Account(0)).unwrap()
        });
        Self { wamr, first: 0 }
    }
}

impl Runtime for SharedWamr {
    type Instance = Instance;

    fn accepts(&self, kind: Type) -> bool {
        self.wamr.accepts(kind)
    }

    fn instantiate(
        &self,
        account: Account,
        _: Type,
        code: &[u8],
        limits: &Limits,
    ) -> Result<Instance, ModuleError> {
        self.wamr.instantiate(Account(self.first + account.0), code, limits)
    }

    fn memory(&self, account: Account) -> MemoryUse {
        self.wamr.memory(Account(self.first + account.0))
    }
}

pub struct StdLock<T>(Mutex<T>);

impl<T> Lock<T> for StdLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        LOCKED.set(LOCKED.get() + 1);
        f(&mut self.0.lock().unwrap())
    }
}

thread_local! {
    /// How often this thread has taken a lock of an engine.
    pub static LOCKED: Cell<usize> = const { Cell::new(0) };
}

/// A buffer that is counted while it exists.
pub struct Counted(Box<[u8]>, &'static Mutex<usize>);

impl std::ops::Deref for Counted {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl std::ops::DerefMut for Counted {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *self.1.lock().unwrap() -= self.0.len();
    }
}

/// The recorded driver calls, and the scripted results.
#[derive(Default)]
pub struct Script {
    pub asked: Vec<String>,
    pub answers: VecDeque<Result<Vec<u8>, IoError>>,
    pub open_handles: i32,
    /// The wakers of the watched handles.
    pub wakers: Vec<Waker>,
    /// The time of each call, by the platform's clock.
    pub takes_us: u64,
    /// The results of `max_transfer` and `fixed_ns`, if not the default.
    pub max_transfer: Option<usize>,
    pub fixed_ns: Option<u32>,
}

#[derive(Default)]
pub struct TestDrivers {
    pub script: Mutex<Script>,
    /// The platform's clock.
    pub clock_us: Arc<AtomicU64>,
}

impl TestDrivers {
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`script`](Self::script), after the time of a call has passed.
    fn called(&self) -> MutexGuard<'_, Script> {
        let script = self.script();
        self.clock_us.fetch_add(script.takes_us, Ordering::Relaxed);
        script
    }
}

impl Drivers for TestDrivers {
    type Handle = String;

    fn open(&self, uid: &str, access: &Access<'_>) -> Result<String, IoError> {
        let Peer::Local { .. } = access.peer else { return Err(IoError::NoPeer) };
        let mut script = self.called();
        script.asked.push(format!("{uid} opens {access}"));
        script.open_handles += 1;
        Ok(access.peer.to_string())
    }

    fn watch(&self, _: &mut String, waker: Waker) {
        self.script().wakers.push(waker);
    }

    fn max_transfer(&self, _: &String) -> usize {
        self.script().max_transfer.unwrap_or(DEFAULT_MAX_TRANSFER)
    }

    fn fixed_ns(&self, _: &String) -> Option<u32> {
        self.script().fixed_ns
    }

    fn read(&self, handle: &mut String, buf: &mut [u8]) -> Result<usize, IoError> {
        let mut script = self.called();
        script.asked.push(format!("read {} from {handle}", buf.len()));
        let answer = script.answers.pop_front().unwrap_or(Err(IoError::WouldBlock))?;
        buf.iter_mut().zip(&answer).for_each(|(to, from)| *to = *from);
        // As long as the scripted result, which a test may make wrong.
        Ok(answer.len())
    }

    fn write(&self, handle: &mut String, buf: &[u8]) -> Result<usize, IoError> {
        self.called().asked.push(format!("write {buf:?} to {handle}"));
        Ok(buf.len())
    }

    fn close(&self, handle: String) {
        let mut script = self.called();
        script.asked.push(format!("close {handle}"));
        script.open_handles -= 1;
    }
}

pub struct TestPlatform {
    pub runtime: SharedWamr,
    pub drivers: TestDrivers,
    /// The trust store: a test replaces it.
    pub trust: Mutex<Trust<'static>>,
    pub accept_2024: bool,
    /// Bytes of images and queues that are allocated, and the most that may be.
    pub held: &'static Mutex<usize>,
    pub capacity: usize,
    /// The time in seconds since 1970; 0: the device does not know it.
    pub now: AtomicU64,
    /// The time of the clock: a test advances it, or `Script::takes_us` does.
    pub clock_us: Arc<AtomicU64>,
    /// The time that a line of log or a notice takes, by that clock.
    pub output_takes_us: AtomicU64,
    pub log: Mutex<Vec<String>>,
    pub notices: Mutex<Vec<(String, Notice)>>,
    /// The slots whose agents were woken.
    pub woken: Mutex<Vec<usize>>,
    /// What persistent storage would hold.
    pub versions: Mutex<Vec<VersionRecord>>,
}

impl TestPlatform {
    pub fn new() -> Self {
        Self::over(SharedWamr::new())
    }

    /// For engines that run nothing: all use the same accounts.
    pub fn new_sharing() -> Self {
        static FIRST: OnceLock<u8> = OnceLock::new();
        let first = *FIRST.get_or_init(|| SharedWamr::new().first);
        Self::over(SharedWamr { first, ..SharedWamr::new_unnumbered() })
    }

    fn over(runtime: SharedWamr) -> Self {
        let clock_us = Arc::new(AtomicU64::new(0));
        Self {
            runtime,
            drivers: TestDrivers { clock_us: clock_us.clone(), ..TestDrivers::default() },
            trust: Mutex::new(Trust::decode(Vec::leak(kit::trust_store())).unwrap()),
            accept_2024: false,
            held: Box::leak(Box::new(Mutex::new(0))),
            capacity: 1 << 20,
            now: AtomicU64::new(kit::NOW),
            clock_us,
            output_takes_us: AtomicU64::new(0),
            log: Mutex::default(),
            notices: Mutex::default(),
            woken: Mutex::default(),
            versions: Mutex::default(),
        }
    }
}

impl Platform for TestPlatform {
    type Lock<T> = StdLock<T>;
    type Buf = Counted;
    type Runtime = SharedWamr;
    type Drivers = TestDrivers;
    const QUEUE_BYTES: usize = 64;

    fn runtime(&self) -> &SharedWamr {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        Rate { instructions_per_ms: RATE }
    }

    fn now_us(&self) -> u64 {
        self.clock_us.load(Ordering::Relaxed)
    }

    fn drivers(&self) -> &TestDrivers {
        &self.drivers
    }

    fn allocate(&self, _slot: usize, len: usize) -> Option<Counted> {
        let mut held = self.held.lock().unwrap();
        if *held + len > self.capacity {
            return None;
        }
        *held += len;
        Some(Counted(vec![0; len].into(), self.held))
    }

    fn device(&self) -> Device<'_> {
        Device {
            now: Some(self.now.load(Ordering::Relaxed)).filter(|now| *now != 0),
            ..kit::device_with(*self.trust.lock().unwrap())
        }
    }

    fn wake(&self, slot: usize) {
        self.woken.lock().unwrap().push(slot);
    }

    fn log(&self, uid: &str, line: &[u8]) {
        self.clock_us.fetch_add(self.output_takes_us.load(Ordering::Relaxed), Ordering::Relaxed);
        self.log.lock().unwrap().push(format!("{uid}: {}", String::from_utf8_lossy(line)));
    }

    fn version_seen(&self, record: &VersionRecord) {
        self.versions.lock().unwrap().push(*record);
    }

    fn notice(&self, uid: &str, notice: Notice) {
        self.clock_us.fetch_add(self.output_takes_us.load(Ordering::Relaxed), Ordering::Relaxed);
        self.notices.lock().unwrap().push((uid.into(), notice));
    }
}

pub type TestEngine = Engine<TestPlatform, N>;

pub fn engine() -> TestEngine {
    Engine::new(TestPlatform::new())
}

/// Loads a whole image.
pub fn load(engine: &TestEngine, image: &kit::Image) -> Result<(), tinycontainer::ImageError> {
    let mut loading = engine.begin(sizes(image))?;
    for part in [&image.metadata, &image.data, &image.code] {
        loading.write(part)?;
    }
    loading.finish().map(drop)
}

pub fn sizes(image: &kit::Image) -> Sizes {
    Sizes { metadata: image.metadata.len(), data: image.data.len(), code: image.code.len() }
}

/// Loads and starts it; the image must be valid.
pub fn load_and_start(engine: &TestEngine, spec: &kit::Spec, signer: kit::Signer) {
    load(engine, &spec.sign(signer)).unwrap();
    engine.start(&spec.uid).unwrap();
}

/// Steps an agent until it waits, and returns for what.
pub fn settle(agent: &mut Agent<'_, TestPlatform, N>, now: u64) -> Next {
    for _ in 0..1000 {
        match agent.step(now) {
            Next::Now => (),
            next => return next,
        }
    }
    panic!("the agent never waits");
}

pub fn state(engine: &TestEngine, uid: &str) -> State {
    engine.status(uid).unwrap().state
}

/// Nothing is allocated: no image, no queue, no instance, no driver.
pub fn assert_nothing_held(engine: &TestEngine) {
    assert_eq!(*engine.platform().held.lock().unwrap(), 0, "images and queues");
    for slot in 0..N {
        assert_eq!(engine.platform().runtime().memory(Account(slot as u8)).used, 0, "instance {slot}");
    }
    assert_eq!(engine.platform().drivers.script().open_handles, 0, "drivers");
}
