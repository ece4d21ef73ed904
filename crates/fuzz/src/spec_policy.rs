//! The decision over an image, as an executable specification.
//!
//! Written from `docs/format.md` and `docs/format.cddl` alone, and for reading, not for speed. Keys and digests are not bytes here: a key is
//! the number of the party that has it, and a digest is a name of what it is of. What the page leaves open is which of
//! several reasons of one failed check is reported; so a refusal has all of them.

/// A party by its number: it has a key.
pub(crate) type Party = usize;

/// The roles of an anchor.
pub(crate) const METADATA: u8 = 1;
pub(crate) const PARTS: u8 = 2;
pub(crate) const SYSCALLS: u8 = 4;
pub(crate) const ENDPOINTS: u8 = 8;

/// The kinds of peers.
pub(crate) const CONTAINER: u8 = 0;
pub(crate) const LOCAL: u8 = 1;
pub(crate) const REMOTE: u8 = 2;
/// In a reach: any peer.
pub(crate) const ANY: u8 = 3;

/// The bus of the container's own data.
const BUS_DATA: u8 = 6;

/// A trust anchor.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    pub(crate) party: Party,
    pub(crate) name: String,
    pub(crate) roles: u8,
    pub(crate) uids: Vec<String>,
    pub(crate) syscalls: u32,
    pub(crate) reaches: Vec<Reach>,
    pub(crate) priority: u8,
    pub(crate) hook_ms: u32,
}

/// Peers, and a direction. What is absent is any.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) kind: u8,
    pub(crate) name: Option<String>,
    pub(crate) range: Option<(u32, u32)>,
    pub(crate) direction: u8,
    pub(crate) address: Option<u8>,
}

/// A peer and a direction: 0 in, 1 out, 2 both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Access {
    pub(crate) kind: u8,
    /// Of containers and remote hosts.
    pub(crate) name: String,
    /// Of containers and local units.
    pub(crate) number: u32,
    pub(crate) direction: u8,
    /// The bus or the scheme.
    pub(crate) address: u8,
}

/// What a digest is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Digest {
    Metadata,
    Data,
    Code,
    SomethingElse,
}

/// A token. `None`: the claim is absent.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Whose key has signed it, whose kid it carries, and whether its signature was changed.
    pub(crate) key: Party,
    pub(crate) kid: Party,
    pub(crate) altered: bool,
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) aud: Option<String>,
    pub(crate) exp: Option<u64>,
    pub(crate) nbf: Option<u64>,
    pub(crate) digest: Option<Digest>,
    pub(crate) syscalls: Option<u32>,
    pub(crate) access: Option<Access>,
    pub(crate) use_: Option<Use>,
    pub(crate) signer: Option<Party>,
    pub(crate) code: Option<Digest>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Use {
    Metadata = 1,
    Data = 2,
    Code = 3,
    Syscalls = 4,
    Endpoint = 5,
}

/// The proof for the data or the code.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Digest,
    Token(Token),
}

#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: u32,
    pub(crate) access: Access,
    pub(crate) token: Option<Token>,
}

/// The content of an image's metadata.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) uid: String,
    pub(crate) syscalls: u32,
    pub(crate) syscall_token: Option<Token>,
    /// Linear memory, operand stack, heap.
    pub(crate) limits: [u32; 3],
    pub(crate) vendor_secu: usize,
    /// Data and code.
    pub(crate) sizes: [u32; 2],
    pub(crate) endpoints: Vec<Endpoint>,
    /// The longest durations of start, loop and stop.
    pub(crate) durations: [u32; 3],
    pub(crate) period: u32,
    pub(crate) heartbeat: u32,
    pub(crate) priority: u8,
    pub(crate) wake_by_message: bool,
    pub(crate) data: Part,
    pub(crate) code: Part,
    /// `None`: it is not signed.
    pub(crate) token: Option<Token>,
    /// The length of the metadata in bytes.
    pub(crate) bytes: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// Its name and its class.
    pub(crate) names: Vec<String>,
    pub(crate) now: Option<u64>,
    pub(crate) limits: [u32; 3],
    pub(crate) image: u64,
    pub(crate) hook_ms: u32,
    pub(crate) anchors: Vec<Anchor>,
    /// Whether each party has an Ed25519 key; the others have shared secrets.
    pub(crate) has_ed25519: Vec<bool>,
}

