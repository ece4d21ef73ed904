//! Verification: the only function that makes a [`Verified`].

use crate::anchor::{Anchor, Key};
use crate::claims::{Claims, Use};
use crate::envelope::{Envelope, Form};
use crate::error::{Claim, TokenError};
use crate::{ALG_ED25519, ALG_EDDSA, ALG_HMAC_256, structure};
use ed25519_compact::{PublicKey, Signature, VerifyingState};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a token must match to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The uid of the container that it must be about.
    pub sub: &'a str,
    /// The names of this device: its own and its class. The token must be for one of them.
    pub audiences: &'a [&'a str],
    /// The use that it must be for.
    pub use_: Use,
    /// The time, in seconds since 1970; `None` if the device does not know it. Then a token with a validity period is
    /// refused, since the period cannot be checked.
    pub now: Option<u64>,
}

/// What an accepted token grants, and the anchor that has signed it. Its subject, audience, use and time have been
/// checked.
///
/// Only [`verify`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'t, 'a, S> {
    digest: Option<&'t [u8; 32]>,
    syscalls: Option<u32>,
    access: Option<&'t [u8]>,
    signer: Option<&'t [u8; 32]>,
    code: Option<&'t [u8; 32]>,
    exp: Option<u64>,
    nbf: Option<u64>,
    anchor: Anchor<'a, S>,
}

impl<'t, 'a, S> Verified<'t, 'a, S> {
    /// The anchor that has signed it.
    pub fn anchor(&self) -> &Anchor<'a, S> {
        &self.anchor
    }

    /// The second since 1970 from which on it is not valid, if it has one.
    pub fn expires(&self) -> Option<u64> {
        self.exp
    }

    /// The second since 1970 before which it is not valid, if it has one.
    pub fn not_before(&self) -> Option<u64> {
        self.nbf
    }

    /// The digest that it covers.
    ///
    /// # Errors
    /// [`TokenError::Missing`].
    pub fn digest(&self) -> Result<&'t [u8; 32], TokenError> {
        self.digest.ok_or(TokenError::Missing(Claim::Digest))
    }

    /// The syscalls it grants.
    ///
    /// # Errors
    /// [`TokenError::Missing`].
    pub fn syscalls(&self) -> Result<u32, TokenError> {
        self.syscalls.ok_or(TokenError::Missing(Claim::Syscalls))
    }

    /// The thumbprint of the key that must have signed the metadata of the image it is for, if it has one. A token
    /// that grants something has this, the digest of the code, or both.
    pub fn signer(&self) -> Option<&'t [u8; 32]> {
        self.signer
    }

    /// The digest of the code it is for, if it has one.
    pub fn code(&self) -> Option<&'t [u8; 32]> {
        self.code
    }

    /// The access that it authorizes.
    ///
    /// # Errors
    /// [`TokenError::Missing`].
    pub fn access(&self) -> Result<&'t [u8], TokenError> {
        self.access.ok_or(TokenError::Missing(Claim::Access))
    }
}

/// Verifies a token: form, key, signature, then claims.
///
/// # Errors
/// The first check that fails.
pub fn verify<'t, 'a, S>(
    bytes: &'t [u8],
    anchors: impl IntoIterator<Item = Anchor<'a, S>>,
    expected: &Expected<'_>,
) -> Result<Verified<'t, 'a, S>, TokenError> {
    let (payload, anchor) = prove(bytes, anchors)?;
    granted(payload, anchor, expected)
}

/// What the claims grant, after they were compared with what is expected.
#[inline(never)]
fn granted<'t, 'a, S>(
    payload: &'t [u8],
    anchor: Anchor<'a, S>,
    expected: &Expected<'_>,
) -> Result<Verified<'t, 'a, S>, TokenError> {
    let claims = Claims::decode(payload)?;
    check_claims(&claims, anchor.name, expected)?;
    let Claims { digest, syscalls, access, signer, code, exp, nbf, .. } = claims;
    Ok(Verified { digest, syscalls, access, signer, code, exp, nbf, anchor })
}

/// The claims' bytes, whose signature is valid, and the anchor that has signed them.
#[inline(never)]
fn prove<'t, 'a, S>(
    bytes: &'t [u8],
    anchors: impl IntoIterator<Item = Anchor<'a, S>>,
) -> Result<(&'t [u8], Anchor<'a, S>), TokenError> {
    let envelope = Envelope::decode(bytes)?;
    let headers = envelope.headers()?;
    let anchor =
        anchors.into_iter().find(|anchor| anchor.kid == headers.kid).ok_or(TokenError::UnknownKey)?;
    check_proof(&envelope, headers.alg, anchor.key)?;
    Ok((envelope.payload, anchor))
}

