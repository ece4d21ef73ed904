//! For fuzzing: each block that WAMR gets is an allocation of the system, so that AddressSanitizer knows its bounds. The
//! pool's block is booked as always, and not used.

#![expect(unsafe_code, reason = "an allocator")]

use core::ptr::NonNull;
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The pool's block and the size of each block apart, by its address.
static BLOCKS: Mutex<BTreeMap<usize, (usize, usize)>> = Mutex::new(BTreeMap::new());

fn blocks<R>(f: impl FnOnce(&mut BTreeMap<usize, (usize, usize)>) -> R) -> R {
    f(&mut BLOCKS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A block of exactly `size` bytes, not 0, in place of one of the pool.
pub(crate) fn give(pooled: NonNull<u8>, size: usize, zeroed: bool) -> Option<NonNull<u8>> {
    let layout = Layout::from_size_align(size, 8).ok()?;
    // SAFETY: the size is not 0.
    let apart = NonNull::new(unsafe { if zeroed { alloc_zeroed(layout) } else { alloc(layout) } })?;
    blocks(|blocks| blocks.insert(apart.addr().get(), (pooled.as_ptr().expose_provenance(), size)));
    Some(apart)
}

/// The pool's block in whose place `apart` is, and the size of this.
pub(crate) fn find(apart: NonNull<u8>) -> Option<(NonNull<u8>, usize)> {
    let (pooled, size) = blocks(|blocks| blocks.get(&apart.addr().get()).copied())?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(pooled)).map(|pooled| (pooled, size))
}

/// Frees a block apart, but not the pool's.
///
/// # Safety
/// It comes from [`give`], and its contents are no longer used.
pub(crate) unsafe fn take_back(apart: NonNull<u8>) {
    let known = blocks(|blocks| blocks.remove(&apart.addr().get()));
    if let Some(layout) = known.and_then(|(_, size)| Layout::from_size_align(size, 8).ok()) {
        // SAFETY: `give` has allocated it with this layout, and it was in the table once.
        unsafe { dealloc(apart.as_ptr(), layout) };
    }
}
