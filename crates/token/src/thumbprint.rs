//! The COSE Key Thumbprint (RFC 9679) with SHA-256: identifies a key by 32 bytes that everyone computes alike.

use crate::anchor::Key;
use minicbor::encode::Encoder;
use minicbor::encode::write::Cursor;
use sha2::{Digest, Sha256};

/// The thumbprint of a key: SHA-256 over the deterministic encoding of a COSE_Key (RFC 9052, section 7) with the
/// required parameters only (RFC 9679, section 4): {1 kty: 1 OKP, -1 crv: 6 Ed25519, -2 x: the public key}, or
/// {1 kty: 4 Symmetric, -1 k: the secret}.
///
/// That of a shared secret may be published only if the secret cannot be guessed (RFC 9679, security considerations).
#[inline(never)]
pub fn thumbprint(key: Key<'_>) -> [u8; 32] {
    let (head, bytes): (&[u8], &[u8]) = match key {
        Key::Ed25519(x) => (&[0xa3, 0x01, 0x01, 0x20, 0x06, 0x21], x),
        Key::Hmac256(k) => (&[0xa2, 0x01, 0x04, 0x20], k),
    };
    let mut len = [0; 9];
    let mut cursor = Cursor::new(&mut len[..]);
    // There is capacity for any length.
    let _ = Encoder::new(&mut cursor).bytes_len(bytes.len() as u64);
    let written = cursor.position();
    let mut hash = Sha256::new();
    hash.update(head);
    hash.update(len.get(..written).unwrap_or_default());
    hash.update(bytes);
    hash.finalize().into()
}
