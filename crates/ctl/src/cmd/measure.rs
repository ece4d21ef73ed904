//! `measure`: what `build` calls to measure a module in a process of its own. Not shown in the help.

use crate::build::measure;
use crate::cmd::answer::Answer;
use crate::input::files::MOST;
use crate::out;
use anyhow::{Context, Result};
use std::io::{Read as _, stdin};

/// Read a module from standard input and print how much stack and heap it needs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The linear memory that it has, in bytes.
    linear_memory: u32,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let mut code = Vec::new();
    stdin().lock().take(MOST).read_to_end(&mut code).context("cannot read the module")?;
    out!("{}", serde_json::to_string(&measure::measure_here(&code, args.linear_memory)?)?);
    Ok(Answer::Yes)
}
