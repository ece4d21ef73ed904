//! Writing a store.

use super::kid::kid;
use super::pattern::Pattern;
use super::reach::Reach;
use super::scope::Roles;
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use tinycontainer_abi::Mask;
use tinycontainer_metadata::Priority;
use tinycontainer_token::Key;

/// An anchor to be written into a store. Its kid follows from its key.
#[derive(Debug, Clone, Copy)]
pub struct AnchorSpec<'a> {
    /// The owner's name.
    pub name: &'a str,
    /// The key.
    pub key: Key<'a>,
    /// What it may do.
    pub roles: Roles,
    /// The uids in scope.
    pub containers: &'a [Pattern<'a>],
    /// The syscalls in scope.
    pub syscalls: Mask,
    /// The peers in scope.
    pub reaches: &'a [Reach<'a>],
    /// The highest class of priority.
    pub priority: Priority,
    /// The longest duration of any hook of a container that it signs, in milliseconds.
    pub hook_ms: u32,
}

/// Writes a trust store. Sorts the anchors by [`kid`], the order that the format requires. Two anchors with the same
/// key make a store that [`Trust::decode`](super::Trust::decode) rejects.
///
/// # Errors
/// Those of the writer.
pub fn encode<W: Write>(anchors: &mut [AnchorSpec<'_>], out: W) -> Result<(), EncodeError<W::Error>> {
    anchors.sort_unstable_by_key(|anchor| kid(anchor.key));
    let mut to = Encoder::new(out);
    to.array(2)?.u8(1)?.array(anchors.len() as u64)?;
    for anchor in anchors {
        let (kind, key) = match anchor.key {
            Key::Ed25519(key) => (0, &key[..]),
            Key::Hmac256(secret) => (1, secret),
        };
        to.map(10)?
            .u8(1)?
            .str(anchor.name)?
            .u8(2)?
            .bytes(&kid(anchor.key))?
            .u8(3)?
            .u8(kind)?
            .u8(4)?
            .bytes(key)?;
        to.u8(5)?.u8(anchor.roles.0)?.u8(6)?.array(anchor.containers.len() as u64)?;
        for pattern in anchor.containers {
            to.str(pattern.0)?;
        }
        to.u8(7)?.u32(anchor.syscalls.0)?.u8(8)?.array(anchor.reaches.len() as u64)?;
        for reach in anchor.reaches {
            reach.encode(&mut to)?;
        }
        to.u8(9)?.u8(anchor.priority as u8)?.u8(10)?.u32(anchor.hook_ms)?;
    }
    Ok(())
}
