//! Which header, claim or order of a malformed token is not taken, and where.

use minicbor::Decoder;
use minicbor::data::Type;
use tinycontainer_token::{CborError, Claims, Envelope, Kind, TokenError, claims};

/// What to do about a token that is not of the profile.
pub(crate) const HELP: &str = "a token has the headers alg (protected) and kid, and the claims that docs/format.md lists, in \
     ascending order and shortest form: have it issued so";

/// The names of COSE headers (RFC 9052, section 3.1; RFC 9360; RFC 9597).
const HEADERS: [(i64, &str); 14] = [
    (1, "alg"),
    (2, "crit"),
    (3, "content type"),
    (4, "kid"),
    (5, "IV"),
    (6, "Partial IV"),
    (7, "counter signature"),
    (11, "Countersignature version 2"),
    (13, "kcwt"),
    (15, "CWT claims"),
    (16, "typ"),
    (32, "x5bag"),
    (33, "x5chain"),
    (34, "x5t"),
];

/// The names of claims (RFC 8392, section 3.1; RFC 8747; docs/format.md), and the types that are taken.
const CLAIMS: [(i64, &str, &str); 14] = [
    (1, "iss", "text"),
    (2, "sub", "text"),
    (3, "aud", "text"),
    (4, "exp", "an unsigned integer"),
    (5, "nbf", "an unsigned integer"),
    (6, "iat", "an unsigned integer"),
    (7, "cti", "a byte string"),
    (8, "cnf", ""),
    (claims::DIGEST, "digest", "32 bytes"),
    (claims::SYSCALLS, "syscalls", "an unsigned integer"),
    (claims::ACCESS, "access", "a byte string"),
    (claims::USE, "use", "1 to 5"),
    (claims::SIGNER, "signer", "32 bytes"),
    (claims::CODE, "code", "32 bytes"),
];

/// The name of an algorithm, with its number.
pub(crate) fn algorithm(alg: i64) -> String {
    let name = match alg {
        -8 => "EdDSA",
        -19 => "Ed25519",
        -7 => "ES256",
        -35 => "ES384",
        -36 => "ES512",
        -9 => "ESP256",
        -37 => "PS256",
        -47 => "ES256K",
        -257 => "RS256",
        4 => "HMAC 256/64",
        5 => "HMAC 256/256",
        6 => "HMAC 384/384",
        7 => "HMAC 512/512",
        _ => return format!("algorithm {alg}"),
    };
    format!("{name} ({alg})")
}

/// The name of a COSE message (RFC 9052, section 2).
pub(crate) fn message(tag: u64) -> Option<&'static str> {
    Some(match tag {
        16 => "COSE_Encrypt0, and only COSE_Sign1 (18) and COSE_Mac0 (17) are taken",
        96 => "COSE_Encrypt, and only COSE_Sign1 (18) and COSE_Mac0 (17) are taken",
        97 => "COSE_Mac, and only COSE_Mac0 (17) is taken",
        98 => "COSE_Sign, and only COSE_Sign1 (18) is taken",
        _ => return None,
    })
}

/// A map in a token, and where in the token it begins.
struct Map<'t> {
    what: &'static str,
    place: &'static str,
    bytes: &'t [u8],
    start: usize,
}

/// What is not taken in a token that cannot be decoded, and where.
pub(crate) fn fault(token: &[u8]) -> Option<String> {
    let envelope = match Envelope::decode(token) {
        Ok(envelope) => envelope,
        Err(TokenError::Malformed(error)) => return around(token, error),
        Err(TokenError::UnprotectedAlgorithm) => {
            return Some(
                "the header 1 (alg) is taken in the protected header only, where it is signed".into(),
            );
        }
        Err(TokenError::Critical) => {
            return Some("the header 2 (crit) is not taken, in the unprotected header least of all".into());
        }
        Err(_) => return None,
    };
    let protected = Map {
        what: "header",
        place: "the protected header",
        bytes: envelope.protected,
        start: within(token, envelope.protected),
    };
    match envelope.headers() {
        Err(TokenError::Malformed(error)) if error.kind() == Kind::KeyOrder && has_two_kids(&envelope) => {
            return Some("the header 4 (kid) is in both headers, and only one is taken".into());
        }
        Err(TokenError::Malformed(error)) => return protected.fault(error),
        Err(TokenError::Critical) => {
            return Some(format!(
                "the header 2 (crit) is not taken: it names {}",
                critical(envelope.protected)?
            ));
        }
        _ => {}
    }
    let error = Claims::decode(envelope.payload).err()?;
    let start = within(token, envelope.payload);
    Map { what: "claim", place: "the claims", bytes: envelope.payload, start }.fault(error)
}

