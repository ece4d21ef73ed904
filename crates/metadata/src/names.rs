//! The characters of names. Restricted on purpose: names are printed on terminals and compared byte by byte.

use crate::{MAX_AUTHORITY, MAX_UID};
use tinycontainer_cbor::{Kind, Reader};

/// Whether `bytes` are a valid uid: 1 to 64 of `A-Z a-z 0-9 . _ -`.
pub fn is_uid(bytes: &[u8]) -> bool {
    (1..=MAX_UID).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Whether `bytes` are a valid authority of a URI (RFC 3986, section 3.2) without user information: 1 to 128 of `A-Z
/// a-z 0-9 . _ - : [ ]`.
pub fn is_authority(bytes: &[u8]) -> bool {
    (1..=MAX_AUTHORITY).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':' | b'[' | b']'))
}

/// A byte string as a name; all valid names are ASCII.
pub(crate) fn read<'b>(reader: &mut Reader<'b>, is: fn(&[u8]) -> bool) -> &'b str {
    let at = reader.position();
    let bytes = reader.bytes();
    let name = if is(bytes) { core::str::from_utf8(bytes).ok() } else { None };
    name.unwrap_or_else(|| {
        reader.fail(Kind::Range, at);
        ""
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids() {
        for good in ["a", "simple_container", "org.example-1", &"x".repeat(64)] {
            assert!(is_uid(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a/b", "\u{e9}", "a\n", "a\0", &"x".repeat(65)] {
            assert!(!is_uid(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn authorities() {
        for good in ["[2001:db8::1]:5683", "example.org", "localhost:5683"] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in ["", "user@host", "host/path", "ho st", &"x".repeat(129)] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }
}
