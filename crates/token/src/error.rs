//! Why a token is not believed.

use crate::claims::Use;
use core::fmt;
use tinycontainer_cbor::Error;

/// A claim that is missing, or is where it does not belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// sub
    Subject,
    /// aud
    Audience,
    /// Our `use`.
    Use,
    /// Our digest.
    Digest,
    /// Our syscalls.
    Syscalls,
    /// Our access.
    Access,
    /// Our signer.
    Signer,
    /// Our code.
    Code,
}

impl Claim {
    /// The name people read.
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

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It is not a token of this profile.
    Malformed(Error),
    /// Its first item is not tag 61, which marks a CWT.
    NoCwtTag,
    /// Tag 61 holds no COSE tag: neither 18 (COSE_Sign1) nor 17 (COSE_Mac0).
    NoCoseTag,
    /// It is some other COSE message: that tag.
    UnsupportedMessage(u64),
    /// It names no algorithm in its protected header.
    NoAlgorithm,
    /// It names an algorithm in its unprotected header.
    UnprotectedAlgorithm,
    /// It has a header that says what must be understood.
    Critical,
    /// It names no key.
    NoKeyId,
    /// It names a key that is no trust anchor here.
    UnknownKey,
    /// Its algorithm is not that of the key it names.
    WrongAlgorithm(i64),
    /// The signature or authentication tag does not hold.
    BadSignature,
    /// A claim is missing.
    Missing(Claim),
    /// A claim does not belong into a token for its use.
    Misplaced(Claim),
    /// It grants something, and names neither the signer nor the code that it is for.
    Unbound,
    /// It is about another container.
    WrongSubject,
    /// It is for another device.
    WrongAudience,
    /// It says it is from somebody other than the owner of the key.
    WrongIssuer,
    /// It is for something else.
    WrongUse(Use),
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is valid for a time only, and this device has no clock.
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
            Self::UnprotectedAlgorithm => "the token names an algorithm where anybody could change it",
            Self::Critical => "the token has critical headers, and none are known",
            Self::NoKeyId => "the token does not say which key verifies it",
            Self::UnknownKey => "the token names a key that is no trust anchor here",
            Self::BadSignature => "the token's signature does not hold",
            Self::WrongSubject => "the token is about another container",
            Self::WrongAudience => "the token is for another device",
            Self::WrongIssuer => "the token names an issuer who does not own the key",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::NoClock => "the token is valid for a time only, and this device does not know the time",
        };
        f.write_str(text)
    }
}

impl core::error::Error for TokenError {}
