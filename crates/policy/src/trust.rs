//! The trust store: the keys a device believes, and what each may sign.
//!
//! ```text
//! trust   = [ 1, [ * anchor ] ]
//! anchor  = { 1: name tstr, 2: kid bstr, 3: 0 Ed25519 / 1 HMAC, 4: key bstr, 5: roles uint, 6: [ * pattern tstr ],
//!             7: syscalls uint, 8: [ * reach ], 9: highest priority 0..2, 10: longest duration of a hook, ms uint32 }
//! reach   = { 2: peer type, ? 3: pattern tstr, ? 4: [ first unit or endpoint, last ], 5: direction, ? 7: bus or scheme }
//! ```
//! A pattern is a name, or the beginning of one followed by `*`. In a reach an absent field means
//! any; peer type 3 means any peer. What an anchor reaches counts only with the role *endpoints*. A signer's container
//! gets what the signer's own anchor reaches; for more it needs a token of an anchor that reaches it.

use minicbor::encode::{Encoder, Error as EncodeError, Write};
use sha2::{Digest, Sha256};
use tinycontainer_abi::{Direction, Mask};
use tinycontainer_cbor::{Error, Keys, Kind, Reader, read};
use tinycontainer_metadata::{Access, Bus, Peer, Priority, Scheme};
use tinycontainer_token::{Anchor, Key};

/// What an anchor may do, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(pub u8);

impl Roles {
    /// Sign the metadata of containers whose uid is in scope.
    pub const METADATA: Self = Self(1);
    /// Sign the code or data of containers whose uid is in scope.
    pub const PARTS: Self = Self(2);
    /// Grant syscalls that are in scope.
    pub const SYSCALLS: Self = Self(4);
    /// Authorise endpoints that are in scope: of the containers it signs itself, and of others by token.
    pub const ENDPOINTS: Self = Self(8);
    /// All of these.
    pub const ALL: Self = Self(15);

    /// Whether all of `other` is in the set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A name, or the beginning of one followed by `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern<'a>(pub &'a str);

impl Pattern<'_> {
    /// Whether `name` fits.
    pub fn fits(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == name,
        }
    }
}

/// The peers that a reach covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Any peer at all.
    Any,
    /// Units of local buses.
    Local {
        /// The bus; `None` is any.
        bus: Option<Bus>,
        /// First and last unit; `None` is any.
        units: Option<(u32, u32)>,
    },
    /// Endpoints of containers.
    Container {
        /// Whose.
        uid: Pattern<'a>,
        /// First and last endpoint; `None` is any.
        endpoints: Option<(u32, u32)>,
    },
    /// Remote hosts.
    Remote {
        /// The scheme; `None` is any.
        scheme: Option<Scheme>,
        /// The authority.
        authority: Pattern<'a>,
    },
}

/// Peers, and which way they may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach<'a> {
    /// The peers.
    pub target: Target<'a>,
    /// The direction.
    pub direction: Direction,
}

