//! The peers that an anchor may authorise.

use super::pattern::Pattern;
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use tinycontainer_abi::Direction;
use tinycontainer_cbor::{Keys, Kind, Reader};
use tinycontainer_metadata::{Access, Bus, Peer, Scheme};

/// The peers that a reach covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Any peer.
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
        /// The uids of the containers.
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

/// Peers, and the direction in which they may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach<'a> {
    /// The peers.
    pub target: Target<'a>,
    /// The direction.
    pub direction: Direction,
}

impl Reach<'_> {
    /// Whether the reach includes that access.
    pub fn covers(&self, access: &Access<'_>) -> bool {
        let within = |range: Option<(u32, u32)>, number: u32| {
            range.is_none_or(|(first, last)| (first..=last).contains(&number))
        };
        let peer = match (self.target, access.peer) {
            (Target::Any, _) => true,
            (Target::Local { bus, units }, Peer::Local { bus: requested, unit }) => {
                bus.is_none_or(|bus| bus == requested) && within(units, unit)
            }
            (Target::Container { uid, endpoints }, Peer::Container { uid: requested, endpoint }) => {
                uid.fits(requested) && within(endpoints, endpoint)
            }
            (Target::Remote { scheme, authority }, Peer::Remote { scheme: requested, authority: host }) => {
                scheme.is_none_or(|scheme| scheme == requested) && authority.fits(host)
            }
            _ => false,
        };
        peer && access.direction.within(self.direction)
    }

    /// `None` if something is wrong; then the reader has the error.
    pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Option<Reach<'a>> {
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
        let (Some(kind), Some(direction)) = (kind, direction) else {
            reader.missing();
            return None;
        };
        let target = match (kind, name, range, address) {
            (0, Some(uid), endpoints, None) => Some(Target::Container { uid, endpoints }),
            (1, None, units, None) => Some(Target::Local { bus: None, units }),
            (1, None, units, Some(bus)) => {
                Bus::from_number(bus).map(|bus| Target::Local { bus: Some(bus), units })
            }
            (2, Some(authority), None, None) => Some(Target::Remote { scheme: None, authority }),
            (2, Some(authority), None, Some(scheme)) => {
                Scheme::from_number(scheme).map(|scheme| Target::Remote { scheme: Some(scheme), authority })
            }
            (3, None, None, None) => Some(Target::Any),
            _ => None,
        };
        if target.is_none() {
            reader.fail(Kind::Range, reader.position());
        }
        target.map(|target| Reach { target, direction })
    }

    pub(super) fn encode<W: Write>(&self, to: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
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
