//! The page: sentences and a table that need no script, and the data that the script draws.
//!
//! Text from outside is escaped in HTML, and in JSON, where no `<` is left. The page's policy allows nothing but its own
//! script and style, by their digests: no network, no other script.

use crate::text::style::{json_line, shown};
use crate::timeline::findings::{Finding, findings};
use crate::timeline::record::Recording;
use anyhow::Result;
use base64ct::{Base64, Encoding as _};
use indicatif::HumanCount;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// What each report begins with, by which an earlier one is recognised.
pub(crate) const BEGINS: &[u8] = b"<!DOCTYPE html>\n<!-- tinycontainerctl run --report -->\n";

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What is known about the run as a whole.
pub(crate) struct About {
    /// The names of the device.
    pub(crate) device: String,
    /// When it began, in UTC.
    pub(crate) began: String,
}

/// A container in the table.
pub(crate) struct Row {
    pub(crate) uid: String,
    /// With the reason, if it has stopped.
    pub(crate) state: String,
    /// A sentence about descriptors of others that it named.
    pub(crate) tried: Option<String>,
    pub(crate) fault: bool,
    pub(crate) loops: u32,
    pub(crate) missed: u32,
    pub(crate) calls: u32,
    pub(crate) refusals: u32,
    /// Of each loop: the least, the median and the most instructions.
    pub(crate) instructions: Option<[u64; 3]>,
    pub(crate) image_bytes: u32,
    pub(crate) memory_peak_bytes: u32,
    pub(crate) memory_limit_bytes: u32,
}

#[derive(Serialize)]
struct Data<'r> {
    #[serde(flatten)]
    recording: &'r Recording,
    messages: &'r [crate::timeline::messages::Message],
    findings: &'r [Finding],
}

/// The whole file.
pub(crate) fn page(recording: &Recording, rows: &[Row], about: &About) -> Result<String> {
    let mut findings = findings(recording);
    findings.extend(rows.iter().filter_map(|row| {
        let text = format!("{}.", row.tried.as_deref()?);
        Some(Finding { kind: "refused", uid: Some(row.uid.clone()), text, at_us: None })
    }));
    let data = Data { recording, messages: &recording.messages.drawn, findings: &findings };
    let data = json_line(&data)?.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    );
    let parts = [
        ("policy", policy),
        ("style", STYLE.to_owned()),
        ("device", escape(&about.device)),
        ("began", escape(&about.began)),
        ("seconds", format!("{:.1}", recording.end_us as f64 / 1e6)),
        ("findings", list(&findings)),
        ("rows", rows.iter().map(row).collect()),
        ("limits", limits(recording)),
        ("data", data),
        ("script", SCRIPT.to_owned()),
    ];
    let mut page = String::from_utf8_lossy(BEGINS).into_owned();
    let mut rest = HTML;
    // One pass, so that what is inserted is not searched for names of parts.
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.extend(parts.iter().filter(|(part, _)| *part == name).map(|(_, text)| text.as_str()));
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

/// As a policy of a page names what it allows.
fn digest(text: &str) -> String {
    format!("sha256-{}", Base64::encode_string(&Sha256::digest(text)))
}

/// Text from outside, in HTML.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in shown(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn list(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "<li class=\"good\">Nothing was refused, no period was missed, no container failed.</li>"
            .into();
    }
    let mut out = String::new();
    for (number, finding) in findings.iter().enumerate() {
        let button = match finding.at_us {
            Some(_) => format!("<button type=\"button\" data-finding=\"{number}\">show</button>"),
            None => String::new(),
        };
        // Writing into a string does not fail.
        let _ =
            write!(out, "<li class=\"{}\"><span>{}</span>{button}</li>", finding.kind, escape(&finding.text));
    }
    out
}

fn row(row: &Row) -> String {
    let count = |number: u64| HumanCount(number).to_string();
    let spread = row.instructions.map_or("–".into(), |[min, median, max]| {
        format!("{} / {} / {}", count(min), count(median), count(max))
    });
    let limit = row.memory_limit_bytes.max(1);
    format!(
        "<tr class=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td{}>{}</td><td>{}</td><td{}>{}</td>\
         <td>{spread}</td><td>{}</td><td>{} of {} <meter max=\"{limit}\" value=\"{}\"></meter></td></tr>",
        if row.fault { "fault" } else { "good" },
        escape(&row.uid),
        escape(&row.state),
        count(row.loops.into()),
        if row.missed > 0 { " class=\"missed\"" } else { "" },
        count(row.missed.into()),
        count(row.calls.into()),
        if row.refusals > 0 { " class=\"refused\"" } else { "" },
        count(row.refusals.into()),
        count(row.image_bytes.into()),
        count(row.memory_peak_bytes.into()),
        count(row.memory_limit_bytes.into()),
        row.memory_peak_bytes,
    )
}

/// What the picture leaves out.
fn limits(recording: &Recording) -> String {
    let mut left_out = Vec::new();
    for track in &recording.tracks {
        for (count, what) in [
            (track.hooks_not_drawn, "hooks"),
            (track.calls_not_drawn, "calls"),
            (track.lines_not_kept, "lines of the log"),
        ] {
            if count > 0 {
                left_out.push(format!("{} {what} of {}", HumanCount(count), escape(&track.uid)));
            }
        }
    }
    if recording.messages.not_drawn > 0 {
        left_out.push(format!("{} messages", HumanCount(recording.messages.not_drawn)));
    }
    if recording.tracks_not_drawn > 0 {
        left_out.push(format!("{} containers", HumanCount(recording.tracks_not_drawn)));
    }
    if left_out.is_empty() {
        return "The picture has everything that happened.".into();
    }
    format!("The picture is of bounded size. Counted in the table, but not drawn: {}.", left_out.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        let mut recording = Recording::default();
        let evil = "</script><script>alert(1)</script><img src=x onerror='1'>{{data}}\u{1b}[2J\u{2028}";
        recording.refused.push((evil.into(), evil.into()));
        let about = About { device: evil.into(), began: "now".into() };
        let page = page(&recording, &[], &about).unwrap();
        assert!(page.as_bytes().starts_with(BEGINS));
        assert_eq!(page.matches("<script").count(), 2, "the data and the script");
        assert!(!page.contains("<img") && !page.contains('\u{1b}') && !page.contains('\u{2028}'));
        assert_eq!(page.matches("id=\"run\">").count(), 1, "what is inserted is not a template");
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("//www"), "no network");
    }
}
