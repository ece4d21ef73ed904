//! `man`: manual pages, made from the same text as `--help`.

use crate::cmd::answer::Answer;
use crate::done;
use crate::output::{self, Kind};
use crate::text::document;
use anyhow::{Context, Result};
use clap::Command;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Write a manual page for this program and for each subcommand into a folder.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  tinycontainerctl man ~/.local/share/man/man1\n  man tinycontainerctl-build"
)]
pub(crate) struct Args {
    /// The folder, which is made if it is not there.
    folder: PathBuf,
    /// Overwrite files of these names, even if they are not manual pages.
    #[arg(long)]
    force: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Written {
    files: Vec<String>,
}

/// How each page begins, so that an earlier one is recognised.
const PAGE: Kind =
    Kind::Other { name: "a manual page of this program", begins: b".ie \\n(.g .ds Aq \\(aq\n" };

pub(crate) fn run(args: &Args, mut program: Command) -> Result<Answer> {
    program.build();
    let name = program.get_name().to_owned();
    let (mut pages, mut files) = (vec![(name, program)], Vec::new());
    while let Some((name, command)) = pages.pop() {
        let below =
            command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
        pages.extend(below.map(|below| (format!("{name}-{}", below.get_name()), below.clone())));
        let file = args.folder.join(format!("{name}.1"));
        write(&file, command, args.force)?;
        files.push(file.display().to_string());
    }
    if args.json {
        document::print("man", &Written { files })?;
    } else {
        done!("{}: {} manual pages", args.folder.display(), files.len());
    }
    Ok(Answer::Yes)
}

fn write(path: &Path, command: Command, force: bool) -> Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).context("cannot make the manual page")?;
    output::write(path, PAGE, &page, force, &[])
}
