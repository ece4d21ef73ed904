//! The natives a guest imports from `env`, and how a call of one reaches its host.
//!
//! They are WAMR's "raw" natives: WAMR puts each argument in a slot of 8 bytes and takes the result from
//! the first. It neither checks nor converts pointers, which is done here, for the whole range.

#![expect(unsafe_code, reason = "called by C with pointers")]

use core::slice;
use tinycontainer_abi::{Errno, Syscall};
use tinycontainer_runtime::Host;
use tinycontainer_wamr_sys as sys;

use crate::memory::{self, Outside};

/// The longest text `logger` passes on, in bytes.
const LONGEST_TEXT: usize = 256;

/// What an execution environment's user data points to while a hook runs.
pub(crate) struct Running<'a> {
    pub(crate) host: &'a mut dyn Host,
}

/// How many parameters and results a native has, all of them i32.
pub(crate) const fn signature(call: Syscall) -> (u32, u32) {
    match call {
        Syscall::Logger => (1, 0),
        Syscall::Open | Syscall::Close => (1, 1),
        Syscall::Read | Syscall::Write => (3, 1),
        Syscall::Heartbeat => (0, 1),
    }
}

/// A native, as WAMR calls it.
pub(crate) type Native = unsafe extern "C" fn(sys::wasm_exec_env_t, *mut u64);

/// The native that an import of this name is linked to.
pub(crate) const fn native(call: Syscall) -> Native {
    match call {
        Syscall::Logger => logger,
        Syscall::Heartbeat => heartbeat,
        Syscall::Open => open,
        Syscall::Read => read,
        Syscall::Write => write,
        Syscall::Close => close,
    }
}

/// A call of a native: its arguments, its guest, its host.
struct Call<'a> {
    env: sys::wasm_exec_env_t,
    slots: *mut u64,
    host: &'a mut dyn Host,
}