/// Checks the signature or tag with a key whose type must fit message and algorithm.
fn check_proof(envelope: &Envelope<'_>, alg: i64, key: Key<'_>) -> Result<(), TokenError> {
    let holds = match (envelope.form, alg, key) {
        (Form::Sign1, ALG_EDDSA | ALG_ED25519, Key::Ed25519(key)) => signature_holds(envelope, key),
        (Form::Mac0, ALG_HMAC_256, Key::Hmac256(secret)) => tag_holds(envelope, secret),
        _ => return Err(TokenError::WrongAlgorithm(alg)),
    };
    if holds { Ok(()) } else { Err(TokenError::BadSignature) }
}

// Not inlined, as the steps of a signature are not: the key's point and the tables take 3 KB of stack each, and must
// not be there at the same time.
#[inline(never)]
fn signature_holds(envelope: &Envelope<'_>, key: &[u8; 32]) -> bool {
    let Ok(signature) = Signature::from_slice(envelope.proof) else { return false };
    let mut state = begin(&signature, key);
    let Ok(begun) = &mut state else { return false };
    structure::feed(envelope.form, envelope.protected, envelope.payload, &mut |piece| begun.absorb(piece));
    end(begun)
}

/// Whether `proof` is a signature over the payload alone, as in the 2024 format. In the same steps as `signature_holds`: a
/// device sizes one stack for both.
#[inline(never)]
pub(crate) fn payload_signature_holds(payload: &[u8], proof: &[u8], key: &[u8; 32]) -> bool {
    let Ok(signature) = Signature::from_slice(proof) else { return false };
    let mut state = begin(&signature, key);
    let Ok(begun) = &mut state else { return false };
    begun.absorb(payload);
    end(begun)
}

#[inline(never)]
fn begin(signature: &Signature, key: &[u8; 32]) -> Result<VerifyingState, ed25519_compact::Error> {
    PublicKey::new(*key).verify_incremental(signature)
}

#[inline(never)]
fn end(state: &VerifyingState) -> bool {
    state.verify().is_ok()
}

#[inline(never)]
fn tag_holds(envelope: &Envelope<'_>, secret: &[u8]) -> bool {
    if secret.len() < 32 {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    structure::feed(envelope.form, envelope.protected, envelope.payload, &mut |piece| mac.update(piece));
    mac.verify_slice(envelope.proof).is_ok()
}

fn check_claims(claims: &Claims<'_>, owner: &str, expected: &Expected<'_>) -> Result<(), TokenError> {
    if claims.iss.is_some_and(|iss| iss != owner) {
        return Err(TokenError::WrongIssuer);
    }
    let use_ = claims.use_.ok_or(TokenError::Missing(Claim::Use))?;
    if use_ != expected.use_ {
        return Err(TokenError::WrongUse(use_));
    }
    check_fit(claims, use_)?;
    if claims.sub.ok_or(TokenError::Missing(Claim::Subject))? != expected.sub {
        return Err(TokenError::WrongSubject);
    }
    let aud = claims.aud.ok_or(TokenError::Missing(Claim::Audience))?;
    if !expected.audiences.contains(&aud) {
        return Err(TokenError::WrongAudience);
    }
    if claims.exp.is_some() || claims.nbf.is_some() {
        let now = expected.now.ok_or(TokenError::NoClock)?;
        // RFC 8392, which refers to RFC 7519, sections 4.1.4 and 4.1.5: not valid any more at exp, valid from nbf on.
        if claims.exp.is_some_and(|exp| now >= exp) {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|nbf| now < nbf) {
            return Err(TokenError::NotYetValid);
        }
    }
    Ok(())
}

/// Whether a token has exactly the claims of its use: each meaning has one encoding, and no claim is ignored.
fn check_fit(claims: &Claims<'_>, use_: Use) -> Result<(), TokenError> {
    let Claims { digest, syscalls, access, signer, code, .. } = claims;
    let content = match use_ {
        Use::Metadata | Use::Data | Use::Code => Claim::Digest,
        Use::Syscalls => Claim::Syscalls,
        Use::Endpoint => Claim::Access,
    };
    for (claim, there) in [
        (Claim::Digest, digest.is_some()),
        (Claim::Syscalls, syscalls.is_some()),
        (Claim::Access, access.is_some()),
    ] {
        if there != (claim == content) {
            return Err(if there { TokenError::Misplaced(claim) } else { TokenError::Missing(claim) });
        }
    }
    match (content, signer, code) {
        (Claim::Digest, Some(_), _) => Err(TokenError::Misplaced(Claim::Signer)),
        (Claim::Digest, None, Some(_)) => Err(TokenError::Misplaced(Claim::Code)),
        (Claim::Syscalls | Claim::Access, None, None) => Err(TokenError::Unbound),
        _ => Ok(()),
    }
}
