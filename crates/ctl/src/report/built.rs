//! What a command has written, as `--json` prints it.

use crate::input::keys::{self, Secret};
use crate::input::recipe::Recipe;
use crate::refusal::token::claims;
use crate::report::types::{Limits, names};
use crate::text::style::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};
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

/// An image.
#[derive(Serialize)]
pub(crate) struct Built {
    file: String,
    uid: String,
    version: u32,
    image_bytes: usize,
    metadata_bytes: usize,
    data_bytes: usize,
    code_bytes: usize,
    /// SHA-256 of the code, as `grant --for-code` takes it.
    code_sha256: String,
    aud: String,
    iss: String,
    kid: String,
    limits: Limits,
    /// What of the linear memory the module itself needs.
    linear_memory_used_bytes: u64,
}

impl Built {
    pub(crate) fn new(
        file: &Path,
        recipe: &Recipe,
        [metadata, data, code]: [&[u8]; 3],
        image: &[u8],
        (aud, iss, key): (&str, &str, &Secret),
        linear_memory_used_bytes: u64,
    ) -> Self {
        Self {
            file: file.display().to_string(),
            uid: recipe.uid.clone(),
            version: recipe.version,
            image_bytes: image.len(),
            metadata_bytes: metadata.len(),
            data_bytes: data.len(),
            code_bytes: code.len(),
            code_sha256: hex(&Sha256::digest(code)),
            aud: aud.into(),
            iss: iss.into(),
            kid: keys::show_kid(&key.kid()),
            limits: Limits {
                linear_memory_bytes: recipe.limits.linear_memory,
                stack_bytes: recipe.limits.stack,
                heap_bytes: recipe.limits.heap,
            },
            linear_memory_used_bytes,
        }
    }
}
