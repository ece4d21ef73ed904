//! Containers that load, run, trap, stop and unload at random.

use clap::Parser;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;
use tinycontainer_proof::device::{Device, Program};
use tinycontainer_proof::soak::soak;
use tinycontainer_proof::soak::subject::Subject;
use tinycontainer_proof::soak::threads::Threads;

/// Lets containers load, run, trap, stop and unload at random on a device, and checks that nothing is lost.
///
/// Exit status: 0 if all was right, 1 if something was not, 2 if it cannot run.
#[derive(Parser)]
#[command(after_help = "Example: soak --minutes 10 --seed 7 fast=target/debug/examples/console")]
struct Options {
    /// A device, as NAME=PATH: names that begin with `qemu` run on QEMU. Without one: a host with a thread for each
    /// container.
    #[arg(value_parser = Program::parse)]
    device: Option<Program>,
    /// How long, in minutes.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// How many actions, in place of a time: the same seed and number do the same.
    #[arg(long)]
    actions: Option<u64>,
    /// What happens follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.device {
        Some(program) => Device::start_up(program)
            .map(|mut device| run(&mut device, &options))
            .map_err(|error| error.to_string()),
        None => Threads::new().map(|mut host| run(&mut host, &options)).map_err(|error| error.to_string()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}

fn run(subject: &mut impl Subject, options: &Options) -> ExitCode {
    let terminal = std::io::stderr().is_terminal();
    let lasts = Duration::from_secs_f64(options.minutes.max(0.0) * 60.0);
    let result = soak(subject, options.seed, lasts, options.actions, |tally, elapsed| {
        if terminal {
            eprint!(
                "\r{:.0?}: {} actions, {} loads, {} loops ",
                elapsed, tally.actions, tally.loads, tally.loops
            );
        }
    });
    if terminal {
        eprintln!();
    }
    let name = options.device.as_ref().map_or("threads", |program| &program.name);
    match result {
        Ok(tally) if options.json => {
            println!("{}", serde_json::json!({ "device": name, "seed": options.seed, "tally": tally }));
        }
        Ok(tally) => println!("soak: {name}, seed {}: {tally:?}", options.seed),
        Err(error) => {
            println!("soak: {name}: FAILED: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
