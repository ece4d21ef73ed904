//! Making tokens.

use crate::input::keys::{self, Secret};
use crate::input::time;
use crate::text::error::with_help;
use anyhow::{Result, anyhow};
use tinycontainer_token::{Claims, issue};

/// What the tokens of one command have in common.
pub(crate) struct Common<'a> {
    pub(crate) aud: &'a str,
    pub(crate) exp: Option<time::When>,
    pub(crate) nbf: Option<time::When>,
}

/// Completes the claims with audience, times and an identity, and signs them.
pub(crate) fn sign(
    claims: Claims<'_>,
    common: &Common<'_>,
    issuer: Option<&str>,
    key: &Secret,
) -> Result<Vec<u8>> {
    let now = time::now();
    let mut cti = [0; 8];
    keys::fill(&mut cti)?;
    let (exp, nbf) = (common.exp.map(|exp| exp.from(now)), common.nbf.map(|nbf| nbf.from(now)));
    if exp.is_some_and(|exp| exp <= nbf.unwrap_or(0).max(now)) {
        return Err(with_help(
            "such a token would never be valid: --exp is over, or not after --nbf",
            "--exp takes a date in the future or a duration from now",
        ));
    }
    let claims =
        Claims { iss: issuer, aud: Some(common.aud), exp, nbf, iat: Some(now), cti: Some(&cti), ..claims };
    let mut payload = Vec::new();
    claims
        .encode(&mut minicbor::Encoder::new(&mut payload))
        .map_err(|error| anyhow!("cannot encode the claims: {error}"))?;
    let mut token = Vec::new();
    issue::issue(&payload, &key.kid(), issue::Secret::Ed25519(&key.seed), &mut token)
        .map_err(|error| anyhow!("cannot encode the token: {error}"))?;
    Ok(token)
}
