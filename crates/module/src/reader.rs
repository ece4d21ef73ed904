//! Reading a module's bytes.

use crate::Refused;

/// The bytes that are not read yet.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Refused> {
        let (first, rest) = self.0.split_first().ok_or(Refused::END)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn take(&mut self, len: u32) -> Result<&'a [u8], Refused> {
        let (taken, rest) = self.0.split_at_checked(len as usize).ok_or(Refused::END)?;
        self.0 = rest;
        Ok(taken)
    }

    /// An unsigned LEB128 of at most 32 bits in at most 5 bytes. Linkers pad, so it need not be the shortest.
    pub(crate) fn number(&mut self) -> Result<u32, Refused> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Refused::Malformed("integer too large"))
    }

    /// A LEB128 of at most `most` bytes, whatever it says.
    pub(crate) fn skip_number(&mut self, most: u32) -> Result<(), Refused> {
        for _ in 0..most {
            if self.byte()? & 0x80 == 0 {
                return Ok(());
            }
        }
        Err(Refused::Malformed("integer too long"))
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), Refused> {
        if self.is_empty() { Ok(()) } else { Err(Refused::Malformed("section size mismatch")) }
    }
}
