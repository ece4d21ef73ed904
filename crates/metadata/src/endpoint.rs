//! Endpoints: the numbers that a container opens, and their peers.

use crate::names;
use core::fmt;
use minicbor::encode::{Encoder, Write};
use tinycontainer_abi::{Direction, numbered_enum};
use tinycontainer_cbor::{Error, Keys, Kind, Reader, read};

numbered_enum! {
    /// A local bus.
    pub enum Bus: u8 {
        /// A number whose meaning the application's driver defines. All local peers of 2024.
        App = 0 => "app",
        /// A pin. One byte, 0 or 1.
        Gpio = 1 => "gpio",
        /// A device on an I2C bus.
        I2c = 2 => "i2c",
        /// A device on an SPI bus.
        Spi = 3 => "spi",
        /// A serial port.
        Uart = 4 => "uart",
        /// An entry of the SAUL registry (sensors and actuators).
        Saul = 5 => "saul",
        /// The container's own data, read from its beginning. Every signer may grant it.
        Data = 6 => "data",
    }
}

numbered_enum! {
    /// The protocol to a remote peer.
    pub enum Scheme: u8 {
        /// CoAP over UDP (RFC 7252).
        Coap = 0 => "coap",
        /// CoAP over DTLS (RFC 7252, section 9).
        Coaps = 1 => "coaps",
        /// HTTP over TLS.
        Https = 2 => "https",
        /// Datagrams over DTLS.
        Dtls = 3 => "dtls",
    }
}

/// The peer of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer<'a> {
    /// A device on a local bus.
    Local {
        /// The bus.
        bus: Bus,
        /// The pin, device or port on it, as the board numbers them.
        unit: u32,
    },
    /// An endpoint of another container on the same device. Both must list each other.
    Container {
        /// The uid of the other container.
        uid: &'a str,
        /// The number of its endpoint.
        endpoint: u32,
    },
    /// A remote host.
    Remote {
        /// The protocol.
        scheme: Scheme,
        /// Host and port.
        authority: &'a str,
    },
    /// A remote peer of the 2024 format, which has no address. It is decoded but cannot be opened.
    RemoteUnaddressed {
        /// The peer's endpoint number.
        endpoint: u32,
    },
}

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { bus, unit } => write!(f, "{}:{unit}", bus.name()),
            Self::Container { uid, endpoint } => write!(f, "container:{uid}:{endpoint}"),
            Self::Remote { scheme, authority } => write!(f, "{}://{authority}", scheme.name()),
            Self::RemoteUnaddressed { endpoint } => write!(f, "remote:{endpoint}"),
        }
    }
}

/// A peer and a direction: what an endpoint asks for and what a third party authorizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access<'a> {
    /// The peer.
    pub peer: Peer<'a>,
    /// in: the container reads; out: it writes.
    pub direction: Direction,
}

impl<'a> Access<'a> {
    /// Whether the right to `other` includes all of `self`.
    pub fn within(&self, other: &Self) -> bool {
        self.peer == other.peer && self.direction.within(other.direction)
    }

    /// Decodes the output of [`Access::encode`], with nothing after it.
    ///
    /// # Errors
    /// The first error, with its offset.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        read(bytes, |reader| Fields::read(reader, Whole::No).access(reader, Flavour::Profile1))
    }

    /// Writes the access as a map, with the keys that it has in an endpoint.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encode_map(encoder, None, self, None)
    }
}

impl fmt::Display for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.peer, self.direction.name())
    }
}

/// An endpoint of the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// The number that the container opens.
    pub id: u32,
    /// Its peer and direction.
    pub access: Access<'a>,
    /// The authorization token of a signer with that peer in its scope.
    pub token: Option<&'a [u8]>,
}

impl Endpoint<'_> {
    pub(crate) fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encode_map(encoder, Some(self.id), &self.access, self.token)
    }
}

/// The endpoints of a container: checked when the metadata was decoded, and decoded again when iterated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoints<'a> {
    /// The list without its header.
    items: &'a [u8],
    count: u32,
    flavour: Flavour,
}

