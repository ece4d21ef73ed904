//! The result of a run. `--json` prints exactly this.

use crate::run::loops::Spread;
use crate::run::tally::Tally;
use serde::Serialize;
use std::collections::BTreeMap;
use tinycontainer::{State, Status};

#[derive(Serialize, Default)]
pub(crate) struct Outcome {
    pub(crate) containers: Vec<Row>,
    pub(crate) refused: Vec<RefusedImage>,
    /// What was written to each peer, as hex.
    pub(crate) recorded: BTreeMap<String, Vec<String>>,
    /// Whether everything was as `--expect` states; none without it.
    pub(crate) as_expected: Option<bool>,
    pub(crate) deviations: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) uid: String,
    /// `STOPPED` if it has run.
    pub(crate) state: &'static str,
    /// Why it stopped, without details.
    pub(crate) reason: Option<&'static str>,
    /// Why it stopped, with details.
    pub(crate) stopped: Option<String>,
    pub(crate) fault: bool,
    /// What to do about a fault.
    pub(crate) help: Option<String>,
    pub(crate) loops: u32,
    /// Periods that passed without a loop.
    pub(crate) missed: u32,
    pub(crate) calls: u32,
    pub(crate) refusals: u32,
    pub(crate) refusals_by_kind: Vec<KindRow>,
    /// Refused calls that named a descriptor which another container had open at that moment, by the other's uid.
    pub(crate) refusals_of_others_descriptors: BTreeMap<String, u64>,
    pub(crate) instructions: u64,
    pub(crate) instructions_per_loop: Option<Spread>,
    pub(crate) image_bytes: u32,
    pub(crate) memory_peak_bytes: u32,
    /// Linear memory, stack and heap together.
    pub(crate) memory_limit_bytes: u32,
}

#[derive(Serialize)]
pub(crate) struct KindRow {
    pub(crate) call: &'static str,
    pub(crate) endpoint: Option<u32>,
    pub(crate) reason: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) count: u64,
}

#[derive(Serialize)]
pub(crate) struct RefusedImage {
    pub(crate) image: String,
    pub(crate) why: String,
    pub(crate) help: Option<&'static str>,
}

impl Row {
    /// About descriptors of others, if it named any.
    pub(crate) fn tried(&self) -> Option<String> {
        let of: Vec<_> = self.refusals_of_others_descriptors.iter().collect();
        if of.is_empty() {
            return None;
        }
        let total: u64 = of.iter().map(|(_, count)| **count).sum();
        let names: Vec<_> = of.iter().map(|(uid, _)| uid.as_str()).collect();
        let times = if total == 1 { "a call".into() } else { format!("{total} calls") };
        Some(format!(
            "{}: {times} named a descriptor that was open in another container at that moment ({}): refused",
            self.uid,
            names.join(", ")
        ))
    }
}

/// The state for people: the engine's name for a container that has run and stopped is that of one that was loaded.
pub(crate) fn state(status: &Status) -> &'static str {
    if status.state == State::Created && status.last.is_some() { "STOPPED" } else { status.state.name() }
}

impl Row {
    /// `memory_limit` is in bytes.
    pub(crate) fn of(status: &Status, memory_limit: u32, tally: &Tally, help: Option<String>) -> Self {
        let counters = &status.counters;
        Self {
            uid: status.uid.as_str().into(),
            state: state(status),
            reason: status.last.map(|stopped| stopped.reason.name()),
            stopped: status.last.map(|stopped| stopped.to_string()),
            fault: status.last.is_some_and(|stopped| stopped.reason.is_fault()),
            help,
            loops: counters.loops,
            missed: counters.missed,
            calls: counters.calls,
            refusals: counters.refusals,
            refusals_by_kind: tally
                .refusals(&status.uid)
                .into_iter()
                .map(|(kind, count)| KindRow {
                    call: kind.call.name(),
                    endpoint: kind.endpoint,
                    reason: kind.reason.name(),
                    sentence: kind.reason.text(),
                    count,
                })
                .collect(),
            refusals_of_others_descriptors: tally.tried(&status.uid),
            instructions: counters.instructions,
            instructions_per_loop: tally.loops(status.slot),
            image_bytes: status.image_bytes,
            memory_peak_bytes: status.memory.peak,
            memory_limit_bytes: memory_limit,
        }
    }
}