/// The checks, in their order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Check {
    Format,
    Metadata,
    Priority,
    Limits,
    Sizes,
    Durations,
    Data,
    Code,
    Syscalls,
    Endpoint(u32),
}

/// Why a check fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reason {
    /// The check has only one.
    Plain,
    Unsigned,
    UnknownKey,
    Algorithm,
    Signature,
    Issuer,
    Use,
    Claims,
    Subject,
    Audience,
    NoClock,
    Expired,
    NotYetValid,
    Digest,
    Role,
    Scope,
    OtherSigner,
    OtherCode,
    OtherAccess,
    NotGranted,
    TooManyEndpoints,
}

/// A refusal: the first check that fails, and all the reasons for which it does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    pub(crate) check: Check,
    pub(crate) reasons: Vec<Reason>,
}

/// What an accepted image gets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) signer: Party,
    pub(crate) not_before: Option<u64>,
    pub(crate) expires: Option<u64>,
}

/// Decides.
pub(crate) fn decide(image: &Image, device: &Device) -> Result<Accepted, Refused> {
    let check = |check, reasons: Vec<Reason>| {
        if reasons.is_empty() { Ok(()) } else { Err(Refused { check, reasons }) }
    };
    let plain = |name, holds: bool| check(name, if holds { vec![] } else { vec![Reason::Plain] });

    plain(Check::Format, well_formed(image))?;

    let Some(token) = &image.token else {
        return Err(Refused { check: Check::Metadata, reasons: vec![Reason::Unsigned] });
    };
    let mut reasons = token_faults(token, Use::Metadata, image, device);
    if token.digest != Some(Digest::Metadata) {
        reasons.push(Reason::Digest);
    }
    let signer = anchor(token, device);
    if let Some(signer) = signer {
        if signer.roles & METADATA == 0 {
            reasons.push(Reason::Role);
        }
        if !in_scope(&signer.uids, &image.uid) {
            reasons.push(Reason::Scope);
        }
    }
    check(Check::Metadata, reasons)?;
    let signer = signer.expect("a valid token has an anchor");

    plain(Check::Priority, image.priority <= signer.priority)?;

    let mut reasons = Vec::new();
    if image.endpoints.len() > 8 {
        reasons.push(Reason::TooManyEndpoints);
    }
    if (0..3).any(|i| image.limits[i] > device.limits[i]) {
        reasons.push(Reason::Plain);
    }
    check(Check::Limits, reasons)?;

    let [data, code] = image.sizes.map(u64::from);
    plain(Check::Sizes, image.bytes + data + code <= device.image)?;

    plain(Check::Durations, image.durations.iter().all(|ms| *ms <= device.hook_ms && *ms <= signer.hook_ms))?;

    for (name, part, use_) in [(Check::Data, &image.data, Use::Data), (Check::Code, &image.code, Use::Code)] {
        let Part::Token(token) = part else { continue };
        let mut reasons = token_faults(token, use_, image, device);
        if let Some(by) = anchor(token, device) {
            if by.roles & PARTS == 0 {
                reasons.push(Reason::Role);
            }
            if !in_scope(&by.uids, &image.uid) {
                reasons.push(Reason::Scope);
            }
        }
        check(name, reasons)?;
    }

    let own = if signer.roles & SYSCALLS != 0 { signer.syscalls } else { 0 };
    let missing = image.syscalls & !own;
    let reasons = match &image.syscall_token {
        None if missing == 0 => vec![],
        None => vec![Reason::NotGranted],
        Some(token) => {
            let mut reasons = token_faults(token, Use::Syscalls, image, device);
            reasons.extend(binding_faults(token, signer.party, image));
            if let Some(by) = anchor(token, device) {
                if by.roles & SYSCALLS == 0 {
                    reasons.push(Reason::Role);
                }
                if missing & !(token.syscalls.unwrap_or(0) & by.syscalls) != 0 {
                    reasons.push(Reason::NotGranted);
                }
            }
            reasons
        }
    };
    check(Check::Syscalls, reasons)?;

    let mut endpoint_tokens = Vec::new();
    for Endpoint { id, access, token } in &image.endpoints {
        if may_authorize(signer, access) || is_own_data(access) {
            continue;
        }
        let reasons = match token {
            // Whether the role or the scope is missing.
            None => vec![if reached(signer, access) { Reason::Role } else { Reason::NotGranted }],
            Some(token) => {
                endpoint_tokens.push(token);
                let mut reasons = token_faults(token, Use::Endpoint, image, device);
                reasons.extend(binding_faults(token, signer.party, image));
                if !token.access.as_ref().is_some_and(|granted| is_part_of(access, granted)) {
                    reasons.push(Reason::OtherAccess);
                }
                if let Some(by) = anchor(token, device) {
                    if by.roles & ENDPOINTS == 0 {
                        reasons.push(Reason::Role);
                    }
                    if !reached(by, access) {
                        reasons.push(Reason::Scope);
                    }
                }
                reasons
            }
        };
        check(Check::Endpoint(*id), reasons)?;
    }

    let relied_on = || {
        let parts = [&image.data, &image.code].into_iter().filter_map(|part| match part {
            Part::Token(token) => Some(token),
            Part::Digest => None,
        });
        parts.chain([token]).chain(&image.syscall_token).chain(endpoint_tokens.iter().copied())
    };
    Ok(Accepted {
        signer: signer.party,
        not_before: relied_on().filter_map(|token| token.nbf).max(),
        expires: relied_on().filter_map(|token| token.exp).min(),
    })
}

