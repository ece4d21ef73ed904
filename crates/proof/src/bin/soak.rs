//! Containers that load, run, trap, stop and unload at random.

use clap::Parser;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;
use tinycontainer_proof::device::{Device, Program};
use tinycontainer_proof::soak::soak;

/// Lets containers load, run, trap, stop and unload at random on a device, and checks that nothing is lost.
///
/// Exit status: 0 if all was right, 1 if something was not, 2 if it cannot run.
#[derive(Parser)]
#[command(after_help = "Example: soak --minutes 10 --seed 7 fast=target/debug/examples/console")]
struct Options {
    /// A device, as NAME=PATH: names that begin with `qemu` run on QEMU.
    #[arg(value_parser = Program::parse)]
    device: Program,
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
    let mut device = match Device::start_up(&options.device) {
        Ok(device) => device,
        Err(broken) => {
            eprintln!("{broken}");
            return ExitCode::from(2);
        }
    };
    let terminal = std::io::stderr().is_terminal();
    let lasts = Duration::from_secs_f64(options.minutes.max(0.0) * 60.0);
    let result = soak(&mut device, options.seed, lasts, options.actions, |tally, elapsed| {
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
    match result {
        Ok(tally) if options.json => {
            println!("{}", serde_json::json!({ "seed": options.seed, "tally": tally }))
        }
        Ok(tally) => println!("soak: seed {}: {tally:?}", options.seed),
        Err(error) => {
            println!("soak: FAILED: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
