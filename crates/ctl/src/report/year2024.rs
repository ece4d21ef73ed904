//! The report on an image of the 2024 format.

use crate::device::year2024::{everything, scope};
use crate::input::image_file::ImageFile;
use crate::report::checks::checks;
use crate::report::types::{CheckLine, Report, TokenLine, digest_line, names, outline};
use crate::text::style::hex;
use tinycontainer_abi::Mask;
use tinycontainer_metadata::{Format2024, Limits, Metadata};
use tinycontainer_policy::{Ceilings, Device, Trust, Year2024, covered_2024};
use tinycontainer_token::year2024::{Claim2024, parse, verify};

/// The whole report; signatures are checked if there is a key.
pub(crate) fn report(
    metadata: &Metadata<'_>,
    proofs: &Format2024<'_>,
    subject: &ImageFile,
    key: Option<&[u8; 32]>,
) -> Report {
    let mut report = outline(metadata, subject);
    report.notes.push(
        "the 2024 format: its signatures cover no header, and bind to no container, device, use or time"
            .into(),
    );
    if key.is_none() {
        report.notes.push("no --key-2024: no signature was checked".into());
    }
    if let Ok((_, Claim2024::Syscalls(mask))) = parse(proofs.syscall_token) {
        // The mask can have bits of calls that never existed.
        report.syscalls = names(Mask(mask).intersection(Mask::ALL));
        if !Mask(mask).within(Mask::ALL) {
            report.notes.push(format!("its mask is {mask:#x}; bits without a syscall mean nothing"));
        }
    }
    report.tokens.push(line("syscalls", proofs.syscall_token, key));
    for endpoint in metadata.endpoints.iter() {
        if let Some(token) = endpoint.token {
            report.tokens.push(line(&format!("endpoint {}", endpoint.id), token, key));
        }
    }
    if let Some([data, code, whole]) = proofs.tokens {
        for (part, token, bytes) in [("data", data, &subject.data), ("code", code, &subject.code)] {
            let token_line = line(part, token, key);
            report.digests.push(digest_line(part, digest(token), token_line.accepted, bytes.as_deref()));
            report.tokens.push(token_line);
        }
        let token_line = line("metadata", whole, key);
        let mut digest_line = digest_line("metadata", digest(whole), token_line.accepted, None);
        let [cut, zeroed] = covered_2024(proofs.file);
        digest_line.note = match digest(whole) {
            Some(says) if says == cut => Some(over("the file less its last", "")),
            Some(says) if says == zeroed => Some(over("the file with its last", " zeroed")),
            _ => None,
        };
        digest_line.holds = digest(whole).map(|_| digest_line.note.is_some());
        report.digests.push(digest_line);
        report.tokens.push(token_line);
    } else {
        report.notes.push("it has no security section: no budgets, and no tokens over its parts".into());
    }
    if let Some(key) = key {
        report.checks = examined(metadata, key).unwrap_or_default();
    }
    report.verdict.why = Some(
        "devices refuse the 2024 format, but for those whose policy accepts it by name, with this key".into(),
    );
    report.verdict.help = Some("rebuild it with tinycontainerctl".into());
    report
}

fn over(what: &str, how: &str) -> String {
    format!("over {what} {} bytes{how}", Format2024::TOKEN_LEN)
}

fn digest(token: &[u8]) -> Option<[u8; 32]> {
    match parse(token) {
        Ok((_, Claim2024::Digest(digest))) => Some(*digest),
        _ => None,
    }
}

fn line(what: &str, token: &[u8], key: Option<&[u8; 32]>) -> TokenLine {
    let mut line = TokenLine { what: what.into(), bytes: token.len(), ..TokenLine::default() };
    match parse(token) {
        Ok((_, claim)) => {
            line.form = Some("COSE_Sign1 of 2024");
            match claim {
                Claim2024::Syscalls(mask) => line.grants = Some(names(Mask(mask).intersection(Mask::ALL))),
                Claim2024::Digest(digest) => line.digest = Some(hex(digest)),
            }
        }
        Err(why) => {
            line.signature = Some(false);
            line.why = Some(why.to_string());
            return line;
        }
    }
    match key.map(|key| verify(token, key)) {
        None => line.why = Some("no key to check it with".into()),
        Some(Ok(_)) => {
            line.signature = Some(true);
            line.accepted = true;
        }
        Some(Err(why)) => {
            line.signature = Some(false);
            line.why = Some(why.to_string());
        }
    }
    line
}

/// The checks of a device that accepts all that is signed with this key.
fn examined(metadata: &Metadata<'_>, key: &[u8; 32]) -> Option<Vec<CheckLine>> {
    let store = everything(key).ok()?;
    let scope = scope(&store).ok()?;
    let year2024 = Year2024::new(key, scope, Limits::default());
    let device = Device {
        audiences: &[],
        trust: Trust::NONE,
        now: None,
        ceilings: Ceilings {
            linear_memory: u32::MAX,
            stack: u32::MAX,
            heap: u32::MAX,
            image: u32::MAX,
            hook_ms: u32::MAX,
        },
        accept_2024: Some(&year2024),
    };
    Some(checks(metadata, &device).0)
}