/// The sections "Container", "Endpoints" and "Security".
fn well_formed(image: &Image) -> bool {
    let heartbeat = image.syscalls & 1 != 0;
    let open_and_read = image.syscalls & 0b1010 == 0b1010;
    is_uid(&image.uid)
        && image.syscalls < 64
        && image.vendor_secu <= 256
        && image.sizes[1] >= 1
        && image.endpoints.len() <= 32
        && image.endpoints.windows(2).all(|pair| pair[0].id < pair[1].id)
        && image.endpoints.iter().all(|endpoint| match endpoint.access.kind {
            CONTAINER => is_uid(&endpoint.access.name),
            REMOTE => is_authority(&endpoint.access.name),
            _ => true,
        })
        && image.durations.iter().all(|ms| *ms >= 1)
        && (image.heartbeat == 0 || heartbeat && image.heartbeat >= image.period)
        && (!image.wake_by_message || open_and_read)
}

fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn is_authority(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:[]".contains(c))
}

/// The anchor whose kid the token carries.
fn anchor<'d>(token: &Token, device: &'d Device) -> Option<&'d Anchor> {
    device.anchors.iter().find(|anchor| anchor.party == token.kid)
}

/// The section "Tokens": everything that is wrong with a token for that use.
fn token_faults(token: &Token, wanted: Use, image: &Image, device: &Device) -> Vec<Reason> {
    let Some(anchor) = anchor(token, device) else { return vec![Reason::UnknownKey] };
    let mut faults = Vec::new();
    let mut fault = |is_there, reason| {
        if is_there {
            faults.push(reason);
        }
    };
    fault(device.has_ed25519[token.key] != device.has_ed25519[token.kid], Reason::Algorithm);
    fault(token.key != token.kid || token.altered, Reason::Signature);
    fault(token.iss.as_ref().is_some_and(|iss| *iss != anchor.name), Reason::Issuer);
    fault(token.sub.as_ref().is_some_and(|sub| *sub != image.uid), Reason::Subject);
    fault(token.aud.as_ref().is_some_and(|aud| !device.names.contains(aud)), Reason::Audience);
    fault(token.sub.is_none() || token.aud.is_none() || token.use_.is_none(), Reason::Claims);
    fault(token.syscalls.is_some_and(|mask| mask >= 64), Reason::Claims);
    fault(token.use_.is_some_and(|use_| use_ != wanted), Reason::Use);
    if let Some(use_) = token.use_ {
        let digest = matches!(use_, Use::Metadata | Use::Data | Use::Code);
        let bound = token.signer.is_some() || token.code.is_some();
        let fits = token.digest.is_some() == digest
            && token.syscalls.is_some() == (use_ == Use::Syscalls)
            && token.access.is_some() == (use_ == Use::Endpoint)
            && bound != digest;
        fault(!fits, Reason::Claims);
    }
    match device.now {
        None => fault(token.exp.is_some() || token.nbf.is_some(), Reason::NoClock),
        Some(now) => {
            fault(token.exp.is_some_and(|exp| now >= exp), Reason::Expired);
            fault(token.nbf.is_some_and(|nbf| now < nbf), Reason::NotYetValid);
        }
    }
    faults
}