impl<'a> Call<'a> {
    /// # Safety
    /// WAMR calls a native with these, during `Instance::call`, and `'a` ends with the native.
    unsafe fn new(env: sys::wasm_exec_env_t, slots: *mut u64) -> Self {
        // SAFETY: the caller's: the user data is the `Running` of the hook that is being called, which
        // no other code uses while the guest is in this native.
        let running = unsafe { &mut *sys::wasm_runtime_get_user_data(env).cast::<Running<'a>>() };
        Self { env, slots, host: &mut *running.host }
    }

    /// Argument number `N`. The native has more than `N` of them.
    fn argument<const N: usize>(&self) -> u32 {
        // SAFETY: WAMR gives at least 16 slots, and `Module::link` has checked that the import has the native's
        // parameters.
        unsafe {
            self.slots
                .add(
                    const {
                        assert!(N < 3);
                        N
                    },
                )
                .cast::<u32>()
                .read()
        }
    }

    /// The guest's memory as it is now, and beside it the host that may use it. Both are borrowed from the call, so
    /// there is one such slice at a time, and none outlives the native.
    fn parts(&mut self) -> (&mut [u8], &mut dyn Host) {
        let mut size = 0;
        // SAFETY: the environment is the one of the running guest.
        let base = unsafe { sys::tc_memory(self.env, &raw mut size) };
        if base.is_null() {
            return (&mut [], self.host);
        }
        // SAFETY: a linear memory is `size` bytes, all of them written (zeroed at first). There is one `Call` in a
        // native, during which the guest does not run, so nothing else reads or writes or moves it; and this borrow
        // of the call keeps another slice from being made.
        let memory = unsafe { slice::from_raw_parts_mut(base, size as usize) };
        (memory, self.host)
    }

    /// Takes what the call has cost off the budget.
    fn settle(&mut self) {
        let cost = self.host.cost();
        // SAFETY: the environment is the one of the running guest.
        unsafe { sys::tc_charge(self.env, cost) };
    }

    fn answer(mut self, answer: Result<i32, Errno>) {
        self.settle();
        let answer = answer.unwrap_or_else(|errno| errno as i32);
        // SAFETY: the first slot takes the result.
        unsafe { self.slots.cast::<i32>().write(answer) };
    }

    fn logger(mut self) {
        let address = self.argument::<0>();
        let (memory, host) = self.parts();
        match memory::text(memory, address, LONGEST_TEXT) {
            Ok(text) => host.logger(text),
            Err(Outside) => {
                let len = (memory.len() as u64).saturating_sub(u64::from(address)) as u32;
                let _no_result = host.bad_pointer(Syscall::Logger, address, len);
            }
        }
        self.settle();
    }

    fn heartbeat(self) {
        let answer = self.host.heartbeat().map(|()| 0);
        self.answer(answer);
    }

    fn open(self) {
        let answer = self.host.open(self.argument::<0>());
        self.answer(answer);
    }

    fn read(mut self) {
        let (fd, address, len) =
            (self.argument::<0>().cast_signed(), self.argument::<1>(), self.argument::<2>());
        let (memory, host) = self.parts();
        let answer = match memory::range(memory, address, len) {
            Ok(buf) => count(host.read(fd, buf), buf.len()),
            Err(Outside) => Err(host.bad_pointer(Syscall::Read, address, len)),
        };
        self.answer(answer);
    }

    fn write(mut self) {
        let (fd, address, len) =
            (self.argument::<0>().cast_signed(), self.argument::<1>(), self.argument::<2>());
        let (memory, host) = self.parts();
        let answer = match memory::range(memory, address, len) {
            Ok(buf) => count(host.write(fd, buf), buf.len()),
            Err(Outside) => Err(host.bad_pointer(Syscall::Write, address, len)),
        };
        self.answer(answer);
    }

    fn close(self) {
        let answer = self.host.close(self.argument::<0>().cast_signed()).map(|()| 0);
        self.answer(answer);
    }
}

fn count(done: Result<usize, Errno>, of: usize) -> Result<i32, Errno> {
    // A host that claims more than it was given is not believed.
    done.map(|count| i32::try_from(count.min(of)).unwrap_or(i32::MAX))
}

// What WAMR calls. What a native does is the method of the same name, which needs no `unsafe`.

unsafe extern "C" fn logger(env: sys::wasm_exec_env_t, slots: *mut u64) {
    // SAFETY: WAMR calls this.
    unsafe { Call::new(env, slots) }.logger();
}

unsafe extern "C" fn heartbeat(env: sys::wasm_exec_env_t, slots: *mut u64) {
    // SAFETY: WAMR calls this.
    unsafe { Call::new(env, slots) }.heartbeat();
}

unsafe extern "C" fn open(env: sys::wasm_exec_env_t, slots: *mut u64) {
    // SAFETY: WAMR calls this.
    unsafe { Call::new(env, slots) }.open();
}

unsafe extern "C" fn read(env: sys::wasm_exec_env_t, slots: *mut u64) {
    // SAFETY: WAMR calls this.
    unsafe { Call::new(env, slots) }.read();
}

unsafe extern "C" fn write(env: sys::wasm_exec_env_t, slots: *mut u64) {
    // SAFETY: WAMR calls this.
    unsafe { Call::new(env, slots) }.write();
}

unsafe extern "C" fn close(env: sys::wasm_exec_env_t, slots: *mut u64) {
    // SAFETY: WAMR calls this.
    unsafe { Call::new(env, slots) }.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_14_memory_is_borrowed_from_the_call() {
        // Compiles only if the guest's memory takes the call exclusively, for as long as it is used: from a shared
        // call two slices of the same bytes could be had.
        type Parts = for<'c, 'a> fn(&'c mut Call<'a>) -> (&'c mut [u8], &'c mut (dyn Host + 'c));
        let _parts: Parts = |call| call.parts();
        let _itself: for<'c> fn(&'c mut Call<'static>) -> (&'c mut [u8], &'c mut (dyn Host + 'c)) =
            Call::parts;
    }
}
