//! Reports on each hook and each native call, for tools that show what containers do.

use std::fmt;
use std::time::Instant;
use tinycontainer::runtime::{
    Account, Budget, Errno, Hook, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Runtime, Syscall,
    Type,
};
use tinycontainer_wamr::Wamr;

/// A hook has ended.
#[derive(Debug, Clone, Copy)]
pub struct HookRun {
    /// The slot of its container.
    pub slot: usize,
    /// Which.
    pub hook: Hook,
    /// When it began, in microseconds of the host's time.
    pub from_us: u64,
    /// When it ended.
    pub to_us: u64,
    /// The instructions that it executed, and what its calls cost.
    pub instructions: u64,
    /// The periods that passed before it without a loop.
    pub missed: u32,
    /// The memory of the container in the runtime, after it.
    pub memory: MemoryUse,
}

/// A native call has ended.
#[derive(Debug, Clone, Copy)]
pub struct CallRun {
    /// The slot of its container.
    pub slot: usize,
    /// Which.
    pub call: Syscall,
    /// The endpoint, if the call is for one: that of the descriptor, if it is an open one.
    pub endpoint: Option<u32>,
    /// The descriptor that the guest passed, its own or not.
    pub descriptor: Option<i32>,
    /// When it began, in microseconds of the host's time.
    pub from_us: u64,
    /// When it ended.
    pub to_us: u64,
    /// The descriptor, or the number of bytes that were transferred or logged, or 0; or what the guest got instead.
    pub result: Result<u32, Errno>,
}

/// Receives each hook or call, on the container's thread, whose hooks wait for it. Must not call the host.
pub type Observer<T> = Box<dyn Fn(T) + Send + Sync>;

/// The interpreter, whose native calls are reported if that was asked for.
pub struct Traced {
    pub(crate) wamr: Wamr,
    pub(crate) on_call: Option<std::sync::Arc<dyn Fn(CallRun) + Send + Sync>>,
    pub(crate) start: Instant,
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traced({})", self.on_call.is_some())
    }
}

impl Runtime for Traced {
    type Instance = TracedInstance;

    fn accepts(&self, kind: Type) -> bool {
        self.wamr.accepts(kind)
    }

    fn instantiate(
        &self,
        account: Account,
        kind: Type,
        code: &[u8],
        limits: &Limits,
    ) -> Result<TracedInstance, ModuleError> {
        let inner = Runtime::instantiate(&self.wamr, account, kind, code, limits)?;
        let calls = self.on_call.clone().map(|observer| Calls {
            observer,
            start: self.start,
            slot: usize::from(account.0),
            open: Vec::new(),
        });
        Ok(TracedInstance { inner, calls })
    }

    fn memory(&self, account: Account) -> MemoryUse {
        self.wamr.memory(account)
    }
}

/// An instance whose native calls are reported.
pub struct TracedInstance {
    inner: <Wamr as Runtime>::Instance,
    calls: Option<Calls>,
}

impl fmt::Debug for TracedInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TracedInstance({})", self.calls.is_some())
    }
}

impl Instance for TracedInstance {
    fn call(&mut self, hook: Hook, budget: Budget, host: &mut dyn Host) -> Outcome {
        match &mut self.calls {
            Some(calls) => self.inner.call(hook, budget, &mut TracedHost { host, calls }),
            None => self.inner.call(hook, budget, host),
        }
    }
}

/// What is needed to report the calls of one instance.
struct Calls {
    observer: std::sync::Arc<dyn Fn(CallRun) + Send + Sync>,
    start: Instant,
    slot: usize,
    /// The open descriptors, each with its endpoint.
    open: Vec<(i32, u32)>,
}

impl Calls {
    fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn endpoint(&self, fd: i32) -> Option<u32> {
        self.open.iter().find(|(open, _)| *open == fd).map(|(_, endpoint)| *endpoint)
    }
}

struct TracedHost<'h> {
    host: &'h mut dyn Host,
    calls: &'h mut Calls,
}

impl TracedHost<'_> {
    /// Makes a call, and reports it.
    fn report<T: Copy>(
        &mut self,
        call: Syscall,
        endpoint: Option<u32>,
        descriptor: Option<i32>,
        make: impl FnOnce(&mut dyn Host) -> Result<T, Errno>,
        number: impl FnOnce(T) -> u32,
    ) -> Result<T, Errno> {
        let from_us = self.calls.now_us();
        let result = make(self.host);
        (self.calls.observer)(CallRun {
            slot: self.calls.slot,
            call,
            endpoint,
            descriptor,
            from_us,
            to_us: self.calls.now_us(),
            result: result.map(number),
        });
        result
    }
}

fn bytes(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Host for TracedHost<'_> {
    fn logger(&mut self, text: &[u8]) {
        let logged = |host: &mut dyn Host| {
            host.logger(text);
            Ok(text.len())
        };
        let _ = self.report(Syscall::Logger, None, None, logged, bytes);
    }

    fn heartbeat(&mut self) -> Result<(), Errno> {
        self.report(Syscall::Heartbeat, None, None, |host| host.heartbeat(), |()| 0)
    }

    fn open(&mut self, endpoint: u32) -> Result<i32, Errno> {
        let opened =
            self.report(Syscall::Open, Some(endpoint), None, |host| host.open(endpoint), i32::cast_unsigned);
        if let Ok(fd) = opened {
            self.calls.open.push((fd, endpoint));
        }
        opened
    }

    fn read(&mut self, fd: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        self.report(Syscall::Read, self.calls.endpoint(fd), Some(fd), |host| host.read(fd, buf), bytes)
    }

    fn write(&mut self, fd: i32, buf: &[u8]) -> Result<usize, Errno> {
        self.report(Syscall::Write, self.calls.endpoint(fd), Some(fd), |host| host.write(fd, buf), bytes)
    }

    fn close(&mut self, fd: i32) -> Result<(), Errno> {
        let closed =
            self.report(Syscall::Close, self.calls.endpoint(fd), Some(fd), |host| host.close(fd), |()| 0);
        if closed.is_ok() {
            self.calls.open.retain(|(open, _)| *open != fd);
        }
        closed
    }

    fn cost(&mut self) -> u32 {
        self.host.cost()
    }

    fn bad_pointer(&mut self, call: Syscall, address: u32, len: u32) -> Errno {
        let refused = |host: &mut dyn Host| Err::<(), _>(host.bad_pointer(call, address, len));
        self.report(call, None, None, refused, |()| 0).err().unwrap_or(Errno::Refused)
    }
}
