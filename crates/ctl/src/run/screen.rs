//! The output while containers run.

use crate::err;
use crate::out;
use crate::text::style::{BAD, FAINT, GOOD, NAME, WARN, shown};
use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Display;
use tinycontainer::{IoError, Notice, Platform as _, Status, StopReason};
use tinycontainer_posix::{Event, Posix};

/// The longest line of a container that is shown, in characters.
const LONGEST: usize = 240;

/// Lines, and below them, on a terminal, the status of each container.
pub(crate) struct Screen {
    /// Draws nothing where there is no terminal.
    bars: MultiProgress,
    of: BTreeMap<String, ProgressBar>,
    /// Standard output is for scripts: lines go to standard error.
    scripted: bool,
    width: usize,
}

impl Screen {
    pub(crate) fn new(scripted: bool) -> Self {
        Self { bars: MultiProgress::new(), of: BTreeMap::new(), scripted, width: 0 }
    }

    /// Prints a line.
    pub(crate) fn line(&self, line: impl Display) {
        self.bars.suspend(|| {
            if self.scripted {
                err!("{line}");
            } else {
                out!("{line}");
            }
        });
    }

    /// Prints a line of a container.
    fn of(&self, uid: &str, line: impl Display) {
        let width = self.width;
        self.line(format_args!("{NAME}{uid:>width$}{NAME:#} {line}"));
    }

    pub(crate) fn loaded(&mut self, uid: &str) {
        self.width = self.width.max(uid.len());
    }

    pub(crate) fn event(&self, event: &Event) {
        match event {
            Event::Log { uid, line } => {
                let mut text: String = line.chars().take(LONGEST).collect();
                if text.len() < line.len() {
                    text.push_str(" ...");
                }
                self.of(uid, format_args!("{FAINT}|{FAINT:#} {}", shown(&text)));
            }
            Event::Notice { uid, notice } => self.notice(uid, notice),
            Event::RecordingEnded { path, limit } => self.line(format_args!(
                "{WARN}recording ended{WARN:#} {}: it has reached {limit} bytes (see --record-limit)",
                path.display()
            )),
        }
    }

    fn notice(&self, uid: &str, notice: &Notice) {
        match notice {
            Notice::Started => self.of(uid, format_args!("{GOOD}started{GOOD:#}")),
            Notice::Stopped(stopped) => {
                let style = if stopped.reason.is_fault() { BAD } else { GOOD };
                self.of(uid, format_args!("{style}stopped{style:#}: {}", shown(&stopped.to_string())));
            }
            Notice::Refused(call, denial) => {
                let on = denial.endpoint.map(|id| format!(" on endpoint {id}")).unwrap_or_default();
                let call = call.name();
                self.of(uid, format_args!("{WARN}refused{WARN:#} {call}{on}: {}", denial.reason));
            }
            Notice::DriverFailed(endpoint, error) => {
                let why = match error {
                    IoError::NoPeer => "no such device here (see --bus and --record)",
                    IoError::WouldBlock | IoError::Failed => "the device failed",
                };
                self.of(uid, format_args!("{WARN}endpoint {endpoint}{WARN:#}: {why}"));
            }
            Notice::LogDropped(dropped) => {
                let (dropped, rate) = (HumanCount((*dropped).into()), Posix::LOG_BYTES_PER_SECOND);
                self.of(uid, format_args!("{WARN}lines dropped{WARN:#}: {dropped} (at most {rate} bytes/s)"));
            }
        }
    }

    /// Updates the status line of a container.
    pub(crate) fn status(&mut self, status: &Status) {
        let uid = status.uid.as_str();
        let width = self.width;
        let bar = self.of.entry(uid.to_owned()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{prefix:.cyan} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(format!("{uid:>width$}"));
            bar
        });
        let counters = &status.counters;
        let mut text = format!(
            "{:<11} loops {:<6} calls {:<7} refusals {:<5} instructions {}",
            status.state.name(),
            HumanCount(counters.loops.into()),
            HumanCount(counters.calls.into()),
            HumanCount(counters.refusals.into()),
            HumanCount(counters.instructions)
        );
        if let Some(stopped) = status.last.filter(|_| !status.state.is_running()) {
            text.push_str(&format!("  {}", StopReason::name(stopped.reason)));
        }
        bar.set_message(text);
    }

    /// Removes the status lines, before the final table.
    pub(crate) fn clear(&self) {
        self.of.values().for_each(ProgressBar::finish_and_clear);
    }
}
