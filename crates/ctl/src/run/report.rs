//! `--report`: writes the picture of a run.

use crate::output;
use crate::output::Kind;
use crate::run::outcome::{Outcome, Row};
use crate::text::error::with_help;
use crate::timeline::page::{self, About, BEGINS, page};
use crate::timeline::record::Recording;
use anyhow::Result;
use std::path::{Path, PathBuf};

const HELP: &str = "give --report another file name";

const KIND: Kind = Kind::Other { name: "a report of a run", begins: BEGINS };

/// Fails if the report may not or cannot be written there. Called before anything runs.
pub(crate) fn check(path: &Path, inputs: &[PathBuf]) -> Result<()> {
    let inputs: Vec<_> = inputs.iter().map(PathBuf::as_path).collect();
    // The general help names --force, which `run` does not have.
    output::check(path, KIND, false, &inputs).map_err(|error| with_help(format!("{error:#}"), HELP))?;
    // What is there and is no file is a stream, which needs no folder.
    if path.exists() && !path.is_file() {
        return Ok(());
    }
    // Folders on the way are made when it is written.
    let above = path.ancestors().skip(1).map(|above| match above.as_os_str().is_empty() {
        true => Path::new("."),
        false => above,
    });
    let Some(folder) = above.into_iter().find(|folder| folder.exists()) else { return Ok(()) };
    let cannot =
        |why: String| with_help(format!("the report {} cannot be written: {why}", path.display()), HELP);
    if !folder.is_dir() {
        return Err(cannot(format!("{} is not a folder", folder.display())));
    }
    tempfile::tempfile_in(folder).map(drop).map_err(|error| {
        cannot(format!("the folder {} cannot be written to: {}", folder.display(), error.kind()))
    })
}

pub(crate) fn write(
    path: &Path,
    inputs: &[PathBuf],
    recording: &Recording,
    outcome: &Outcome,
    about: &About,
) -> Result<()> {
    let rows: Vec<_> = outcome.containers.iter().map(row).collect();
    let inputs: Vec<_> = inputs.iter().map(PathBuf::as_path).collect();
    output::write(path, KIND, page(recording, &rows, about)?.as_bytes(), false, &inputs)
}

fn row(row: &Row) -> page::Row {
    let why = row.stopped.as_deref().map(|stopped| format!(": {stopped}")).unwrap_or_default();
    page::Row {
        uid: row.uid.clone(),
        state: format!("{}{why}", row.state),
        tried: row.tried(),
        fault: row.fault,
        loops: row.loops,
        missed: row.missed,
        calls: row.calls,
        refusals: row.refusals,
        instructions: row.instructions_per_loop.map(|spread| [spread.min, spread.median, spread.max]),
        image_bytes: row.image_bytes,
        memory_peak_bytes: row.memory_peak_bytes,
        memory_limit_bytes: row.memory_limit_bytes,
    }
}
