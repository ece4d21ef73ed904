//! `tinycontainerctl`: make, inspect, verify and run containers at a desk.
//!
//! | module | holds |
//! | --- | --- |
//! | `cmd` | the subcommands, one module each |
//! | `run` | what `run` consists of: screen, tally, final table, expectations |
//! | `compile`, `module` | from `container.toml` to a module, and whether a device takes it |
//! | `recipe`, `trust_file` | the files that people write |
//! | `device` | the device that a desk decides for; `desk`: the engine's own decision |
//! | `report` | what there is to say of an image; `sentences`: how it is said |
//! | `keys`, `tokens`, `peer`, `time`, `files` | keys, signing, the small languages, reading |
//!
//! What is decided about an image or a call, the device's own crates decide: `policy`, `firewall`, `engine`.
#![forbid(unsafe_code)]

mod cmd;
mod compile;
mod desk;
mod device;
mod error;
mod files;
mod image_file;
mod keys;
mod module;
mod peer;
mod recipe;
mod report;
mod report2024;
mod run;
mod sentences;
mod style;
mod time;
mod tokens;
mod trust_file;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// What a command that answers a question answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// All is as it should be: exit status 0.
    Yes,
    /// ImageRejected, or other than expected: exit status 1.
    No,
}

/// Make, inspect, verify and run TinyContainer images.
///
/// Exit status: 0 yes or done; 1 no (refused, or other than expected); 2 it could not be done.
#[derive(Parser)]
#[command(name = "tinycontainerctl", version, arg_required_else_help = true)]
#[command(after_help = "Example: the whole way of an image\n  \
    tinycontainerctl keygen provider-a\n  \
    tinycontainerctl build my-container --key provider-a.key --issuer provider-a --aud kitchen -o my.tci\n  \
    tinycontainerctl inspect my.tci --trust trust.toml --device kitchen\n  \
    tinycontainerctl run my.tci --trust trust.toml --device kitchen --for 10s")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Keygen(cmd::keygen::Args),
    Trust(cmd::trust::Args),
    Build(Box<cmd::build::Args>),
    Grant(cmd::grant::Args),
    Inspect(Box<cmd::inspect::Args>),
    Verify(Box<cmd::verify::Args>),
    Explain(Box<cmd::explain::Args>),
    Run(Box<cmd::run::Args>),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Keygen(args) => cmd::keygen::run(&args),
        Command::Trust(args) => cmd::trust::run(&args),
        Command::Build(args) => cmd::build::run(&args),
        Command::Grant(args) => cmd::grant::run(&args),
        Command::Inspect(args) => cmd::inspect::run(&args),
        Command::Verify(args) => cmd::verify::run(&args),
        Command::Explain(args) => cmd::explain::run(&args),
        Command::Run(args) => cmd::run::run(&args),
    };
    match outcome {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) => {
            error::show(&error);
            ExitCode::from(2)
        }
    }
}
