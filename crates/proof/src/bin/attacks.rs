//! Attacks devices; prints what was not contained.

use clap::Parser;
use serde::Serialize;
use std::process::ExitCode;
use std::time::Instant;
use tinycontainer_proof::attacks::{ATTACKERS, Attack, attacks};
use tinycontainer_proof::device::{Device, Program};

/// Attacks devices, and checks that each attack is contained. The exit status is 1 if one is not.
#[derive(Parser)]
struct Arguments {
    /// A device, NAME=PATH: the console of `crates/bare` for this host, or, if the name begins with `qemu`, its firmware.
    #[arg(value_parser = Program::parse, required_unless_present = "list")]
    devices: Vec<Program>,
    /// List the attacks: name, and the checks of docs/threat-model.md that it shows.
    #[arg(long)]
    list: bool,
    /// Only this attack. May be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Only the attacks that show this check. May be given several times.
    #[arg(long, value_name = "CHECK")]
    shows: Vec<String>,
    /// Print each attack and its outcome as a line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    device: &'a str,
    attack: &'a str,
    shows: &'a [&'a str],
    /// What was not contained.
    failure: Option<String>,
}

impl Arguments {
    fn wants(&self, attack: &Attack) -> bool {
        let by_name = self.only.iter().any(|name| name == attack.name);
        let by_check = self.shows.iter().any(|check| attack.shows.contains(&check.as_str()));
        by_name || by_check || (self.only.is_empty() && self.shows.is_empty())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(unknown) = arguments.only.iter().find(|name| attacks().all(|attack| attack.name != **name)) {
        eprintln!("there is no attack `{unknown}`: see --list");
        return ExitCode::from(2);
    }
    if arguments.list {
        for (attacker, attacks) in ATTACKERS {
            println!("{attacker}");
            for attack in *attacks {
                println!("  {} [{}]", attack.name, attack.shows.join(" "));
            }
        }
        println!("{} attacks", attacks().count());
        return ExitCode::SUCCESS;
    }
    let mut all_contained = true;
    for program in &arguments.devices {
        let began = Instant::now();
        let mut device = match Device::start_up(program) {
            Ok(device) => device,
            Err(broken) => {
                eprintln!("{}: {broken}", program.name);
                return ExitCode::FAILURE;
            }
        };
        let (mut contained, mut failed) = (0, 0);
        for attack in attacks().filter(|attack| arguments.wants(attack)) {
            let failure = attack.run(&mut device).err();
            match &failure {
                None => contained += 1,
                Some(why) => {
                    failed += 1;
                    eprintln!("{}: NOT CONTAINED: {}: {why}", program.name, attack.name);
                }
            }
            if arguments.json {
                let line = Line { device: &program.name, attack: attack.name, shows: attack.shows, failure };
                println!("{}", serde_json::to_string(&line).unwrap_or_default());
            }
        }
        if !arguments.json {
            let seconds = began.elapsed().as_secs_f32();
            println!("{}: {contained} attacks contained, {failed} not ({seconds:.1} s)", program.name);
        }
        all_contained &= failed == 0;
    }
    if all_contained { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
