//! Making tokens. For tools only: a device's firmware does not need it.

extern crate alloc;

use crate::claims::{ACCESS, CODE, Claims, DIGEST, SIGNER, SYSCALLS, USE};
use crate::envelope::Form;
use crate::{ALG_EDDSA, ALG_HMAC_256, structure};
use alloc::vec::Vec;
use ed25519_compact::{KeyPair, Seed};
use hmac::{Hmac, KeyInit, Mac};
use minicbor::data::Tag;
use minicbor::encode::{Encoder, Error, Write};
use sha2::Sha256;

/// A signing key.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The seed of an Ed25519 key pair (RFC 8032, section 5.1.5).
    Ed25519(&'a [u8; 32]),
    /// A shared secret of at least 32 bytes.
    Hmac256(&'a [u8]),
}

impl core::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret")
    }
}

/// The public key of a seed.
pub fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    *KeyPair::from_seed(Seed::new(*seed)).pk
}

type Encoded<W> = Result<(), Error<<W as Write>::Error>>;

impl Claims<'_> {
    /// Writes the claims set, keys ascending.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn encode<W: Write>(&self, to: &mut Encoder<W>) -> Encoded<W> {
        let there = [
            self.iss.is_some(),
            self.sub.is_some(),
            self.aud.is_some(),
            self.exp.is_some(),
            self.nbf.is_some(),
            self.iat.is_some(),
            self.cti.is_some(),
            self.digest.is_some(),
            self.syscalls.is_some(),
            self.access.is_some(),
            self.use_.is_some(),
            self.signer.is_some(),
            self.code.is_some(),
        ];
        to.map(there.iter().filter(|there| **there).count() as u64)?;
        for (key, text) in [(1, self.iss), (2, self.sub), (3, self.aud)] {
            if let Some(text) = text {
                to.u8(key)?.str(text)?;
            }
        }
        for (key, time) in [(4, self.exp), (5, self.nbf), (6, self.iat)] {
            if let Some(time) = time {
                to.u8(key)?.u64(time)?;
            }
        }
        if let Some(cti) = self.cti {
            to.u8(7)?.bytes(cti)?;
        }
        if let Some(digest) = self.digest {
            to.i64(DIGEST)?.bytes(digest)?;
        }
        if let Some(mask) = self.syscalls {
            to.i64(SYSCALLS)?.u32(mask)?;
        }
        if let Some(access) = self.access {
            to.i64(ACCESS)?.bytes(access)?;
        }
        if let Some(use_) = self.use_ {
            to.i64(USE)?.u8(use_ as u8)?;
        }
        for (key, digest) in [(SIGNER, self.signer), (CODE, self.code)] {
            if let Some(digest) = digest {
                to.i64(key)?.bytes(digest)?;
            }
        }
        Ok(())
    }
}

/// Writes a token over encoded claims: COSE_Sign1 or COSE_Mac0 by the type of key, tagged, with
/// algorithm and kid in the protected header. The same input gives the same bytes.
///
/// # Errors
/// Those of the writer; a kid of more than 64 bytes.
pub fn issue<W: Write>(payload: &[u8], kid: &[u8], secret: Secret<'_>, out: W) -> Encoded<W> {
    let (form, tag, alg) = match secret {
        Secret::Ed25519(_) => (Form::Sign1, 18, ALG_EDDSA),
        Secret::Hmac256(_) => (Form::Mac0, 17, ALG_HMAC_256),
    };
    let mut buffer = [0; 80];
    let mut cursor = minicbor::encode::write::Cursor::new(&mut buffer[..]);
    Encoder::new(&mut cursor)
        .map(2)
        .and_then(|e| e.u8(1)?.i64(alg)?.u8(4)?.bytes(kid))
        .map_err(|_| Error::message("a kid has at most 64 bytes"))?;
    let len = cursor.position();
    let protected = buffer.get(..len).unwrap_or_default();

    let mut encoder = Encoder::new(out);
    encoder.tag(Tag::new(61))?.tag(Tag::new(tag))?.array(4)?;
    encoder.bytes(protected)?.map(0)?.bytes(payload)?;
    match secret {
        Secret::Ed25519(seed) => {
            // Never the library's incremental signing: its nonce does not depend on the message, so two signatures
            // would reveal the key.
            let mut message = Vec::new();
            structure::feed(form, protected, payload, &mut |piece| message.extend_from_slice(piece));
            let pair = KeyPair::from_seed(Seed::new(*seed));
            encoder.bytes(pair.sk.sign(&message, None).as_ref())?;
        }
        Secret::Hmac256(secret) => {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Error::message("not a key for HMAC"))?;
            structure::feed(form, protected, payload, &mut |piece| mac.update(piece));
            encoder.bytes(&mac.finalize().into_bytes())?;
        }
    }
    Ok(())
}
