//! The runtime abstraction: the traits between the engine and an interpreter.
//!
//! The engine uses [`Runtime`] and [`Instance`]; the guest's native calls reach it through [`Host`]. Everything is
//! synchronous: [`Instance::call`] runs one hook of one container on the calling thread, and returns within its budget
//! of instructions, whatever the guest does.

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

/// The number of instructions of its runtime that a hook may execute, such as WebAssembly instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget(pub u32);

/// How many instructions a runtime executes in a millisecond on this device: measured at start-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Instructions in one millisecond, at least 1.
    pub instructions_per_ms: u32,
}

impl Rate {
    /// The budget for a hook that may take `ms` milliseconds. Never 0, since a hook must be able to return.
    pub const fn budget(&self, ms: u32) -> Budget {
        let wanted = self.instructions_per_ms as u64 * ms as u64;
        // Adaptors pass the limit as a C int.
        if wanted > i32::MAX as u64 {
            Budget(i32::MAX as u32)
        } else if wanted == 0 {
            Budget(1)
        } else {
            Budget(wanted as u32)
        }
    }
}

/// The result of a hook, and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What the hook returned (0 if it returns nothing), or why it was aborted.
    pub result: Result<i32, Trap>,
    /// Instructions executed.
    pub instructions: u32,
}

/// Memory booked on an account, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUse {
    /// In use now.
    pub used: u32,
    /// The maximum since the account was opened.
    pub peak: u32,
}

/// An interpreter, or several combined: see [`Either`].
pub trait Runtime {
    /// An instance of a container.
    type Instance: Instance;

    /// Whether it runs containers of that type. An image of another type is refused when its metadata has been
    /// verified.
    fn accepts(&self, kind: Type) -> bool;

    /// Instantiates `code`, whose type is [accepted](Self::accepts): copies it, validates it, checks imports and
    /// exports, and links it.
    ///
    /// No code of the guest runs. `code` is only read: the same bytes can be instantiated again. All memory is booked
    /// on `account`, on which nothing else of this runtime may be booked; it is freed when the instance is dropped, or
    /// at once if this fails.
    fn instantiate(
        &self,
        account: Account,
        kind: Type,
        code: &[u8],
        limits: &Limits,
    ) -> Result<Self::Instance, ModuleError>;

    /// The memory booked on `account`.
    fn memory(&self, account: Account) -> MemoryUse;
}

/// An instance of a container. Dropping it frees all its memory.
pub trait Instance {
    /// Runs one hook until it returns, traps, or has used up its budget.
    ///
    /// A trap leaves the guest's memory as it is; no other hook may be called after it.
    fn call(&mut self, hook: Hook, budget: Budget, host: &mut dyn Host) -> Outcome;
}

/// The calls of a running guest. Pointers have been checked: the slices are the guest's memory.
///
/// The implementor authorizes every call (default deny) and records refusals.
pub trait Host {
    /// `logger(text)`, without the NUL.
    fn logger(&mut self, text: &[u8]);
    /// `heartbeat()`.
    fn heartbeat(&mut self) -> Result<(), Errno>;
    /// `open(endpoint)`: a descriptor, 0 or more.
    fn open(&mut self, endpoint: u32) -> Result<i32, Errno>;
    /// `read(fd, buf, len)`: the number of bytes read into `buf`.
    fn read(&mut self, fd: i32, buf: &mut [u8]) -> Result<usize, Errno>;
    /// `write(fd, buf, len)`: the number of bytes taken from `buf`.
    fn write(&mut self, fd: i32, buf: &[u8]) -> Result<usize, Errno>;
    /// `close(fd)`.
    fn close(&mut self, fd: i32) -> Result<(), Errno>;
    /// The cost of the last call in addition to the instruction that made it, in instructions. It is subtracted from
    /// the hook's budget, so that a guest cannot extend its time by calls. Called once after each call.
    fn cost(&mut self) -> u32 {
        0
    }
    /// The guest passed a range that is not entirely in its memory; the call was not made.
    fn bad_pointer(&mut self, call: Syscall, address: u32, len: u32) -> Errno;
}
