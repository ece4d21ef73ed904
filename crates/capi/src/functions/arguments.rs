//! What the functions share: checks of arguments, results, buffers of the caller.

use crate::result::TinycontainerResult as Code;
use core::ffi::c_char;
use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};
use tinycontainer::metadata::is_uid;

pub(super) const OFF: u8 = 0;
pub(super) const STARTING: u8 = 1;
pub(super) const ON: u8 = 2;

/// Whether `tinycontainer_init` has succeeded.
pub(super) static STATE: AtomicU8 = AtomicU8::new(OFF);

/// Fails before `tinycontainer_init` has succeeded.
pub(super) fn initialized() -> Result<(), Code> {
    if STATE.load(Ordering::Acquire) == ON { Ok(()) } else { Err(Code::NotInitialized) }
}

pub(super) fn code(result: Result<(), Code>) -> Code {
    result.err().unwrap_or(Code::Ok)
}

/// A size that an object can have. A negative number of the caller's arrives here as a huge one.
pub(super) fn size(len: usize) -> Result<usize, Code> {
    if isize::try_from(len).is_ok() { Ok(len) } else { Err(Code::BadSize) }
}

/// The bytes at a pointer, which may be NULL if there are none.
///
/// # Safety
/// `pointer` is NULL or points to `len` bytes that do not change during `'a`.
pub(super) unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], Code> {
    match size(len)? {
        0 => Ok(&[]),
        _ if pointer.is_null() => Err(Code::NullPointer),
        // SAFETY: not NULL, no larger than an object can be, and that many bytes, as the caller has promised.
        len => Ok(unsafe { core::slice::from_raw_parts(pointer, len) }),
    }
}

/// A uid. Fails before `tinycontainer_init` has succeeded.
///
/// # Safety
/// As for [`bytes`].
pub(super) unsafe fn uid<'a>(uid: *const u8, len: usize) -> Result<&'a str, Code> {
    initialized()?;
    if uid.is_null() {
        return Err(Code::NullPointer);
    }
    // Before the bytes are read: if there are too many, none of them is.
    if !(1..=tinycontainer::metadata::MAX_UID).contains(&len) {
        return Err(Code::BadUid);
    }
    // SAFETY: as the caller has promised.
    let uid = unsafe { bytes(uid, len) }?;
    if !is_uid(uid) {
        return Err(Code::BadUid);
    }
    core::str::from_utf8(uid).map_err(|_| Code::BadUid)
}

/// A string of 1 to 64 bytes that ends with a NUL; `None` for NULL.
///
/// # Safety
/// `start` is NULL or points to a string that ends with a NUL or is longer than 64 bytes, and never changes.
pub(super) unsafe fn string(start: *const c_char) -> Result<Option<&'static str>, Code> {
    const MAX: usize = 64;
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: no byte after the NUL, or after the 65th, is read.
    let len = (0..=MAX).find(|at| unsafe { *start.add(*at) } == 0).ok_or(Code::BadArgument)?;
    if len == 0 {
        return Err(Code::BadArgument);
    }
    // SAFETY: these bytes were read just now, and never change.
    let bytes = unsafe { core::slice::from_raw_parts(start.cast::<u8>(), len) };
    core::str::from_utf8(bytes).map(Some).map_err(|_| Code::BadArgument)
}

/// Writes a value to where the caller wants it.
///
/// # Safety
/// `out` is NULL or points to memory for a `T`.
pub(super) unsafe fn write_out<T>(out: *mut T, value: T) -> Result<(), Code> {
    if out.is_null() {
        return Err(Code::NullPointer);
    }
    // SAFETY: not NULL, and memory for a `T`, as the caller has promised.
    unsafe { out.write(value) };
    Ok(())
}

/// A buffer of the caller's: takes what fits, counts the rest, and ends with a NUL.
pub(super) struct Text {
    at: *mut c_char,
    size: usize,
    length: usize,
}

