//! Files that are not images: tokens, keys, trust stores, modules.

use crate::device::spec::DeviceSpec;
use crate::input::keys::{self, Kid};
use crate::out;
use crate::refusal::form;
use crate::refusal::token::claims;
use crate::report::anchors::{self, AnchorLine};
use crate::report::print::print_token;
use crate::report::tokens::token_line;
use crate::report::types::TokenLine;
use crate::text::error::with_help;
use crate::text::style::{FAINT, HEAD, NAME, WARN, hex, shown};
use anyhow::Result;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::Path;
use tinycontainer_token::{Envelope, Key, TokenError, Use, thumbprint};

/// A file that is not an image.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Standalone {
    Token {
        token: Box<TokenLine>,
        notes: Vec<String>,
    },
    PublicKey(KeyLine),
    /// Only what may be known to all of it.
    PrivateKey(KeyLine),
    TrustStore {
        bytes: usize,
        anchors: Vec<AnchorLine>,
    },
    Module {
        bytes: usize,
        sha256: String,
    },
}

#[derive(Serialize)]
pub(crate) struct KeyLine {
    algorithm: &'static str,
    kid: String,
    /// The COSE Key Thumbprint, as `grant --for-signer` takes it.
    thumbprint: String,
    /// The public key, 32 bytes.
    public_key: String,
}

/// What is said of a key.
pub(crate) fn key(public: &[u8; 32]) -> KeyLine {
    let kid: Kid = keys::kid(public);
    KeyLine {
        algorithm: "Ed25519",
        kid: keys::show_kid(&kid),
        thumbprint: hex(&thumbprint(Key::Ed25519(public))),
        public_key: hex(public),
    }
}

/// What is said of a token that is not in an image: whether it would be accepted in an image that it is for. Fails if it
/// is not a COSE message that the profile has.
pub(crate) fn token(path: &Path, bytes: &[u8], spec: &DeviceSpec) -> Result<Standalone> {
    let decoded = Envelope::decode(bytes);
    let without_tags = matches!(decoded, Err(TokenError::NoCwtTag)) && Envelope::decode_2024(bytes).is_ok();
    if let Err(why) = decoded
        && (matches!(why, TokenError::Malformed(_)) || why == TokenError::NoCwtTag && !without_tags)
    {
        let fault = form::fault(bytes).map(|fault| format!(": {fault}")).unwrap_or_default();
        return Err(with_help(format!("{} is not a token: {why}{fault}", path.display()), form::HELP));
    }
    let claims = claims(bytes).unwrap_or_default();
    let mut notes = Vec::new();
    let mut audiences = spec.audiences();
    if let Some(aud) = claims.aud.filter(|_| audiences.is_empty()) {
        notes.push(format!("no --device: looked at as on \"{aud}\", which the token says it is for"));
        audiences.push(aud);
    }
    if !spec.trusting {
        notes.push("no --trust: the signature was not checked".into());
    }
    let use_ = claims.use_.unwrap_or(Use::Metadata);
    let line =
        token_line("token".into(), use_, bytes, claims.sub.unwrap_or_default(), &spec.device(&audiences));
    Ok(Standalone::Token { token: Box::new(line), notes })
}

/// What is said of a trust store.
pub(crate) fn trust_store(store: &[u8]) -> Standalone {
    Standalone::TrustStore { bytes: store.len(), anchors: anchors::lines(store) }
}

/// What is said of a module. Fails if it is not a valid one.
pub(crate) fn module(path: &Path, code: &[u8]) -> Result<Standalone> {
    wasmparser::validate(code).map_err(|error| {
        with_help(
            format!("{} is not a valid WebAssembly module: {error}", path.display()),
            "was it truncated or changed?",
        )
    })?;
    Ok(Standalone::Module { bytes: code.len(), sha256: hex(&Sha256::digest(code)) })
}

impl Standalone {
    /// Prints it for people.
    pub(crate) fn print(&self, store: Option<&[u8]>) {
        match self {
            Self::Token { token, notes } => {
                out!("{HEAD}A token{HEAD:#} of {} bytes", token.bytes);
                for note in notes {
                    out!("  {WARN}note:{WARN:#} {}", shown(note));
                }
                print_token(token);
            }
            Self::PublicKey(key) => print_key("A public key", key),
            Self::PrivateKey(key) => print_key("A private key", key),
            Self::TrustStore { bytes, anchors } => {
                out!("{HEAD}A trust store{HEAD:#} of {bytes} bytes with {} anchors", anchors.len());
                anchors::print(store.unwrap_or_default());
            }
            Self::Module { bytes, sha256 } => {
                out!("{HEAD}A WebAssembly module{HEAD:#} of {bytes} bytes: code without metadata");
                out!("  SHA-256 {FAINT}{sha256}{FAINT:#}");
            }
        }
    }
}

fn print_key(what: &str, key: &KeyLine) {
    out!("{HEAD}{what}{HEAD:#}, {}: kid {NAME}{}{NAME:#}", key.algorithm, key.kid);
    out!("  thumbprint {FAINT}{}{FAINT:#}", key.thumbprint);
    out!("  public key {FAINT}{}{FAINT:#}", key.public_key);
}
