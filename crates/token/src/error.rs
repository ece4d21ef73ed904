//! Why a token is not accepted.

use crate::claims::Use;
use core::fmt;
use tinycontainer_cbor::Error;

/// A claim that is missing or not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// sub
    Subject,
    /// aud
    Audience,
    /// The private claim `use`.
    Use,
    /// The private claim `digest`.
    Digest,
    /// The private claim `syscalls`.
    Syscalls,
    /// The private claim `access`.
    Access,
    /// The private claim `signer`.
    Signer,
    /// The private claim `code`.
    Code,
}

impl Claim {
    /// Its name in text for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "sub",
            Self::Audience => "aud",
            Self::Use => "use",
            Self::Digest => "digest",
            Self::Syscalls => "syscalls",
            Self::Access => "access",
            Self::Signer => "signer",
            Self::Code => "code",
        }
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It is not a token of this profile.
    Malformed(Error),
    /// Its first item is not tag 61, which marks a CWT.
    NoCwtTag,
    /// Tag 61 contains no COSE tag: neither 18 (COSE_Sign1) nor 17 (COSE_Mac0).
    NoCoseTag,
    /// It is another COSE message, with that tag.
    UnsupportedMessage(u64),
    /// It has no algorithm in its protected header.
    NoAlgorithm,
    /// It has an algorithm in its unprotected header.
    UnprotectedAlgorithm,
    /// It has a critical header (`crit`).
    Critical,
    /// It has no key id.
    NoKeyId,
    /// Its key id is not that of a trust anchor of this device.
    UnknownKey,
    /// Its algorithm is not that of the key.
    WrongAlgorithm(i64),
    /// The signature or authentication tag is not valid.
    BadSignature,
    /// A claim is missing.
    Missing(Claim),
    /// A claim is not allowed in a token for its use.
    Misplaced(Claim),
    /// It grants something, and has neither the signer nor the code that it is for.
    Unbound,
    /// It is about another container.
    WrongSubject,
    /// It is for another device.
    WrongAudience,
    /// Its issuer is not the owner of the key.
    WrongIssuer,
    /// It is for another use.
    WrongUse(Use),
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It has a validity period, and this device has no clock.
    NoClock,
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Malformed(error) => return write!(f, "the token is malformed: {error}"),
            Self::UnsupportedMessage(tag) => {
                return write!(f, "the token is a COSE message that is not supported (tag {tag})");
            }
            Self::WrongAlgorithm(alg) => {
                return write!(f, "the token's algorithm ({alg}) is not that of the key it names");
            }
            Self::WrongUse(other) => {
                return write!(f, "the token is for another use ({})", other.name());
            }
            Self::Missing(claim) => return write!(f, "the token lacks the claim `{}`", claim.name()),
            Self::Misplaced(claim) => {
                return write!(f, "the token has the claim `{}`, which its use does not allow", claim.name());
            }
            Self::Unbound => "the token names neither the signer nor the code that it is for",
            Self::NoCwtTag => "the token lacks the CWT tag (61) that must come first",
            Self::NoCoseTag => {
                "the token lacks the COSE tag (18 for COSE_Sign1, 17 for COSE_Mac0) that must follow tag 61"
            }
            Self::NoAlgorithm => "the token names no algorithm in its protected header",
            Self::UnprotectedAlgorithm => "the token names an algorithm in its unprotected header",
            Self::Critical => "the token has critical headers, of which none is supported",
            Self::NoKeyId => "the token has no key id",
            Self::UnknownKey => "the token names a key that is no trust anchor here",
            Self::BadSignature => "the token's signature is not valid",
            Self::WrongSubject => "the token is about another container",
            Self::WrongAudience => "the token is for another device",
            Self::WrongIssuer => "the token names an issuer who does not own the key",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::NoClock => "the token has a validity period, and this device does not know the time",
        };
        f.write_str(text)
    }
}

impl core::error::Error for TokenError {}
