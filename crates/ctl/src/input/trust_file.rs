//! The trust store as people write it, and as devices read it.

use crate::input::fields::{At, Fields, Problems, did_you_mean};
use crate::input::files;
use crate::input::keys;
use crate::input::peer;
use crate::text::error::{help, with_help};
use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};
use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{Kind, Priority, is_uid};
use tinycontainer_policy::{AnchorSpec, Pattern, Reach, Roles, Trust, trust};
use tinycontainer_token::Key;

/// An anchor whose key could be read.
struct Anchor {
    name: String,
    key: AnchorKey,
    /// The file of the key, if it is not in the text.
    file: Option<PathBuf>,
    roles: Roles,
    containers: Vec<String>,
    syscalls: Mask,
    endpoints: Vec<String>,
    priority: Priority,
    hook_ms: u32,
}

/// The longest that a hook may take if the anchor does not set it, in milliseconds.
pub(crate) const DEFAULT_HOOK_MS: u32 = 1000;

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
    let anchors = read(path, &text)?;
    let files = anchors.iter().filter_map(|anchor| anchor.file.clone()).collect();
    Ok((encode(&anchors).with_context(|| format!("in the trust store {}", path.display()))?, files))
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

/// The anchors of a `trust.toml`. All that is wrong with it is reported at once.
fn read(path: &Path, text: &str) -> Result<Vec<Anchor>> {
    let mut problems = Problems::new(path, text);
    let table = problems.parse();
    let mut file = Fields::new(&table);
    let mut anchors: Vec<Anchor> = Vec::new();
    for mut fields in file.tables("anchor", &mut problems) {
        let at = fields.at;
        let read = anchor(path, &mut fields, &mut problems);
        fields.end(&mut problems);
        let Some(anchor) = read else { continue };
        if let Some(other) = anchors.iter().find(|other| other.key == anchor.key) {
            let what = format!(
                "anchors \"{}\" and \"{}\" have the same key; signers are told apart by their keys: use one key \
                 for each, or one anchor with both scopes",
                other.name, anchor.name
            );
            problems.add(at, what);
        }
        anchors.push(anchor);
    }
    file.end(&mut problems);
    problems.into_result()?;
    Ok(anchors)
}

