//! The tokens of other parties that go into an image.

use crate::input::files;
use crate::input::keys::Secret;
use crate::input::recipe::Recipe;
use crate::text::error::with_help;
use crate::text::sentences::calls;
use crate::text::style::hex;
use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};
use tinycontainer_abi::Mask;
use tinycontainer_metadata::Access;
use tinycontainer_token::{Claims, Envelope, Key, TokenError, Use, thumbprint};

/// The largest token of another party, in bytes.
const TOKEN: u64 = 4096;

/// The tokens of other parties that go into the image.
pub(crate) struct OtherTokens {
    pub(crate) syscalls: Option<Vec<u8>>,
    pub(crate) endpoints: Vec<Option<Vec<u8>>>,
}

impl OtherTokens {
    pub(crate) fn read(recipe: &Recipe, folder: Option<&Path>, key: &Secret) -> Result<Self> {
        let signer = thumbprint(Key::Ed25519(&key.public()));
        let folder = folder.unwrap_or(recipe.folder());
        let read = |file: &PathBuf, what: &str, use_, make: String| {
            let path = folder.join(file);
            if !path.exists() {
                return Err(with_help(
                    format!("{what}: there is no {}", path.display()),
                    format!(
                        "ask for it; who may grant it makes it with `tinycontainerctl grant {make} --for-signer {}`",
                        hex(&signer)
                    ),
                ));
            }
            let bytes = files::read_at_most(&path, TOKEN)?;
            fits(&bytes, recipe, use_, &signer).with_context(|| format!("{what}: {}", path.display()))?;
            Ok(bytes)
        };
        let syscalls = match &recipe.syscall_grant {
            Some(file) => {
                // Without a list of them, all that the code may turn out to call.
                let asked = recipe.syscalls.unwrap_or(Mask::ALL);
                let make = format!(
                    "syscalls --container {} --syscalls {} ...",
                    recipe.uid,
                    calls(asked).replace(' ', "")
                );
                Some(read(file, "syscall_grant", Grants::Syscalls(asked), make)?)
            }
            None => None,
        };
        let mut endpoints = Vec::new();
        for endpoint in &recipe.endpoints {
            let access = endpoint.access()?;
            endpoints.push(match &endpoint.authorization {
                Some(file) => {
                    let what = format!("endpoint {}: authorization", endpoint.id);
                    let make = format!(
                        "endpoint --container {} --peer {} --direction {} ...",
                        recipe.uid,
                        access.peer,
                        access.direction.name()
                    );
                    Some(read(file, &what, Grants::Endpoint(access), make)?)
                }
                None => None,
            });
        }
        Ok(Self { syscalls, endpoints })
    }

    /// Checks that tokens bound to code are bound to this code.
    pub(crate) fn check_code(&self, recipe: &Recipe, digest: &[u8; 32]) -> Result<()> {
        let syscalls = self.syscalls.iter().map(|token| ("syscall_grant".to_owned(), token));
        let endpoints = recipe.endpoints.iter().zip(&self.endpoints).filter_map(|(endpoint, token)| {
            Some((format!("endpoint {}: authorization", endpoint.id), token.as_ref()?))
        });
        for (what, token) in syscalls.chain(endpoints) {
            let envelope = Envelope::decode(token).map_err(|error| anyhow!("{what}: {error}"))?;
            let claims = Claims::decode(envelope.payload).map_err(|error| anyhow!("{what}: {error}"))?;
            if let Some(code) = claims.code.filter(|code| *code != digest) {
                return Err(with_help(
                    format!(
                        "{what}: the token is for the code with the SHA-256 {}, not for this, which has {}",
                        hex(code),
                        hex(digest)
                    ),
                    "ask for one for this code (grant --for-code), or for any of this signer (grant --for-signer)",
                ));
            }
        }
        Ok(())
    }
}

/// What a token of another party must grant.
enum Grants<'a> {
    Syscalls(Mask),
    Endpoint(Access<'a>),
}

/// Checks that another party's token is for this container. The device checks its signature.
fn fits(bytes: &[u8], recipe: &Recipe, grants: Grants<'_>, signer: &[u8; 32]) -> Result<()> {
    let envelope = Envelope::decode(bytes).map_err(|error| anyhow!("{error}"))?;
    let claims =
        Claims::decode(envelope.payload).map_err(|error| anyhow!("the token is malformed: {error}"))?;
    let use_ = match grants {
        Grants::Syscalls(_) => Use::Syscalls,
        Grants::Endpoint(_) => Use::Endpoint,
    };
    if claims.use_ != Some(use_) {
        return Err(anyhow!("the token is for another use than `{}`", use_.name()));
    }
    if claims.sub != Some(&recipe.uid) {
        return Err(anyhow!("the token is about another container than {}", recipe.uid));
    }
    if claims.signer.is_none() && claims.code.is_none() {
        return Err(anyhow!("{}", TokenError::Unbound));
    }
    if let Some(other) = claims.signer.filter(|other| *other != signer) {
        return Err(anyhow!(
            "the token is for images signed by the key {}, and --key is {}",
            hex(other),
            hex(signer)
        ));
    }
    match grants {
        // The signer may grant the rest itself.
        Grants::Syscalls(asked) => match claims.syscalls {
            Some(mask) if Mask(mask).intersection(asked) != Mask::NONE => Ok(()),
            _ => Err(anyhow!("the token grants none of the syscalls that are asked for")),
        },
        Grants::Endpoint(access) => {
            let granted = claims.access.and_then(|bytes| Access::decode(bytes).ok());
            match granted {
                Some(granted) if access.within(&granted) => Ok(()),
                Some(granted) => Err(anyhow!("the token is for {granted}, not for {access}")),
                None => Err(anyhow!("the token names no peer")),
            }
        }
    }
}