/// The range of the endpoints in a decoded file, to find them again without decoding all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u16,
    len: u16,
    /// At most 32.
    count: u8,
    flavour: Flavour,
}

impl Span {
    /// The end of the bytes that contain them: what follows in the file is not needed to find them.
    pub fn end(&self) -> usize {
        if self.count == 0 { 0 } else { usize::from(self.start) + usize::from(self.len) }
    }
}

/// The format of a list of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Profile1,
    Format2024,
}

impl<'a> Endpoints<'a> {
    pub(crate) const NONE: Self = Self { items: &[], count: 0, flavour: Flavour::Profile1 };

    /// Checks the whole list: 1 to 32 endpoints, ids strictly ascending.
    pub(crate) fn read(reader: &mut Reader<'a>, flavour: Flavour) -> Self {
        let count = reader.array();
        // The 2024 encoder writes an empty list; profile 1 omits the section.
        let least = u64::from(flavour == Flavour::Profile1);
        if !(least..=crate::MAX_ENDPOINTS as u64).contains(&count) {
            reader.fail(Kind::Range, 0);
        }
        let start = reader.position();
        let mut last = None;
        for _ in 0..count {
            if !reader.is_good() {
                break;
            }
            let at = reader.position();
            let id = read_endpoint(reader, flavour).id;
            if last.is_some_and(|last| id <= last) {
                reader.fail(Kind::KeyOrder, at);
            }
            last = Some(id);
        }
        Self { items: reader.since(start), count: u32::try_from(count).unwrap_or(0), flavour }
    }

    /// Their range in `file`, from which they were decoded. `None` beyond 64 KiB.
    pub fn place(&self, file: &[u8]) -> Option<Span> {
        let start = (self.items.as_ptr() as usize).saturating_sub(file.as_ptr() as usize);
        let start = if self.is_empty() { 0 } else { u16::try_from(start).ok()? };
        let len = u16::try_from(self.items.len()).ok()?;
        Some(Span { start, len, count: self.count as u8, flavour: self.flavour })
    }

    /// The endpoints at that range of the same file. For another file the result is meaningless.
    pub fn at(file: &'a [u8], place: Span) -> Self {
        let Span { start, len, count, flavour } = place;
        let (start, len) = (usize::from(start), usize::from(len));
        let items = file.get(start..start + len).unwrap_or_default();
        Self { items, count: u32::from(count), flavour }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Iterates over them by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = Endpoint<'a>> + use<'a> {
        let mut reader = Reader::new(self.items);
        let flavour = self.flavour;
        // No error is possible here: they were checked when they were decoded.
        (0..self.count).map(move |_| read_endpoint(&mut reader, flavour))
    }

    /// The endpoint with that id.
    pub fn find(&self, id: u32) -> Option<Endpoint<'a>> {
        self.iter().find(|endpoint| endpoint.id == id)
    }
}

fn read_endpoint<'a>(reader: &mut Reader<'a>, flavour: Flavour) -> Endpoint<'a> {
    let fields = Fields::read(reader, Whole::Yes);
    Endpoint { id: fields.id, token: fields.token, access: fields.access(reader, flavour) }
}

/// Whether a map is an endpoint, or only an access.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

/// The fields of an endpoint map, before their combination is checked.
struct Fields<'a> {
    /// The keys that are present, and those that are mandatory in any such map, as bits.
    keys: u8,
    needed: u8,
    id: u32,
    kind: u64,
    /// A byte string at that offset, or nothing.
    name: Reader<'a>,
    number: u32,
    direction: Direction,
    token: Option<&'a [u8]>,
    address: u64,
}

