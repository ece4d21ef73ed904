//! The interface to the host: the imports, the exports and the state between them. All `unsafe` code is here.
#![expect(
    unsafe_code,
    reason = "imports take pointers, the state is in a static, a line starts uninitialised"
)]

use core::ffi::CStr;
use core::mem::MaybeUninit;

#[cfg(target_arch = "wasm32")]
mod sys {
    // The module name is abi::IMPORT_MODULE and the names are abi::Syscall::name; tests/fixtures.rs compares.
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(crate) safe fn heartbeat() -> i32;
        pub(crate) safe fn open(endpoint: u32) -> i32;
        pub(crate) safe fn close(fd: i32) -> i32;
        pub(super) fn read(fd: i32, buf: *mut u8, len: usize) -> i32;
        pub(super) fn write(fd: i32, buf: *const u8, len: usize) -> i32;
        pub(super) fn logger(text: *const u8);
    }
}

/// Without a host: default deny.
#[cfg(not(target_arch = "wasm32"))]
mod sys {
    const REFUSED: i32 = tinycontainer_abi::Errno::Refused as i32;

    pub(crate) fn heartbeat() -> i32 {
        REFUSED
    }
    pub(crate) fn open(_: u32) -> i32 {
        REFUSED
    }
    pub(crate) fn close(_: i32) -> i32 {
        REFUSED
    }
    pub(super) unsafe fn read(_: i32, _: *mut u8, _: usize) -> i32 {
        REFUSED
    }
    pub(super) unsafe fn write(_: i32, _: *const u8, _: usize) -> i32 {
        REFUSED
    }
    pub(super) unsafe fn logger(_: *const u8) {}
}

pub(crate) use sys::{close, heartbeat, open};

pub(crate) fn read(fd: i32, buf: &mut [u8]) -> i32 {
    // SAFETY: the host writes at most `len` bytes from the pointer on, which are `buf`, borrowed mutably.
    unsafe { sys::read(fd, buf.as_mut_ptr(), buf.len()) }
}

pub(crate) fn write(fd: i32, buf: &[u8]) -> i32 {
    // SAFETY: the host only reads `len` bytes from the pointer on, which are `buf`.
    unsafe { sys::write(fd, buf.as_ptr(), buf.len()) }
}

pub(crate) fn logger(text: &CStr) {
    // SAFETY: the host only reads, up to the NUL that a CStr has.
    unsafe { sys::logger(text.as_ptr().cast()) }
}

/// A text under construction, with space for a NUL. What does not fit is dropped, and the last bytes become `...`.
///
/// It is here because its array is uninitialised: zeroing it would call `memset`, which is larger than most
/// containers.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    bytes: [MaybeUninit<u8>; Self::SIZE],
    // The first `len` bytes are initialised, and len < SIZE.
    len: usize,
}

impl Text {
    pub(crate) const SIZE: usize = 64;

    pub(crate) const fn new() -> Self {
        Self { bytes: [MaybeUninit::uninit(); Self::SIZE], len: 0 }
    }

    pub(crate) fn push(&mut self, byte: u8) {
        if self.len < Self::SIZE - 1
            && let Some(slot) = self.bytes.get_mut(self.len)
        {
            slot.write(byte);
            self.len += 1;
        } else if let Some(end) = self.bytes.last_chunk_mut() {
            // The fourth is where the NUL will be.
            *end = [MaybeUninit::new(b'.'); 4];
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: the first `len` bytes are initialised, and they are in the array.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len) }
    }

    pub(crate) fn log(&mut self) {
        if let Some(end) = self.bytes.get_mut(self.len) {
            end.write(0);
            // SAFETY: the host only reads, up to the NUL just written at the latest; every byte before it is
            // initialised.
            unsafe { sys::logger(self.bytes.as_ptr().cast()) }
        }
    }
}

/// What [`container!`](crate::container) expands to. Not part of the interface.
#[doc(hidden)]
pub mod hooks {
    #[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
    mod state {
        use core::cell::UnsafeCell;

        /// A container's state, in a static.
        #[derive(Debug)]
        pub struct State<T>(UnsafeCell<T>);

        // SAFETY: wasm32 without atomics has one thread.
        unsafe impl<T> Sync for State<T> {}

        impl<T> State<T> {
            pub const fn new(state: T) -> Self {
                Self(UnsafeCell::new(state))
            }

            /// # Safety
            ///
            /// No other reference to the state may be alive.
            #[expect(clippy::mut_from_ref, reason = "what the safety contract is about")]
            pub unsafe fn get(&self) -> &mut T {
                // SAFETY: guaranteed by the caller.
                unsafe { &mut *self.0.get() }
            }
        }
    }

    #[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
    pub use state::State;

    /// Exports the hooks of a [`Container`](crate::Container) as `start`, `loop` and `stop`.
    ///
    /// Once in a module. On any target but wasm32 it exports nothing.
    #[macro_export]
    macro_rules! container {
        ($container:ty) => {
            #[cfg(target_arch = "wasm32")]
            const _: () = {
                static STATE: $crate::hooks::State<$container> =
                    $crate::hooks::State::new(<$container as $crate::Container>::NEW);

                // SAFETY, for each `get`: only these three functions can name STATE, nothing in the module can name
                // them, and the host runs one hook at a time, until it returns or traps, and none after a trap.
                // Natives do not call back into the module.
                // SAFETY, for each export: the names are the contract with the host. If the container's author uses
                // one of them for something else, the linker refuses the second definition.
                #[unsafe(export_name = "start")]
                extern "C" fn on_start() {
                    // SAFETY: see above.
                    $crate::Container::on_start(unsafe { STATE.get() });
                }
                #[unsafe(export_name = "loop")]
                extern "C" fn on_loop() -> i32 {
                    // SAFETY: see above.
                    $crate::Container::on_loop(unsafe { STATE.get() }) as i32
                }
                #[unsafe(export_name = "stop")]
                extern "C" fn on_stop() {
                    // SAFETY: see above.
                    $crate::Container::on_stop(unsafe { STATE.get() });
                }
            };
            #[cfg(not(target_arch = "wasm32"))]
            const _: $container = <$container as $crate::Container>::NEW;
        };
    }
}
