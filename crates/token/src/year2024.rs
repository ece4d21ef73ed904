//! The token scheme of the 2024 C implementation: empty headers, and an Ed25519 signature over the payload alone. Such
//! a token is not bound to a container, a device, a use or a time; the caller must have a policy that explicitly
//! accepts that.

use crate::envelope::Envelope;
use crate::error::TokenError;
use crate::verify::payload_signature_holds;
use tinycontainer_cbor::{Error, Keys, Kind, read};

/// The claim with the syscalls. Its key is in the range that RFC 8392 reserves.
const SYSCALLS_2024: i64 = -65536;
/// The claim with a digest.
const DIGEST_2024: i64 = crate::claims::DIGEST;

/// The claim of a 2024 token. There is always exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim2024<'a> {
    /// A bit mask, big-endian; only its low 32 bits are kept, since no more syscalls exist.
    Syscalls(u32),
    /// A SHA-256 digest.
    Digest(&'a [u8; 32]),
}

/// Decodes a 2024 token without verifying it.
///
/// # Errors
/// [`TokenError::Malformed`] or [`TokenError::UnsupportedMessage`].
// Not inlined: its stack is free again when the signature is checked.
#[inline(never)]
pub fn parse(bytes: &[u8]) -> Result<(Envelope<'_>, Claim2024<'_>), TokenError> {
    let envelope = Envelope::decode_2024(bytes)?;
    if !envelope.protected.is_empty() || !envelope.unprotected_is_empty {
        // Headers that are not protected must be empty.
        return Err(TokenError::Malformed(Error::new(Kind::Unknown, 0)));
    }
    let claim = read(envelope.payload, |reader| {
        if reader.map() != 1 {
            reader.fail(Kind::Range, 0);
        }
        let mut keys = Keys::default();
        match reader.key(&mut keys) {
            SYSCALLS_2024 => {
                let mask = reader.bytes();
                Some(Claim2024::Syscalls(mask.iter().fold(0, |mask, byte| (mask << 8) + u32::from(*byte))))
            }
            DIGEST_2024 => reader.byte_array().map(Claim2024::Digest),
            _ => {
                reader.unknown(&keys);
                None
            }
        }
    })?;
    // `None` is an error, which the reader has recorded.
    let claim = claim.ok_or(Error::new(Kind::Unknown, 0))?;
    Ok((envelope, claim))
}

/// Verifies a 2024 token under one key.
///
/// # Errors
/// Why it is not valid.
pub fn verify<'t>(bytes: &'t [u8], key: &[u8; 32]) -> Result<Claim2024<'t>, TokenError> {
    let (Envelope { payload, proof, .. }, claim) = parse(bytes)?;
    if payload_signature_holds(payload, proof, key) { Ok(claim) } else { Err(TokenError::BadSignature) }
}