impl Reach<'_> {
    /// Whether that access lies within.
    pub fn covers(&self, access: &Access<'_>) -> bool {
        let within = |range: Option<(u32, u32)>, number: u32| {
            range.is_none_or(|(first, last)| (first..=last).contains(&number))
        };
        let peer = match (self.target, access.peer) {
            (Target::Any, _) => true,
            (Target::Local { bus, units }, Peer::Local { bus: asked, unit }) => {
                bus.is_none_or(|bus| bus == asked) && within(units, unit)
            }
            (Target::Container { uid, endpoints }, Peer::Container { uid: asked, endpoint }) => {
                uid.fits(asked) && within(endpoints, endpoint)
            }
            (Target::Remote { scheme, authority }, Peer::Remote { scheme: asked, authority: host }) => {
                scheme.is_none_or(|scheme| scheme == asked) && authority.fits(host)
            }
            _ => false,
        };
        peer && access.direction.within(self.direction)
    }

    fn read<'a>(reader: &mut Reader<'a>) -> Reach<'a> {
        let pairs = reader.map();
        let mut keys = Keys::default();
        let (mut kind, mut name, mut range, mut direction, mut address) = (None, None, None, None, None);
        for _ in 0..pairs {
            match reader.key(&mut keys) {
                2 => kind = Some(reader.uint()),
                3 => name = Some(Pattern(reader.text())),
                4 => {
                    reader.array_of(2);
                    range = Some((reader.u32(), reader.u32()));
                }
                5 => direction = reader.one_of(Direction::from_number),
                7 => address = Some(reader.uint()),
                _ => reader.unknown(&keys),
            }
        }
        if kind.is_none() || direction.is_none() {
            reader.missing();
        }
        let pattern = name.unwrap_or(Pattern("*"));
        let target = match (kind.unwrap_or(0), name.is_some(), range, address) {
            (0, _, endpoints, None) => Some(Target::Container { uid: pattern, endpoints }),
            (1, false, units, None) => Some(Target::Local { bus: None, units }),
            (1, false, units, Some(bus)) => {
                Bus::from_number(bus).map(|bus| Target::Local { bus: Some(bus), units })
            }
            (2, _, None, None) => Some(Target::Remote { scheme: None, authority: pattern }),
            (2, _, None, Some(scheme)) => Scheme::from_number(scheme)
                .map(|scheme| Target::Remote { scheme: Some(scheme), authority: pattern }),
            (3, false, None, None) => Some(Target::Any),
            _ => None,
        };
        if target.is_none() {
            reader.fail(Kind::Range, reader.position());
        }
        // Where something is wrong, it reaches nothing.
        let nothing = Target::Local { bus: Some(Bus::Data), units: Some((1, 0)) };
        Reach { target: target.unwrap_or(nothing), direction: direction.unwrap_or(Direction::In) }
    }

    fn encode<W: Write>(&self, to: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        let (kind, name, range, address) = match self.target {
            Target::Container { uid, endpoints } => (0, Some(uid), endpoints, None),
            Target::Local { bus, units } => (1, None, units, bus.map(|bus| bus as u8)),
            Target::Remote { scheme, authority } => (2, Some(authority), None, scheme.map(|s| s as u8)),
            Target::Any => (3, None, None, None),
        };
        let there = [name.is_some(), range.is_some(), address.is_some()];
        to.map(2 + there.iter().filter(|there| **there).count() as u64)?;
        to.u8(2)?.u8(kind)?;
        if let Some(name) = name {
            to.u8(3)?.str(name.0)?;
        }
        if let Some((first, last)) = range {
            to.u8(4)?.array(2)?.u32(first)?.u32(last)?;
        }
        to.u8(5)?.u8(self.direction as u8)?;
        if let Some(address) = address {
            to.u8(7)?.u8(address)?;
        }
        Ok(())
    }
}

/// What the owner of an anchor may sign. Lists are read from the store each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Which kinds of thing at all.
    pub roles: Roles,
    /// The syscalls it may grant.
    pub syscalls: Mask,
    /// The highest class of priority it may ask for.
    pub priority: Priority,
    /// The longest that any hook of a container it signs may take, in milliseconds.
    pub hook_ms: u32,
    /// An array of patterns of uids, as CBOR.
    containers: &'a [u8],
    /// An array of reaches, as CBOR.
    reaches: &'a [u8],
}

impl<'a> Scope<'a> {
    /// Whether that container is in scope.
    pub fn covers_container(&self, uid: &str) -> bool {
        self.containers().any(|pattern| pattern.fits(uid))
    }

    /// Whether a container that this anchor has signed may use that access on this anchor's word alone: it is in
    /// scope, and the anchor has the role *endpoints*. A container's own data needs no role.
    pub fn may_use(&self, access: &Access<'_>) -> bool {
        (self.roles.has(Roles::ENDPOINTS) || is_own_data(access)) && self.covers_access(access)
    }

    /// Whether that access is in scope, whatever the roles.
    pub fn covers_access(&self, access: &Access<'_>) -> bool {
        // Its own data is in every container's reach, to read.
        if is_own_data(access) {
            return access.direction == Direction::In;
        }
        self.reaches().any(|reach| reach.covers(access))
    }

    /// The patterns of uids.
    pub fn containers(&self) -> impl Iterator<Item = Pattern<'a>> + use<'a> {
        list(self.containers, |reader| Pattern(reader.text()))
    }

    /// What it reaches.
    pub fn reaches(&self) -> impl Iterator<Item = Reach<'a>> + use<'a> {
        list(self.reaches, Reach::read)
    }
}

/// Whether that is the container's own data.
fn is_own_data(access: &Access<'_>) -> bool {
    matches!(access.peer, Peer::Local { bus: Bus::Data, .. })
}

/// Reads an array that was checked when the store was decoded.
fn list<'a, T>(bytes: &'a [u8], read: impl Fn(&mut Reader<'a>) -> T) -> impl Iterator<Item = T> {
    let mut reader = Reader::new(bytes);
    (0..reader.array()).map(move |_| read(&mut reader))
}

