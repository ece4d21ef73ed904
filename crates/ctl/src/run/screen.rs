//! The output while containers run: lines, and below them, on a terminal, the status of each container.

use crate::err;
use crate::out;
use crate::run::line::Line;
use crate::run::outcome::state;
use crate::run::shown::{Format, Shown, Stamps};
use crate::text::style::{FAINT, NAME, json_line};
use crate::text::width::columns;
use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};
use tinycontainer::Status;

/// Lines, and the status of each container.
pub(crate) struct Screen {
    /// Draws nothing where there is no terminal.
    bars: MultiProgress,
    of: BTreeMap<String, ProgressBar>,
    shown: Shown,
    /// Standard output is for scripts: lines go to standard error.
    scripted: bool,
    width: usize,
    /// When the device began.
    start: Instant,
    began: SystemTime,
}

impl Screen {
    pub(crate) fn new(shown: Shown, scripted: bool, start: Instant) -> Self {
        let bars = MultiProgress::new();
        let began = SystemTime::now().checked_sub(start.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { bars, of: BTreeMap::new(), shown, scripted, width: 0, start, began }
    }

    /// Prints a line about what happens now.
    pub(crate) fn now(&self, line: Line) {
        self.line(self.start.elapsed(), line);
    }

    /// Prints a line, unless it is of a container that is not to be shown.
    pub(crate) fn line(&self, at: Duration, line: Line) {
        if line.uid.as_deref().is_some_and(|uid| !self.shown.has(uid)) {
            return;
        }
        let text = match self.shown.log_format {
            Format::Json => self.json(at, line),
            Format::Text => self.text(at, &line),
        };
        self.bars.suspend(|| {
            if self.scripted {
                err!("{text}");
            } else {
                out!("{text}");
            }
        });
    }

    fn json(&self, at: Duration, line: Line) -> String {
        let mut object = Map::new();
        object.insert("at_us".into(), u64::try_from(at.as_micros()).unwrap_or(u64::MAX).into());
        if self.shown.timestamps == Stamps::Utc {
            object.insert("utc".into(), self.utc(at).into());
        }
        object.insert("event".into(), line.event.into());
        object.insert("uid".into(), line.uid.map_or(Value::Null, Value::from));
        object.extend(line.fields);
        // Text and numbers can always be written.
        json_line(&object).unwrap_or_default()
    }

    fn text(&self, at: Duration, line: &Line) -> String {
        let stamp = match self.shown.timestamps {
            Stamps::None => String::new(),
            Stamps::Run => format!("{FAINT}{:>8.3}{FAINT:#} ", at.as_secs_f64()),
            Stamps::Utc => format!("{FAINT}{}{FAINT:#} ", self.utc(at)),
        };
        let width = self.width;
        match &line.uid {
            Some(uid) => format!("{stamp}{NAME}{uid:>width$}{NAME:#} {}", line.text),
            None => format!("{stamp}{}", line.text),
        }
    }

    fn utc(&self, at: Duration) -> String {
        let time = self.began.checked_add(at).unwrap_or(self.began);
        humantime::format_rfc3339_millis(time).to_string()
    }

    /// The columns for names are as wide as the longest.
    pub(crate) fn loaded(&mut self, uid: &str) {
        self.width = self.width.max(uid.len());
    }

    /// Updates the status line of a container.
    pub(crate) fn status(&mut self, status: &Status, selected: bool) {
        let uid = status.uid.as_str();
        if self.bars.is_hidden() || !self.shown.has(uid) {
            return;
        }
        let width = self.width;
        let bar = self.of.entry(uid.to_owned()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{prefix:.cyan} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let mark = if selected { '>' } else { ' ' };
        bar.set_prefix(format!("{mark}{uid:>width$}"));
        let free = columns().unwrap_or(80).saturating_sub(width + 3);
        bar.set_message(summary(status, free));
    }

    /// The container is not there any more.
    pub(crate) fn unloaded(&mut self, uid: &str) {
        if let Some(bar) = self.of.remove(uid) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
    }

    /// Removes the status lines, before the final table.
    pub(crate) fn clear(&self) {
        self.of.values().for_each(ProgressBar::finish_and_clear);
    }
}

/// As much of the status as fits into `free` characters: whole facts, the most important first.
fn summary(status: &Status, free: usize) -> String {
    let counters = &status.counters;
    let stopped = status.last.filter(|_| !status.state.is_running());
    let mut facts = vec![format!("{:<11}", state(status))];
    facts.extend(stopped.map(|stopped| stopped.reason.name().to_owned()));
    facts.push(format!("loops {:<6}", HumanCount(counters.loops.into())));
    facts.push(format!("refused {:<5}", HumanCount(counters.refusals.into())));
    facts.push(format!("missed {:<4}", HumanCount(counters.missed.into())));
    facts.push(format!("calls {:<7}", HumanCount(counters.calls.into())));
    facts.push(format!("instructions {}", HumanCount(counters.instructions)));
    fit(facts, free)
}

fn fit(facts: impl IntoIterator<Item = String>, free: usize) -> String {
    let mut text = String::new();
    for fact in facts {
        let gap = usize::from(!text.is_empty());
        if text.chars().count() + gap + fact.trim_end().chars().count() > free {
            break;
        }
        text.extend(std::iter::repeat_n(' ', gap));
        text.push_str(&fact);
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_line_has_whole_facts_and_fits() {
        let facts = || ["READY      ", "loops 12,345", "refused 0    ", "calls 7"].map(str::to_owned);
        assert_eq!(fit(facts(), 200), "READY       loops 12,345 refused 0     calls 7");
        for free in 0..60 {
            let text = fit(facts(), free);
            assert!(text.chars().count() <= free, "{free}: {text}");
            assert!(text.is_empty() || text.split_whitespace().count() % 2 == 1, "a fact is cut: {text}");
        }
    }
}