/// Whether a second kid is what is wrong.
fn has_two_kids(envelope: &Envelope<'_>) -> bool {
    let mut protected = Decoder::new(envelope.protected);
    let pairs = protected.map().ok().flatten().unwrap_or(0);
    let mut labels = Vec::new();
    for _ in 0..pairs.min(64) {
        labels.push(protected.i64().ok());
        if protected.skip().is_err() {
            return false;
        }
    }
    labels.contains(&Some(4)) && !envelope.unprotected_is_empty && labels.is_sorted()
}

/// The labels in `crit`.
fn critical(protected: &[u8]) -> Option<String> {
    let mut decoder = Decoder::new(protected);
    for _ in 0..decoder.map().ok()??.min(64) {
        if decoder.i64().ok()? != 2 {
            decoder.skip().ok()?;
            continue;
        }
        let labels = decoder.array().ok()??.min(64);
        let labels: Vec<_> =
            (0..labels).map_while(|_| decoder.i64().ok()).map(|label| name("header", label)).collect();
        return Some(labels.join(", "));
    }
    None
}

/// Where a slice begins in the token that it is part of.
fn within(token: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(token.as_ptr() as usize)
}

/// What is wrong in the message itself: two tags, and an array of protected header, unprotected header, claims, proof.
fn around(token: &[u8], error: CborError) -> Option<String> {
    let at = error.at() as usize;
    let mut decoder = Decoder::new(token);
    decoder.tag().ok()?;
    decoder.tag().ok()?;
    let start = decoder.position();
    match decoder.array() {
        Ok(Some(4)) => {}
        Ok(Some(items)) => {
            return Some(format!("at byte {start} is an array of {items} items, and a token has four"));
        }
        _ => return Some(format!("at byte {start} an array of four items of definite length is taken only")),
    }
    let parts = ["the protected header", "the unprotected header", "the claims", "the signature or tag"];
    for (i, part) in parts.into_iter().enumerate() {
        let start = decoder.position();
        if i == 1 && matches!(decoder.datatype(), Ok(Type::Map)) && start < at {
            let map = Map { what: "header", place: part, bytes: token.get(start..)?, start };
            let end = decoder.skip().ok().map(|()| decoder.position());
            if end.is_none_or(|end| at < end) {
                return map.fault(CborError::new(error.kind(), at - start));
            }
            continue;
        }
        let found = decoder.datatype().map(|found| found.to_string()).unwrap_or("nothing".into());
        let wants = if i == 1 { "a map" } else { "a byte string" };
        if decoder.skip().is_err() || at < decoder.position() {
            return Some(if error.kind() == Kind::Type {
                format!("{part}, at byte {start}, is {found}, and {wants} is taken only")
            } else {
                format!("in {part}, which begins at byte {start}")
            });
        }
    }
    let more = token.len().saturating_sub(decoder.position());
    (error.kind() == Kind::Trailing)
        .then(|| format!("{more} bytes follow the token, which ends at byte {at}"))
}

