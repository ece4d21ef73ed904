//! The table at the end: a line for each container, or a paragraph where the terminal is too narrow for lines.

use crate::out;
use crate::run::outcome::{Outcome, Row};
use crate::text::style::{BAD, GOOD, HEAD, NAME, WARN, shown};
use crate::text::width::{columns, wrap};
use indicatif::HumanCount;

/// The headings, of two lines each. The first `WORDS` columns are words, the others numbers.
const HEADS: [(&str, &str); 8] = [
    ("container", ""),
    ("state", ""),
    ("loops", ""),
    ("periods", "missed"),
    ("calls", ""),
    ("calls", "refused"),
    ("instructions per loop", "min / median / max"),
    ("memory in bytes", "image + peak of limit"),
];
const WORDS: usize = 2;

impl Outcome {
    /// The table for people.
    pub(crate) fn print(&self) {
        let columns = columns().unwrap_or(usize::MAX);
        let rows: Vec<_> = self.containers.iter().map(cells).collect();
        let mut widths = HEADS.map(|(upper, lower)| upper.len().max(lower.len()));
        for row in &rows {
            widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
        }
        out!("");
        if widths.iter().sum::<usize>() + 2 * (widths.len() - 1) <= columns {
            for heads in [HEADS.map(|(upper, _)| upper.to_owned()), HEADS.map(|(_, lower)| lower.to_owned())]
            {
                out!("{HEAD}{}{HEAD:#}", line(&heads, widths));
            }
            for (row, cells) in self.containers.iter().zip(&rows) {
                let style = if row.fault { BAD } else { GOOD };
                out!("{style}{}{style:#}", line(cells, widths));
            }
        } else {
            self.containers.iter().for_each(|row| paragraph(row, columns));
        }
        for row in &self.containers {
            for kind in &row.refusals_by_kind {
                let on = kind.endpoint.map(|id| format!(" on endpoint {id}")).unwrap_or_default();
                let times =
                    if kind.count == 1 { "once".into() } else { format!("{} times", HumanCount(kind.count)) };
                let text = format!("{}: refused {}{on}, {times}: {}", row.uid, kind.call, kind.sentence);
                let refused = format!("{WARN}refused{WARN:#}");
                out!("{}", wrap(&text, columns, 4).replacen("refused", &refused, 1));
            }
            if let Some(text) = row.tried() {
                out!("{}", wrap(&text, columns, 4));
            }
            if let (Some(stopped), Some(text)) = (&row.stopped, &row.help) {
                let what = format!("{}: {}", row.uid, shown(stopped));
                out!("{}", wrap(&what, columns, 4));
                help(text, columns);
            }
        }
        for refused in &self.refused {
            let text = format!("refused {}: {}", shown(&refused.image), shown(&refused.why));
            let style = format!("{BAD}refused{BAD:#}");
            out!("{}", wrap(&text, columns, 4).replacen("refused", &style, 1));
            if let Some(text) = refused.help {
                help(text, columns);
            }
        }
    }
}

fn help(text: &str, columns: usize) {
    let text = wrap(text, columns.saturating_sub(9), 0).replace('\n', "\n         ");
    out!("   {GOOD}help:{GOOD:#} {text}");
}

/// "STOPPED: stop requested".
fn state(row: &Row) -> String {
    let why = row.stopped.as_deref().map(|stopped| format!(": {}", shown(stopped))).unwrap_or_default();
    format!("{}{why}", row.state)
}

fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

fn cells(row: &Row) -> [String; 8] {
    [
        row.uid.clone(),
        state(row),
        count(row.loops.into()),
        count(row.missed.into()),
        count(row.calls.into()),
        count(row.refusals.into()),
        row.instructions_per_loop.map_or("-".into(), |spread| {
            format!("{} / {} / {}", count(spread.min), count(spread.median), count(spread.max))
        }),
        format!(
            "{} + {} of {}",
            count(row.image_bytes.into()),
            count(row.memory_peak_bytes.into()),
            count(row.memory_limit_bytes.into())
        ),
    ]
}

/// Words to the left, numbers to the right.
fn line(cells: &[String; 8], widths: [usize; 8]) -> String {
    let mut text = String::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        text.push_str(&if i < WORDS { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") });
    }
    text.trim_end().to_owned()
}

fn paragraph(row: &Row, columns: usize) {
    let style = if row.fault { BAD } else { GOOD };
    out!("{NAME}{}{NAME:#}", wrap(&row.uid, columns, 0));
    out!("  {style}{}{style:#}", wrap(&state(row), columns.saturating_sub(2), 2).replace('\n', "\n  "));
    let [_, _, loops, missed, calls, refused, instructions, memory] = cells(row);
    for text in [
        format!("loops: {loops}; periods missed: {missed}"),
        format!("calls: {calls}; of them refused: {refused}"),
        format!("instructions per loop, min / median / max: {instructions}"),
        format!("memory in bytes, image + peak of limit: {memory}"),
    ] {
        out!("  {}", wrap(&text, columns.saturating_sub(2), 4).replace('\n', "\n  "));
    }
}
