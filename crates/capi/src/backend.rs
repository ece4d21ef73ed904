//! What the C functions do, over an engine.

use crate::port::{Memory, Pid, Port, Priorities};
use crate::result::{LoadFailure, TinycontainerResult as Code};
use tinycontainer::firewall::AuditRecord;
use tinycontainer::{Engine, Loading, Sizes, Status, Uid, Waker};

/// An audit record, and the uid of its container if that is still loaded.
pub type AuditEntry = (AuditRecord, Option<Uid>);

/// What the C functions do, over the engine of a [`Port`]. A call that fails has changed nothing, unless stated.
pub struct EngineBackend<T, const N: usize>(pub T);

impl<T: Port<N>, const N: usize> EngineBackend<T, N> {
    fn engine(&self) -> Result<&'static Engine<T::Platform, N>, Code> {
        self.0.engine().ok_or(Code::NotInitialized)
    }

    /// Loads the container, after starting its thread: a container without a thread must not exist.
    fn complete(&self, loading: &mut Loading<'static, T::Platform, N>) -> Result<(), LoadFailure> {
        self.0.ensure_agent(loading.slot())?;
        loading.finish()?;
        Ok(())
    }

    /// Makes engine, runtime and memory.
    ///
    /// # Errors
    /// Those of [`Port::init`].
    pub fn init(&self, priorities: Priorities) -> Result<Pid, Code> {
        self.0.init(priorities)
    }

    /// Loads a whole image, independently of any session.
    ///
    /// # Errors
    /// Why the image was not loaded.
    pub fn load(&self, metadata: &[u8], data: &[u8], code: &[u8]) -> Result<(), LoadFailure> {
        self.0.on_deep_stack(|| {
            let sizes = Sizes { metadata: metadata.len(), data: data.len(), code: code.len() };
            let mut loading = self.engine()?.begin(sizes)?;
            for part in [metadata, data, code] {
                loading.write(part)?;
            }
            self.complete(&mut loading)
        })
    }

    /// Opens the loading session; returns its number, never 0.
    ///
    /// # Errors
    /// Why it was not opened: [`Code::Busy`] if another session is open and has not timed out.
    pub fn begin(&self, sizes: Sizes) -> Result<u32, LoadFailure> {
        self.0.on_deep_stack(|| {
            let engine = self.engine()?;
            self.0.session().open(|| engine.begin(sizes))
        })
    }

    /// Takes the next bytes of metadata, data and code.
    ///
    /// # Errors
    /// What is wrong. The session is closed then, unless it is [`Code::NoSession`] or [`Code::Busy`].
    pub fn write(&self, session: u32, bytes: &[u8]) -> Result<(), LoadFailure> {
        self.0.on_deep_stack(|| {
            self.0.session().with(session, |open| {
                let written = open.as_mut().map_or(Ok(()), |loading| loading.write(bytes));
                if written.is_err() {
                    *open = None;
                }
                Ok(written?)
            })
        })
    }

    /// Closes the session and loads the container.
    ///
    /// # Errors
    /// Why it was not loaded. The session is closed then too, unless it is [`Code::NoSession`] or [`Code::Busy`].
    pub fn finish(&self, session: u32) -> Result<(), LoadFailure> {
        self.0.on_deep_stack(|| {
            self.0.session().with(session, |open| {
                let ended = open.as_mut().map_or(Ok(()), |loading| self.complete(loading));
                *open = None;
                ended
            })
        })
    }

    /// Closes the session and frees its memory.
    ///
    /// # Errors
    /// [`Code::NoSession`] or [`Code::Busy`].
    pub fn abort(&self, session: u32) -> Result<(), Code> {
        self.0.on_deep_stack(|| {
            let aborted = self.0.session().with(session, |open| {
                *open = None;
                Ok(())
            });
            aborted.map_err(LoadFailure::code)
        })
    }

    /// Starts a loaded container.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn start(&self, uid: &str) -> Result<(), Code> {
        // Hashes trust anchors.
        self.0.on_deep_stack(|| Ok(self.engine()?.start(uid)?))
    }

    /// Asks a container to stop.
    ///
    /// # Errors
    /// [`Code::NotFound`] or [`Code::NotRunning`].
    pub fn stop(&self, uid: &str) -> Result<(), Code> {
        Ok(self.engine()?.stop(uid)?)
    }

    /// A driver has data for a descriptor that it watches. May be called by an interrupt.
    pub fn readable(&self, waker: Waker) {
        if let Ok(engine) = self.engine() {
            engine.readable(waker);
        }
    }

    /// Removes a container that does not run.
    ///
    /// # Errors
    /// [`Code::NotFound`] or [`Code::Running`].
    pub fn unload(&self, uid: &str) -> Result<(), Code> {
        self.0.on_deep_stack(|| Ok(self.engine()?.unload(uid)?))
    }

    /// Whether a container runs.
    pub fn is_running(&self, uid: &str) -> bool {
        self.engine().is_ok_and(|engine| engine.is_running(uid))
    }

    /// The present status of a container.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn status(&self, uid: &str) -> Result<Status, Code> {
        Ok(self.engine()?.status(uid)?)
    }

    /// The present status of the container in a slot.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the slot is empty, [`Code::End`] if there is no such slot.
    pub fn status_at(&self, slot: usize) -> Result<Status, Code> {
        if slot >= N {
            return Err(Code::End);
        }
        self.engine()?.status_of(slot).ok_or(Code::NotFound)
    }

    /// The audit record with the lowest number above `after`.
    pub fn refusal_after(&self, after: u64) -> Option<AuditEntry> {
        self.engine().ok()?.refusal_after(after)
    }

    /// The memory of all containers.
    pub fn memory(&self) -> Memory {
        self.0.memory()
    }

    /// Milliseconds since the device started. Never decreases.
    pub fn uptime_ms(&self) -> u64 {
        self.0.uptime_ms()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::{LoadSession, NoDrivers};
    use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::boxed::Box;
    use std::sync::{Mutex, OnceLock};
    use std::vec;
    use tinycontainer::policy::{Ceilings, Device, Trust};
    use tinycontainer::runtime::{
        Account, Budget, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Rate, Runtime, Type,
    };
    use tinycontainer::{Hook, Lock, Platform, SESSION_TIMEOUT_MS};

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

    // The unit tests are a program too: its C functions need a platform.
    crate::set_port!(IdlePort: 4 = IdlePort);

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

    /// As [`IdlePort`], with a thread of its own for what needs a deep stack.
    struct DeepPort;

    std::thread_local! {
        /// Whether this thread is that of a [`DeepPort`].
        static IS_DEEP: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
    }

    impl Port<4> for DeepPort {
        type Platform = Idle;
        fn init(&self, _: Priorities) -> Result<Pid, Code> {
            Err(Code::RuntimeFailed)
        }
        fn engine(&self) -> Option<&'static Engine<Idle, 4>> {
            IS_DEEP.get().then(|| IdlePort.engine()).flatten()
        }
        fn session(&self) -> &'static LoadSession<Idle, 4> {
            static SESSION: LoadSession<Idle, 4> = LoadSession::new();
            assert!(IS_DEEP.get());
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
        fn on_deep_stack<R: Send, E: From<Code> + Send>(
            &self,
            f: impl FnOnce() -> Result<R, E> + Send,
        ) -> Result<R, E> {
            std::thread::scope(|scope| {
                let deep = scope.spawn(|| {
                    IS_DEEP.set(true);
                    f()
                });
                deep.join().unwrap()
            })
        }
    }

    #[test]
    fn what_verifies_tokens_runs_on_a_deep_stack() {
        let backend = EngineBackend(DeepPort);
        let code = |result: Result<(), LoadFailure>| result.map_err(LoadFailure::code);
        // The engine is found on the port's thread only, and the session too.
        assert_eq!(code(backend.load(&[], &[], &[])), Err(Code::BadImageSize));
        let sizes = Sizes { metadata: 0, data: 0, code: 0 };
        assert_eq!(code(backend.begin(sizes).map(drop)), Err(Code::BadImageSize));
        assert_eq!(code(backend.write(1, &[0])), Err(Code::NoSession));
        assert_eq!(code(backend.finish(1)), Err(Code::NoSession));
        assert_eq!(backend.abort(1), Err(Code::NoSession));
        assert_eq!(backend.start("nothing"), Err(Code::NotFound));
        assert_eq!(backend.unload("nothing"), Err(Code::NotFound));
        // The rest runs on the caller's.
        assert_eq!(backend.stop("nothing"), Err(Code::NotInitialized));
        assert_eq!(backend.status("nothing").map(drop), Err(Code::NotInitialized));
    }
}
