//! WAMR's start-up, and the allocator that it gets: the pool, booked on the account that is current.

#![expect(unsafe_code, reason = "called by C with pointers, and shares one static with it")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU8, Ordering};
use tinycontainer_pool::Pool;
use tinycontainer_runtime::Account;
use tinycontainer_wamr_sys as sys;

/// Remembers for each thread on whose behalf it is in WAMR now.
///
/// A host keeps it in a thread-local (`ThreadLocal`, with the feature `std`), a device in an array by
/// thread number.
pub trait CurrentAccount: Sync {
    /// What the calling thread allocates from now on is booked on `account`.
    fn set(&self, account: Option<Account>);
    /// What was last set by the calling thread; `None` if nothing was.
    fn current(&self) -> Option<Account>;
    /// The lowest address of the calling thread's stack that WAMR may use, with space for a native below.
    /// `None` lets WAMR ask the operating system.
    fn stack_boundary(&self) -> Option<NonNull<u8>> {
        None
    }
}

/// Why WAMR did not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitError {
    /// It was started before.
    AlreadyStarted,
    /// Its own account is closed or its cap too small, or the pool is full.
    OutOfMemory,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyStarted => "WAMR was started before",
            Self::OutOfMemory => "no memory to start WAMR",
        })
    }
}

impl core::error::Error for InitError {}

/// What the allocator needs to know.
#[derive(Clone, Copy)]
struct Config {
    pool: &'static Pool,
    threads: &'static dyn CurrentAccount,
    own: Account,
}

const UNSET: u8 = 0;
const SETTING: u8 = 1;
const SET: u8 = 2;

struct Global {
    state: AtomicU8,
    config: UnsafeCell<MaybeUninit<Config>>,
}

// SAFETY: `config` is written by the one thread that moved `state` from UNSET to SETTING, and read
// only after it was moved on to SET. `Config` holds shared references to `Sync` types.
unsafe impl Sync for Global {}

static GLOBAL: Global =
    Global { state: AtomicU8::new(UNSET), config: UnsafeCell::new(MaybeUninit::uninit()) };

fn config() -> Option<Config> {
    if GLOBAL.state.load(Ordering::Acquire) != SET {
        return None;
    }
    // SAFETY: SET is stored after the configuration was written. It is written again only after a failed start has
    // stored UNSET, and then no other thread is in WAMR: that needs a `Wamr`, which a failed start does not return.
    Some(unsafe { (*GLOBAL.config.get()).assume_init() })
}

/// WAMR, started. There is one in a program.
#[derive(Clone, Copy)]
pub struct Wamr {
    config: Config,
}

impl fmt::Debug for Wamr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wamr")
    }
}

impl Wamr {
    /// Starts WAMR over `pool`. What belongs to no container (some 500 bytes) is booked on `own`, which
    /// must be open.
    pub fn init(
        pool: &'static Pool,
        threads: &'static dyn CurrentAccount,
        own: Account,
    ) -> Result<Self, InitError> {
        let config = Config { pool, threads, own };
        GLOBAL
            .state
            .compare_exchange(UNSET, SETTING, Ordering::Acquire, Ordering::Relaxed)
            .map_err(|_| InitError::AlreadyStarted)?;
        // SAFETY: this thread moved the state to SETTING, so no other thread reads or writes.
        unsafe { (*GLOBAL.config.get()).write(config) };
        GLOBAL.state.store(SET, Ordering::Release);
        let wamr = Self { config };
        let _as_own = wamr.acting_for(own);
        // SAFETY: the allocator is ready, and no other thread can be in WAMR, for it needs a `Wamr`.
        if unsafe { sys::tc_init() } {
            return Ok(wamr);
        }
        // Nothing can have kept the configuration: another attempt may write it again.
        GLOBAL.state.store(UNSET, Ordering::Release);
        Err(InitError::OutOfMemory)
    }

