//! A platform for one thread, whose containers run calls that the target chooses.

use crate::token::{SECRET, by_secret};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::OnceLock;
use tinycontainer::metadata::{Metadata, Proofs, Type};
use tinycontainer::policy::{AnchorSpec, Device, Pattern, Reach, Roles, Target, trust};
use tinycontainer::runtime::{
    Account, Budget, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Rate, Runtime,
};
use tinycontainer::{Direction, Engine, Errno, Hook, ImageError, Mask, NoDrivers, Platform, Sizes};
use tinycontainer_testkit::{Image, OWNER, Spec, claims, device, sha256};
use tinycontainer_token::{Claims, Key, Use};

/// The containers of an engine.
pub(crate) const SLOTS: usize = 4;
/// The memory of a queue.
pub(crate) const QUEUE_BYTES: usize = 64;

/// A native call that a container is to make in its next `loop()`.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Open(u32),
    Close(i32),
    Read(i32, usize),
    Write(i32, Vec<u8>),
}

/// The calls that a container is to make, and the results of those that it has made.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) calls: VecDeque<Call>,
    pub(crate) results: Vec<Result<i64, Errno>>,
    /// What was read last.
    pub(crate) read: Vec<u8>,
    /// The code that it was instantiated from.
    pub(crate) code: Vec<u8>,
}

type Scripts = Rc<RefCell<[Script; SLOTS]>>;

/// Runs nothing: makes the calls of the script of its slot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripted(pub(crate) Scripts);

#[derive(Debug)]
pub(crate) struct Running {
    scripts: Scripts,
    slot: usize,
}

impl Runtime for Scripted {
    type Instance = Running;

    fn accepts(&self, kind: Type) -> bool {
        kind == Type::Wasm
    }

    fn instantiate(
        &self,
        account: Account,
        _: Type,
        code: &[u8],
        _: &Limits,
    ) -> Result<Running, ModuleError> {
        let slot = usize::from(account.0);
        self.0.borrow_mut()[slot].code = code.to_vec();
        Ok(Running { scripts: self.0.clone(), slot })
    }

    fn memory(&self, _: Account) -> MemoryUse {
        MemoryUse::default()
    }
}

impl Instance for Running {
    fn call(&mut self, hook: Hook, _: Budget, host: &mut dyn Host) -> Outcome {
        if hook != Hook::Loop {
            return Outcome { result: Ok(0), instructions: 1 };
        }
        loop {
            let Some(call) = self.scripts.borrow_mut()[self.slot].calls.pop_front() else { break };
            let mut read = Vec::new();
            let result = match call {
                Call::Open(endpoint) => host.open(endpoint).map(i64::from),
                Call::Close(fd) => host.close(fd).map(|()| 0),
                Call::Read(fd, len) => {
                    read = vec![0xaa; len];
                    let result = host.read(fd, &mut read);
                    let len = *result.as_ref().unwrap_or(&0);
                    assert!(read[len..].iter().all(|byte| *byte == 0xaa), "written beyond what was read");
                    read.truncate(len);
                    result.map(|len| len as i64)
                }
                Call::Write(fd, bytes) => host.write(fd, &bytes).map(|len| len as i64),
            };
            let script = &mut self.scripts.borrow_mut()[self.slot];
            script.results.push(result);
            script.read = read;
        }
        Outcome { result: Ok(0), instructions: 1 }
    }
}

/// A lock for one thread.
#[derive(Debug)]
pub(crate) struct Lock<T>(RefCell<T>);

impl<T> tinycontainer::Lock<T> for Lock<T> {
    fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.borrow_mut())
    }
}

/// Memory that is counted while it is allocated.
#[derive(Debug)]
pub(crate) struct Counted(Box<[u8]>, Rc<Cell<usize>>);

impl Deref for Counted {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Counted {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.set(self.1.get() - self.0.len());
    }
}

/// The platform.
#[derive(Debug, Default)]
pub(crate) struct Fuzzed {
    pub(crate) runtime: Scripted,
    /// The bytes that are allocated.
    pub(crate) held: Rc<Cell<usize>>,
    pub(crate) now_ms: Cell<u64>,
}

impl Platform for Fuzzed {
    type Lock<T> = Lock<T>;
    type Buf = Counted;
    type Runtime = Scripted;
    type Drivers = NoDrivers;
    const QUEUE_BYTES: usize = QUEUE_BYTES;

    fn runtime(&self) -> &Scripted {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        Rate { instructions_per_ms: 1000 }
    }

    fn now_us(&self) -> u64 {
        self.now_ms.get() * 1000
    }

    fn drivers(&self) -> &NoDrivers {
        &NoDrivers
    }

    fn allocate(&self, _: usize, len: usize) -> Option<Counted> {
        self.held.set(self.held.get() + len);
        // As a pool's memory: not zeroed.
        Some(Counted(vec![0x5a; len].into(), self.held.clone()))
    }

    fn device(&self) -> Device<'_> {
        device(store())
    }

    fn wake(&self, _: usize) {}

    fn log(&self, _: &str, _: &[u8]) {}
}

/// An engine of that platform.
pub(crate) type FuzzedEngine = Engine<Fuzzed, SLOTS>;

/// A trust store with one anchor that may do everything. Its key is a shared secret, since verifying those is fast.
pub(crate) fn store() -> &'static [u8] {
    static STORE: OnceLock<Vec<u8>> = OnceLock::new();
    STORE.get_or_init(|| {
        let anchor = AnchorSpec {
            name: "shared",
            key: Key::Hmac256(SECRET),
            roles: Roles::ALL,
            containers: &[Pattern("*")],
            syscalls: Mask::ALL,
            reaches: &[Reach { target: Target::Any, direction: Direction::Both }],
            priority: tinycontainer::metadata::Priority::High,
            hook_ms: 10_000,
        };
        let mut store = Vec::new();
        trust::encode(&mut [anchor], &mut store).unwrap();
        store
    })
}

/// The image, signed by that anchor.
pub(crate) fn sign(spec: &Spec) -> Image {
    let image = spec.sign(OWNER);
    let metadata = Metadata::decode(&image.metadata).unwrap();
    let Proofs::Profile1(proofs) = metadata.proofs else { unreachable!("the testkit makes profile 1") };
    let digest = sha256(proofs.signed);
    let claims = Claims { iss: None, digest: Some(&digest), ..claims(OWNER, &spec.uid, Use::Metadata) };
    let mut bytes = proofs.signed.to_vec();
    minicbor::Encoder::new(&mut bytes).u8(4).and_then(|to| to.bytes(&by_secret(&claims))).unwrap();
    Image { metadata: bytes, ..image }
}

/// The sizes of an image.
pub(crate) fn sizes(image: &Image) -> Sizes {
    Sizes { metadata: image.metadata.len(), data: image.data.len(), code: image.code.len() }
}

/// Loads an image.
pub(crate) fn load(engine: &FuzzedEngine, image: &Image) -> Result<(), ImageError> {
    let mut loading = engine.begin(sizes(image))?;
    for part in [&image.metadata, &image.data, &image.code] {
        loading.write(part)?;
    }
    loading.finish().map(drop)
}
