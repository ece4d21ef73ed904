//! The trust store as people write it, and as devices read it.

use crate::input::files;
use crate::input::keys;
use crate::input::peer;
use crate::text::error::with_help;
use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{Kind, Priority, is_uid};
use tinycontainer_policy::{AnchorSpec, Roles, Trust, trust};
use tinycontainer_token::Key;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Store {
    #[serde(default)]
    anchor: Vec<Recipe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    name: String,
    /// A file with an Ed25519 public key.
    key: Option<PathBuf>,
    /// A file with a secret that signer and device share.
    hmac: Option<PathBuf>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    containers: Vec<String>,
    #[serde(default)]
    syscalls: Vec<String>,
    #[serde(default)]
    endpoints: Vec<String>,
    priority: Option<String>,
    #[serde(default = "default_hook_ms")]
    hook_ms: u32,
}

/// The longest that a hook may take if the anchor does not set it, in milliseconds.
pub(crate) const DEFAULT_HOOK_MS: u32 = 1000;

fn default_hook_ms() -> u32 {
    DEFAULT_HOOK_MS
}

/// Reads a trust store from a file in either form, and returns it in CBOR, as `Trust::decode` reads it.
pub(crate) fn load(path: &Path) -> Result<Vec<u8>> {
    load_with_keys(path).map(|(store, _)| store)
}

/// The same, and the key files that a `trust.toml` names.
pub(crate) fn load_with_keys(path: &Path) -> Result<(Vec<u8>, Vec<PathBuf>)> {
    let bytes = files::read(path)?;
    // A store in CBOR is an array of two; no text begins with that byte.
    if bytes.first() == Some(&0x82) {
        check(&bytes).with_context(|| format!("{} is not a trust store", path.display()))?;
        return Ok((bytes, Vec::new()));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        with_help(
            format!("{} is neither a trust.toml nor a compiled trust store", path.display()),
            "`tinycontainerctl trust --help` shows how one is written",
        )
    })?;
    compile(path, &text).with_context(|| format!("in the trust store {}", path.display()))
}

fn check(store: &[u8]) -> Result<()> {
    Trust::decode(store).map(drop).map_err(|error| match error.kind() {
        Kind::KeyOrder => with_help(
            format!(
                "two anchors have the same key, or the anchors are not in the order of their kids: {error}"
            ),
            "compile the store again from its trust.toml",
        ),
        _ => anyhow!("{error}"),
    })
}

fn compile(path: &Path, text: &str) -> Result<(Vec<u8>, Vec<PathBuf>)> {
    let store: Store = toml::from_str(text)?;
    let mut keys = Vec::new();
    for (i, recipe) in store.anchor.iter().enumerate() {
        let name = &recipe.name;
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            return Err(anyhow!("anchor {}: a name has 1 to 64 bytes and no control characters", i + 1));
        }
        let key = recipe.key(path).with_context(|| format!("the key of anchor \"{name}\""))?;
        if let Some(other) = keys.iter().position(|other| *other == key) {
            let other = store.anchor.get(other).map_or("", |other| &other.name);
            return Err(with_help(
                format!("anchors \"{other}\" and \"{name}\" have the same key"),
                "signers are told apart by their keys: use one key for each, or one anchor with both scopes",
            ));
        }
        keys.push(key);
    }
    let mut lists = Vec::new();
    for recipe in &store.anchor {
        lists.push(Lists::of(recipe).map_err(|error| anyhow!("anchor \"{}\": {error}", recipe.name))?);
    }
    let mut anchors: Vec<_> = store
        .anchor
        .iter()
        .zip(&keys)
        .zip(&lists)
        .map(|((recipe, key), lists)| AnchorSpec {
            name: &recipe.name,
            key: key.as_key(),
            roles: lists.roles,
            containers: &lists.containers,
            syscalls: lists.syscalls,
            reaches: &lists.reaches,
            priority: lists.priority,
            hook_ms: recipe.hook_ms,
        })
        .collect();
    let mut out = Vec::new();
    trust::encode(&mut anchors, &mut out).map_err(|error| anyhow!("cannot encode: {error}"))?;
    check(&out)?;
    let named = store.anchor.iter().flat_map(|recipe| recipe.key.iter().chain(&recipe.hmac));
    Ok((out, named.map(|file| files::beside(path, file)).collect()))
}

