//! `completions`: for a shell, so that it completes subcommands and flags.

use crate::cmd::answer::Answer;
use anyhow::{Context, Result};
use clap::{Command, ValueEnum};
use clap_complete::Shell;
use std::io::{ErrorKind, Write as _, stdout};

/// Print a script that makes a shell complete subcommands and flags.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    tinycontainerctl completions bash >~/.local/share/bash-completion/completions/tinycontainerctl\n  \
    tinycontainerctl completions zsh >~/.zfunc/_tinycontainerctl      # a folder of $fpath\n  \
    tinycontainerctl completions fish >~/.config/fish/completions/tinycontainerctl.fish")]
pub(crate) struct Args {
    shell: ForShell,
}

#[derive(Clone, Copy, ValueEnum)]
enum ForShell {
    Bash,
    Zsh,
    Fish,
}

pub(crate) fn run(args: &Args, mut program: Command) -> Result<Answer> {
    let shell = match args.shell {
        ForShell::Bash => Shell::Bash,
        ForShell::Zsh => Shell::Zsh,
        ForShell::Fish => Shell::Fish,
    };
    let name = program.get_name().to_owned();
    // Into memory first: the generator panics if it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut script);
    match stdout().write_all(&script) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write the script"),
        _ => Ok(Answer::Yes),
    }
}
