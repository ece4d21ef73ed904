//! What a platform provides for the C API.

use crate::result::TinycontainerResult as Code;
use crate::session::LoadSession;
use tinycontainer::{Engine, Platform};

/// The priorities given to `tinycontainer_init`, in the operating system's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priorities {
    /// Of the thread that loads, starts and stops containers.
    pub controller: u8,
    /// Of a thread that serves the containers' calls.
    pub service: u8,
    /// Of the containers' threads.
    pub containers: u8,
}

/// A process or thread id of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pid(u16);

impl Pid {
    /// The id of that number; `None` unless it is 1 to 32767.
    pub const fn new(pid: u16) -> Option<Self> {
        if pid != 0 && pid <= i16::MAX as u16 { Some(Self(pid)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> i16 {
        // At most `i16::MAX`: checked in `new`.
        self.0 as i16
    }
}

/// The memory of all containers, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// All of it.
    pub total: usize,
    /// Free now.
    pub free: usize,
    /// The largest free block.
    pub largest: usize,
}

/// What a platform provides for the C API: its engine and its threads. `N` is the number of slots. Bound to the C
/// functions by [`set_port!`](crate::set_port).
///
/// Several threads call at a time. Before `init` has succeeded, only `init` and `uptime_ms` are called.
pub trait Port<const N: usize>: Sync {
    /// What the engine runs on.
    type Platform: Platform + 'static;

    /// Makes the engine, in a static. Called by one thread at a time, and never again once it has succeeded.
    ///
    /// # Errors
    /// Why the device does not start. It may be called again then.
    fn init(&self, priorities: Priorities) -> Result<Pid, Code>;

    /// The engine that `init` has made.
    fn engine(&self) -> Option<&'static Engine<Self::Platform, N>>;

    /// The storage of the loading session: `static SESSION: LoadSession<MyPlatform, N> = LoadSession::new();`. Return it
    /// here and use it nowhere else: then the linker drops it from a program that does not call
    /// `tinycontainer_load_begin`.
    fn session(&self) -> &'static LoadSession<Self::Platform, N>;

    /// Starts a thread for the slot's agent if it has none. The thread is kept for the slot's next container.
    ///
    /// # Errors
    /// [`Code::NoThread`], [`Code::OutOfMemory`].
    fn ensure_agent(&self, slot: usize) -> Result<(), Code>;

    /// The memory of all containers.
    fn memory(&self) -> Memory;

    /// Milliseconds since the device started. Never decreases.
    fn uptime_ms(&self) -> u64;

    /// Runs `f`, which verifies tokens and uses several kilobytes of stack, and returns its result. The default runs it
    /// on the caller's stack. A platform whose threads have small stacks runs it on a thread with a large one, and the
    /// caller waits: loading, starting and unloading then happen one after another.
    ///
    /// # Errors
    /// Those of `f`, and why `f` could not be run.
    fn on_deep_stack<R: Send, E: From<Code> + Send>(
        &self,
        f: impl FnOnce() -> Result<R, E> + Send,
    ) -> Result<R, E> {
        f()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_is_positive() {
        assert_eq!(Pid::new(0), None);
        assert_eq!(Pid::new(7).map(Pid::number), Some(7));
        assert_eq!(Pid::new(0x8000), None);
    }
}
