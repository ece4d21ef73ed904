//! Loading images, whole or in pieces.

#[cfg(feature = "load-error")]
use super::arguments::Text;
use super::arguments::{bytes, code, initialized, size};
use crate::link::calls;
use crate::result::{LoadFailure, TinycontainerResult, TinycontainerResult as Code};
#[cfg(feature = "load-error")]
use core::{cell::Cell, ffi::c_char, fmt::Write as _};
#[cfg(feature = "load-error")]
use critical_section::Mutex;
use tinycontainer::Sizes;

/// Why the last image that was not loaded was not.
#[cfg(feature = "load-error")]
static LAST: Mutex<Cell<Option<LoadFailure>>> = Mutex::new(Cell::new(None));

/// The code of the result. A failure is stored for `tinycontainer_load_error`.
fn stored(result: Result<(), LoadFailure>) -> Code {
    let Err(failure) = result else { return Code::Ok };
    #[cfg(feature = "load-error")]
    critical_section::with(|cs| LAST.borrow(cs).set(Some(failure)));
    failure.code()
}

/// Loads a whole image: metadata, data, code. As in 2024. `false`: it was not loaded, see
/// `tinycontainer_load_error`.
///
/// # Safety
/// As for `tinycontainer_load`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_loadcontainer(
    metadata: *const u8,
    metadata_len: usize,
    data: *const u8,
    data_len: usize,
    code: *const u8,
    code_len: usize,
) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { tinycontainer_load(metadata, metadata_len, data, data_len, code, code_len) == Code::Ok }
}

/// Loads a whole image: metadata, data, code. The data may be empty. All three are copied.
///
/// Returns 0, or why it was not loaded: see also `tinycontainer_load_error`. Nothing has changed then.
///
/// # Safety
/// Each pointer points to that many bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load(
    metadata: *const u8,
    metadata_len: usize,
    data: *const u8,
    data_len: usize,
    code: *const u8,
    code_len: usize,
) -> TinycontainerResult {
    let load = || {
        initialized()?;
        // SAFETY: as the caller has promised.
        let parts =
            unsafe { (bytes(metadata, metadata_len)?, bytes(data, data_len)?, bytes(code, code_len)?) };
        calls::load(parts.0, parts.1, parts.2)
    };
    stored(load())
}

/// Opens a session that loads an image in pieces: call `tinycontainer_load_write` with metadata, data and
/// code, in this order, in pieces of any size; then `tinycontainer_load_finish`. The metadata is verified as
/// soon as it is complete. One session can be open at a time. If nothing is written to it for 30 seconds, or if it
/// is open for more than 10 minutes, it fails: its next call returns `TINYCONTAINER_RESULT_TIMED_OUT`, and another
/// session can be opened.
///
/// The lengths are those of the parts, in bytes. `session` receives the session's number, never 0.
///
/// Returns 0, or why it was not opened: `TINYCONTAINER_RESULT_BUSY` if another session is open.
///
/// # Safety
/// `session` points to memory for a number, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load_begin(
    metadata_len: usize,
    data_len: usize,
    code_len: usize,
    session: *mut u32,
) -> TinycontainerResult {
    let begin = || {
        initialized()?;
        if session.is_null() {
            return Err(Code::NullPointer.into());
        }
        for len in [metadata_len, data_len, code_len] {
            size(len)?;
        }
        let number = calls::begin(Sizes { metadata: metadata_len, data: data_len, code: code_len })?;
        // SAFETY: not NULL, and memory for a number, as the caller has promised.
        unsafe { session.write(number) };
        Ok(())
    };
    stored(begin())
}

/// Takes the next bytes of an image. They are copied.
///
/// Returns 0, or what is wrong with the image: see also `tinycontainer_load_error`. The session is closed then,
/// and nothing else has changed. It stays open after `TINYCONTAINER_RESULT_BUSY`, `_NULL_POINTER` and `_BAD_SIZE`.
///
/// # Safety
/// `bytes` points to `len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load_write(
    session: u32,
    bytes: *const u8,
    len: usize,
) -> TinycontainerResult {
    let write = || {
        initialized()?;
        // SAFETY: as the caller has promised.
        let bytes = unsafe { self::bytes(bytes, len) }?;
        calls::write(session, bytes)
    };
    stored(write())
}

/// Closes a session: the container is loaded.
///
/// Returns 0, or why it was not loaded: see also `tinycontainer_load_error`. The session is closed then too,
/// unless it is `TINYCONTAINER_RESULT_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_load_finish(session: u32) -> TinycontainerResult {
    stored(initialized().map_err(Into::into).and_then(|()| calls::finish(session)))
}

/// Closes a session without loading anything, and frees its memory.
///
/// Returns 0, `TINYCONTAINER_RESULT_NO_SESSION` or `TINYCONTAINER_RESULT_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_load_abort(session: u32) -> TinycontainerResult {
    code(initialized().and_then(|()| calls::abort(session)))
}

/// Writes into `text` why the last image that was not loaded was not: a sentence that names the part of the
/// image, with a NUL at the end, cut to `size` bytes. Empty if none has failed.
///
/// Returns the length of the whole sentence, without the NUL, whatever `size` is, as `snprintf` does: a
/// buffer for all of it has one byte more. `tinycontainer_load_error(NULL, 0)` returns the length alone.
///
/// # Safety
/// `text` points to `size` bytes, or is NULL.
#[cfg(feature = "load-error")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load_error(text: *mut c_char, size: usize) -> usize {
    let last = critical_section::with(|cs| LAST.borrow(cs).get());
    // SAFETY: as the caller has promised.
    let mut text = unsafe { Text::new(text, size) };
    if let Some(last) = last {
        // Writing to a `Text` does not fail.
        let _ = write!(text, "{last}");
    }
    text.length()
}
