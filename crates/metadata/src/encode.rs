//! [`Draft`] to bytes.

use crate::{Endpoint, FORMAT_VERSION, Limits, Mask, Part, PartSizes, Schedule, TAG, Type, Wake};
use minicbor::encode::write::Cursor;
use minicbor::encode::{Encoder, Error, Write};

/// Metadata of profile 1 before it is signed.
///
/// [`Draft::encode_signed`] writes the bytes to be signed; then [`Draft::encode`] writes them again, followed by the
/// token. Values are not checked: the decoder refuses the encoding of values that it does not allow, so decode the
/// result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft<'a> {
    /// The container's uid.
    pub uid: &'a str,
    /// Its type: which runtime it is for.
    pub kind: Type,
    /// The image's version.
    pub version: u32,
    /// The syscalls it asks for.
    pub syscalls: Mask,
    /// A token of a signer that may grant them, if the metadata's signer may not.
    pub syscall_token: Option<&'a [u8]>,
    /// The memory it asks for.
    pub limits: Limits,
    /// When it runs and how long.
    pub schedule: Schedule,
    /// The endpoints it asks for, by ascending id.
    pub endpoints: &'a [Endpoint<'a>],
    /// Bytes for the device's vendor.
    pub vendor_secu: Option<&'a [u8]>,
    /// The sizes of data and code.
    pub sizes: PartSizes,
    /// The proof for the data.
    pub data: Part<'a>,
    /// The proof for the code.
    pub code: Part<'a>,
}

type Encoded<W> = Result<(), Error<<W as Write>::Error>>;

impl Draft<'_> {
    /// Writes the bytes that the metadata token's digest covers.
    ///
    /// `scratch` takes one section at a time; the longest is that of the endpoints.
    ///
    /// # Errors
    /// Those of the writer; also if `scratch` is too small.
    pub fn encode_signed<W: Write>(&self, out: W, scratch: &mut [u8]) -> Encoded<W> {
        self.encode_head(&mut Encoder::new(out), scratch)
    }

    /// Writes the whole file: the signed bytes and the token.
    ///
    /// # Errors
    /// Those of the writer; also if `scratch` is too small.
    pub fn encode<W: Write>(&self, out: W, token: &[u8], scratch: &mut [u8]) -> Encoded<W> {
        let mut encoder = Encoder::new(out);
        self.encode_head(&mut encoder, scratch)?;
        encoder.u8(4)?.bytes(token)?;
        Ok(())
    }

    fn encode_head<W: Write>(&self, encoder: &mut Encoder<W>, scratch: &mut [u8]) -> Encoded<W> {
        let listed = !self.endpoints.is_empty();
        encoder.tag(minicbor::data::Tag::new(TAG))?.map(if listed { 5 } else { 4 })?;
        encoder.u8(0)?.u64(FORMAT_VERSION)?;
        encoder.u8(1)?;
        section(encoder, scratch, |to| self.encode_container(to))?;
        if listed {
            encoder.u8(2)?;
            section(encoder, scratch, |to| {
                to.array(self.endpoints.len() as u64)?;
                self.endpoints.iter().try_for_each(|endpoint| endpoint.encode(to))
            })?;
        }
        encoder.u8(3)?;
        section(encoder, scratch, |to| self.encode_security(to))
    }

    fn encode_container<W: Write>(&self, to: &mut Encoder<W>) -> Encoded<W> {
        let optional = [self.syscall_token.is_some(), self.vendor_secu.is_some()];
        to.map(6 + optional.iter().filter(|there| **there).count() as u64)?;
        to.u8(1)?.bytes(self.uid.as_bytes())?;
        to.u8(2)?.u8(self.kind as u8)?;
        if let Some(token) = self.syscall_token {
            to.u8(3)?.bytes(token)?;
        }
        to.u8(4)?.u32(self.syscalls.0)?;
        to.u8(5)?.u32(self.version)?;
        let Limits { linear_memory, stack, heap } = self.limits;
        to.u8(6)?.array(3)?.u32(linear_memory)?.u32(stack)?.u32(heap)?;
        if let Some(bytes) = self.vendor_secu {
            to.u8(7)?.bytes(bytes)?;
        }
        to.u8(8)?.array(2)?.u32(self.sizes.data)?.u32(self.sizes.code)?;
        Ok(())
    }

    fn encode_security<W: Write>(&self, to: &mut Encoder<W>) -> Encoded<W> {
        let s = &self.schedule;
        to.array(if s.wake == Wake::Period { 10 } else { 11 })?;
        to.u32(s.start_ms)?.u32(s.period_ms)?.u32(s.loop_ms)?.u32(s.max_loops)?.u32(s.stop_ms)?;
        for part in [self.data, self.code] {
            match part {
                Part::Digest(digest) => to.bytes(digest)?,
                Part::Token(token) => to.bytes(token)?,
            };
        }
        to.u32(s.lifetime_ms)?.u32(s.heartbeat_ms)?.u8(s.priority as u8)?;
        if s.wake != Wake::Period {
            to.u8(s.wake as u8)?;
        }
        Ok(())
    }
}

/// Writes one section into `scratch`, then as a byte string.
fn section<W: Write>(
    encoder: &mut Encoder<W>,
    scratch: &mut [u8],
    write: impl FnOnce(
        &mut Encoder<&mut Cursor<&mut [u8]>>,
    ) -> Result<(), Error<minicbor::encode::write::EndOfSlice>>,
) -> Encoded<W> {
    let mut cursor = Cursor::new(&mut *scratch);
    write(&mut Encoder::new(&mut cursor)).map_err(|_| Error::message("the scratch buffer is too small"))?;
    let len = cursor.position();
    encoder.bytes(scratch.get(..len).unwrap_or_default())?;
    Ok(())
}
