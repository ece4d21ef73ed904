//! A token that was made, as `--json` prints it.

use crate::input::keys::{self, Secret};
use crate::refusal::token::claims;
use crate::report::types::names;
use crate::text::style::hex;
use serde::Serialize;
use std::path::Path;
use tinycontainer_abi::Mask;
use tinycontainer_metadata::Access;
use tinycontainer_token::Use;

/// A token.
#[derive(Serialize)]
pub(crate) struct Granted {
    file: String,
    bytes: usize,
    r#use: Option<&'static str>,
    iss: Option<String>,
    kid: String,
    /// The container.
    sub: Option<String>,
    aud: Option<String>,
    exp_s: Option<u64>,
    nbf_s: Option<u64>,
    /// The syscalls; none for an endpoint.
    grants: Option<Vec<&'static str>>,
    /// The endpoint; none for syscalls.
    access: Option<String>,
    for_signer: Option<String>,
    for_code: Option<String>,
}

impl Granted {
    pub(crate) fn new(file: &Path, token: &[u8], key: &Secret) -> Self {
        let claims = claims(token).unwrap_or_default();
        Self {
            file: file.display().to_string(),
            bytes: token.len(),
            r#use: claims.use_.map(Use::name),
            iss: claims.iss.map(Into::into),
            kid: keys::show_kid(&key.kid()),
            sub: claims.sub.map(Into::into),
            aud: claims.aud.map(Into::into),
            exp_s: claims.exp,
            nbf_s: claims.nbf,
            grants: claims.syscalls.map(|mask| names(Mask(mask))),
            access: claims.access.and_then(|bytes| Some(Access::decode(bytes).ok()?.to_string())),
            for_signer: claims.signer.map(|signer| hex(signer)),
            for_code: claims.code.map(|code| hex(code)),
        }
    }
}
