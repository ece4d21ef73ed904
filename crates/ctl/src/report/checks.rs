//! Every check that the device makes, as lines of a report.

use crate::refusal::image::rejection;
use crate::report::types::CheckLine;
use std::ops::ControlFlow;
use tinycontainer_metadata::Metadata;
use tinycontainer_policy::{Check, Device, Found, Holds, Subject, examine};

/// Every check that the device makes, with its outcome.
pub(crate) fn checks(metadata: &Metadata<'_>, device: &Device<'_>) -> (Vec<CheckLine>, Found) {
    let mut lines = Vec::new();
    let mut signer = None;
    let found = examine(metadata, device, &mut |check, outcome| {
        if let (Check::Proof(Subject::Metadata), Ok(Holds::By(name))) = (check, outcome) {
            signer = Some(name.to_owned());
        }
        let why = outcome.as_ref().err().map(|rejected| rejection(rejected, metadata, device).why);
        lines.push(check_line(check, outcome.ok(), why, signer.as_deref()));
        ControlFlow::Continue(())
    });
    (lines, found)
}

fn check_line(
    check: Check,
    holds: Option<Holds<'_>>,
    why: Option<String>,
    signer: Option<&str>,
) -> CheckLine {
    let what = match check {
        Check::Format => "format".to_owned(),
        Check::Proof(which) => which.to_string(),
        Check::Priority => "priority".into(),
        Check::Limits => "limits".into(),
        Check::Sizes => "sizes".into(),
        Check::Durations => "durations".into(),
    };
    let Some(holds) = holds else { return CheckLine { what, holds: false, by: None, why } };
    CheckLine {
        what,
        holds: true,
        by: match holds {
            Holds::Plain => None,
            // A syscall token adds to what the signer may grant.
            Holds::By(name) => Some(match signer.filter(|signer| *signer != name) {
                Some(signer) if check == Check::Proof(Subject::Syscalls) => {
                    format!("{name} and {signer}")
                }
                _ => name.into(),
            }),
            // The 2024 format has one key, without a name.
            Holds::BySigner => Some(signer.unwrap_or("the image's signer").into()),
        },
        why: None,
    }
}
