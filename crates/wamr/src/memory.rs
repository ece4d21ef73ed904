//! The guest's memory, and the ranges of it that a guest hands over.

/// Why a range is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outside;

/// The `len` bytes at `address`, if all of them are in `memory`. No bytes are anywhere up to its end.
pub(crate) fn range(memory: &mut [u8], address: u32, len: u32) -> Result<&mut [u8], Outside> {
    // In 64 bits, where two 32-bit numbers do not wrap; on a device as on a host.
    let end = u64::from(address) + u64::from(len);
    if end > memory.len() as u64 {
        return Err(Outside);
    }
    memory.get_mut(address as usize..end as usize).ok_or(Outside)
}

/// The text at `address` up to its NUL, or its first `most` bytes.
pub(crate) fn text(memory: &[u8], address: u32, most: usize) -> Result<&[u8], Outside> {
    let rest = memory.get(address as usize..).ok_or(Outside)?;
    let first = rest.get(..most).unwrap_or(rest);
    match first.iter().position(|byte| *byte == 0) {
        Some(nul) => first.get(..nul).ok_or(Outside),
        None if first.len() == most => Ok(first),
        None => Err(Outside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn ranges_end_where_memory_does() {
        let mut memory = vec![0; 100];
        for (address, len, given) in [
            (0, 0, true),
            (0, 100, true),
            (99, 1, true),
            (100, 0, true),
            (100, 1, false),
            (101, 0, false),
            (99, 2, false),
            (0, 101, false),
            (0, u32::MAX, false),
            (1, u32::MAX, false),
            (u32::MAX, 0, false),
            (u32::MAX, 1, false),
            (u32::MAX, 2, false),
            (u32::MAX, u32::MAX, false),
            (u32::MAX - 99, 100, false),
            (u32::MAX - 98, 199, false),
        ] {
            assert_eq!(range(&mut memory, address, len).is_ok(), given, "{address} {len}");
        }
        assert!(range(&mut [], 0, 0).is_ok());
        assert!(range(&mut [], 0, 1).is_err());
    }

    #[test]
    fn texts_end_in_memory_or_are_cut() {
        assert_eq!(text(b"ab\0cd", 0, 3), Ok(&b"ab"[..]));
        assert_eq!(text(b"ab\0cd", 2, 3), Ok(&b""[..]));
        assert_eq!(text(b"ab\0cd", 3, 3), Err(Outside));
        assert_eq!(text(b"ab\0cd", 3, 2), Ok(&b"cd"[..]));
        assert_eq!(text(b"ab\0cd", 5, 2), Err(Outside));
        assert_eq!(text(b"ab\0cd", 6, 2), Err(Outside));
        assert_eq!(text(b"ab\0cd", u32::MAX, 2), Err(Outside));
    }
}