impl<'a> Fields<'a> {
    fn read(reader: &mut Reader<'a>, whole: Whole) -> Self {
        let pairs = reader.map();
        let mut keys = Keys::default();
        let mut fields = Self {
            keys: 0,
            needed: 1 << 2 | 1 << 5 | u8::from(whole == Whole::Yes) << 1,
            id: 0,
            kind: 0,
            name: Reader::new(&[]),
            number: 0,
            direction: Direction::In,
            token: None,
            address: 0,
        };
        for _ in 0..pairs {
            let key = reader.key(&mut keys);
            match key {
                1 if whole == Whole::Yes => fields.id = reader.u32(),
                2 => fields.kind = reader.uint(),
                3 => {
                    fields.name = reader.clone();
                    reader.bytes();
                }
                4 => fields.number = reader.u32(),
                5 => fields.direction = reader.one_of(Direction::from_number).unwrap_or(Direction::In),
                6 if whole == Whole::Yes => fields.token = Some(reader.bytes()),
                7 => fields.address = reader.uint(),
                _ => {
                    reader.unknown(&keys);
                    return fields;
                }
            }
            // 1 to 7.
            fields.keys |= 1 << key;
        }
        fields
    }

    /// The access. An error in the combination of its fields gets the offset of the end of the map.
    fn access(&self, reader: &mut Reader<'a>, flavour: Flavour) -> Access<'a> {
        const NAME: u8 = 1 << 3;
        const NUMBER: u8 = 1 << 4;
        const ADDRESS: u8 = 1 << 7;
        let year2024 = flavour == Flavour::Format2024;
        // The fields of each kind of peer: no more and no less. 2024 has no addresses.
        let needed = self.needed
            | match self.kind {
                0 => NAME | NUMBER,
                1 | 2 if year2024 => NUMBER,
                1 => ADDRESS | NUMBER,
                _ => ADDRESS | NAME,
            };
        let at = reader.position();
        if self.kind > 2 {
            reader.fail(Kind::Range, at);
        }
        if self.keys & needed != needed {
            reader.fail(Kind::Missing, at);
        }
        // The token is optional; where it is not allowed, its key has already been reported as unknown.
        if self.keys & !(needed | 1 << 6) != 0 {
            reader.fail(Kind::Unknown, at);
        }
        let mut name = self.name.clone();
        let peer = match self.kind {
            0 => Some(Peer::Container { uid: names::read(&mut name, names::is_uid), endpoint: self.number }),
            1 if year2024 => Some(Peer::Local { bus: Bus::App, unit: self.number }),
            1 => Bus::from_number(self.address).map(|bus| Peer::Local { bus, unit: self.number }),
            2 if year2024 => Some(Peer::RemoteUnaddressed { endpoint: self.number }),
            2 => Scheme::from_number(self.address).map(|scheme| Peer::Remote {
                scheme,
                authority: names::read(&mut name, names::is_authority),
            }),
            _ => None,
        };
        if peer.is_none() || !name.is_good() {
            reader.fail(Kind::Range, at);
        }
        let peer = peer.unwrap_or(Peer::Local { bus: Bus::App, unit: 0 });
        Access { peer, direction: self.direction }
    }
}

fn encode_map<W: Write>(
    encoder: &mut Encoder<W>,
    id: Option<u32>,
    access: &Access<'_>,
    token: Option<&[u8]>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    let (kind, name, number, address) = match access.peer {
        Peer::Container { uid, endpoint } => (0, Some(uid), Some(endpoint), None),
        Peer::Local { bus, unit } => (1, None, Some(unit), Some(bus as u8)),
        Peer::Remote { scheme, authority } => (2, Some(authority), None, Some(scheme as u8)),
        Peer::RemoteUnaddressed { endpoint } => (2, None, Some(endpoint), None),
    };
    let optional = [id.is_some(), name.is_some(), number.is_some(), token.is_some(), address.is_some()];
    encoder.map(2 + optional.iter().filter(|there| **there).count() as u64)?;
    if let Some(id) = id {
        encoder.u8(1)?.u32(id)?;
    }
    encoder.u8(2)?.u8(kind)?;
    if let Some(name) = name {
        encoder.u8(3)?.bytes(name.as_bytes())?;
    }
    if let Some(number) = number {
        encoder.u8(4)?.u32(number)?;
    }
    encoder.u8(5)?.u8(access.direction as u8)?;
    if let Some(token) = token {
        encoder.u8(6)?.bytes(token)?;
    }
    if let Some(address) = address {
        encoder.u8(7)?.u8(address)?;
    }
    Ok(())
}
