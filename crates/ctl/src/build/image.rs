//! Signing metadata, and reading an image back after it was encoded.

use crate::input::keys::Secret;
use crate::input::recipe::Recipe;
use crate::input::time;
use crate::input::tokens::{Common, sign};
use anyhow::{Result, anyhow};
use sha2::{Digest, Sha256};
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Draft, Metadata, Proofs};
use tinycontainer_token::{Anchor, Claims, Envelope, Expected, Key, Use, verify};

/// The metadata with its token.
pub(crate) fn signed(draft: &Draft<'_>, common: &Common<'_>, issuer: &str, key: &Secret) -> Result<Vec<u8>> {
    let encoded = |error| anyhow!("cannot encode the metadata: {error}");
    // One section at a time, each far smaller: tokens have at most `TOKEN` bytes.
    let mut scratch = vec![0; 1 << 18];
    let mut head = Vec::new();
    draft.encode_signed(&mut head, &mut scratch).map_err(encoded)?;
    let digest = Sha256::digest(&head).into();
    let claims = Claims {
        sub: Some(draft.uid),
        digest: Some(&digest),
        use_: Some(Use::Metadata),
        ..Claims::default()
    };
    let token = sign(claims, common, Some(issuer), key)?;
    let mut metadata = Vec::new();
    draft.encode(&mut metadata, &token, &mut scratch).map_err(encoded)?;
    Ok(metadata)
}

/// Reads back what was encoded, as a device reads it.
pub(crate) fn check(image: &[u8], recipe: &Recipe, issuer: &str, aud: &str, key: &Secret) -> Result<()> {
    let parts = Parts::decode(image).map_err(|error| anyhow!("{error}"))?;
    let metadata = Metadata::decode(parts.metadata).map_err(|error| anyhow!("{error}"))?;
    let Proofs::Profile1(proofs) = metadata.proofs else { return Err(anyhow!("it is not of our profile")) };
    let (public, kid) = (key.public(), key.kid());
    let anchor = Anchor { name: issuer, kid: &kid, key: Key::Ed25519(&public), scope: () };
    let nbf = Envelope::decode(proofs.token).ok().and_then(|e| Claims::decode(e.payload).ok()?.nbf);
    let now = Some(time::now().max(nbf.unwrap_or(0)));
    let expected = Expected { sub: &recipe.uid, audiences: &[aud], use_: Use::Metadata, now };
    let token = verify(proofs.token, [anchor], &expected).map_err(|error| anyhow!("{error}"))?;
    let covers = token.digest().map_err(|error| anyhow!("{error}"))?;
    if covers[..] != Sha256::digest(proofs.signed)[..] || metadata.endpoints.len() != recipe.endpoints.len() {
        return Err(anyhow!("the metadata is not what was to be written"));
    }
    Ok(())
}