/// A checked trust store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust<'a> {
    /// The array of anchors, as CBOR.
    anchors: &'a [u8],
}

impl<'a> Trust<'a> {
    /// A store without anchors: nothing is believed.
    pub const NONE: Self = Self { anchors: &[0x80] };

    /// Checks a store.
    ///
    /// # Errors
    /// The first thing that is wrong. Two anchors with the same kid, or with the same key, are wrong:
    /// a kid need not be protected, so it must not choose between scopes of one key.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let anchors = read(bytes, |reader| {
            reader.array_of(2);
            let at = reader.position();
            if reader.uint() != 1 {
                reader.fail(Kind::Unknown, at);
            }
            span(reader, read_anchor)
        })?;
        let trust = Self { anchors };
        for (i, anchor) in trust.anchors().enumerate() {
            if trust
                .anchors()
                .skip(i.saturating_add(1))
                .any(|other| other.kid == anchor.kid || other.key == anchor.key)
            {
                return Err(Error::new(Kind::KeyOrder, 0));
            }
        }
        Ok(trust)
    }

    /// Whether an anchor with exactly these bytes is in the store: same name, kid, key and scope.
    pub fn contains_anchor_hash(&self, hash: AnchorHash) -> bool {
        self.spans().any(|(bytes, _)| AnchorHash::of(bytes) == hash)
    }

    /// The hash of the anchor with that kid.
    pub(crate) fn anchor_hash(&self, kid: &[u8]) -> Option<AnchorHash> {
        self.spans().find(|(_, anchor)| anchor.kid == kid).map(|(bytes, _)| AnchorHash::of(bytes))
    }

    /// Each anchor with its bytes.
    fn spans(&self) -> impl Iterator<Item = (&'a [u8], Anchor<'a, Scope<'a>>)> + use<'a> {
        list(self.anchors, |reader| {
            let start = reader.position();
            let anchor = read_anchor(reader);
            (reader.since(start), anchor)
        })
    }

    /// The anchors.
    pub fn anchors(&self) -> impl Iterator<Item = Anchor<'a, Scope<'a>>> + use<'a> {
        list(self.anchors, read_anchor)
    }
}

/// Tells anchors apart: the first 8 bytes of SHA-256 over an anchor's CBOR in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorHash(pub [u8; 8]);

impl AnchorHash {
    #[inline(never)]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self([a, b, c, d, e, f, g, h])
    }
}

#[inline(never)]
fn read_anchor<'a>(reader: &mut Reader<'a>) -> Anchor<'a, Scope<'a>> {
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
    let priority = reader.one_of(Priority::from_number).unwrap_or(Priority::Low);
    reader.key_is(&mut keys, 10);
    let hook_ms = reader.u32();
    if key.is_none() || roles.is_none() {
        reader.fail(Kind::Range, at);
    }
    let scope = Scope { roles: Roles(roles.unwrap_or(0)), syscalls, priority, hook_ms, containers, reaches };
    // A key under which nothing verifies, where there is none.
    Anchor { name, kid, key: key.unwrap_or(Key::Hmac256(&[])), scope }
}

/// Reads an array and gives its bytes.
fn span<'a, T>(reader: &mut Reader<'a>, read: impl Fn(&mut Reader<'a>) -> T) -> &'a [u8] {
    let start = reader.position();
    for _ in 0..reader.array() {
        if reader.is_good() {
            read(reader);
        }
    }
    reader.since(start)
}

/// An anchor as people say it, to be written into a store.
#[derive(Debug, Clone, Copy)]
pub struct AnchorSpec<'a> {
    /// The owner's name.
    pub name: &'a str,
    /// Selects the anchor.
    pub kid: &'a [u8],
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
    /// The longest that any hook of a container it signs may take, in milliseconds.
    pub hook_ms: u32,
}

/// Writes a trust store.
///
/// # Errors
/// Those of the writer.
pub fn encode<W: Write>(anchors: &[AnchorSpec<'_>], out: W) -> Result<(), EncodeError<W::Error>> {
    let mut to = Encoder::new(out);
    to.array(2)?.u8(1)?.array(anchors.len() as u64)?;
    for anchor in anchors {
        let (kind, key) = match anchor.key {
            Key::Ed25519(key) => (0, &key[..]),
            Key::Hmac256(secret) => (1, secret),
        };
        to.map(10)?.u8(1)?.str(anchor.name)?.u8(2)?.bytes(anchor.kid)?.u8(3)?.u8(kind)?.u8(4)?.bytes(key)?;
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
