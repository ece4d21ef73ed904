//! Reading files: nothing without a limit. What a user asks for is written by `output`.

use crate::text::error::with_help;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The largest file that is read, in bytes.
pub(crate) const MOST: u64 = 16 << 20;

/// Fails if there is no such file or folder: for commands that look for other things before they open it.
pub(crate) fn must_be_there(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot open {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, MOST)
}

/// A whole file of at most `most` bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(with_help(format!("{name} is a folder"), "name a file"));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > most {
        return Err(with_help(format!("{name} is larger than {most} bytes"), "is it the right file?"));
    }
    Ok(bytes)
}

/// A whole file of text.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| with_help(format!("{} is not text", path.display()), "is it the right file?"))
}

/// Writes a file of a temporary folder of our own, in place of what was there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Resolves a path from a file: relative to that file.
pub(crate) fn beside(file: &Path, path: &Path) -> std::path::PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}
