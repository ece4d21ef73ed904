//! Tests the life of containers on devices, and counts instructions on those on QEMU.

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use tinycontainer_proof::counts;
use tinycontainer_proof::device::{Device, Kind, Program};
use tinycontainer_proof::life::TESTS;

/// Tests the life of containers on devices.
///
/// Exit status: 0 if all tests pass, 1 if one fails, 2 if they cannot be run.
#[derive(Parser)]
#[command(after_help = "Example: device-test qemu=target/thumbv7em-none-eabihf/device/examples/console")]
struct Options {
    /// A device, as NAME=PATH: names that begin with `qemu` run on QEMU.
    #[arg(required = true, value_parser = Program::parse)]
    devices: Vec<Program>,
    /// The table that the counts of instructions are compared with.
    #[arg(long)]
    counts: Option<PathBuf>,
    /// Writes the table.
    #[arg(long)]
    update: bool,
    /// Results as JSON, a line for each.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut failed = 0;
    for program in &options.devices {
        match test(program, &options) {
            Ok(failures) => failed += failures,
            Err(error) => {
                eprintln!("{}: {error:#}", program.name);
                return ExitCode::from(2);
            }
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns how many tests failed.
fn test(program: &Program, options: &Options) -> anyhow::Result<u32> {
    let began = Instant::now();
    let mut device = Device::start_up(program)?;
    let mut failed = 0;
    for (name, test) in TESTS {
        device.reset()?;
        let result = test(&mut device);
        let why = match (device.broken(), result) {
            (Some(why), _) => Some(why.to_owned()),
            (None, Err(error)) => Some(format!("{error:#}")),
            (None, Ok(())) => None,
        };
        report(options, &program.name, name, why.as_deref());
        failed += u32::from(why.is_some());
    }
    if device.kind() == Kind::Qemu {
        failed += count(&mut device, options)?;
    }
    println!("{}: {} tests, {failed} failed, in {:.0?}", program.name, TESTS.len(), began.elapsed());
    Ok(failed)
}

fn report(options: &Options, device: &str, test: &str, why: Option<&str>) {
    if options.json {
        println!("{}", serde_json::json!({ "device": device, "test": test, "failed": why }));
    } else {
        match why {
            None => println!("{device}: {test} ... ok"),
            Some(why) => println!("{device}: {test} ... FAILED: {why}"),
        }
    }
}

/// Counts, and compares with the table; returns how many comparisons failed.
fn count(device: &mut Device, options: &Options) -> anyhow::Result<u32> {
    let counts = counts::count(device)?;
    for (what, count) in &counts {
        if options.json {
            println!(
                "{}",
                serde_json::json!({ "device": device.name(), "count": what, "instructions": count })
            );
        } else {
            println!("{}: {what}: {count} instructions", device.name());
        }
    }
    let Some(path) = &options.counts else { return Ok(0) };
    let compilers = counts::compilers()?;
    if options.update {
        std::fs::write(path, counts::table(&counts, &compilers))?;
        return Ok(0);
    }
    let committed = std::fs::read_to_string(path)?;
    let (lines, failed) = counts::compare(&counts, &compilers, &committed);
    for line in lines {
        println!("{}: {line}", device.name());
    }
    Ok(failed.into())
}
