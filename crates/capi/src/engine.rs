//! A backend over an engine, so that a platform's author writes little more than its start.

use crate::backend::{AuditEntry, Backend, Memory, Pid, Priorities, Sizes};
use crate::cell::TryCell;
use crate::result::{LoadFailure, TinycontainerResult as Code};
use tinycontainer::{Engine, Loading, Platform, Status};

/// What only a platform knows. See the crate's own documentation for an example.
pub trait Port<const N: usize>: Sync {
    /// What the engine runs on.
    type Platform: Platform + 'static;

    /// Makes the engine, in a static. One thread calls it, and never again once it has succeeded.
    ///
    /// # Errors
    /// Why the device does not start. Then it may be called again.
    fn init(&self, priorities: Priorities) -> Result<Pid, Code>;

    /// The engine that `init` has made.
    fn engine(&self) -> Option<&'static Engine<Self::Platform, N>>;

    /// Where the loading session lives: `static SESSION: LoadSession<MyPlatform, N> = LoadSession::new();`, named
    /// nowhere else, so that it drops out with the functions that need it.
    fn session(&self) -> &'static LoadSession<Self::Platform, N>;

    /// Sees to it that the slot's agent has a thread. It may stay for the next container of the slot.
    ///
    /// # Errors
    /// [`Code::NoThread`], [`Code::OutOfMemory`].
    fn ensure_agent(&self, slot: usize) -> Result<(), Code>;

    /// The memory of all containers.
    fn memory(&self) -> Memory;

    /// Milliseconds since the device started; never goes back.
    fn uptime_ms(&self) -> u64;
}

/// The place of the one streamed loading session.
pub struct LoadSession<P: Platform + 'static, const N: usize> {
    cell: TryCell<Open<P, N>>,
}

struct Open<P: Platform + 'static, const N: usize> {
    /// The number of the session that is or was open last.
    number: u32,
    loading: Option<Loading<'static, P, N>>,
}

impl<P: Platform, const N: usize> LoadSession<P, N> {
    /// None open.
    pub const fn new() -> Self {
        Self { cell: TryCell::new(Open { number: 0, loading: None }) }
    }

    /// Runs `f` on the session of that number.
    fn with<R>(
        &self,
        number: u32,
        f: impl FnOnce(&mut Option<Loading<'static, P, N>>) -> Result<R, LoadFailure>,
    ) -> Result<R, LoadFailure> {
        let used = self.cell.with(|open| {
            if open.number != number || open.loading.is_none() {
                return Err(Code::NoSession.into());
            }
            f(&mut open.loading)
        });
        used.unwrap_or(Err(Code::Busy.into()))
    }
}

impl<P: Platform, const N: usize> Default for LoadSession<P, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The [`Backend`] that a [`Port`] makes.
pub struct EngineBackend<T, const N: usize>(pub T);

impl<T: Port<N>, const N: usize> EngineBackend<T, N> {
    fn engine(&self) -> Result<&'static Engine<T::Platform, N>, Code> {
        self.0.engine().ok_or(Code::NotInitialized)
    }

    /// The thread first: without one there is to be no container.
    fn complete(&self, loading: &mut Loading<'static, T::Platform, N>) -> Result<(), LoadFailure> {
        self.0.ensure_agent(loading.slot())?;
        loading.finish()?;
        Ok(())
    }
}

impl<T: Port<N>, const N: usize> Backend for EngineBackend<T, N> {
    fn init(&self, priorities: Priorities) -> Result<Pid, Code> {
        self.0.init(priorities)
    }

    fn begin(&self, sizes: Sizes) -> Result<u32, LoadFailure> {
        let engine = self.engine()?;
        let begun = self.0.session().cell.with(|open| {
            if open.loading.as_ref().is_some_and(|loading| !loading.is_stale()) {
                return Err(Code::Busy.into());
            }
            // One whose peer went silent gives its memory to this one.
            open.loading = None;
            open.loading = Some(engine.begin(sizes)?);
            open.number = open.number.checked_add(1).unwrap_or(1);
            Ok(open.number)
        });
        begun.unwrap_or(Err(Code::Busy.into()))
    }

    fn write(&self, session: u32, bytes: &[u8]) -> Result<(), LoadFailure> {
        self.0.session().with(session, |open| {
            let written = open.as_mut().map_or(Ok(()), |loading| loading.write(bytes));
            if written.is_err() {
                *open = None;
            }
            Ok(written?)
        })
    }

    fn finish(&self, session: u32) -> Result<(), LoadFailure> {
        self.0.session().with(session, |open| {
            let ended = open.as_mut().map_or(Ok(()), |loading| self.complete(loading));
            *open = None;
            ended
        })
    }

    fn abort(&self, session: u32) -> Result<(), Code> {
        self.0
            .session()
            .with(session, |open| {
                *open = None;
                Ok(())
            })
            .map_err(LoadFailure::code)
    }

    fn load(&self, metadata: &[u8], data: &[u8], code: &[u8]) -> Result<(), LoadFailure> {
        let sizes = Sizes { metadata: metadata.len(), data: data.len(), code: code.len() };
        let mut loading = self.engine()?.begin(sizes)?;
        for part in [metadata, data, code] {
            loading.write(part)?;
        }
        self.complete(&mut loading)
    }

    fn start(&self, uid: &str) -> Result<(), Code> {
        Ok(self.engine()?.start(uid)?)
    }

    fn stop(&self, uid: &str) -> Result<(), Code> {
        Ok(self.engine()?.stop(uid)?)
    }

    fn unload(&self, uid: &str) -> Result<(), Code> {
        Ok(self.engine()?.unload(uid)?)
    }

