//! Texts for C, each with a section of its own.

use core::ffi::CStr;

/// A C string that is in the firmware only if what names it is. A literal is not: the compiler merges all
/// literals of a program into one section, which a linker takes whole or not at all (3 KB here).
macro_rules! text {
    ($text:literal) => {{
        static TEXT: [u8; $text.len() + 1] = $crate::text::terminated($text);
        const { $crate::text::whole(&TEXT) }
    }};
}

pub(crate) use text;

/// The text with its end. At compile time only.
#[expect(clippy::indexing_slicing, reason = "at compile time")]
pub(crate) const fn terminated<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut i = 0;
    while i < text.len() {
        bytes[i] = text.as_bytes()[i];
        i += 1;
    }
    bytes
}

/// At compile time only.
#[expect(clippy::panic, reason = "at compile time")]
pub(crate) const fn whole(bytes: &'static [u8]) -> &'static CStr {
    match CStr::from_bytes_with_nul(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a text with a NUL in it"),
    }
}
