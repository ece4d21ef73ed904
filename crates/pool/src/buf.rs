//! An owned buffer in the pool.

#![expect(unsafe_code, reason = "a slice out of a block's pointer and length")]

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use tinycontainer_runtime::Account;

use crate::{OutOfMemory, Pool};

/// A zeroed buffer in the pool. Dropping it frees it.
pub struct PoolBuf {
    bytes: NonNull<u8>,
    len: usize,
    pool: &'static Pool,
}

// SAFETY: the block is this buffer's alone, and `Pool` may be used from any thread.
unsafe impl Send for PoolBuf {}
// SAFETY: a shared buffer can only be read.
unsafe impl Sync for PoolBuf {}

impl Pool {
    /// A buffer of `len` zero bytes, booked on `account`.
    pub fn take(&'static self, account: Account, len: usize) -> Result<PoolBuf, OutOfMemory> {
        let bytes = self.alloc(account, len)?;
        // SAFETY: a block has at least the requested size.
        unsafe { bytes.write_bytes(0, len) };
        Ok(PoolBuf { bytes, len, pool: self })
    }
}

impl Deref for PoolBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the block is this buffer's, has `len` bytes, and they were all written.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr(), self.len) }
    }
}

impl DerefMut for PoolBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: the block is this buffer's, has `len` bytes, and they were all written.
        unsafe { core::slice::from_raw_parts_mut(self.bytes.as_ptr(), self.len) }
    }
}

impl Drop for PoolBuf {
    fn drop(&mut self) {
        // SAFETY: the block is this buffer's and this is its end.
        unsafe { self.pool.dealloc(self.bytes) };
    }
}

impl fmt::Debug for PoolBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolBuf({} bytes)", self.len)
    }
}
