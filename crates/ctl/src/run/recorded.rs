//! What containers wrote to the virtual buses: `BUS-UNIT.csv`, as `crates/posix` writes it.

use crate::files;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tinycontainer_metadata::Bus;

/// The first line of a recording.
const HEAD: &str = "time_ms,hex";

/// Removes the recordings of an earlier run, and nothing else.
pub(crate) fn remove_old(dir: &Path) -> Result<()> {
    for (_, path) in recordings(dir) {
        if files::read_text(&path).is_ok_and(|text| text.lines().next() == Some(HEAD)) {
            fs::remove_file(&path).with_context(|| format!("cannot remove the old {}", path.display()))?;
        }
    }
    Ok(())
}

/// What was written to each peer, in hex, in order.
pub(crate) fn read(dir: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    recordings(dir)
        .map(|(peer, path)| {
            let text = files::read_text(&path)?;
            let values = text.lines().skip(1).filter_map(|line| line.split_once(','));
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
