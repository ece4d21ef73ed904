//! What a person should see first, in sentences: faults, missed periods with their cause, refusals.

use crate::timeline::record::Recording;
use crate::timeline::track::{HookLine, Track};
use serde::Serialize;
use std::collections::BTreeMap;

/// A sentence, and where in the picture to look.
#[derive(Serialize, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// `fault`, `missed` or `refused`.
    pub(crate) kind: &'static str,
    pub(crate) uid: Option<String>,
    pub(crate) text: String,
    pub(crate) at_us: Option<u64>,
}

pub(crate) fn findings(recording: &Recording) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (image, why) in &recording.refused {
        let text = format!("The image {image} was refused: {why}.");
        findings.push(Finding { kind: "refused", uid: None, text, at_us: None });
    }
    for track in &recording.tracks {
        let uid = Some(track.uid.clone());
        for state in track.states.iter().filter(|state| state.fault) {
            let text = format!("{} was stopped at {}: {}.", track.uid, seconds(state.at_us), state.text);
            findings.push(Finding { kind: "fault", uid: uid.clone(), text, at_us: Some(state.at_us) });
        }
        findings.extend(missed(track));
        findings.extend(refused(track));
    }
    findings
}

/// Why periods were missed, by cause, with the worst example of each.
fn missed(track: &Track) -> Vec<Finding> {
    let mut causes: BTreeMap<&'static str, (u64, u64, String)> = BTreeMap::new();
    let period_us = u64::from(track.period_ms) * 1000;
    for pair in track.hooks.windows(2) {
        let [before, late] = pair else { continue };
        if late.missed == 0 {
            continue;
        }
        let took = before.to_us.saturating_sub(before.from_us);
        let (cause, sentence) = cause(track, before, late, period_us);
        let entry = causes.entry(cause).or_insert((0, 0, String::new()));
        entry.0 += u64::from(late.missed);
        if took > entry.1 || entry.2.is_empty() {
            entry.1 = took;
            entry.2 = sentence;
        }
    }
    causes
        .into_values()
        .map(|(count, _, sentence)| {
            let periods = if count == 1 { "1 period".into() } else { format!("{count} periods") };
            Finding {
                kind: "missed",
                uid: Some(track.uid.clone()),
                text: format!("{} missed {periods} of {} ms: {sentence}.", track.uid, track.period_ms),
                at_us: track.hooks.iter().find(|hook| hook.missed > 0).map(|hook| hook.from_us),
            }
        })
        .collect()
}

/// The cause, as a key, and a sentence with the facts.
fn cause(track: &Track, before: &HookLine, late: &HookLine, period_us: u64) -> (&'static str, String) {
    let took = before.to_us.saturating_sub(before.from_us);
    let (hook, at, ms) = (before.hook, seconds(before.from_us), millis(took));
    if took < period_us {
        let waited = millis(late.from_us.saturating_sub(before.to_us));
        return (
            "host",
            format!(
                "its {hook}() at {at} took only {ms}, and the next loop came {waited} after that; the host was busy with \
                 other work"
            ),
        );
    }
    let calls = before.calls_us.min(took);
    if calls.saturating_mul(2) > took {
        return (
            "calls",
            format!(
                "{hook}() at {at} took {ms}, of which {} in native calls, waiting for devices",
                millis(calls)
            ),
        );
    }
    (
        "computing",
        format!(
            "{hook}() at {at} took {ms}, longer than its period; it executed {} instructions (loop_ms allows {} ms)",
            before.instructions, track.loop_ms
        ),
    )
}

/// Refused calls by kind.
fn refused(track: &Track) -> Vec<Finding> {
    let mut kinds: BTreeMap<(&str, Option<u32>, &str), (u64, u64)> = BTreeMap::new();
    for call in &track.calls {
        if let Some(why) = call.refused {
            kinds.entry((call.call, call.endpoint, why)).or_insert((0, call.from_us)).0 += 1;
        }
    }
    kinds
        .into_iter()
        .map(|((call, endpoint, why), (count, first))| {
            let on = endpoint.map(|id| match track.endpoint(id) {
                Some(known) => format!(" on its endpoint {id} ({}, {})", known.peer, known.direction),
                None => format!(" on endpoint {id}"),
            });
            let times = if count == 1 { "once".into() } else { format!("{count} times") };
            Finding {
                kind: "refused",
                uid: Some(track.uid.clone()),
                text: format!(
                    "{} was refused {call}{} {times}, first at {}: {why}.",
                    track.uid,
                    on.unwrap_or_default(),
                    seconds(first)
                ),
                at_us: Some(first),
            }
        })
        .collect()
}

fn seconds(us: u64) -> String {
    format!("{}.{:03} s", us / 1_000_000, us % 1_000_000 / 1000)
}

fn millis(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us % 1000 / 100)
}