impl Map<'_> {
    /// The pair that an error is in.
    fn fault(&self, error: CborError) -> Option<String> {
        let (at, place) = (error.at() as usize, self.place);
        let mut decoder = Decoder::new(self.bytes);
        let Ok(Some(pairs)) = decoder.map() else {
            return Some(format!("{place} is not a map of definite length (at byte {})", self.start));
        };
        let mut last = None;
        for _ in 0..pairs.min(64) {
            let start = decoder.position();
            let label = Label::read(&mut decoder)?;
            let value = decoder.position();
            let found = decoder.datatype().map(|found| found.to_string()).unwrap_or("nothing".into());
            let cut = decoder.skip().is_err();
            if cut || at < decoder.position() {
                let name = label.name(self.what);
                let place = format!(
                    "(in {place}, at byte {} of the token)",
                    self.start + if at < value { start } else { at }
                );
                return Some(format!(
                    "{} {place}",
                    self.sentence(error.kind(), &label, &name, at < value, last.as_ref(), &found)
                ));
            }
            last = Some(label);
        }
        let end = decoder.position();
        let more = self.bytes.len().saturating_sub(end);
        (error.kind() == Kind::Trailing)
            .then(|| format!("{more} bytes follow {place} at byte {}", self.start + end))
    }

    fn sentence(
        &self,
        kind: Kind,
        label: &Label,
        name: &str,
        key: bool,
        last: Option<&Label>,
        found: &str,
    ) -> String {
        let what = self.what;
        match (kind, last) {
            (Kind::KeyOrder, Some(last)) if last == label => format!("the {what} {name} is there twice"),
            (Kind::KeyOrder, Some(last)) => format!(
                "the {what} {name} comes after {}: they must ascend, 1, 2, 3, ... and then -1, -2, ...",
                last.name(what)
            ),
            (Kind::Unknown, _) | (Kind::Type, _) if key => format!("the {what} {name} is not taken"),
            (Kind::NotShortest, _) => format!("the {what} {name} is not in its shortest form"),
            (Kind::Indefinite, _) => format!("the {what} {name} has indefinite length"),
            (Kind::NotUtf8, _) => format!("the {what} {name} is not UTF-8"),
            (Kind::Truncated, _) => format!("the token ends in the {what} {name}"),
            _ => match label.takes(what) {
                Some(takes) => {
                    format!("the {what} {name} is {takes}, and here it is {found}, which is not taken")
                }
                None => format!("the value of the {what} {name} ({found}) is not taken"),
            },
        }
    }
}

/// The key of a pair.
#[derive(PartialEq, Eq)]
enum Label {
    Number(i64),
    Text(String),
    Other,
}

impl Label {
    fn read(decoder: &mut Decoder<'_>) -> Option<Self> {
        let start = decoder.position();
        if let Ok(number) = decoder.i64() {
            return Some(Self::Number(number));
        }
        decoder.set_position(start);
        if let Ok(text) = decoder.str() {
            return Some(Self::Text(text.chars().take(32).collect()));
        }
        decoder.set_position(start);
        decoder.skip().ok().map(|()| Self::Other)
    }

    fn name(&self, what: &str) -> String {
        match self {
            Self::Number(number) => name(what, *number),
            Self::Text(text) => format!("\"{text}\""),
            Self::Other => "that is neither a number nor text".into(),
        }
    }

    fn takes(&self, what: &str) -> Option<&'static str> {
        let Self::Number(number) = self else { return None };
        match (what, number) {
            ("header", 1) => Some("an integer"),
            ("header", 4) => Some("a byte string"),
            ("claim", _) => CLAIMS
                .iter()
                .find(|(claim, ..)| claim == number)
                .map(|(.., takes)| *takes)
                .filter(|t| !t.is_empty()),
            _ => None,
        }
    }
}

/// "33 (x5chain)".
fn name(what: &str, number: i64) -> String {
    let name = if what == "header" {
        HEADERS.iter().find(|(header, _)| *header == number).map(|(_, name)| *name)
    } else {
        CLAIMS.iter().find(|(claim, ..)| *claim == number).map(|(_, name, _)| *name)
    };
    match name {
        Some(name) => format!("{number} ({name})"),
        None => number.to_string(),
    }
}
