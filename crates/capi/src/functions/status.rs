//! Status of containers and memory.

use super::arguments::{Text, code, initialized, uid, write_out};
use crate::link::calls;
use crate::port::Memory;
use crate::result::{TinycontainerResult, TinycontainerResult as Code};
use crate::types::{ContainerStatus, MemoryStatus};
use core::ffi::c_char;
use core::fmt::Write as _;

/// Writes the present status of a container to `status`.
///
/// Returns 0, or a result code; `status` is not written then.
///
/// # Safety
/// `uid` points to `uid_len` bytes, or is NULL; `status` to memory for a status, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_status(
    uid: *const u8,
    uid_len: usize,
    status: *mut ContainerStatus,
) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    let found = unsafe { self::uid(uid, uid_len) }.and_then(calls::status);
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { write_out(status, ContainerStatus::from(&found)) }))
}

/// Writes the present status of the container in a slot to `status`. Slots are counted from 0.
///
/// Returns 0, `TINYCONTAINER_RESULT_NOT_FOUND` if the slot is empty, `TINYCONTAINER_RESULT_END` if there
/// is no such slot: to list all containers, count up to the first slot that returns it.
///
/// # Safety
/// `status` points to memory for a status, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_status_at(
    slot: u32,
    status: *mut ContainerStatus,
) -> TinycontainerResult {
    let found = initialized().and_then(|()| {
        let slot = usize::try_from(slot).map_err(|_| Code::End)?;
        calls::status_at(slot)
    });
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { write_out(status, ContainerStatus::from(&found)) }))
}

/// Writes into `text` why a container stopped last, in a few words ("trapped: division by zero"), with a
/// NUL at the end, cut to `size` bytes. Empty if it has not stopped, or if there is no such container.
///
/// Returns the length of the whole text, without the NUL, whatever `size` is, as `snprintf` does: a
/// buffer for all of it has one byte more. With NULL and 0 for `text` and `size` it returns the length
/// alone.
///
/// # Safety
/// `uid` points to `uid_len` bytes, or is NULL; `text` to `size` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_stop_text(
    uid: *const u8,
    uid_len: usize,
    text: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: as the caller has promised.
    let last = unsafe { self::uid(uid, uid_len) }.and_then(calls::status).ok().and_then(|status| status.last);
    // SAFETY: as the caller has promised.
    let mut text = unsafe { Text::new(text, size) };
    if let Some(last) = last {
        // Writing to a `Text` does not fail.
        let _ = write!(text, "{last}");
    }
    text.length()
}

/// Writes how much memory the containers have to `memory`.
///
/// Returns 0, or a result code.
///
/// # Safety
/// `memory` points to memory for it, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_memory(memory: *mut MemoryStatus) -> TinycontainerResult {
    let found = initialized().map(|()| {
        let Memory { total, free, largest } = calls::memory();
        MemoryStatus { total, free, largest }
    });
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { write_out(memory, found) }))
}
