//! An image, as it is on the disk.

use crate::input::files;
use anyhow::Result;
use std::path::PathBuf;

/// An image, read.
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Reads all images, before anything runs.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Image>> {
    paths.iter().map(|path| Ok(Image { path: path.clone(), bytes: files::read(path)? })).collect()
}