    fn is_running(&self, uid: &str) -> bool {
        self.engine().is_ok_and(|engine| engine.is_running(uid))
    }

    fn status(&self, uid: &str) -> Result<Status, Code> {
        Ok(self.engine()?.status(uid)?)
    }

    fn status_at(&self, slot: usize) -> Result<Status, Code> {
        if slot >= N {
            return Err(Code::End);
        }
        self.engine()?.status_of(slot).ok_or(Code::NotFound)
    }

    fn refusal_after(&self, after: u64) -> Option<AuditEntry> {
        self.engine().ok()?.refusal_after(after)
    }

    fn memory(&self) -> Memory {
        self.0.memory()
    }

    fn uptime_ms(&self) -> u64 {
        self.0.uptime_ms()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::drivers::NoDrivers;
    use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::boxed::Box;
    use std::sync::{Mutex, OnceLock};
    use std::vec;
    use tinycontainer::policy::{Ceilings, Device, Trust};
    use tinycontainer::runtime::{
        Account, Budget, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Rate, Runtime, Type,
    };
    use tinycontainer::{Hook, Lock, SESSION_TIMEOUT_MS};

    static CLOCK_US: AtomicU64 = AtomicU64::new(0);
    /// Bytes of images.
    static HELD: AtomicUsize = AtomicUsize::new(0);

    struct StdLock<T>(Mutex<T>);

    impl<T> Lock<T> for StdLock<T> {
        fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }
        fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock().unwrap())
        }
    }

    struct Counted(Box<[u8]>);

    impl core::ops::Deref for Counted {
        type Target = [u8];
        fn deref(&self) -> &[u8] {
            &self.0
        }
    }

    impl core::ops::DerefMut for Counted {
        fn deref_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            HELD.fetch_sub(self.0.len(), Ordering::Relaxed);
        }
    }

    /// A platform on which images come in and nothing runs.
    struct Idle;

    impl Runtime for Idle {
        type Instance = Never;
        fn accepts(&self, kind: Type) -> bool {
            kind == Type::Wasm
        }

        fn instantiate(&self, _: Account, _: Type, _: &[u8], _: &Limits) -> Result<Never, ModuleError> {
            Err(ModuleError::OutOfMemory)
        }
        fn memory(&self, _: Account) -> MemoryUse {
            MemoryUse::default()
        }
    }

    enum Never {}

    impl Instance for Never {
        fn call(&mut self, _: Hook, _: Budget, _: &mut dyn Host) -> Outcome {
            match *self {}
        }
    }

    impl Platform for Idle {
        type Lock<T> = StdLock<T>;
        type Buf = Counted;
        type Runtime = Self;
        type Drivers = NoDrivers;
        fn runtime(&self) -> &Self {
            self
        }
        fn rate(&self, _: Type) -> Rate {
            Rate { instructions_per_ms: 1 }
        }
        fn now_us(&self) -> u64 {
            CLOCK_US.load(Ordering::Relaxed)
        }
        fn drivers(&self) -> &NoDrivers {
            &NoDrivers
        }
        fn allocate(&self, _: usize, len: usize) -> Option<Counted> {
            HELD.fetch_add(len, Ordering::Relaxed);
            Some(Counted(vec![0; len].into()))
        }
        fn device(&self) -> Device<'_> {
            let ceilings = Ceilings { linear_memory: 0, stack: 0, heap: 0, image: 4096, hook_ms: 0 };
            Device { audiences: &[], trust: Trust::NONE, now: None, ceilings, accept_2024: None }
        }
        fn wake(&self, _: usize) {}
        fn log(&self, _: &str, _: &[u8]) {}
    }

    static SESSION: LoadSession<Idle, 4> = LoadSession::new();

    struct IdlePort;

    impl Port<4> for IdlePort {
        type Platform = Idle;
        fn init(&self, _: Priorities) -> Result<Pid, Code> {
            Err(Code::RuntimeFailed)
        }
        fn engine(&self) -> Option<&'static Engine<Idle, 4>> {
            static ENGINE: OnceLock<Engine<Idle, 4>> = OnceLock::new();
            Some(ENGINE.get_or_init(|| Engine::new(Idle)))
        }
        fn session(&self) -> &'static LoadSession<Idle, 4> {
            &SESSION
        }
        fn ensure_agent(&self, _: usize) -> Result<(), Code> {
            Ok(())
        }
        fn memory(&self) -> Memory {
            Memory::default()
        }
        fn uptime_ms(&self) -> u64 {
            0
        }
    }

    #[test]
    fn item_09_a_silent_session_makes_way_for_the_next() {
        let backend = EngineBackend(IdlePort);
        let begin = |metadata| backend.begin(Sizes { metadata, data: 0, code: 1 }).map_err(LoadFailure::code);
        let write = |session| backend.write(session, &[0]).map_err(LoadFailure::code);
        let wait_ms = |ms: u64| CLOCK_US.fetch_add(ms * 1000, Ordering::Relaxed);
        let first = begin(100).unwrap();
        wait_ms(SESSION_TIMEOUT_MS);
        assert_eq!(begin(200), Err(Code::Busy));
        assert_eq!(write(first), Ok(()));
        wait_ms(SESSION_TIMEOUT_MS + 1);
        let second = begin(200).unwrap();
        assert_eq!(HELD.load(Ordering::Relaxed), 200, "the memory of the first is free");
        assert_eq!(write(first), Err(Code::NoSession));
        assert_eq!(write(second), Ok(()));
        wait_ms(SESSION_TIMEOUT_MS + 1);
        assert_eq!(write(second), Err(Code::TimedOut));
        assert_eq!(HELD.load(Ordering::Relaxed), 0);
        assert_eq!(write(second), Err(Code::NoSession));
    }
}