    pub(crate) fn pool(&self) -> &'static Pool {
        self.config.pool
    }

    pub(crate) fn own(&self) -> Account {
        self.config.own
    }

    pub(crate) fn threads(&self) -> &'static dyn CurrentAccount {
        self.config.threads
    }

    /// Until the guard is dropped, what this thread allocates is booked on `account`.
    pub(crate) fn acting_for(&self, account: Account) -> ActingFor {
        let threads = self.config.threads;
        let before = threads.current();
        threads.set(Some(account));
        ActingFor { threads, before }
    }
}

/// See [`Wamr::acting_for`].
pub(crate) struct ActingFor {
    threads: &'static dyn CurrentAccount,
    before: Option<Account>,
}

impl Drop for ActingFor {
    fn drop(&mut self) {
        self.threads.set(self.before);
    }
}

/// `size` bytes for WAMR; zeroed if they become linear memory, for a guest sees them.
fn take(linear: bool, size: u32) -> Option<NonNull<u8>> {
    // WAMR computes sizes in 64 bits and passes 32: a memory of 4 GiB arrives here as 0, and whatever we
    // gave would be used as 4 GiB.
    if size == 0 {
        return None;
    }
    let Config { pool, threads, own } = config()?;
    let block = pool.alloc(threads.current().unwrap_or(own), size as usize).ok()?;
    #[cfg(all(fuzzing, feature = "std"))]
    let block = crate::apart::give(block, size as usize, linear)?;
    #[cfg(not(all(fuzzing, feature = "std")))]
    if linear {
        // SAFETY: a block of the pool to which no other pointer exists yet.
        unsafe { block.write_bytes(0, pool.usable(block)) };
    }
    Some(block)
}

/// WAMR's `malloc`.
#[unsafe(no_mangle)]
extern "C" fn tc_alloc(linear: u32, size: u32) -> *mut c_void {
    take(linear != 0, size).map_or(null_mut(), |block| block.as_ptr().cast())
}

/// WAMR's `realloc`. What linear memory grows by is zero.
///
/// # Safety
/// `block` is null or comes from here, and its contents are not used elsewhere.
#[unsafe(no_mangle)]
unsafe extern "C" fn tc_realloc(linear: u32, block: *mut c_void, size: u32) -> *mut c_void {
    let Some(block) = NonNull::new(block.cast::<u8>()) else {
        return tc_alloc(linear, size);
    };
    let (Some(config), 1..) = (config(), size) else { return null_mut() };
    #[cfg(all(fuzzing, feature = "std"))]
    // SAFETY: the block comes from `give`, and the new one is as long as the smaller of both.
    unsafe {
        let Some((pooled, old)) = crate::apart::find(block) else { return null_mut() };
        let Ok(pooled) = config.pool.realloc(pooled, size as usize) else { return null_mut() };
        let Some(new) = crate::apart::give(pooled, size as usize, linear != 0) else { return null_mut() };
        new.copy_from_nonoverlapping(block, old.min(size as usize));
        crate::apart::take_back(block);
        new.as_ptr().cast()
    }
    #[cfg(not(all(fuzzing, feature = "std")))]
    // SAFETY: the caller's. Of linear memory the guest reaches only what it asked for, so the rest of the
    // old block is still zero.
    unsafe {
        let old = config.pool.usable(block);
        let Ok(new) = config.pool.realloc(block, size as usize) else { return null_mut() };
        let usable = config.pool.usable(new);
        if linear != 0 && usable > old {
            new.add(old).write_bytes(0, usable - old);
        }
        new.as_ptr().cast()
    }
}

/// WAMR's `free`.
///
/// # Safety
/// `block` is null or comes from here, and its contents are no longer used.
#[unsafe(no_mangle)]
unsafe extern "C" fn tc_free(block: *mut c_void) {
    if let (Some(block), Some(config)) = (NonNull::new(block.cast::<u8>()), config()) {
        #[cfg(all(fuzzing, feature = "std"))]
        // SAFETY: the caller's.
        let block = unsafe {
            let Some((pooled, _)) = crate::apart::find(block) else { return };
            crate::apart::take_back(block);
            pooled
        };
        // SAFETY: the caller's.
        unsafe { config.pool.dealloc(block) };
    }
}
