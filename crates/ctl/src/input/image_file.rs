//! The file that a command reads: an image, or metadata alone with its parts beside it.

use crate::input::files;
use crate::text::error::with_help;
use anyhow::Result;
use std::path::{Path, PathBuf};
use tinycontainer_metadata::transport::Parts;

/// What to do about a file that is not an image.
pub(crate) const NOT_AN_IMAGE: &str =
    "an image is what `tinycontainerctl build` writes; was it truncated or changed?";

/// The parts of a whole image. Its metadata is not decoded.
pub(crate) fn whole<'a>(path: &Path, bytes: &'a [u8]) -> Result<Parts<'a>> {
    Parts::decode(bytes)
        .map_err(|error| with_help(format!("{} is not an image: {error}", path.display()), NOT_AN_IMAGE))
}

/// The parts of an image, as far as they are in the file.
pub(crate) struct ImageFile {
    pub(crate) metadata: Vec<u8>,
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) code: Option<Vec<u8>>,
}

/// Where the parts are that a metadata file alone does not have.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Beside {
    /// The data, if FILE is metadata alone.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The code, if FILE is metadata alone.
    #[arg(long, value_name = "FILE")]
    code: Option<PathBuf>,
}

impl Beside {
    /// Whether a part is given.
    pub(crate) fn is_given(&self) -> bool {
        self.data.is_some() || self.code.is_some()
    }
}

impl ImageFile {
    /// Reads an image or metadata alone. The metadata is not decoded.
    pub(crate) fn read(path: &Path, beside: Option<&Beside>) -> Result<Self> {
        Self::parse(path, files::read(path)?, beside)
    }

    /// The same from the bytes of that file.
    pub(crate) fn parse(path: &Path, bytes: Vec<u8>, beside: Option<&Beside>) -> Result<Self> {
        let data = beside.and_then(|beside| beside.data.as_ref());
        let code = beside.and_then(|beside| beside.code.as_ref());
        match Parts::decode(&bytes) {
            Ok(_) if data.is_some() || code.is_some() => Err(with_help(
                format!("{} is a whole image, with data and code in it", path.display()),
                "--data and --code are for metadata alone: leave them out",
            )),
            Ok(parts) => Ok(Self {
                metadata: parts.metadata.to_vec(),
                data: Some(parts.data.to_vec()),
                code: Some(parts.code.to_vec()),
            }),
            // A tag with eight bytes of value: so begins metadata.
            Err(_) if bytes.first() == Some(&0xdb) => Ok(Self {
                metadata: bytes,
                data: data.map(|path| files::read(path)).transpose()?,
                code: code.map(|path| files::read(path)).transpose()?,
            }),
            Err(error) => Err(with_help(
                format!("{} is neither an image nor metadata: {error}", path.display()),
                "an image is what `tinycontainerctl build` writes; was it truncated or changed?",
            )),
        }
    }

    /// All parts, if they are all there.
    pub(crate) fn parts(&self) -> Option<Parts<'_>> {
        Some(Parts { metadata: &self.metadata, data: self.data.as_deref()?, code: self.code.as_deref()? })
    }
}