/// A token that grants something is for the signer and the code that it names.
fn binding_faults(token: &Token, signer: Party, image: &Image) -> Vec<Reason> {
    let mut faults = Vec::new();
    if token.signer.is_some_and(|named| named != signer) {
        faults.push(Reason::OtherSigner);
    }
    // The digest in the proof for the code: of the code, or what the token of another signer has.
    let proven = match &image.code {
        Part::Digest => Some(Digest::Code),
        Part::Token(token) => token.digest,
    };
    if token.code.is_some() && token.code != proven {
        faults.push(Reason::OtherCode);
    }
    faults
}

/// Whether one of the patterns fits: a name, or the beginning of one followed by `*`.
fn in_scope(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    })
}

/// The directions of which a direction consists.
fn directions(direction: u8) -> &'static [u8] {
    match direction {
        0 => &[0],
        1 => &[1],
        _ => &[0, 1],
    }
}

fn is_within(direction: u8, other: u8) -> bool {
    directions(direction).iter().all(|one| directions(other).contains(one))
}

/// A container reads its own data.
fn is_own_data(access: &Access) -> bool {
    access.kind == LOCAL && access.address == BUS_DATA && access.direction == 0
}

/// Whether the anchor's scope has the peer, in that direction. No scope has a container's own data to be written.
fn reached(anchor: &Anchor, access: &Access) -> bool {
    if access.kind == LOCAL && access.address == BUS_DATA {
        return access.direction == 0;
    }
    anchor.reaches.iter().any(|reach| {
        let name = reach.name.as_ref().is_none_or(|name| in_scope(std::slice::from_ref(name), &access.name));
        let number = reach.range.is_none_or(|(first, last)| first <= access.number && access.number <= last);
        let address = reach.address.is_none_or(|address| address == access.address);
        let peer = match reach.kind {
            ANY => true,
            CONTAINER => access.kind == CONTAINER && name && number,
            LOCAL => access.kind == LOCAL && number && address,
            _ => access.kind == REMOTE && name && address,
        };
        peer && is_within(access.direction, reach.direction)
    })
}

fn may_authorize(anchor: &Anchor, access: &Access) -> bool {
    anchor.roles & ENDPOINTS != 0 && reached(anchor, access)
}

/// Whether what is asked for is the peer that was granted, and not in more directions.
fn is_part_of(asked: &Access, granted: &Access) -> bool {
    let peer = Access { direction: asked.direction, ..granted.clone() };
    *asked == peer && is_within(asked.direction, granted.direction)
}
