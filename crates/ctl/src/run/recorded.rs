//! What containers wrote to the virtual buses: `BUS-UNIT.csv`, as `crates/posix` writes it.

use crate::input::files;
use crate::text::error::with_help;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tinycontainer_metadata::Bus;

/// Fails if the folder has a file that a recording could overwrite: traces, or an earlier run's recordings.
pub(crate) fn check_folder(dir: &Path) -> Result<()> {
    let Some((_, path)) = recordings(dir).min() else { return Ok(()) };
    Err(with_help(
        format!("{} is there already: a recording never overwrites a file", path.display()),
        format!(
            "name a folder for this run alone, or remove what an earlier run has left in {}",
            dir.display()
        ),
    ))
}

/// What was written to each peer, in hex, in order. A recording has at most `most` bytes.
pub(crate) fn read(dir: &Path, most: u64) -> Result<BTreeMap<String, Vec<String>>> {
    recordings(dir)
        .map(|(peer, path)| {
            let text = String::from_utf8_lossy(&files::read_at_most(&path, most)?).into_owned();
            // A recording that has reached its limit ends with a comment.
            let lines = text.lines().skip(1).filter(|line| !line.starts_with('#'));
            let values = lines.filter_map(|line| line.split_once(','));
            Ok((peer, values.map(|(_, hex)| hex.to_owned()).collect()))
        })
        .collect()
}

/// The recordings in a folder, by peer. A folder that cannot be read has none.
fn recordings(dir: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let path = entry.path();
        let (bus, unit) = path.file_name()?.to_str()?.strip_suffix(".csv")?.rsplit_once('-')?;
        let (bus, unit) = (Bus::from_name(bus)?, unit.parse::<u32>().ok()?);
        Some((format!("{}:{unit}", bus.name()), path))
    })
}
