//! The store and its anchors.

use super::kid::kid;
use super::list::{list, span};
use super::reach::Reach;
use super::scope::{Roles, Scope};
use sha2::{Digest, Sha256};
use tinycontainer_abi::Mask;
use tinycontainer_cbor::{Error, Keys, Kind, Reader, read};
use tinycontainer_metadata::Priority;
use tinycontainer_token::{Anchor, Key};

/// A checked trust store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust<'a> {
    /// The array of anchors, as CBOR.
    anchors: &'a [u8],
}

impl<'a> Trust<'a> {
    /// A store without anchors: no token is valid.
    pub const NONE: Self = Self { anchors: &[0x80] };

    /// Checks a store.
    ///
    /// # Errors
    /// The first thing that is wrong. [`Kind::KeyOrder`] if two anchors have the same kid, or are not in the order of
    /// their kids; [`Kind::Range`] if a kid is not that of its key.
    // A kid need not be protected, so it must not choose between scopes of one key. With one kid for each key, two
    // anchors with the same key are neighbours, as two anchors with the same kid are.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let anchors = read(bytes, |reader| {
            reader.array_of(2);
            let at = reader.position();
            if reader.uint() != 1 {
                reader.fail(Kind::Unknown, at);
            }
            let mut last = None;
            span(reader, |reader| {
                let at = reader.position();
                let anchor = read_anchor(reader)?;
                if anchor.kid != kid(anchor.key) {
                    reader.fail(Kind::Range, at);
                }
                if last.is_some_and(|last| anchor.kid <= last) {
                    reader.fail(Kind::KeyOrder, at);
                }
                last = Some(anchor.kid);
                Some(())
            })
        })?;
        Ok(Self { anchors })
    }

    /// Whether an anchor with exactly these bytes is in the store: same name, kid, key and scope.
    pub fn contains_anchor_hash(&self, hash: AnchorHash) -> bool {
        // The kid first: hashing all of them would take longer than the rest of a container's start.
        self.spans().any(|(bytes, anchor)| hash.has_kid(anchor.kid) && hash.has_digest(bytes))
    }

    /// The hash of the anchor with that kid.
    pub(crate) fn anchor_hash(&self, kid: &[u8]) -> Option<AnchorHash> {
        self.spans()
            .find(|(_, anchor)| anchor.kid == kid)
            .map(|(bytes, anchor)| AnchorHash::of(anchor.kid, bytes))
    }

    /// Each anchor with its bytes.
    fn spans(&self) -> impl Iterator<Item = (&'a [u8], Anchor<'a, Scope<'a>>)> + use<'a> {
        list(self.anchors, |reader| {
            let start = reader.position();
            let anchor = read_anchor(reader)?;
            Some((reader.since(start), anchor))
        })
    }

    /// The anchors.
    pub fn anchors(&self) -> impl Iterator<Item = Anchor<'a, Scope<'a>>> + use<'a> {
        list(self.anchors, read_anchor)
    }
}

/// Identifies an anchor: the first 2 bytes of its kid, by which it is found, and the first 6 of SHA-256 over its CBOR in
/// the store. Only a party that can replace the store
/// could search for another anchor with the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorHash(pub [u8; 8]);

impl AnchorHash {
    pub(crate) fn of(kid: &[u8], bytes: &[u8]) -> Self {
        let ([a, b], [c, d, e, f, g, h]) = (prefix(kid), digest(bytes));
        Self([a, b, c, d, e, f, g, h])
    }

    /// Whether it may be that of an anchor with this kid.
    fn has_kid(self, kid: &[u8]) -> bool {
        self.0.starts_with(&prefix(kid))
    }

    /// Whether it may be that of an anchor with these bytes.
    fn has_digest(self, bytes: &[u8]) -> bool {
        self.0.ends_with(&digest(bytes))
    }
}

#[inline(never)]
fn digest(bytes: &[u8]) -> [u8; 6] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let [a, b, c, d, e, f, ..] = digest;
    [a, b, c, d, e, f]
}

fn prefix(kid: &[u8]) -> [u8; 2] {
    kid.first_chunk().copied().unwrap_or_default()
}

/// `None` if something is wrong; then the reader has the error.
#[inline(never)]
fn read_anchor<'a>(reader: &mut Reader<'a>) -> Option<Anchor<'a, Scope<'a>>> {
    let at = reader.position();
    if reader.map() != 10 {
        reader.fail(Kind::Range, at);
    }
    let mut keys = Keys::default();
    reader.key_is(&mut keys, 1);
    let name = reader.text();
    reader.key_is(&mut keys, 2);
    let kid = reader.bytes();
    reader.key_is(&mut keys, 3);
    let kind = reader.uint();
    reader.key_is(&mut keys, 4);
    let secret = reader.bytes();
    let key = match (kind, <&[u8; 32]>::try_from(secret)) {
        (0, Ok(key)) => Some(Key::Ed25519(key)),
        (1, _) if secret.len() >= 32 => Some(Key::Hmac256(secret)),
        _ => None,
    };
    reader.key_is(&mut keys, 5);
    let roles = u8::try_from(reader.uint()).ok().filter(|roles| *roles <= Roles::ALL.0);
    reader.key_is(&mut keys, 6);
    let containers = span(reader, Reader::text);
    reader.key_is(&mut keys, 7);
    let syscalls = Mask(reader.u32());
    reader.key_is(&mut keys, 8);
    let reaches = span(reader, Reach::read);
    reader.key_is(&mut keys, 9);
    let priority = reader.one_of(Priority::from_number);
    reader.key_is(&mut keys, 10);
    let hook_ms = reader.u32();
    let (Some(key), Some(roles), Some(priority)) = (key, roles, priority) else {
        reader.fail(Kind::Range, at);
        return None;
    };
    let scope = Scope { roles: Roles(roles), syscalls, priority, hook_ms, containers, reaches };
    Some(Anchor { name, kid, key, scope })
}
