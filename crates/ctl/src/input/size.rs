//! Sizes of memory as people write them. A KB is 1024 bytes, as in the data sheets of microcontrollers.

/// A size in bytes: `65536`, `64KB`, `64K`, `64KiB`, `1MB`.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: Option<usize> = match unit.trim_start().to_ascii_uppercase().as_str() {
        "" | "B" => Some(1),
        "K" | "KB" | "KIB" => Some(1 << 10),
        "M" | "MB" | "MIB" => Some(1 << 20),
        _ => None,
    };
    let number = number.parse::<usize>().ok();
    number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .ok_or_else(|| format!("`{text}` is not a size, such as 65536, 64KB or 1MB (a KB is 1024 bytes)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(["65536", "64KB", "64k", "64 KiB"].map(bytes), [const { Ok(65536) }; 4]);
        assert_eq!(bytes("2MB"), Ok(2 << 20));
        for wrong in ["", "KB", "-1", "1.5KB", "64KBB", "99999999999999999999", "99999999999999999M"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
