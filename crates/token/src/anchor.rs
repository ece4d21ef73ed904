//! Trust anchors: the keys that a device trusts, and their owners.

use core::fmt;

/// A verification key. Its type determines the algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// An Ed25519 public key, for COSE_Sign1.
    Ed25519(&'a [u8; 32]),
    /// A shared secret for COSE_Mac0 with HMAC 256/256. At least 32 bytes; with fewer no token is accepted.
    Hmac256(&'a [u8]),
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A shared secret must not reach a log.
        f.write_str(match self {
            Self::Ed25519(_) => "Ed25519",
            Self::Hmac256(_) => "Hmac256",
        })
    }
}

/// A trusted key, its owner's name, and what the owner may sign, in a type `S` of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor<'a, S> {
    /// The owner's name. If a token names an issuer, it must be this one.
    pub name: &'a str,
    /// The key id, which selects this anchor. Unique among a device's anchors: the first match is used.
    pub kid: &'a [u8],
    /// The key.
    pub key: Key<'a>,
    /// What the owner may sign.
    pub scope: S,
}
