//! One WAMR, one pool, a host that records, and guests out of small pieces.

use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, OnceLock};

use tinycontainer_pool::{Account, Pool};
use tinycontainer_runtime::{
    Budget, Errno, Hook, Host, Instance as _, Limits, ModuleError, Outcome, Syscall,
};
use tinycontainer_wamr::{Instance, ThreadLocal, Wamr};

pub(crate) const OWN: Account = Account(0);
pub(crate) const LIMITS: Limits = Limits { linear_memory: 1 << 16, stack: 4096, heap: 1 << 16 };
pub(crate) const PLENTY: Budget = Budget(10_000_000);

pub(crate) static POOL: Pool = Pool::new();

/// One test at a time, for they look at the pool. Checks that each leaves it as it was.
pub(crate) struct World {
    pub(crate) wamr: Wamr,
    free: usize,
    _turn: MutexGuard<'static, ()>,
}

pub(crate) fn world() -> World {
    static TURN: Mutex<()> = Mutex::new(());
    static WAMR: OnceLock<Wamr> = OnceLock::new();
    let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let wamr = *WAMR.get_or_init(|| {
        let region = Box::leak(vec![MaybeUninit::uninit(); 4 << 20].into_boxed_slice());
        POOL.init(region, 32).unwrap();
        POOL.open(OWN, 65536);
        Wamr::init(&POOL, &ThreadLocal, OWN).unwrap()
    });
    World { wamr, free: POOL.free_bytes(), _turn: turn }
}

impl World {
    pub(crate) fn load_on(&self, account: u8, text: &str, limits: &Limits) -> Result<Instance, ModuleError> {
        self.wamr.instantiate(Account(account), &assemble(text), limits)
    }

    pub(crate) fn load(&self, text: &str) -> Result<Instance, ModuleError> {
        self.load_on(1, text, &LIMITS)
    }

    /// Runs `loop` of a guest with this body and these further fields.
    pub(crate) fn run(&self, fields: &str, body: &str, budget: Budget) -> (Outcome, Record) {
        let mut host = Record::default();
        let mut instance = self.load(&guest(fields, body)).unwrap();
        let outcome = instance.call(Hook::Loop, budget, &mut host);
        (outcome, host)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(POOL.free_bytes(), self.free, "the pool is not as it was");
            assert_eq!(POOL.usage(Account(1)).used, 0);
            assert_eq!(POOL.cap(Account(1)), 0);
        }
    }
}

pub(crate) fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A module whose `loop` has this body. `fields` come first, so they may be imports.
pub(crate) fn guest(fields: &str, body: &str) -> String {
    format!(
        r#"(module {fields}
             (func (export "start"))
             (func (export "loop") (result i32) (local $a i32) (local $b i32) {body})
             (func (export "stop")))"#
    )
}

/// What a host was asked. Answers with what it is told to answer.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) calls: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

impl Host for Record {
    fn logger(&mut self, text: &[u8]) {
        self.calls.push(format!("logger {}", String::from_utf8_lossy(text)));
    }
    fn heartbeat(&mut self) -> Result<(), Errno> {
        self.calls.push("heartbeat".into());
        Ok(())
    }
    fn open(&mut self, endpoint: u32) -> Result<i32, Errno> {
        self.calls.push(format!("open {endpoint}"));
        if endpoint == 99 { Err(Errno::Refused) } else { Ok(7) }
    }
    fn read(&mut self, fd: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        self.calls.push(format!("read {fd} {}", buf.len()));
        for (to, from) in buf.iter_mut().zip(&self.bytes) {
            *to = *from;
        }
        if fd == 13 { Ok(usize::MAX) } else { Ok(buf.len().min(self.bytes.len())) }
    }
    fn write(&mut self, fd: i32, buf: &[u8]) -> Result<usize, Errno> {
        self.calls.push(format!("write {fd} {}", buf.len()));
        self.bytes = buf.to_vec();
        if fd == 13 { Err(Errno::NoPeer) } else { Ok(buf.len()) }
    }
    fn close(&mut self, fd: i32) -> Result<(), Errno> {
        self.calls.push(format!("close {fd}"));
        Ok(())
    }
    fn bad_pointer(&mut self, call: Syscall, address: u32, len: u32) -> Errno {
        self.calls.push(format!("bad pointer {call:?} {address} {len}"));
        Errno::TooLong
    }
}
