//! What there is to say of an image, for people and for scripts alike.

use crate::desk::decide;
use crate::device::Desk;
use crate::image_file::ImageFile;
use crate::keys::show_kid;
use crate::sentences;
use crate::style::hex;
use crate::time::date;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use tinycontainer::ImageError;
use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{Access, Metadata, Part, Profile1, Proofs};
use tinycontainer_policy::{Check, Device, Found, Holds, ImageRejected, Subject, clear, examine};
use tinycontainer_token::{Claims, Envelope, Expected, Form, TokenError, Use, thumbprint, verify};

#[derive(Serialize)]
pub(crate) struct Report {
    /// `profile-1` or `2024`.
    pub(crate) format: &'static str,
    pub(crate) uid: String,
    pub(crate) version: u32,
    pub(crate) r#type: &'static str,
    pub(crate) metadata_bytes: usize,
    pub(crate) data_bytes: Option<usize>,
    pub(crate) code_bytes: Option<usize>,
    /// As the metadata says them; none in the 2024 format.
    pub(crate) sizes: Option<Sizes>,
    /// What it asks to call.
    pub(crate) syscalls: Vec<&'static str>,
    pub(crate) endpoints: Vec<EndpointLine>,
    pub(crate) limits: Limits,
    pub(crate) schedule: Schedule,
    pub(crate) vendor_secu: Option<String>,
    pub(crate) tokens: Vec<TokenLine>,
    pub(crate) checks: Vec<CheckLine>,
    pub(crate) digests: Vec<DigestLine>,
    pub(crate) verdict: Verdict,
    /// What was taken for granted.
    pub(crate) notes: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct EndpointLine {
    pub(crate) id: u32,
    pub(crate) peer: String,
    pub(crate) direction: &'static str,
    pub(crate) sentence: String,
}

#[derive(Serialize)]
pub(crate) struct Sizes {
    pub(crate) data: u32,
    pub(crate) code: u32,
    /// Metadata, data and code together.
    pub(crate) image: u64,
}

#[derive(Serialize)]
pub(crate) struct Limits {
    pub(crate) linear_memory: u32,
    pub(crate) stack: u32,
    pub(crate) heap: u32,
}

#[derive(Serialize)]
pub(crate) struct Schedule {
    pub(crate) start_ms: u32,
    pub(crate) period_ms: u32,
    pub(crate) loop_ms: u32,
    pub(crate) max_loops: u32,
    pub(crate) stop_ms: u32,
    pub(crate) lifetime_ms: u32,
    pub(crate) heartbeat_ms: u32,
    pub(crate) priority: &'static str,
}

#[derive(Serialize, Default)]
pub(crate) struct TokenLine {
    /// What it is over: metadata, data, code, syscalls, endpoint N.
    pub(crate) which: String,
    pub(crate) bytes: usize,
    pub(crate) form: Option<&'static str>,
    pub(crate) alg: Option<i64>,
    pub(crate) kid: Option<String>,
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) aud: Option<String>,
    pub(crate) exp: Option<u64>,
    pub(crate) exp_date: Option<String>,
    pub(crate) nbf: Option<u64>,
    pub(crate) nbf_date: Option<String>,
    pub(crate) iat: Option<u64>,
    pub(crate) cti: Option<String>,
    pub(crate) r#use: Option<&'static str>,
    pub(crate) digest: Option<String>,
    pub(crate) grants: Option<Vec<&'static str>>,
    pub(crate) access: Option<String>,
    /// The thumbprint of the key that must have signed the image it is for.
    pub(crate) for_signer: Option<String>,
    /// The name of the anchor with that key, if there is one.
    pub(crate) for_anchor: Option<String>,
    /// The digest of the code it is for.
    pub(crate) for_code: Option<String>,
    /// The anchor that its kid selects.
    pub(crate) anchor: Option<String>,
    /// Whether its signature holds; unknown without a key to check it with.
    pub(crate) signature: Option<bool>,
    /// Whether the device believes it.
    pub(crate) believed: bool,
    pub(crate) why_not: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CheckLine {
    pub(crate) what: String,
    pub(crate) holds: bool,
    /// On whose word.
    pub(crate) by: Option<String>,
    pub(crate) why_not: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct DigestLine {
    pub(crate) part: &'static str,
    /// What the metadata or a token says.
    pub(crate) says: Option<String>,
    /// Whether whoever says so is believed.
    pub(crate) proven: bool,
    /// Of the part itself, if it is there.
    pub(crate) is: Option<String>,
    pub(crate) holds: Option<bool>,
    pub(crate) note: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Verdict {
    /// Whether the device takes it; unknown without a trust store.
    pub(crate) accepted: Option<bool>,
    pub(crate) why: String,
    pub(crate) help: Option<String>,
}

/// What every report has, of either format.
pub(crate) fn outline(metadata: &Metadata<'_>, subject: &ImageFile) -> Report {
    let (limits, schedule) = (metadata.limits, metadata.schedule);
    let asked = match &metadata.proofs {
        Proofs::Profile1(proofs) => proofs.syscalls,
        Proofs::Format2024(_) => Mask::NONE,
    };
    Report {
        format: match metadata.proofs {
            Proofs::Profile1(_) => "profile-1",
            Proofs::Format2024(_) => "2024",
        },
        uid: metadata.uid.into(),
        version: metadata.version,
        r#type: metadata.kind.name(),
        metadata_bytes: subject.metadata.len(),
        data_bytes: subject.data.as_ref().map(Vec::len),
        code_bytes: subject.code.as_ref().map(Vec::len),
        sizes: metadata.sizes.map(|sizes| Sizes {
            data: sizes.data,
            code: sizes.code,
            image: [metadata.file_bytes, sizes.data, sizes.code].into_iter().map(u64::from).sum(),
        }),
        syscalls: names(asked),
        endpoints: metadata
            .endpoints
            .iter()
            .map(|endpoint| EndpointLine {
                id: endpoint.id,
                peer: endpoint.access.peer.to_string(),
                direction: endpoint.access.direction.name(),
                sentence: sentences::access(&endpoint.access),
            })
            .collect(),
        limits: Limits { linear_memory: limits.linear_memory, stack: limits.stack, heap: limits.heap },
        schedule: Schedule {
            start_ms: schedule.start_ms,
            period_ms: schedule.period_ms,
            loop_ms: schedule.loop_ms,
            max_loops: schedule.max_loops,
            stop_ms: schedule.stop_ms,
            lifetime_ms: schedule.lifetime_ms,
            heartbeat_ms: schedule.heartbeat_ms,
            priority: schedule.priority.name(),
        },
        vendor_secu: metadata.vendor_secu.map(hex),
        tokens: Vec::new(),
        checks: Vec::new(),
        digests: Vec::new(),
        verdict: Verdict { accepted: None, why: String::new(), help: None },
        notes: Vec::new(),
    }
}

/// All there is to say of an image of our profile.
pub(crate) fn profile1(
    metadata: &Metadata<'_>,
    proofs: &Profile1<'_>,
    subject: &ImageFile,
    desk: &Desk,
) -> Report {
    let mut report = outline(metadata, subject);
    let mut audiences = desk.audiences();
    if audiences.is_empty()
        && let Some(aud) = alleged(proofs.token).and_then(|claims| claims.aud)
    {
        report.notes.push(format!(
            "no --device: looked at as on \"{aud}\", which the metadata's token says it is for"
        ));
        audiences.push(aud);
    }
    if !desk.trusting {
        report.notes.push("no --trust: no signature was checked, all of this is what the image says".into());
    }
    let device = desk.device(&audiences);

    let mut tokens = vec![(Subject::Metadata, Use::Metadata, proofs.token)];
    for (which, use_, part) in
        [(Subject::Data, Use::Data, proofs.data), (Subject::Code, Use::Code, proofs.code)]
    {
        if let Part::Token(token) = part {
            tokens.push((which, use_, token));
        }
    }
    tokens.extend(proofs.syscall_token.map(|token| (Subject::Syscalls, Use::Syscalls, token)));
    for endpoint in metadata.endpoints.iter() {
        tokens.extend(endpoint.token.map(|token| (Subject::Endpoint(endpoint.id), Use::Endpoint, token)));
    }
    report.tokens = tokens
        .iter()
        .map(|(which, use_, token)| token_line(*which, *use_, token, metadata, &device))
        .collect();

    let (checks, found) = checks(metadata, &device);
    if desk.trusting {
        report.checks = checks;
    }
    for (part, proof, proven, bytes) in [
        ("data", proofs.data, found.data_digest(), &subject.data),
        ("code", proofs.code, found.code_digest(), &subject.code),
    ] {
        let says = match proof {
            Part::Digest(digest) => Some(*digest),
            Part::Token(token) => alleged(token).and_then(|claims| claims.digest.copied()),
        };
        report.digests.push(digest_line(part, says, proven.is_some(), bytes.as_deref()));
    }
    if desk.trusting {
        report.verdict = verdict(subject, &device);
    } else {
        report.verdict.why = "nobody knows without a trust store".into();
        report.verdict.help = Some("give --trust and --device".into());
    }
    report
}

/// What the device decides: over all of it if all of it is there, else over the metadata.
fn verdict(subject: &ImageFile, device: &Device<'_>) -> Verdict {
    let outcome = match subject.parts() {
        Some(parts) => decide(&parts, *device),
        None => clear(&subject.metadata, device).map(drop).map_err(ImageError::Rejected),
    };
    match outcome {
        Ok(()) if subject.parts().is_some() => {
            Verdict { accepted: Some(true), why: "the device takes it".into(), help: None }
        }
        Ok(()) => Verdict {
            accepted: Some(true),
            why: "the device believes the metadata; data and code have to match their digests".into(),
            help: None,
        },
        Err(error) => Verdict {
            accepted: Some(false),
            why: error.to_string(),
            help: Some(sentences::advice(&error).into()),
        },
    }
}

/// Every check that the device makes, with its outcome.
pub(crate) fn checks(metadata: &Metadata<'_>, device: &Device<'_>) -> (Vec<CheckLine>, Found) {
    let mut lines = Vec::new();
    let mut signer = None;
    let found = examine(metadata, device, &mut |check, outcome| {
        if let (Check::Proof(Subject::Metadata), Ok(Holds::By(name))) = (check, outcome) {
            signer = Some(name.to_owned());
        }
        lines.push(check_line(check, outcome, signer.as_deref()));
        ControlFlow::Continue(())
    });
    (lines, found)
}

fn check_line(check: Check, outcome: Result<Holds<'_>, ImageRejected>, signer: Option<&str>) -> CheckLine {
    let what = match check {
        Check::Format => "format".to_owned(),
        Check::Proof(which) => which.to_string(),
        Check::Priority => "priority".into(),
        Check::Limits => "limits".into(),
        Check::Sizes => "sizes".into(),
        Check::Durations => "durations".into(),
    };
    match outcome {
        Ok(holds) => CheckLine {
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
                // In the 2024 format there is one key, and nobody's name.
                Holds::BySigner => Some(signer.unwrap_or("the image's signer").into()),
            },
            why_not: None,
        },
        Err(why) => CheckLine { what, holds: false, by: None, why_not: Some(why.to_string()) },
    }
}

/// A token's claims, whoever made it.
fn alleged(token: &[u8]) -> Option<Claims<'_>> {
    Envelope::decode(token).ok().and_then(|envelope| Claims::decode(envelope.payload).ok())
}

fn token_line(
    which: Subject,
    use_: Use,
    token: &[u8],
    metadata: &Metadata<'_>,
    device: &Device<'_>,
) -> TokenLine {
    let mut line = TokenLine { which: which.to_string(), bytes: token.len(), ..TokenLine::default() };
    let envelope = Envelope::decode(token).ok();
    if let Some(envelope) = &envelope {
        line.form = Some(match envelope.form {
            Form::Sign1 => "COSE_Sign1",
            Form::Mac0 => "COSE_Mac0",
        });
        line.alg = envelope.headers().ok().map(|headers| headers.alg);
        line.kid = envelope.kid().map(show_kid);
        line.anchor = envelope.kid().and_then(|kid| {
            device.trust.anchors().find(|anchor| anchor.kid == kid).map(|anchor| anchor.name.to_owned())
        });
    }
    if let Some(claims) = alleged(token) {
        line.iss = claims.iss.map(Into::into);
        line.sub = claims.sub.map(Into::into);
        line.aud = claims.aud.map(Into::into);
        line.exp = claims.exp;
        line.exp_date = claims.exp.map(date);
        line.nbf = claims.nbf;
        line.nbf_date = claims.nbf.map(date);
        line.iat = claims.iat;
        line.cti = claims.cti.map(hex);
        line.r#use = claims.use_.map(Use::name);
        line.digest = claims.digest.map(|digest| hex(digest));
        line.grants = claims.syscalls.map(|mask| names(Mask(mask)));
        line.for_signer = claims.signer.map(|signer| hex(signer));
        line.for_anchor = claims.signer.and_then(|signer| {
            let mut anchors = device.trust.anchors();
            anchors.find(|anchor| thumbprint(anchor.key) == *signer).map(|anchor| anchor.name.to_owned())
        });
        line.for_code = claims.code.map(|code| hex(code));
        line.access = claims.access.map(|bytes| match Access::decode(bytes) {
            Ok(access) => access.to_string(),
            Err(error) => format!("malformed: {error}"),
        });
    }
    let expected = Expected { sub: metadata.uid, audiences: device.audiences, use_, now: device.now };
    match verify(token, device.trust.anchors(), &expected) {
        Ok(_) => {
            line.signature = Some(true);
            line.believed = true;
        }
        Err(why) => {
            line.signature = signature_holds(why);
            line.why_not = Some(why.to_string());
        }
    }
    line
}

/// Whether a token that is not believed at least has a signature that holds: it is checked before what
/// the token says of itself.
fn signature_holds(why: TokenError) -> Option<bool> {
    match why {
        TokenError::Missing(_)
        | TokenError::Misplaced(_)
        | TokenError::Unbound
        | TokenError::WrongSubject
        | TokenError::WrongAudience
        | TokenError::WrongIssuer
        | TokenError::WrongUse(_)
        | TokenError::Expired
        | TokenError::NotYetValid
        | TokenError::NoClock => Some(true),
        TokenError::UnknownKey | TokenError::NoKeyId => None,
        TokenError::Malformed(_)
        | TokenError::UnsupportedMessage(_)
        | TokenError::NoCwtTag
        | TokenError::NoCoseTag
        | TokenError::NoAlgorithm
        | TokenError::UnprotectedAlgorithm
        | TokenError::Critical
        | TokenError::WrongAlgorithm(_)
        | TokenError::BadSignature => Some(false),
    }
}

/// A part against its digest.
pub(crate) fn digest_line(
    part: &'static str,
    says: Option<[u8; 32]>,
    proven: bool,
    bytes: Option<&[u8]>,
) -> DigestLine {
    let is: Option<[u8; 32]> = bytes.map(|bytes| Sha256::digest(bytes).into());
    let holds = says.zip(is).map(|(says, is)| says == is);
    // Editors end files so, and the digest may have been made before that.
    let without_feed = bytes.and_then(|bytes| bytes.strip_suffix(b"\n")).map(Sha256::digest);
    let note = match (holds, says, without_feed) {
        (Some(false), Some(says), Some(digest)) if digest[..] == says => {
            Some("it is that of the file without the line feed at its end".to_owned())
        }
        _ => None,
    };
    DigestLine { part, says: says.map(|says| hex(&says)), proven, is: is.map(|is| hex(&is)), holds, note }
}

/// The names of the syscalls in a mask.
pub(crate) fn names(mask: Mask) -> Vec<&'static str> {
    mask.calls().map(Syscall::name).collect()
}
