//! What a command writes, and how an earlier one is recognised by its first bytes.

use crate::input::foreign_keys::sequence;

/// What a command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An image: metadata, data and code in one file.
    Image,
    /// A token.
    Token,
    /// A compiled trust store.
    TrustStore,
    /// A private key: never overwritten, and readable by its owner only.
    PrivateKey,
    /// A public key. Another key is not an earlier one, so it is overwritten only if that is forced.
    PublicKey,
    /// A file that begins with these bytes, if an earlier one does; without bytes none is overwritten unless that is forced.
    Other {
        /// As in "the file is not ...": "a report".
        name: &'static str,
        /// What each of them begins with.
        begins: &'static [u8],
    },
}

impl Kind {
    /// What it is called in a sentence.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Image => "an image",
            Self::Token => "a token",
            Self::TrustStore => "a compiled trust store",
            Self::PrivateKey => "a private key",
            Self::PublicKey => "a public key",
            Self::Other { name, .. } => name,
        }
    }

    /// Whether a file with this beginning is an earlier output of the same kind, which a new one replaces.
    pub(super) fn replaces(self, head: &[u8]) -> bool {
        match self {
            Self::Image => is_image(head),
            // Tag 61 (CWT), then 18 (COSE_Sign1) or 17 (COSE_Mac0), then an array of four.
            Self::Token => matches!(head, [0xd8, 0x3d, 0xd1 | 0xd2, 0x84, ..]),
            // An array of the version, 1, and an array of anchors.
            Self::TrustStore => matches!(head, [0x82, 0x01, 0x80..=0x9b, ..]),
            Self::PrivateKey | Self::PublicKey => false,
            Self::Other { begins, .. } => !begins.is_empty() && head.starts_with(begins),
        }
    }
}

/// An array of three byte strings, the first of which begins with the tag of metadata.
fn is_image(head: &[u8]) -> bool {
    let Some((0x83, string)) = head.split_first().map(|(first, rest)| (*first, rest)) else { return false };
    let metadata = match string {
        [0x40..=0x57, rest @ ..] | [0x58, _, rest @ ..] | [0x59, _, _, rest @ ..] => rest,
        _ => return false,
    };
    metadata.starts_with(b"\xdbTinyPART")
}

/// Whether a file holds a private key: in PEM (PKCS#8, plain or encrypted, OpenSSH, RSA, EC), or PKCS#8 in DER.
pub(super) fn is_private_key(head: &[u8]) -> bool {
    let pem = head.windows(b"PRIVATE KEY-----".len()).any(|window| window == b"PRIVATE KEY-----");
    pem || is_pkcs8(head)
}

/// A sequence that begins with the version 0 or 1 and a sequence (PKCS#8), or with a sequence that begins with an
/// object identifier of PKCS#5 or PKCS#12 (encrypted PKCS#8).
fn is_pkcs8(head: &[u8]) -> bool {
    let Some(inside) = sequence(head) else { return false };
    match inside {
        [0x02, 0x01, 0x00 | 0x01, rest @ ..] => rest.first() == Some(&0x30),
        _ => sequence(inside).is_some_and(|inside| {
            matches!(inside, [0x06, _, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05 | 0x0c, ..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_recognised_in_each_form() {
        for text in ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY"] {
            assert!(is_private_key(format!("# mine\n-----BEGIN {text}-----\nMC4C").as_bytes()), "{text}");
        }
        let der = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
        assert!(is_private_key(&der));
        let encrypted = [0x30, 0x81, 0x9b, 0x30, 0x57, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 0x0d];
        assert!(is_private_key(&encrypted));
        assert!(!is_private_key(b"-----BEGIN PUBLIC KEY-----\nMCow"));
        assert!(!is_private_key(&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70]), "a public key in DER");
    }
}
