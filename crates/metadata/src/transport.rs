//! The single-file image: one CBOR array of metadata, data and code, each a byte string.

use minicbor::encode::{Encoder, Write};
use tinycontainer_cbor::{Error, read};

/// The three parts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The input of [`Metadata::decode`](crate::Metadata::decode).
    pub metadata: &'a [u8],
    /// The container's own data; may be empty.
    pub data: &'a [u8],
    /// The input of its runtime.
    pub code: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Decodes a single-file image.
    ///
    /// # Errors
    /// The first error, with its offset.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        read(bytes, |reader| {
            reader.array_of(3);
            Self { metadata: reader.bytes(), data: reader.bytes(), code: reader.bytes() }
        })
    }

    /// Writes a single-file image.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn encode<W: Write>(&self, out: W) -> Result<(), minicbor::encode::Error<W::Error>> {
        Encoder::new(out).array(3)?.bytes(self.metadata)?.bytes(self.data)?.bytes(self.code)?;
        Ok(())
    }
}
