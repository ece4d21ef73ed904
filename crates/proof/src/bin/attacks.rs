//! Attacks devices; prints what was not contained.

use clap::Parser;
use serde::Serialize;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use tinycontainer_proof::attacks::{ATTACKERS, Attack, Failure, attacks};
use tinycontainer_proof::device::{Broken, Device, Program};

/// Attacks devices, and checks that each attack is contained. The exit status is 1 if one is not, 2 if they
/// cannot be made.
#[derive(Parser)]
struct Arguments {
    /// A device, NAME=PATH: the console of `crates/bare` for this host, or, if the name begins with `qemu`, its firmware.
    #[arg(value_parser = Program::parse, required_unless_present = "list")]
    devices: Vec<Program>,
    /// List the attacks: name, and the checks of docs/threat-model.md that it shows. With --json a line for each.
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
    /// How many devices to attack at a time. Default: as many as there are processors.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Serialize)]
struct Line<'a> {
    device: &'a str,
    attack: &'a str,
    shows: &'a [&'a str],
    /// What was not contained.
    failure: Option<&'a str>,
    /// The device has refused what was attempted, but for another reason than it must.
    refused: bool,
    seconds: f32,
}

impl Arguments {
    fn jobs(&self) -> usize {
        self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get)).max(1)
    }

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
    let is_shown = |check: &str| attacks().any(|attack| attack.shows.contains(&check));
    if let Some(unknown) = arguments.shows.iter().find(|check| !is_shown(check)) {
        eprintln!("no attack shows a check `{unknown}`: see --list");
        return ExitCode::from(2);
    }
    if arguments.list {
        list(arguments.json);
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<_> = attacks().filter(|attack| arguments.wants(attack)).collect();
    let mut all_contained = true;
    for program in &arguments.devices {
        let began = Instant::now();
        let ran = match attack_all(program, &wanted, arguments.jobs()) {
            Ok(ran) => ran,
            Err(broken) => {
                eprintln!("{}: {broken}", program.name);
                return ExitCode::from(2);
            }
        };
        for Ran { attack, failure, seconds } in &ran {
            if let Some(why) = failure {
                eprintln!("{}: NOT CONTAINED: {}: {why}", program.name, attack.name);
            }
            if arguments.json {
                let text = failure.as_ref().map(ToString::to_string);
                let line = Line {
                    device: &program.name,
                    attack: attack.name,
                    shows: attack.shows,
                    failure: text.as_deref(),
                    refused: failure.as_ref().is_some_and(|failure| failure.refused),
                    seconds: *seconds,
                };
                println!("{}", serde_json::to_string(&line).unwrap_or_default());
            }
        }
        let failed = ran.iter().filter(|ran| ran.failure.is_some()).count();
        if !arguments.json {
            let (contained, seconds) = (ran.len() - failed, began.elapsed().as_secs_f32());
            let others = if failed > 0 { format!(", {failed} NOT") } else { String::new() };
            println!("{}: {contained} attacks contained{others} ({seconds:.0} s)", program.name);
        }
        all_contained &= failed == 0;
    }
    if all_contained { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the list of attacks.
fn list(json: bool) {
    for (attacker, attacks) in ATTACKERS {
        if !json {
            println!("{attacker}");
        }
        for Attack { name, shows, .. } in *attacks {
            if json {
                println!("{}", serde_json::json!({ "attacker": attacker, "attack": name, "shows": shows }));
            } else {
                println!("  {name} [{}]", shows.join(" "));
            }
        }
    }
    if !json {
        println!("{} attacks", attacks().count());
    }
}

/// An attack that was made.
struct Ran {
    attack: &'static Attack,
    /// What was not contained.
    failure: Option<Failure>,
    seconds: f32,
}

/// Makes the attacks, on so many devices at a time; in the order of the list.
fn attack_all(program: &Program, wanted: &[&'static Attack], jobs: usize) -> Result<Vec<Ran>, Broken> {
    let next = AtomicUsize::new(0);
    let job = || {
        let mut device = Device::start_up(program)?;
        let mut ran = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(attack) = wanted.get(at) else { return Ok(ran) };
            let began = Instant::now();
            let failure = attack.run(&mut device).err();
            ran.push((at, Ran { attack, failure, seconds: began.elapsed().as_secs_f32() }));
        }
    };
    let jobs: Vec<Result<_, Broken>> = thread::scope(|scope| {
        let jobs: Vec<_> = (0..jobs).map(|_| scope.spawn(job)).collect();
        let ended = |job: thread::ScopedJoinHandle<'_, _>| job.join();
        jobs.into_iter()
            .map(|job| ended(job).unwrap_or_else(|_| Err(Broken("an attack panicked".into()))))
            .collect()
    });
    let mut ran = Vec::new();
    for job in jobs {
        ran.extend(job?);
    }
    ran.sort_unstable_by_key(|(at, _)| *at);
    Ok(ran.into_iter().map(|(_, ran)| ran).collect())
}
