//! 64 containers at once, each looping every 10 ms, for a minute: missed periods and memory.
//!
//! `cargo bench -p tinycontainer-posix`; `-- --seconds 10` for less. Exits with 1 if a container
//! missed more than one period in a row, lost more than one loop, or memory grew.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::time::{Duration, Instant};
use tinycontainer_posix::{Config, Host};
use tinycontainer_testkit::{CLASS, DEVICE, NOW, OWNER, Spec, module, trust_store};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let named = args.iter().position(|arg| arg == "--seconds").and_then(|at| args.get(at + 1)?.parse().ok());
    // `cargo test --benches` wants to know that it runs, not how well.
    let seconds: u64 = named.unwrap_or(if args.iter().any(|arg| arg == "--bench") { 60 } else { 1 });
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    let engine = host.engine();
    // A loop that does something: a hundred rounds of arithmetic.
    let body = "(local $n i32) (loop $l (br_if $l (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100)))) i32.const 0";
    let uids: Vec<String> = (0..64).map(|n| format!("a.{n}")).collect();
    for uid in &uids {
        let mut spec = Spec::new(uid, &module("", body, ""));
        spec.schedule.period_ms = 10;
        host.load(&spec.sign(OWNER).parts()).unwrap();
    }
    uids.iter().for_each(|uid| engine.start(uid).unwrap());
    // Let everything settle before memory is looked at.
    std::thread::sleep(Duration::from_millis(500));
    let (pool, process) = (host.pool().free_bytes(), resident_kib());
    let loops = || -> Vec<u32> { engine.containers().map(|status| status.counters.loops).collect() };
    let before = loops();
    let start = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds));
    let elapsed = start.elapsed();
    let after = loops();
    let expected = u32::try_from(elapsed.as_millis() / 10).unwrap();
    let missed: Vec<u32> = engine.containers().map(|status| status.counters.missed).collect();
    let fewest = before.iter().zip(&after).map(|(before, after)| after - before).min().unwrap();
    let (pool_after, process_after) = (host.pool().free_bytes(), resident_kib());
    println!("64 containers, a loop every 10 ms each, {:.1} s", elapsed.as_secs_f64());
    println!("loops of each: {expected} due, {fewest} at the least");
    println!("periods missed, all containers: {}", missed.iter().sum::<u32>());
    println!("free in the pool: {pool} B before, {pool_after} B after");
    println!("resident: {process} KiB before, {process_after} KiB after");
    let stopped = Instant::now();
    uids.iter().for_each(|uid| engine.stop(uid).unwrap());
    while uids.iter().any(|uid| engine.is_running(uid)) {
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("all stopped in {} ms", stopped.elapsed().as_millis());
    let kept = missed.iter().all(|missed| *missed == 0) && fewest + 1 >= expected;
    let stable = pool == pool_after && process_after <= process + 256;
    if !(kept && stable) {
        println!("FAILED: {}", if kept { "memory grew" } else { "periods were missed" });
        std::process::exit(1);
    }
}

/// The process's resident memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
        .unwrap_or(0)
}
