//! The runtime abstraction: the traits between the engine and an interpreter.
//!
//! The engine sees [`Runtime`] and [`Instance`]; the guest's native calls come back through
//! [`Host`]. Everything is synchronous: [`Instance::call`] runs one hook of one container on the
//! calling thread, and returns within its budget of instructions, whatever the guest does.

#![no_std]
#![forbid(unsafe_code)]

mod either;
mod error;

pub use either::{Either, EitherInstance};
pub use error::{Export, ModuleError, Name, Share, Shortage, Trap};
pub use tinycontainer_abi::{Errno, Hook, Limits, Mask, Syscall, Type};
pub use tinycontainer_module::{Excess, Limit};

/// The account that a container's memory is booked on: the index of its slot in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account(pub u8);

/// How many instructions of its runtime a hook may execute: WebAssembly instructions, for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget(pub u32);

/// How many instructions a runtime executes in a millisecond on this device: measured at start-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Instructions in one millisecond, at least 1.
    pub instructions_per_ms: u32,
}

impl Rate {
    /// The budget for a hook that may take `ms` milliseconds. Never 0, for a hook must be able to return.
    pub const fn budget(&self, ms: u32) -> Budget {
        let wanted = self.instructions_per_ms as u64 * ms as u64;
        // Adaptors take the limit as a C int.
        if wanted > i32::MAX as u64 {
            Budget(i32::MAX as u32)
        } else if wanted == 0 {
            Budget(1)
        } else {
            Budget(wanted as u32)
        }
    }
}

/// How a hook ended, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What the hook returned (0 for one that returns nothing), or why it was cut short.
    pub result: Result<i32, Trap>,
    /// Instructions executed.
    pub instructions: u32,
}

/// Memory booked on an account, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUse {
    /// Now.
    pub used: u32,
    /// The most there ever was since the account was opened.
    pub peak: u32,
}

/// An interpreter, or several behind one: see [`Either`].
pub trait Runtime {
    /// A container that can run.
    type Instance: Instance;

    /// Whether it runs containers of that type. An image of a type that is not accepted is refused when its metadata
    /// has been verified.
    fn accepts(&self, kind: Type) -> bool;

    /// Makes `code`, of a type that is [accepted](Self::accepts), ready to run: copies it, validates it, checks imports and exports, and links it.
    ///
    /// Nothing of the guest runs. `code` is only read: the same bytes can be instantiated again.
    /// All memory is booked on `account`, which must hold nothing else of this runtime's; it is
    /// given back when the instance is dropped, or at once if this fails.
    fn instantiate(
        &self,
        account: Account,
        kind: Type,
        code: &[u8],
        limits: &Limits,
    ) -> Result<Self::Instance, ModuleError>;

    /// What is booked on `account`.
    fn memory(&self, account: Account) -> MemoryUse;
}

/// A container that can run. Dropping it gives back all that it holds.
pub trait Instance {
    /// Runs one hook to its end, to a trap, or to the end of its budget.
    ///
    /// After a trap the guest's memory is as the trap left it; call no other hook.
    fn call(&mut self, hook: Hook, budget: Budget, host: &mut dyn Host) -> Outcome;
}

/// What a running guest asks of its host. Pointers have been checked: these are the guest's bytes.
///
/// The implementor decides every call (default deny) and records what it refuses.
pub trait Host {
    /// `logger(text)`, without the NUL.
    fn logger(&mut self, text: &[u8]);
    /// `heartbeat()`.
    fn heartbeat(&mut self) -> Result<(), Errno>;
    /// `open(endpoint)`: a descriptor, 0 or more.
    fn open(&mut self, endpoint: u32) -> Result<i32, Errno>;
    /// `read(fd, buf, len)`: bytes put in `buf`.
    fn read(&mut self, fd: i32, buf: &mut [u8]) -> Result<usize, Errno>;
    /// `write(fd, buf, len)`: bytes taken from `buf`.
    fn write(&mut self, fd: i32, buf: &[u8]) -> Result<usize, Errno>;
    /// `close(fd)`.
    fn close(&mut self, fd: i32) -> Result<(), Errno>;
    /// What the call just served has cost beyond the instruction that made it, in instructions: taken
    /// off the hook's budget, so that a guest cannot stretch its time by calling instead of computing.
    /// Asked once after each call.
    fn cost(&mut self) -> u32 {
        0
    }
    /// The guest handed over a range that is not wholly its own; the call was not made.
    fn bad_pointer(&mut self, call: Syscall, address: u32, len: u32) -> Errno;
}