impl Text {
    /// # Safety
    /// `at` is NULL or points to `size` bytes, for as long as this lives.
    pub(super) unsafe fn new(at: *mut c_char, size: usize) -> Self {
        let size = if at.is_null() || isize::try_from(size).is_err() { 0 } else { size };
        let text = Self { at, size, length: 0 };
        if size > 0 {
            // SAFETY: the buffer has at least one byte.
            unsafe { at.write(0) };
        }
        text
    }

    /// The length of the whole text, without the NUL.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for byte in part.bytes() {
            // The last byte is for the NUL.
            if self.length.saturating_add(1) < self.size {
                // SAFETY: `length + 1` is below `size`: both bytes are in the buffer.
                unsafe {
                    self.at.add(self.length).write(byte as c_char);
                    self.at.add(self.length + 1).write(0);
                }
            }
            self.length = self.length.saturating_add(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::fmt::Write;
    use core::ptr::{NonNull, null, null_mut};
    use std::boxed::Box;
    use std::ffi::CStr;
    use std::vec::Vec;
    use std::{string::String, vec};

    #[test]
    fn bytes_of_a_caller() {
        let some = [1, 2, 3];
        // SAFETY: `some` has three bytes, and of the others none is read.
        unsafe {
            assert_eq!(bytes(some.as_ptr(), 3), Ok(&some[..]));
            assert_eq!(bytes(null(), 0), Ok(&[][..]));
            assert_eq!(bytes(NonNull::dangling().as_ptr(), 0), Ok(&[][..]));
            assert_eq!(bytes(null(), 1), Err(Code::NullPointer));
            assert_eq!(bytes(some.as_ptr(), usize::MAX), Err(Code::BadSize));
            assert_eq!(bytes(null(), usize::MAX / 2 + 1), Err(Code::BadSize));
        }
    }

    #[test]
    fn a_string_is_read_to_its_end_or_to_65_bytes() {
        let read = |text: &[u8]| {
            // On the heap, in its exact size: Miri reports each byte that is read beyond it.
            let text = Box::leak(text.to_vec().into_boxed_slice());
            // SAFETY: it ends with a NUL or has 65 bytes, and never changes.
            unsafe { string(text.as_ptr().cast()) }
        };
        let long = |bytes: usize, end: &[u8]| [&vec![b'n'; bytes], end].concat();
        assert_eq!(read(b"name\0"), Ok(Some("name")));
        assert_eq!(read(&long(64, b"\0")), Ok(Some(&*String::from_utf8(long(64, b"")).unwrap())));
        assert_eq!(read(&long(65, b"")), Err(Code::BadArgument));
        assert_eq!(read(b"\0"), Err(Code::BadArgument));
        assert_eq!(read(b"\xff\0"), Err(Code::BadArgument));
        // SAFETY: NULL.
        assert_eq!(unsafe { string(null()) }, Ok(None));
    }

    #[test]
    fn a_text_stays_in_its_buffer() {
        for size in 0..8 {
            let mut buffer: Vec<c_char> = vec![0x55; size];
            // SAFETY: that many bytes.
            let mut text = unsafe { Text::new(buffer.as_mut_ptr(), size) };
            text.write_str("one").unwrap();
            text.write_str("two").unwrap();
            assert_eq!(text.length(), 6);
            if size > 0 {
                // SAFETY: `Text` ends with a NUL.
                let written = unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str().unwrap();
                assert_eq!(written, &"onetwo"[..(size - 1).min(6)]);
            }
        }
        for (at, size) in [(null_mut(), 5), (NonNull::dangling().as_ptr(), usize::MAX)] {
            // SAFETY: nothing is written.
            let mut text = unsafe { Text::new(at, size) };
            text.write_str("four").unwrap();
            assert_eq!(text.length(), 4);
        }
    }

    #[test]
    fn a_value_is_written_where_there_is_memory() {
        let mut there = 1;
        // SAFETY: memory for a number, and NULL.
        unsafe {
            assert_eq!(write_out(&raw mut there, 2), Ok(()));
            assert_eq!(write_out(null_mut(), 3), Err(Code::NullPointer));
        }
        assert_eq!(there, 2);
    }
}
