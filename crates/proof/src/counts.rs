//! Exact counts of processor instructions on the emulated board, and their comparison with the committed table.

use crate::device::{Device, Unit};
use crate::guests::{compiled, repeated};
use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use tinycontainer::metadata::{Bus, Direction, Schedule};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{IDLE, Image, OWNER, OwnedPeer, Spec, module};

/// How much larger than the committed count one may be.
pub const TOLERANCE_PERCENT: u64 = 3;

/// What is counted, in the order of the table, and the number of processor instructions.
pub type Counts = Vec<(&'static str, u64)>;

/// Counts. The device must be one on QEMU.
///
/// # Errors
/// If a container does not do what it should, or there is no clang.
pub fn count(device: &mut Device) -> anyhow::Result<Counts> {
    let mut counts = Counts::new();
    let idle = image("c.idle", IDLE);
    device.reset()?;
    ensure!(device.load(&idle) == Code::Ok, "the idle container is not loaded");
    counts.push(("load an image of 63 bytes of code, one signature", device.instructions()));
    let mut start = 0;
    ensure!(device.start("c.idle") == Code::Ok, "it is not started");
    start += device.instructions();
    start += step(device);
    start += step(device);
    counts.push(("start, up to the return of an empty start()", start));
    let empty = next_loop(device)?;
    counts.push(("a period of an empty loop()", empty));

    let calls = 32;
    let open = "(global.set $fd (call $open (i32.const 1)))";
    let read = "(call $read (global.get $fd) (i32.const 0) (i32.const 32))";
    let per_call = |whole: u64| whole.saturating_sub(empty) / u64::from(calls);
    device.reset()?;
    ensure!(device.feed(Unit::App(0), &[7; 1024]) == 1024, "the unit takes no bytes");
    begin(device, &image("c.read", &repeated(open, read, calls)), "c.read")?;
    counts.push(("a read of 32 bytes from a driver", per_call(next_loop(device)?)));
    let status = device.status("c.read").context("c.read is gone")?;
    ensure!((status.counters.calls, status.counters.refusals) == (1 + calls, 0), "the reads were not made");

    device.reset()?;
    begin(device, &image("c.refused", &repeated(open, "(call $close (i32.const 7))", calls)), "c.refused")?;
    counts.push(("a refused call", per_call(next_loop(device)?)));
    let status = device.status("c.refused").context("c.refused is gone")?;
    ensure!(status.counters.refusals == calls, "the calls were not refused");

    for (name, function, argument) in [
        ("crc(256)", "crc", 256),
        ("fib(12)", "fib", 12),
        ("sieve(2000)", "sieve", 2000),
        ("fir(1)", "fir", 1),
        ("sha(4)", "sha", 4),
    ] {
        device.reset()?;
        let spec =
            Spec { code: compiled(function, argument)?, ..spec("c.guest", &module("", "i32.const 0", "")) };
        begin(device, &spec.sign(OWNER), "c.guest")?;
        counts.push((name, next_loop(device)?));
    }
    Ok(counts)
}

fn spec(uid: &str, wat: &str) -> Spec {
    let mut spec = Spec::new(uid, wat).endpoint(1, OwnedPeer::Local(Bus::App, 0), Direction::In);
    spec.schedule = Schedule { period_ms: 1, loop_ms: 1000, ..spec.schedule };
    spec
}

fn image(uid: &str, wat: &str) -> Image {
    spec(uid, wat).sign(OWNER)
}

/// One step of one agent.
fn step(device: &mut Device) -> u64 {
    device.run(0);
    device.instructions()
}

/// Loads and starts it, up to the return of `start()`.
fn begin(device: &mut Device, image: &Image, uid: &str) -> anyhow::Result<()> {
    let code = device.load(image);
    ensure!(code == Code::Ok, "{uid} is not loaded: {code}");
    ensure!(device.start(uid) == Code::Ok, "{uid} is not started");
    step(device);
    step(device);
    Ok(())
}

/// The instructions of the next loop: a step that begins it, one that runs it.
fn next_loop(device: &mut Device) -> anyhow::Result<u64> {
    let mut total = 0;
    for _ in 0..10 {
        let before = device.containers().first().context("the container is gone")?.counters.loops;
        let step = step(device);
        let after = device.containers().first().context("the container is gone")?.clone();
        total += step;
        if after.counters.loops > before {
            return Ok(total);
        }
        if after.state == tinycontainer::State::Ready {
            // Not due yet.
            total = 0;
            device.run(1);
        }
    }
    anyhow::bail!("loop() does not run")
}

/// The compilers, which the counts depend on.
///
/// # Errors
/// If one is missing.
pub fn compilers() -> anyhow::Result<String> {
    let version = |program: &str, argument: &str| -> anyhow::Result<String> {
        let out = Command::new(program)
            .arg(argument)
            .output()
            .with_context(|| format!("{program} cannot be started"))?;
        let text = String::from_utf8_lossy(&out.stdout);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let rustc = version("rustc", "--version")?;
    let rustc = rustc.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let gcc = version("arm-none-eabi-gcc", "-dumpfullversion")?;
    let clang = version("clang", "-dumpversion")?;
    Ok(format!("rustc {rustc}, arm-none-eabi-gcc {gcc}, clang {clang}"))
}

/// The table, to be committed.
pub fn table(counts: &Counts, compilers: &str) -> String {
    let mut text = format!(
        "# Instructions on the emulated board\n\n\
         Processor instructions that QEMU's Cortex-M4F executes, with the firmware of `crates/bare`; exact to 40. Written by\n\
         `make device-test UPDATE=1`; `make device-test` fails if one is more than {TOLERANCE_PERCENT} % larger with the same compilers; with others it\n\
         only prints that.\n\n\
         Compilers: {compilers}.\n\n| what | instructions |\n|---|---|\n"
    );
    for (what, count) in counts {
        let _ = writeln!(text, "| {what} | {count} |");
    }
    text
}

/// What differs from the committed table: lines for people, and whether one is a failure. Counts of other compilers are
/// compared, but fail nothing.
pub fn compare(counts: &Counts, compilers: &str, committed: &str) -> (Vec<String>, bool) {
    let rows: BTreeMap<&str, u64> = committed
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter_map(|(what, count)| Some((what, count.parse().ok()?)))
        .collect();
    let same_compilers = committed.contains(&format!("Compilers: {compilers}."));
    let mut lines = Vec::new();
    let mut failed = false;
    for (what, count) in counts {
        match rows.get(what) {
            Some(before) if *count * 100 > before * (100 + TOLERANCE_PERCENT) => {
                failed |= same_compilers;
                lines.push(format!("{what}: {count} instructions, {before} in the table: more than {TOLERANCE_PERCENT} % worse"));
            }
            Some(_) => {}
            None => {
                failed = true;
                lines.push(format!("{what}: not in the table; run `make device-test UPDATE=1`"));
            }
        }
    }
    for what in rows.keys().filter(|what| counts.iter().all(|(counted, _)| counted != *what)) {
        failed = true;
        lines.push(format!("{what}: in the table, but not counted"));
    }
    if !same_compilers {
        lines.push(format!("the table is of other compilers than {compilers}: a difference fails nothing"));
    }
    (lines, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_tolerance_fails() {
        let committed = table(&vec![("load", 1000), ("loop", 100)], "a");
        assert_eq!(compare(&vec![("load", 1030), ("loop", 90)], "a", &committed), (vec![], false));
        let (lines, failed) = compare(&vec![("load", 1031), ("loop", 100)], "a", &committed);
        assert!(
            failed && lines.iter().any(|line| line.contains("load: 1031 instructions, 1000 in the table"))
        );
        assert!(!compare(&vec![("load", 1031), ("loop", 100)], "b", &committed).1, "other compilers");
        assert!(compare(&vec![("load", 1), ("loop", 1), ("new", 1)], "a", &committed).1);
        let left_over = vec!["loop: in the table, but not counted".to_owned()];
        assert_eq!(compare(&vec![("load", 1000)], "a", &committed), (left_over, true));
    }
}
