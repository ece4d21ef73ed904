//! The table at the end.

use crate::out;
use crate::run::tally::Tally;
use crate::text::style::{BAD, GOOD, HEAD, WARN, shown};
use indicatif::HumanCount;
use serde::Serialize;
use std::collections::BTreeMap;
use tinycontainer::Status;

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
    pub(crate) state: &'static str,
    /// Why it stopped, without details.
    pub(crate) reason: Option<&'static str>,
    /// Why it stopped, with details.
    pub(crate) stopped: Option<String>,
    pub(crate) fault: bool,
    pub(crate) loops: u32,
    pub(crate) missed: u32,
    pub(crate) calls: u32,
    pub(crate) refusals: u32,
    pub(crate) refusals_by_kind: Vec<KindRow>,
    pub(crate) instructions: u64,
    pub(crate) image_bytes: u32,
    pub(crate) memory_peak: u32,
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
    pub(crate) fn of(status: &Status, tally: &Tally) -> Self {
        let counters = &status.counters;
        Self {
            uid: status.uid.as_str().into(),
            state: status.state.name(),
            reason: status.last.map(|stopped| stopped.reason.name()),
            stopped: status.last.map(|stopped| stopped.to_string()),
            fault: status.last.is_some_and(|stopped| stopped.reason.is_fault()),
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
            instructions: counters.instructions,
            image_bytes: status.image_bytes,
            memory_peak: status.memory.peak,
        }
    }
}

impl Outcome {
    /// The table for people.
    pub(crate) fn print(&self) {
        let heads = ["container", "state", "reason", "loops", "calls", "refusals", "instructions", "memory"];
        let rows: Vec<[String; 8]> = self
            .containers
            .iter()
            .map(|row| {
                let count = |number: u64| HumanCount(number).to_string();
                [
                    row.uid.clone(),
                    row.state.into(),
                    shown(row.stopped.as_deref().unwrap_or("-")),
                    count(row.loops.into()),
                    count(row.calls.into()),
                    count(row.refusals.into()),
                    count(row.instructions),
                    count(u64::from(row.image_bytes) + u64::from(row.memory_peak)),
                ]
            })
            .collect();
        let mut widths = heads.map(str::len);
        for row in &rows {
            widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
        }
        out!("\n{HEAD}{}{HEAD:#}", line(&heads.map(String::from), widths));
        for (row, cells) in self.containers.iter().zip(&rows) {
            let style = if row.fault { BAD } else { GOOD };
            out!("{style}{}{style:#}", line(cells, widths));
        }
        for row in &self.containers {
            for kind in &row.refusals_by_kind {
                let on = kind.endpoint.map(|id| format!(" on endpoint {id}")).unwrap_or_default();
                out!(
                    "{}: {WARN}refused{WARN:#} {}{on}, {}: {}",
                    row.uid,
                    kind.call,
                    if kind.count == 1 { "once".into() } else { format!("{} times", HumanCount(kind.count)) },
                    kind.sentence
                );
            }
        }
        for refused in &self.refused {
            out!("{BAD}refused{BAD:#} {}: {}", shown(&refused.image), shown(&refused.why));
        }
    }
}

/// Words to the left, numbers to the right.
fn line(cells: &[String; 8], widths: [usize; 8]) -> String {
    let mut text = String::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        text.push_str(&if i < 3 { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") });
    }
    text.trim_end().to_owned()
}
