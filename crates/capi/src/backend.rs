//! What the C functions need of a platform.

use crate::result::{LoadFailure, TinycontainerResult as Code};
pub use tinycontainer::Sizes;
use tinycontainer::Status;
use tinycontainer::Uid;
use tinycontainer::firewall::AuditRecord;

/// What `tinycontainer_init` was given, in the operating system's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priorities {
    /// Of whoever loads, starts and stops.
    pub controller: u8,
    /// Of whoever serves the containers' calls.
    pub service: u8,
    /// Of the containers.
    pub containers: u8,
}

/// A process or thread id, as the operating system counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pid(u16);

impl Pid {
    /// The id of that number, 1 to 32767.
    pub const fn new(pid: u16) -> Option<Self> {
        if pid != 0 && pid <= i16::MAX as u16 { Some(Self(pid)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> i16 {
        // At most `i16::MAX`: `new` has seen to it.
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
    /// The largest free piece.
    pub largest: usize,
}

/// A refusal and the name of whoever was refused, if it is still loaded.
pub type AuditEntry = (AuditRecord, Option<Uid>);

/// What the C functions need of a platform. Several threads may call at a time; nothing is called
/// before [`Backend::init`] has succeeded, but for `init` itself.
///
/// Whatever fails has changed nothing.
pub trait Backend: Sync {
    /// Makes engine, runtime and memory. One thread calls it, and never again once it has succeeded.
    ///
    /// # Errors
    /// Why the device does not start. Then it may be called again.
    fn init(&self, priorities: Priorities) -> Result<Pid, Code>;

    /// Opens the one loading session; gives the number that it has from now on, never 0.
    ///
    /// # Errors
    /// Why not: [`Code::Busy`] if there is one that has not timed out.
    fn begin(&self, sizes: Sizes) -> Result<u32, LoadFailure>;

    /// Takes the next bytes of metadata, data and code.
    ///
    /// # Errors
    /// Why not; unless it is [`Code::NoSession`] or [`Code::Busy`], the session is over.
    fn write(&self, session: u32, bytes: &[u8]) -> Result<(), LoadFailure>;

    /// Ends the session: the container exists.
    ///
    /// # Errors
    /// Why not; unless it is [`Code::NoSession`] or [`Code::Busy`], the session is over.
    fn finish(&self, session: u32) -> Result<(), LoadFailure>;

    /// Ends the session without a trace.
    ///
    /// # Errors
    /// [`Code::NoSession`] or [`Code::Busy`].
    fn abort(&self, session: u32) -> Result<(), Code>;

    /// Takes an image in whole, beside any session.
    ///
    /// # Errors
    /// Why not.
    fn load(&self, metadata: &[u8], data: &[u8], code: &[u8]) -> Result<(), LoadFailure>;

    /// Starts a loaded container.
    ///
    /// # Errors
    /// Why not.
    fn start(&self, uid: &str) -> Result<(), Code>;

    /// Asks a container to stop.
    ///
    /// # Errors
    /// Why not.
    fn stop(&self, uid: &str) -> Result<(), Code>;

    /// Removes a container that does not run.
    ///
    /// # Errors
    /// Why not.
    fn unload(&self, uid: &str) -> Result<(), Code>;

    /// Whether a container runs.
    fn is_running(&self, uid: &str) -> bool;

    /// A container as it is now.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    fn status(&self, uid: &str) -> Result<Status, Code>;

    /// The container in a slot as it is now.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the slot is empty, [`Code::End`] if there is no such slot.
    fn status_at(&self, slot: usize) -> Result<Status, Code>;

    /// The refusal with the lowest number above `after`.
    fn refusal_after(&self, after: u64) -> Option<AuditEntry>;

    /// The memory of all containers.
    fn memory(&self) -> Memory;

    /// Milliseconds since the device started; never goes back.
    fn uptime_ms(&self) -> u64;
}

/// Puts a [`Backend`] under the C functions: `set_backend!(Type = expression)`, the expression a
/// constant one. Exactly once in a program; without it, linking fails.
#[macro_export]
macro_rules! set_backend {
    ($type:ty = $value:expr) => {
        $crate::__methods! { [$crate::__define] $type = $value; }
    };
}

/// The methods and their symbols: one list for whoever defines and whoever calls, so that they cannot
/// differ.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods {
    ([$($with:tt)+] $($head:tt)*) => {
        $($with)+! { $($head)*
            _tinycontainer_backend_init => init(priorities: $crate::Priorities)
                -> ::core::result::Result<$crate::Pid, $crate::Code>;
            _tinycontainer_backend_begin => begin(sizes: $crate::Sizes)
                -> ::core::result::Result<u32, $crate::LoadFailure>;
            _tinycontainer_backend_write => write(session: u32, bytes: &[u8])
                -> ::core::result::Result<(), $crate::LoadFailure>;
            _tinycontainer_backend_finish => finish(session: u32)
                -> ::core::result::Result<(), $crate::LoadFailure>;
            _tinycontainer_backend_abort => abort(session: u32)
                -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_backend_load => load(metadata: &[u8], data: &[u8], code: &[u8])
                -> ::core::result::Result<(), $crate::LoadFailure>;
            _tinycontainer_backend_start => start(uid: &str) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_backend_stop => stop(uid: &str) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_backend_unload => unload(uid: &str) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_backend_is_running => is_running(uid: &str) -> bool;
            _tinycontainer_backend_status => status(uid: &str)
                -> ::core::result::Result<$crate::tinycontainer::Status, $crate::Code>;
            _tinycontainer_backend_status_at => status_at(slot: usize)
                -> ::core::result::Result<$crate::tinycontainer::Status, $crate::Code>;
            _tinycontainer_backend_refusal_after => refusal_after(after: u64)
                -> ::core::option::Option<$crate::AuditEntry>;
            _tinycontainer_backend_memory => memory() -> $crate::Memory;
            _tinycontainer_backend_uptime_ms => uptime_ms() -> u64;
        }
    };
}

/// For [`set_backend!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __define {
    ($type:ty = $value:expr; $($symbol:ident => $method:ident($($name:ident: $arg:ty),*) -> $out:ty;)+) => {
        #[allow(unsafe_code)]
        const _: () = {
            static BACKEND: $type = $value;
            $(
                // SAFETY: nobody but the C API has symbols of that beginning, and declares them from this list.
                #[unsafe(no_mangle)]
                fn $symbol($($name: $arg),*) -> $out {
                    <$type as $crate::Backend>::$method(&BACKEND, $($name),*)
                }
            )+
        };
    };
}

/// The symbols that [`set_backend!`] defines.
pub(crate) mod symbols {
    #![expect(unsafe_code, reason = "the backend is in another crate, found by the linker")]

    macro_rules! declare {
        ($($symbol:ident => $method:ident($($name:ident: $arg:ty),*) -> $out:ty;)+) => {
            // SAFETY: `set_backend!` defines them from the same list, safe and of these very types.
            unsafe extern "Rust" { $(safe fn $symbol($($name: $arg),*) -> $out;)+ }
            $(
                #[inline]
                pub(crate) fn $method($($name: $arg),*) -> $out { $symbol($($name),*) }
            )+
        };
    }

    __methods! { [declare] }
}

/// The unit tests of this crate are a program too, and a program has a backend.
#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Backend for Nothing {
        fn init(&self, _: Priorities) -> Result<Pid, Code> {
            Err(Code::RuntimeFailed)
        }
        fn begin(&self, _: Sizes) -> Result<u32, LoadFailure> {
            Err(Code::NotInitialized.into())
        }
        fn write(&self, _: u32, _: &[u8]) -> Result<(), LoadFailure> {
            Err(Code::NotInitialized.into())
        }
        fn finish(&self, _: u32) -> Result<(), LoadFailure> {
            Err(Code::NotInitialized.into())
        }
        fn abort(&self, _: u32) -> Result<(), Code> {
            Err(Code::NotInitialized)
        }
        fn load(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), LoadFailure> {
            Err(Code::NotInitialized.into())
        }
        fn start(&self, _: &str) -> Result<(), Code> {
            Err(Code::NotInitialized)
        }
        fn stop(&self, _: &str) -> Result<(), Code> {
            Err(Code::NotInitialized)
        }
        fn unload(&self, _: &str) -> Result<(), Code> {
            Err(Code::NotInitialized)
        }
        fn is_running(&self, _: &str) -> bool {
            false
        }
        fn status(&self, _: &str) -> Result<Status, Code> {
            Err(Code::NotInitialized)
        }
        fn status_at(&self, _: usize) -> Result<Status, Code> {
            Err(Code::NotInitialized)
        }
        fn refusal_after(&self, _: u64) -> Option<AuditEntry> {
            None
        }
        fn memory(&self) -> Memory {
            Memory::default()
        }
        fn uptime_ms(&self) -> u64 {
            0
        }
    }

    set_backend!(Nothing = Nothing);

    #[test]
    fn a_pid_is_positive() {
        assert_eq!(Pid::new(0), None);
        assert_eq!(Pid::new(7).map(Pid::number), Some(7));
        assert_eq!(Pid::new(0x8000), None);
    }
}
