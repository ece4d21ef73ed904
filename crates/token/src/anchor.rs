//! Trust anchors: the keys a device believes, and whose they are.

use core::fmt;

/// A verification key. Its type pins the algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// An Ed25519 public key, for COSE_Sign1.
    Ed25519(&'a [u8; 32]),
    /// A shared secret for COSE_Mac0 with HMAC 256/256. At least 32 bytes, or nothing verifies under it.
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

/// A key that is believed, its owner's name, and what the owner may sign, of whatever type `S` the
/// caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor<'a, S> {
    /// The owner's name. A token that names an issuer must name this one.
    pub name: &'a str,
    /// Selects this anchor. Unique among a device's anchors: the first one found is used.
    pub kid: &'a [u8],
    /// The key.
    pub key: Key<'a>,
    /// What the owner may sign.
    pub scope: S,
}
