//! The report on an image of profile 1.

use crate::device::decide::decide;
use crate::device::spec::DeviceSpec;
use crate::input::image_file::ImageFile;
use crate::refusal::image::refusal;
use crate::refusal::token::claims;
use crate::report::checks::checks;
use crate::report::tokens::token_line;
use crate::report::types::{Report, Verdict, digest_line, outline};
use tinycontainer::ImageError;
use tinycontainer_metadata::{Metadata, Part, Profile1};
use tinycontainer_policy::{Device, Subject, clear};
use tinycontainer_token::Use;

/// The report on an image of profile 1.
pub(crate) fn report(
    metadata: &Metadata<'_>,
    proofs: &Profile1<'_>,
    subject: &ImageFile,
    spec: &DeviceSpec,
) -> Report {
    let mut report = outline(metadata, subject);
    let mut audiences = spec.audiences();
    if audiences.is_empty()
        && let Some(aud) = claims(proofs.token).and_then(|claims| claims.aud)
    {
        report.notes.push(format!(
            "no --device: looked at as on \"{aud}\", which the metadata's token says it is for"
        ));
        audiences.push(aud);
    }
    if !spec.trusting {
        report
            .notes
            .push("no --trust: no signature was checked, all of this is only claimed by the image".into());
    }
    let device = spec.device(&audiences);

    let mut tokens = vec![(Subject::Metadata, Use::Metadata, proofs.token)];
    for (subject, use_, part) in
        [(Subject::Data, Use::Data, proofs.data), (Subject::Code, Use::Code, proofs.code)]
    {
        if let Part::Token(token) = part {
            tokens.push((subject, use_, token));
        }
    }
    tokens.extend(proofs.syscall_token.map(|token| (Subject::Syscalls, Use::Syscalls, token)));
    for endpoint in metadata.endpoints.iter() {
        tokens.extend(endpoint.token.map(|token| (Subject::Endpoint(endpoint.id), Use::Endpoint, token)));
    }
    report.tokens = tokens
        .iter()
        .map(|(subject, use_, token)| token_line(subject.to_string(), *use_, token, metadata.uid, &device))
        .collect();

    let (checks, found) = checks(metadata, &device);
    if spec.trusting {
        report.checks = checks;
    }
    for (part, proof, proven, bytes) in [
        ("data", proofs.data, found.data_digest(), &subject.data),
        ("code", proofs.code, found.code_digest(), &subject.code),
    ] {
        let says = match proof {
            Part::Digest(digest) => Some(*digest),
            Part::Token(token) => claims(token).and_then(|claims| claims.digest.copied()),
        };
        report.digests.push(digest_line(part, says, proven.is_some(), bytes.as_deref()));
    }
    if spec.trusting {
        report.verdict = verdict(subject, &device);
        if report.verdict.accepted == Some(true) && subject.parts().is_none() {
            report.notes.push("only the metadata is here: data and code have to match their digests".into());
        }
    } else {
        report.verdict.why = Some("unknown without a trust store".into());
        report.verdict.help = Some("give --trust and --device".into());
    }
    report
}

/// The decision of the device: about the whole image if all parts are there, else about the metadata.
fn verdict(subject: &ImageFile, device: &Device<'_>) -> Verdict {
    let outcome = match subject.parts() {
        Some(parts) => decide(&parts, *device),
        None => clear(&subject.metadata, device).map(drop).map_err(ImageError::Rejected),
    };
    match outcome {
        Ok(()) => Verdict { accepted: Some(true), why: None, help: None },
        Err(error) => {
            let refusal = refusal(&error, &subject.metadata, subject.parts().as_ref(), device);
            Verdict { accepted: Some(false), why: Some(refusal.why), help: Some(refusal.help.into()) }
        }
    }
}
