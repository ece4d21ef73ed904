//! A line of output: what happened, for people and as fields for programs.

use crate::text::style::{BAD, FAINT, GOOD, WARN, shown};
use indicatif::HumanCount;
use serde_json::{Map, Value, json};
use tinycontainer::{IoError, Notice, Platform as _};
use tinycontainer_abi::{Errno, Syscall};
use tinycontainer_firewall::{Denial, DenyReason};
use tinycontainer_posix::{Event, Posix};

/// The longest line of a container that is shown, in characters.
const LONGEST: usize = 240;

/// A line of output.
pub(crate) struct Line {
    /// The container that it is about.
    pub(crate) uid: Option<String>,
    /// The kind of event.
    pub(crate) event: &'static str,
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) fields: Map<String, Value>,
}

impl Line {
    /// `fields` is a JSON object.
    pub(crate) fn new(uid: Option<&str>, event: &'static str, text: String, fields: Value) -> Self {
        let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        Self { uid: uid.map(str::to_owned), event, text, fields }
    }

    /// A sentence.
    pub(crate) fn message(text: impl Into<String>, plain: &str) -> Self {
        Self::new(None, "message", text.into(), json!({ "text": plain }))
    }

    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::Log { uid, line } => {
                let mut text: String = line.chars().take(LONGEST).collect();
                if text.len() < line.len() {
                    text.push_str(" ...");
                }
                let text = format!("{FAINT}|{FAINT:#} {}", shown(&text));
                Self::new(Some(uid), "log", text, json!({ "text": line }))
            }
            Event::Notice { uid, notice } => notice_line(uid, notice),
            Event::RecordingEnded { path, limit } => {
                let file = path.display().to_string();
                let text = format!(
                    "{WARN}recording ended{WARN:#} {}: it has reached {limit} bytes (see --record-limit)",
                    shown(&file)
                );
                Self::new(None, "recording_ended", text, json!({ "file": file, "limit_bytes": limit }))
            }
        }
    }
}

fn notice_line(uid: &str, notice: &Notice) -> Line {
    let line = |event, text, fields| Line::new(Some(uid), event, text, fields);
    match notice {
        Notice::Started => line("started", format!("{GOOD}started{GOOD:#}"), json!({})),
        Notice::Stopped(stopped) => {
            let (reason, fault) = (stopped.reason.name(), stopped.reason.is_fault());
            let style = if fault { BAD } else { GOOD };
            let why = stopped.to_string();
            let text = format!("{style}stopped{style:#}: {}", shown(&why));
            line("stopped", text, json!({ "reason": reason, "stopped": why, "fault": fault }))
        }
        Notice::Refused(call, denial) => refused(uid, *call, denial),
        Notice::DriverFailed(endpoint, error) => {
            let (why, errno) = match error {
                IoError::NoPeer => ("no such device here (see --bus and --record)", Errno::NoPeer),
                IoError::WouldBlock => ("the device failed", Errno::WouldBlock),
                IoError::Failed => ("the device failed", Errno::Io),
            };
            let text = format!("{WARN}endpoint {endpoint}{WARN:#}: {why}: {}", named(errno));
            let fields = json!({ "endpoint": endpoint, "why": why, "errno": name(errno) });
            line("driver_failed", text, fields)
        }
        Notice::LogDropped(dropped) => {
            let (count, rate) = (HumanCount((*dropped).into()), Posix::LOG_BYTES_PER_SECOND);
            let text = format!("{WARN}lines dropped{WARN:#}: {count} (at most {rate} bytes/s)");
            line("lines_dropped", text, json!({ "count": dropped }))
        }
    }
}

fn refused(uid: &str, call: Syscall, denial: &Denial) -> Line {
    let on = denial.endpoint.map(|id| format!(" on endpoint {id}")).unwrap_or_default();
    // What a logger call returns the guest does not see.
    let errno = match denial.reason {
        _ if call == Syscall::Logger => None,
        DenyReason::TooManyOpen => Some(Errno::TooManyOpen),
        _ => Some(Errno::Refused),
    };
    let errno_text = errno.map(|errno| format!(": {}", named(errno))).unwrap_or_default();
    let text = format!("{WARN}refused{WARN:#} {}{on}: {}{errno_text}", call.name(), denial.reason.text());
    let fields = json!({
        "call": call.name(),
        "endpoint": denial.endpoint,
        "reason": denial.reason.name(),
        "sentence": denial.reason.text(),
        "errno": errno.map(name),
    });
    Line::new(Some(uid), "call_refused", text, fields)
}

/// As in the SDK for C.
pub(crate) fn name(errno: Errno) -> &'static str {
    match errno {
        Errno::Refused => "TC_REFUSED",
        Errno::WouldBlock => "TC_WOULD_BLOCK",
        Errno::NoPeer => "TC_PEER_GONE",
        Errno::TooLong => "TC_TOO_LONG",
        Errno::Io => "TC_IO",
        Errno::TooManyOpen => "TC_TOO_MANY_OPEN",
    }
}

/// "it gets TC_REFUSED (-1)".
pub(crate) fn named(errno: Errno) -> String {
    format!("it gets {} ({})", name(errno), errno as i32)
}