fn anchor(path: &Path, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Anchor> {
    let name = fields.text("name", problems);
    fields.missing("name", "the issuer of its tokens, as in name = \"provider-a\"", problems);
    if let Some(name) = name.as_ref().filter(|name| {
        name.value.is_empty() || name.value.len() > 64 || name.value.chars().any(char::is_control)
    }) {
        problems.add(name.at, "[[anchor]] name: 1 to 64 bytes without control characters");
    }
    let key = key(path, fields, problems);
    let roles = fields.texts("roles", problems);
    let roles = all(roles, problems, "roles", role).into_iter().fold(Roles::default(), Roles::union);
    let texts =
        |list: Option<At<Vec<At<String>>>>| -> Vec<At<String>> { list.map_or(Vec::new(), |list| list.value) };
    let containers = texts(fields.texts("containers", problems));
    for text in &containers {
        note(peer::pattern(&text.value, is_uid), text.at, problems, "containers");
    }
    let syscalls = fields.texts("syscalls", problems);
    let syscalls = all(syscalls, problems, "syscalls", |name| mask(&[name]));
    let endpoints = texts(fields.texts("endpoints", problems));
    for text in &endpoints {
        note(peer::reach(&text.value), text.at, problems, "endpoints");
    }
    let priority = fields.text("priority", problems);
    let priority = priority.and_then(|name| note(priority_of(&name.value), name.at, problems, "priority"));
    // With 0 no hook could even return.
    let hook_ms = fields.positive("hook_ms", problems);
    let (key, file) = key?;
    Some(Anchor {
        name: name?.value,
        key,
        file,
        roles,
        containers: containers.into_iter().map(|text| text.value).collect(),
        syscalls: syscalls.into_iter().fold(Mask::NONE, |all, mask| Mask(all.0 | mask.0)),
        endpoints: endpoints.into_iter().map(|text| text.value).collect(),
        priority: priority.unwrap_or(Priority::Normal),
        hook_ms: hook_ms.map_or(DEFAULT_HOOK_MS, |ms| ms.value),
    })
}

/// The value, or a note of what is wrong with it.
fn note<T>(read: Result<T, String>, at: usize, problems: &mut Problems<'_>, key: &str) -> Option<T> {
    read.map_err(|error| problems.add(at, format!("[[anchor]] {key}: {error}"))).ok()
}

/// The values of a list of texts; what is wrong with them is noted.
fn all<T>(
    list: Option<At<Vec<At<String>>>>,
    problems: &mut Problems<'_>,
    key: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let texts = list.into_iter().flat_map(|list| list.value);
    texts.filter_map(|text| note(read(&text.value), text.at, problems, key)).collect()
}

/// The key of an anchor, 64 hex digits or from a file whose path is relative to the trust store's; and that file.
fn key(
    path: &Path,
    fields: &mut Fields<'_>,
    problems: &mut Problems<'_>,
) -> Option<(AnchorKey, Option<PathBuf>)> {
    let (key, hmac) = (fields.text("key", problems), fields.text("hmac", problems));
    if fields.has("key") == fields.has("hmac") {
        problems.add(
            fields.at,
            "[[anchor]] has one of `key` and `hmac`: key = \"NAME.pub\" for an Ed25519 public key, hmac = \"FILE\" for a \
             shared secret in hex digits",
        );
    }
    let beside = |text: &str| files::beside(path, Path::new(text));
    let (at, read) = match (key, hmac) {
        (Some(text), None) => match keys::from_hex(&text.value) {
            Some(key) => return Some((AnchorKey::Ed25519(key), None)),
            None => {
                let file = beside(&text.value);
                (text.at, keys::read_public(&file).map(|key| (AnchorKey::Ed25519(key), Some(file))))
            }
        },
        (None, Some(text)) => {
            let file = beside(&text.value);
            (text.at, keys::read_shared(&file).map(|key| (AnchorKey::Hmac(key), Some(file))))
        }
        _ => return None,
    };
    read.map_err(|error| {
        let help = help(&error).map(|help| format!("; {help}")).unwrap_or_default();
        problems.add(at, format!("[[anchor]] the key: {error:#}{help}"));
    })
    .ok()
}

/// The trust store in CBOR.
fn encode(anchors: &[Anchor]) -> Result<Vec<u8>> {
    // None is lost: `read` has noted those that are wrong.
    let lists: Vec<(Vec<Pattern<'_>>, Vec<Reach<'_>>)> = anchors
        .iter()
        .map(|anchor| {
            let containers = anchor.containers.iter().filter_map(|text| peer::pattern(text, is_uid).ok());
            let endpoints = anchor.endpoints.iter().filter_map(|text| peer::reach(text).ok());
            (containers.collect(), endpoints.collect())
        })
        .collect();
    let mut specs: Vec<_> = anchors
        .iter()
        .zip(&lists)
        .map(|(anchor, (containers, reaches))| AnchorSpec {
            name: &anchor.name,
            key: anchor.key.as_key(),
            roles: anchor.roles,
            containers,
            syscalls: anchor.syscalls,
            reaches,
            priority: anchor.priority,
            hook_ms: anchor.hook_ms,
        })
        .collect();
    let mut out = Vec::new();
    trust::encode(&mut specs, &mut out).map_err(|error| anyhow!("cannot encode: {error}"))?;
    check(&out)?;
    Ok(out)
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

fn role(name: &str) -> Result<Roles, String> {
    const ALL: [(&str, Roles); 4] = [
        ("metadata", Roles::METADATA),
        ("parts", Roles::PARTS),
        ("syscalls", Roles::SYSCALLS),
        ("endpoints", Roles::ENDPOINTS),
    ];
    ALL.iter().find(|(known, _)| *known == name).map(|(_, role)| *role).ok_or_else(|| {
        format!("there is no role `{name}`: {}", did_you_mean(name, &ALL.map(|(known, _)| known)))
    })
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
                let near = did_you_mean(name, &Syscall::ALL.map(Syscall::name));
                return Err(format!("there is no syscall `{name}`: {near}"));
            }
        };
    }
    Ok(mask)
}

fn priority_of(name: &str) -> Result<Priority, String> {
    Priority::ALL.into_iter().find(|priority| priority.name() == name).ok_or_else(|| {
        format!("there is no priority `{name}`: {}", did_you_mean(name, &Priority::ALL.map(Priority::name)))
    })
}
