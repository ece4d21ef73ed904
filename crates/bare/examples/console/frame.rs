//! Reading requests and writing replies: see `protocol`.

use crate::protocol::{Fields, MAX_FRAME};

/// The arguments of a request that are not read yet.
pub(crate) struct Request<'a>(pub(crate) &'a [u8]);

impl<'a> Fields for Request<'a> {
    type Bytes = &'a [u8];

    fn take(&mut self, len: usize) -> &'a [u8] {
        match self.0.split_at_checked(len) {
            Some((taken, rest)) => {
                self.0 = rest;
                taken
            }
            None => core::mem::take(&mut self.0),
        }
    }
}

impl<'a> Request<'a> {
    pub(crate) fn size(&mut self) -> usize {
        self.u32() as usize
    }

    pub(crate) fn text(&mut self) -> &'a str {
        core::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

/// A reply. What does not fit is left out.
pub(crate) struct Reply {
    bytes: [u8; MAX_FRAME],
    len: usize,
}

impl Reply {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; MAX_FRAME], len: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.put(&[number]);
    }

    pub(crate) fn u16(&mut self, number: u16) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn size(&mut self, number: usize) {
        self.u32(u32::try_from(number).unwrap_or(u32::MAX));
    }

    pub(crate) fn text(&mut self, bytes: &[u8]) {
        self.u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        self.put(bytes);
    }

    pub(crate) fn code(&mut self, code: tinycontainer_capi::Code) {
        self.u16(code as i32 as u16);
    }
}
