//! What containers wrote to the virtual buses: `BUS-UNIT.csv`, as `crates/posix` writes it.

use crate::input::files;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tinycontainer_metadata::Bus;

/// The first line of a recording.
const HEAD: &str = "time_ms,hex";

/// Removes the recordings of an earlier run, and nothing else.
pub(crate) fn remove_old(dir: &Path) -> Result<()> {
    for (_, path) in recordings(dir) {
        if begins_as_recording(&path) {
            fs::remove_file(&path).with_context(|| format!("cannot remove the old {}", path.display()))?;
        }
    }
    Ok(())
}

fn begins_as_recording(path: &Path) -> bool {
    let mut head = [0; HEAD.len() + 1];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.starts_with(HEAD.as_bytes()) && head.ends_with(b"\n")
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
