//! The expected result: `expect.toml`.

use crate::input::files;
use crate::input::trust_file;
use crate::run::outcome::{KindRow, Outcome, Row};
use crate::run::tally::{Line, Tally};
use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::path::Path;
use tinycontainer::StopReason;
use tinycontainer_firewall::DenyReason as Denied;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    #[serde(default)]
    container: Vec<Container>,
    #[serde(default)]
    refused: Vec<Image>,
    #[serde(default)]
    recorded: Vec<Recorded>,
}

/// How a container ends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Container {
    uid: String,
    reason: Option<String>,
    loops: Option<u32>,
    min_loops: Option<u32>,
    refusals: Option<u32>,
    min_refusals: Option<u32>,
    /// If the list is not empty, other kinds of refusals are deviations.
    #[serde(default)]
    refusal: Vec<Kind>,
    /// The containers whose open descriptors it named in refused calls: exactly these, if any are listed.
    #[serde(default)]
    tried_descriptors_of: Vec<String>,
    /// Lines that it logs.
    #[serde(default)]
    log: Vec<String>,
}

/// A kind of refused call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    call: String,
    endpoint: Option<u32>,
    reason: String,
    /// Exactly.
    count: Option<u64>,
    /// At least; 1 if neither is given.
    min: Option<u64>,
}

/// An image that is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    /// The file's name, without its folder.
    image: String,
    /// What the reason contains.
    why: String,
}

/// What is written to a peer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    peer: String,
    /// In hex.
    values: Vec<String>,
}

impl Expect {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = files::read_text(path)?;
        let mut expect: Self = toml::from_str(&text)
            .with_context(|| format!("{} is not what an expect.toml must be", path.display()))?;
        expect.container.iter_mut().for_each(|container| container.tried_descriptors_of.sort());
        expect.check().with_context(|| format!("in {}", path.display()))?;
        Ok(expect)
    }

    /// Checks the names, because a misspelt one would never occur.
    fn check(&self) -> Result<()> {
        const REASONS: [StopReason; 8] = [
            StopReason::Requested,
            StopReason::Finished,
            StopReason::LoopCount,
            StopReason::Lifetime,
            StopReason::Heartbeat,
            StopReason::Trapped,
            StopReason::Budget,
            StopReason::Rejected,
        ];
        for container in &self.container {
            let uid = &container.uid;
            if let Some(reason) = &container.reason
                && !REASONS.iter().any(|known| known.name() == reason)
            {
                let all = REASONS.map(StopReason::name).join(", ");
                return Err(anyhow!("{uid}: no container stops for the reason `{reason}`: {all}"));
            }
            for kind in &container.refusal {
                trust_file::mask(&[&kind.call]).map_err(|error| anyhow!("{uid}: {error}"))?;
                if !Denied::ALL.iter().any(|known| known.name() == kind.reason) {
                    let all = Denied::ALL.map(Denied::name).join(", ");
                    return Err(anyhow!("{uid}: no call is refused for `{}`: {all}", kind.reason));
                }
            }
        }
        Ok(())
    }

    /// The lines that are to be logged.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> {
        self.container.iter().flat_map(|container| {
            container.log.iter().map(|line| Line { uid: container.uid.clone(), line: line.clone() })
        })
    }

    /// The deviations from what was expected, one line each.
    pub(crate) fn deviations(&self, outcome: &Outcome, tally: &Tally) -> Vec<String> {
        let mut lines = Vec::new();
        for expected in &self.container {
            match outcome.containers.iter().find(|row| row.uid == expected.uid) {
                None => lines.push(format!("{}: expected to run, was not there", expected.uid)),
                Some(row) => expected.compare(row, &mut lines),
            }
        }
        for row in &outcome.containers {
            if !self.container.iter().any(|expected| expected.uid == row.uid) {
                lines.push(format!("{}: ran, and nothing was expected of it", row.uid));
            }
        }
        for missing in tally.missing() {
            lines.push(format!("{}: expected to log `{}`, did not", missing.uid, missing.line));
        }
        for expected in &self.refused {
            match outcome.refused.iter().find(|refused| name(&refused.image) == expected.image) {
                None => lines.push(format!("{}: expected to be refused, was not", expected.image)),
                Some(refused) if !refused.why.contains(&expected.why) => lines.push(format!(
                    "{}: expected to be refused because of `{}`, was because of `{}`",
                    expected.image, expected.why, refused.why
                )),
                Some(_) => {}
            }
        }
        for refused in &outcome.refused {
            if !self.refused.iter().any(|expected| name(&refused.image) == expected.image) {
                lines.push(format!("{}: was refused, unexpectedly: {}", refused.image, refused.why));
            }
        }
        for expected in &self.recorded {
            let values = outcome.recorded.get(&expected.peer).map_or(&[][..], Vec::as_slice);
            if values != expected.values {
                lines.push(format!(
                    "{}: expected to be written [{}], was [{}]",
                    expected.peer,
                    expected.values.join(" "),
                    values.join(" ")
                ));
            }
        }
        lines
    }
}

impl Container {
    fn compare(&self, row: &Row, lines: &mut Vec<String>) {
        let uid = &self.uid;
        let mut differs = |what: &str, expected: &str, was: &str| {
            lines.push(format!("{uid}: {what}: expected {expected}, was {was}"));
        };
        if let Some(reason) = &self.reason
            && row.reason != Some(reason)
        {
            differs("reason", reason, row.stopped.as_deref().unwrap_or(row.state));
        }
        for (what, exact, least, was) in [
            ("loops", self.loops, self.min_loops, row.loops),
            ("refusals", self.refusals, self.min_refusals, row.refusals),
        ] {
            if let Some(exact) = exact.filter(|exact| *exact != was) {
                differs(what, &exact.to_string(), &was.to_string());
            }
            if let Some(least) = least.filter(|least| *least > was) {
                differs(what, &format!("at least {least}"), &was.to_string());
            }
        }
        let tried: Vec<_> = row.refusals_of_others_descriptors.keys().map(String::as_str).collect();
        if !self.tried_descriptors_of.is_empty() && self.tried_descriptors_of != tried {
            differs("tried descriptors of", &self.tried_descriptors_of.join(", "), &tried.join(", "));
        }
        for kind in &self.refusal {
            let was: u64 = row.refusals_by_kind.iter().filter(|is| kind.is(is)).map(|is| is.count).sum();
            let fits = kind.count.map_or(was >= kind.min.unwrap_or(1), |count| was == count);
            if !fits {
                let expected = match (kind.count, kind.min) {
                    (Some(count), _) => format!("{count} times"),
                    (None, min) => format!("at least {} times", min.unwrap_or(1)),
                };
                differs(&kind.name(), &expected, &format!("{was} times"));
            }
        }
        if !self.refusal.is_empty() {
            for is in &row.refusals_by_kind {
                if !self.refusal.iter().any(|kind| kind.is(is)) {
                    let on = is.endpoint.map(|id| format!(" on {id}")).unwrap_or_default();
                    differs(
                        &format!("refused {}{on} ({})", is.call, is.reason),
                        "never",
                        &format!("{} times", is.count),
                    );
                }
            }
        }
    }
}

impl Kind {
    fn is(&self, row: &KindRow) -> bool {
        row.call == self.call && row.endpoint == self.endpoint && row.reason == self.reason
    }

    fn name(&self) -> String {
        let on = self.endpoint.map(|id| format!(" on {id}")).unwrap_or_default();
        format!("refused {}{on} ({})", self.call, self.reason)
    }
}

fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
