//! The policy of a device that accepts images of the 2024 format: the key, what its containers may do, what memory they get.

use crate::input::keys;
use crate::input::trust_file;
use crate::text::error::with_help;
use anyhow::{Result, anyhow};
use std::path::Path;
use tinycontainer_abi::{Direction, Mask};
use tinycontainer_metadata::{Limits, Priority};
use tinycontainer_policy::{
    AnchorSpec, Ceilings, Pattern, Reach, Roles, Scope, Target, Trust, Year2024, trust,
};
use tinycontainer_token::Key;

/// The 2024 format on the device to decide for.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The device accepts images of the 2024 format that are signed with this key: a trust store with one anchor, whose
    /// scope their containers have (as `tinycontainer_accept_2024` takes it); or 64 hex digits or a public key file, and
    /// they may do everything.
    #[arg(long, value_name = "HEX|FILE")]
    key_2024: Option<String>,
    /// The bytes of memory that it gives such a container, which its image does not say. Default: as much as it gives any.
    #[arg(long, value_name = "LINEAR,STACK,HEAP", requires = "key_2024")]
    limits_2024: Option<String>,
}

/// The policy, by value.
pub(crate) struct Policy {
    key: [u8; 32],
    /// A store with one anchor.
    store: Vec<u8>,
    limits: Limits,
}

impl Args {
    /// Whether the device accepts such images at all.
    pub(crate) fn is_given(&self) -> bool {
        self.key_2024.is_some()
    }

    /// Reads what the arguments name.
    pub(crate) fn read(&self, ceilings: &Ceilings) -> Result<Option<Policy>> {
        let Some(text) = &self.key_2024 else { return Ok(None) };
        let limits = match &self.limits_2024 {
            Some(text) => limits(text)?,
            None => {
                Limits { linear_memory: ceilings.linear_memory, stack: ceilings.stack, heap: ceilings.heap }
            }
        };
        let key = keys::from_hex(text).or_else(|| keys::read_public(Path::new(text)).ok());
        if let Some(key) = key {
            return Ok(Some(Policy { key, store: everything(&key)?, limits }));
        }
        let store = trust_file::load(Path::new(text))?;
        let key = only_key(&store).ok_or_else(|| {
            with_help(
                format!("{text}: a key of the 2024 format is one anchor with an Ed25519 key; it has others"),
                "put that anchor into a trust store of its own: it is not one of those that sign images of profile 1",
            )
        })?;
        Ok(Some(Policy { key, store, limits }))
    }
}

impl Policy {
    /// The policy itself.
    pub(crate) fn policy(&self) -> Result<Year2024<'_>> {
        Ok(Year2024::new(&self.key, scope(&self.store)?, self.limits))
    }
}

/// The Ed25519 key of the only anchor of a store.
fn only_key(store: &[u8]) -> Option<[u8; 32]> {
    let mut anchors = Trust::decode(store).ok()?.anchors();
    match (anchors.next()?.key, anchors.next()) {
        (Key::Ed25519(key), None) => Some(*key),
        _ => None,
    }
}

/// The scope of a store's first anchor.
pub(crate) fn scope(store: &[u8]) -> Result<Scope<'_>> {
    let trust = Trust::decode(store).map_err(|error| anyhow!("{error}"))?;
    trust.anchors().next().map(|anchor| anchor.scope).ok_or_else(|| anyhow!("the trust store is empty"))
}

/// A store with this key alone, which may sign everything.
pub(crate) fn everything(key: &[u8; 32]) -> Result<Vec<u8>> {
    let anchor = AnchorSpec {
        name: "2024",
        key: Key::Ed25519(key),
        roles: Roles::ALL,
        containers: &[Pattern("*")],
        syscalls: Mask::ALL,
        reaches: &[Reach { target: Target::Any, direction: Direction::Both }],
        priority: Priority::High,
        hook_ms: u32::MAX,
    };
    let mut store = Vec::new();
    trust::encode(&mut [anchor], &mut store).map_err(|error| anyhow!("cannot encode: {error}"))?;
    Ok(store)
}

fn limits(text: &str) -> Result<Limits> {
    let numbers: Option<Vec<u32>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[linear_memory, stack, heap]) => Ok(Limits { linear_memory, stack, heap }),
        _ => Err(with_help(
            format!("--limits-2024 {text}: not three numbers"),
            "the bytes of linear memory, stack and heap, as in 4096,1024,8192",
        )),
    }
}
