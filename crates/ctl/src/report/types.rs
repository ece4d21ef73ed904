//! What a report on an image holds. `--json` prints exactly this.

use crate::input::image_file::ImageFile;
use crate::text::sentences;
use crate::text::style::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{Metadata, Proofs};

#[derive(Serialize)]
pub(crate) struct Report {
    /// `image`: other files have reports of their own.
    pub(crate) kind: &'static str,
    /// `profile-1` or `2024`.
    pub(crate) format: &'static str,
    pub(crate) uid: String,
    pub(crate) version: u32,
    pub(crate) r#type: &'static str,
    pub(crate) metadata_bytes: usize,
    pub(crate) data_bytes: Option<usize>,
    pub(crate) code_bytes: Option<usize>,
    /// As stated in the metadata; none in the 2024 format.
    pub(crate) sizes: Option<Sizes>,
    /// The syscalls that it asks for.
    pub(crate) syscalls: Vec<&'static str>,
    pub(crate) endpoints: Vec<EndpointLine>,
    pub(crate) limits: Limits,
    pub(crate) schedule: Schedule,
    pub(crate) vendor_secu: Option<String>,
    pub(crate) tokens: Vec<TokenLine>,
    pub(crate) checks: Vec<CheckLine>,
    pub(crate) digests: Vec<DigestLine>,
    pub(crate) verdict: Verdict,
    /// Assumptions of this report.
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
    pub(crate) data_bytes: u32,
    pub(crate) code_bytes: u32,
    /// Metadata, data and code together.
    pub(crate) image_bytes: u64,
}

#[derive(Serialize)]
pub(crate) struct Limits {
    pub(crate) linear_memory_bytes: u32,
    pub(crate) stack_bytes: u32,
    pub(crate) heap_bytes: u32,
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
    /// What makes `loop()` run: period or message.
    pub(crate) wake: &'static str,
}

#[derive(Serialize, Default)]
pub(crate) struct TokenLine {
    /// What it signs or grants: metadata, data, code, syscalls, endpoint N.
    pub(crate) what: String,
    pub(crate) bytes: usize,
    pub(crate) form: Option<&'static str>,
    pub(crate) alg: Option<i64>,
    pub(crate) kid: Option<String>,
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) aud: Option<String>,
    /// Seconds since 1970, as `nbf_s` and `iat_s`.
    pub(crate) exp_s: Option<u64>,
    pub(crate) exp_date: Option<String>,
    pub(crate) nbf_s: Option<u64>,
    pub(crate) nbf_date: Option<String>,
    pub(crate) iat_s: Option<u64>,
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
    /// Whether its signature is valid; unknown without a key to check it with.
    pub(crate) signature: Option<bool>,
    /// Whether the device accepts it.
    pub(crate) accepted: bool,
    pub(crate) why: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CheckLine {
    pub(crate) what: String,
    pub(crate) holds: bool,
    /// The trust anchor that grants it.
    pub(crate) by: Option<String>,
    pub(crate) why: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct DigestLine {
    pub(crate) what: &'static str,
    /// The digest in the metadata or in a token.
    pub(crate) says: Option<String>,
    /// Whether that digest is signed by a key that the device accepts.
    pub(crate) proven: bool,
    /// Of the part itself, if it is there.
    pub(crate) is: Option<String>,
    pub(crate) holds: Option<bool>,
    pub(crate) note: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Verdict {
    /// Whether the device accepts it; unknown without a trust store.
    pub(crate) accepted: Option<bool>,
    /// Why it does not, or why that is unknown.
    pub(crate) why: Option<String>,
    pub(crate) help: Option<String>,
}

/// The part of a report that does not depend on the format.
pub(crate) fn outline(metadata: &Metadata<'_>, subject: &ImageFile) -> Report {
    let (limits, schedule) = (metadata.limits, metadata.schedule);
    let asked = match &metadata.proofs {
        Proofs::Profile1(proofs) => proofs.syscalls,
        Proofs::Format2024(_) => Mask::NONE,
    };
    Report {
        kind: "image",
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
            data_bytes: sizes.data,
            code_bytes: sizes.code,
            image_bytes: [metadata.file_bytes, sizes.data, sizes.code].into_iter().map(u64::from).sum(),
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
        limits: Limits {
            linear_memory_bytes: limits.linear_memory,
            stack_bytes: limits.stack,
            heap_bytes: limits.heap,
        },
        schedule: Schedule {
            start_ms: schedule.start_ms,
            period_ms: schedule.period_ms,
            loop_ms: schedule.loop_ms,
            max_loops: schedule.max_loops,
            stop_ms: schedule.stop_ms,
            lifetime_ms: schedule.lifetime_ms,
            heartbeat_ms: schedule.heartbeat_ms,
            priority: schedule.priority.name(),
            wake: schedule.wake.name(),
        },
        vendor_secu: metadata.vendor_secu.map(hex),
        tokens: Vec::new(),
        checks: Vec::new(),
        digests: Vec::new(),
        verdict: Verdict { accepted: None, why: None, help: None },
        notes: Vec::new(),
    }
}

/// Compares a part with its digest.
pub(crate) fn digest_line(
    what: &'static str,
    says: Option<[u8; 32]>,
    proven: bool,
    bytes: Option<&[u8]>,
) -> DigestLine {
    let is: Option<[u8; 32]> = bytes.map(|bytes| Sha256::digest(bytes).into());
    let holds = says.zip(is).map(|(says, is)| says == is);
    // Editors add a line feed, and the digest may be older than that.
    let without_feed = bytes.and_then(|bytes| bytes.strip_suffix(b"\n")).map(Sha256::digest);
    let note = match (holds, says, without_feed) {
        (Some(false), Some(says), Some(digest)) if digest[..] == says => {
            Some("it is that of the file without the line feed at its end".to_owned())
        }
        _ => None,
    };
    DigestLine { what, says: says.map(|says| hex(&says)), proven, is: is.map(|is| hex(&is)), holds, note }
}

/// The names of the syscalls in a mask.
pub(crate) fn names(mask: Mask) -> Vec<&'static str> {
    mask.calls().map(Syscall::name).collect()
}