/// The key of an anchor.
#[derive(PartialEq, Eq)]
enum AnchorKey {
    Ed25519([u8; 32]),
    Hmac(Vec<u8>),
}

impl AnchorKey {
    fn as_key(&self) -> Key<'_> {
        match self {
            Self::Ed25519(key) => Key::Ed25519(key),
            Self::Hmac(secret) => Key::Hmac256(secret),
        }
    }
}

impl Recipe {
    /// The key: 64 hex digits, or from a file whose path is relative to the trust store's.
    fn key(&self, store: &Path) -> Result<AnchorKey> {
        match (&self.key, &self.hmac) {
            (Some(text), None) => match keys::from_hex(&text.to_string_lossy()) {
                Some(key) => Ok(AnchorKey::Ed25519(key)),
                None => keys::read_public(&files::beside(store, text)).map(AnchorKey::Ed25519),
            },
            (None, Some(file)) => keys::read_shared(&files::beside(store, file)).map(AnchorKey::Hmac),
            _ => Err(with_help(
                "an anchor has one of `key` and `hmac`",
                "key = \"NAME.pub\" for an Ed25519 public key, hmac = \"FILE\" for a shared secret in hex digits",
            )),
        }
    }
}

struct Lists<'a> {
    roles: Roles,
    containers: Vec<tinycontainer_policy::Pattern<'a>>,
    syscalls: Mask,
    reaches: Vec<tinycontainer_policy::Reach<'a>>,
    priority: Priority,
}

impl<'a> Lists<'a> {
    fn of(recipe: &'a Recipe) -> Result<Self, String> {
        let mut roles = Roles::default();
        for name in &recipe.roles {
            roles = roles.union(match name.as_str() {
                "metadata" => Roles::METADATA,
                "parts" => Roles::PARTS,
                "syscalls" => Roles::SYSCALLS,
                "endpoints" => Roles::ENDPOINTS,
                _ => {
                    return Err(format!("there is no role `{name}`: metadata, parts, syscalls, endpoints"));
                }
            });
        }
        let containers = recipe.containers.iter().map(|text| peer::pattern(text, is_uid));
        Ok(Self {
            roles,
            containers: containers
                .collect::<Result<_, _>>()
                .map_err(|error| format!("containers: {error}"))?,
            syscalls: mask(&recipe.syscalls)?,
            reaches: recipe
                .endpoints
                .iter()
                .map(|text| peer::reach(text))
                .collect::<Result<_, _>>()
                .map_err(|error| format!("endpoints: {error}"))?,
            priority: match &recipe.priority {
                None => Priority::Normal,
                Some(name) => priority(name)?,
            },
        })
    }
}

/// The syscalls of these names; `*` is all.
pub(crate) fn mask<T: AsRef<str>>(names: &[T]) -> Result<Mask, String> {
    let mut mask = Mask::NONE;
    for name in names {
        let name = name.as_ref();
        mask.0 |= match (name, Syscall::from_name(name)) {
            ("*", _) => Mask::ALL.0,
            (_, Some(call)) => call.bit(),
            (_, None) => {
                let all = Syscall::ALL.map(Syscall::name).join(", ");
                return Err(format!("there is no syscall `{name}`: {all}"));
            }
        };
    }
    Ok(mask)
}

/// The class of priority of that name.
pub(crate) fn priority(name: &str) -> Result<Priority, String> {
    Priority::ALL
        .into_iter()
        .find(|priority| priority.name() == name)
        .ok_or_else(|| format!("there is no priority `{name}`: low, normal, high"))
}
