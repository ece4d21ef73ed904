//! SHA-256 over bytes in several pieces.

use sha2::{Digest, Sha256};

/// SHA-256 over these pieces, one after the other.
#[inline(never)]
pub fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    pieces.iter().for_each(|piece| hash.update(piece));
    hash.finalize().into()
}
