//! `tinycontainerctl`: make, inspect, verify and run containers at a spec.
//!
//! From the bottom up; a folder uses only those before it:
//!
//! | folder | holds |
//! | --- | --- |
//! | `text` | what people read: colours, errors, sentences |
//! | `input` | what people write: `container.toml`, `trust.toml`, keys, tokens, peers, dates |
//! | `config` | `tinycontainer.toml`: what holds where no flag says otherwise |
//! | `output` | writing files so that nothing is lost |
//! | `module` | compiling a container, and checking its module |
//! | `device` | the device that a command decides for, and the engine's decision |
//! | `refusal` | why a device refuses an image, with the facts |
//! | `report` | what is known about an image: collected, and printed |
//! | `build` | compiling, measuring, tokens of other parties, signing |
//! | `new` | a folder to begin a container with |
//! | `timeline` | a run as a picture: what containers did, on a page of HTML |
//! | `run` | running images: events, counts, final table, expectations |
//! | `cmd` | the subcommands, one file each |
//!
//! The crates that run on the device decide about images and calls: `policy`, `firewall`, `engine`.
#![forbid(unsafe_code)]

mod build;
mod cmd;
mod config;
mod device;
mod input;
mod module;
mod new;
mod output;
mod refusal;
mod report;
mod run;
mod text;
mod timeline;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use cmd::answer::Answer;
use std::env;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

/// Make, inspect, verify and run TinyContainer images.
///
/// Exit status: 0 yes or done; 1 no (refused, or other than expected); 2 it could not be done.
#[derive(Parser)]
#[command(name = "tinycontainerctl", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "To begin:\n  tinycontainerctl new sensor\n  cd sensor && tinycontainerctl run\n\nExample: an image from key to run\n  \
    tinycontainerctl keygen provider-a\n  \
    tinycontainerctl build my-container --key provider-a.key --issuer provider-a --aud kitchen -o my.tci\n  \
    tinycontainerctl inspect my.tci --trust trust.toml --device kitchen\n  \
    tinycontainerctl run my.tci --trust trust.toml --device kitchen --for 10s"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Do not print what was done; only answers, warnings and errors.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Print which compilers are called, and how.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    New(cmd::new::Args),
    Keygen(cmd::keygen::Args),
    Trust(cmd::trust::Args),
    Build(Box<cmd::build::Args>),
    Grant(Box<cmd::grant::Args>),
    Inspect(Box<cmd::inspect::Args>),
    Verify(Box<cmd::verify::Args>),
    Explain(Box<cmd::explain::Args>),
    Run(Box<cmd::run::Args>),
    Config(cmd::config::Args),
    Completions(cmd::completions::Args),
    Man(cmd::man::Args),
    #[command(hide = true)]
    Measure(cmd::measure::Args),
}

fn main() -> ExitCode {
    // Also for a command line that cannot be read.
    let json = env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json");
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) if json && error.use_stderr() => return failed(json, None, &text::usage::error(&error)),
        // Help, the version, or what is wrong with the command line.
        Err(error) => return shown(&error),
    };
    let outcome = match Cli::from_arg_matches(&matches) {
        Ok(cli) => {
            text::level::set(cli.quiet, cli.verbose);
            run(cli.command)
        }
        Err(error) => error.exit(),
    };
    match outcome {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Ok(Answer::Unknown) => ExitCode::from(2),
        Err(error) => failed(json, matches.subcommand_name(), &error),
    }
}

/// Prints help, the version, or what is wrong with the command line. Half of a help is an error, unless its reader has gone.
fn shown(error: &clap::Error) -> ExitCode {
    match error.print().and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            err!("error: cannot write to standard output: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

fn failed(json: bool, command: Option<&str>, error: &anyhow::Error) -> ExitCode {
    if json {
        text::document::failed(command, error);
    } else {
        text::error::show(error);
    }
    ExitCode::from(2)
}

fn run(command: Command) -> Result<Answer> {
    match command {
        Command::New(args) => cmd::new::run(&args),
        Command::Keygen(args) => cmd::keygen::run(&args),
        Command::Trust(args) => cmd::trust::run(&args),
        Command::Build(args) => cmd::build::run(&args),
        Command::Grant(args) => cmd::grant::run(&args),
        Command::Inspect(args) => cmd::inspect::run(&args),
        Command::Verify(args) => cmd::verify::run(&args),
        Command::Explain(args) => cmd::explain::run(&args),
        Command::Run(args) => cmd::run::run(&args),
        Command::Config(args) => cmd::config::run(&args),
        Command::Completions(args) => cmd::completions::run(&args, Cli::command()),
        Command::Man(args) => cmd::man::run(&args, Cli::command()),
        Command::Measure(args) => cmd::measure::run(&args),
    }
}
