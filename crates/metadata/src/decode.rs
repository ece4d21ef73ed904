//! Bytes to [`Metadata`]. Every error has a kind, and the offset of a byte of the file.

use crate::endpoint::{Endpoints, Flavour};
use crate::{
    FORMAT_VERSION, Limits, MAX_VENDOR_SECU, Mask, PartSizes, Priority, Schedule, Syscall, TAG, Type, Wake,
    names,
};
use tinycontainer_cbor::{Error, Keys, Kind, Reader, read};

/// The content of an image's metadata. All of it is alleged until its [`Proofs`] are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The container's uid.
    pub uid: &'a str,
    /// Its type: which runtime it is for.
    pub kind: Type,
    /// The image's version; a device accepts no lower one than before. 0 for the 2024 format, which has none.
    pub version: u32,
    /// The memory it asks for. All 0 for the 2024 format, which has no limits.
    pub limits: Limits,
    /// The length of the metadata file, in bytes.
    pub file_bytes: u32,
    /// The sizes of data and code. `None` for the 2024 format, which has none.
    pub sizes: Option<PartSizes>,
    /// When it runs and how long.
    pub schedule: Schedule,
    /// The endpoints it asks for.
    pub endpoints: Endpoints<'a>,
    /// Bytes for the device's vendor, covered by the signature, not interpreted.
    pub vendor_secu: Option<&'a [u8]>,
    /// The proofs for the image.
    pub proofs: Proofs<'a>,
}

/// The proofs, by format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proofs<'a> {
    /// Profile 1.
    Profile1(Profile1<'a>),
    /// The 2024 C implementation.
    Format2024(Format2024<'a>),
}

/// The proofs of profile 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile1<'a> {
    /// The syscalls asked for.
    pub syscalls: Mask,
    /// A token of a signer that may grant them, if the signer of the metadata may not.
    pub syscall_token: Option<&'a [u8]>,
    /// The proof for the data.
    pub data: Part<'a>,
    /// The proof for the code.
    pub code: Part<'a>,
    /// The bytes that the metadata token's digest covers: all of the file before the token's key.
    pub signed: &'a [u8],
    /// The metadata token.
    pub token: &'a [u8],
}

/// The proof for data or code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A SHA-256 digest, covered by the metadata token.
    Digest(&'a [u8; 32]),
    /// A token of another signer, with the digest as a claim.
    Token(&'a [u8]),
}

/// The proofs of the 2024 format. All are CWTs; the syscalls are a claim of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format2024<'a> {
    /// The token that grants the syscalls.
    pub syscall_token: &'a [u8],
    /// The tokens over data, code and metadata; absent if the image has no security section.
    pub tokens: Option<[&'a [u8]; 3]>,
    /// The whole file. The last token's digest covers it without its last 111 bytes, or with these zeroed.
    pub file: &'a [u8],
}

impl Format2024<'_> {
    /// The length of a 2024 digest token: its writers remove that many bytes from the end, or zero them, before
    /// hashing.
    pub const TOKEN_LEN: usize = 111;
}

impl<'a> Metadata<'a> {
    /// Decodes metadata of our profile or of the 2024 format.
    ///
    /// # Errors
    /// The first error, with its offset in `bytes`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        read(bytes, |reader| {
            let mut keys = Keys::default();
            match start(reader, &mut keys) {
                (1, pairs) => format2024(bytes, reader, &mut keys, pairs),
                (_, pairs) => profile1(bytes, reader, &mut keys, pairs),
            }
        })
    }

    /// Decodes metadata of profile 1 only: a device that accepts no other format does not link the other decoder.
    ///
    /// # Errors
    /// The first error, with its offset in `bytes`.
    pub fn decode_profile1(bytes: &'a [u8]) -> Result<Self, Error> {
        read(bytes, |reader| {
            let mut keys = Keys::default();
            let (key, pairs) = start(reader, &mut keys);
            if key != 0 {
                reader.unknown(&keys);
            }
            profile1(bytes, reader, &mut keys, pairs)
        })
    }

    /// Whether it is metadata of profile 1 without the sizes of data and code, as it was before they became mandatory:
    /// to explain why it does not decode.
    pub fn lacks_sizes(bytes: &'a [u8]) -> bool {
        let mut reader = Reader::new(bytes);
        let mut keys = Keys::default();
        if start(&mut reader, &mut keys).0 != 0 || reader.uint() != FORMAT_VERSION {
            return false;
        }
        reader.key_is(&mut keys, 1);
        let container = reader.nested(Container::read);
        reader.is_good() && container.limits.is_some() && container.sizes.is_none()
    }

    /// Whether it begins like metadata of the 2024 format.
    pub fn is_2024(bytes: &[u8]) -> bool {
        let mut reader = Reader::new(bytes);
        let (key, _) = start(&mut reader, &mut Keys::default());
        reader.is_good() && key == 1
    }
}

/// The common beginning of both formats: the tag, the first key, by which they differ, and the number of pairs.
fn start(reader: &mut Reader<'_>, keys: &mut Keys) -> (i64, u64) {
    if reader.tag() != TAG {
        reader.fail(Kind::Unknown, 0);
    }
    let pairs = reader.map();
    let key = reader.key(keys);
    if key != 0 && key != 1 {
        reader.fail(Kind::Unknown, 0);
    }
    (key, pairs)
}

fn profile1<'a>(bytes: &'a [u8], reader: &mut Reader<'a>, keys: &mut Keys, pairs: u64) -> Metadata<'a> {
    let at = reader.position();
    if reader.uint() != FORMAT_VERSION {
        reader.fail(Kind::Unknown, at);
    }
    if !(4..=5).contains(&pairs) {
        reader.fail(Kind::Range, reader.position());
    }
    reader.key_is(keys, 1);
    let container = reader.nested(Container::read);
    let endpoints = if pairs == 5 {
        reader.key_is(keys, 2);
        reader.nested(|inner| Endpoints::read(inner, Flavour::Profile1))
    } else {
        Endpoints::NONE
    };
    reader.key_is(keys, 3);
    let (schedule, data, code) = reader.nested(security1);
    let signed = bytes.get(..reader.position()).unwrap_or_default();
    reader.key_is(keys, 4);
    let token = reader.bytes();
    let Container { uid, kind, syscall_token, syscalls, version, limits, vendor_secu, sizes } = container;
    if syscalls.is_none() || version.is_none() || limits.is_none() || sizes.is_none() {
        reader.missing();
    }
    let syscalls = syscalls.unwrap_or(Mask::NONE);
    if schedule.heartbeat_ms != 0 && !syscalls.has(Syscall::Heartbeat) {
        // A heartbeat is expected that it may not send.
        reader.fail(Kind::Range, reader.position());
    }
    if schedule.wake == Wake::Message && !(syscalls.has(Syscall::Open) && syscalls.has(Syscall::Read)) {
        // It waits for input that it may not read.
        reader.fail(Kind::Range, reader.position());
    }
    Metadata {
        uid,
        kind,
        version: version.unwrap_or(0),
        limits: limits.unwrap_or_default(),
        file_bytes: length(bytes),
        sizes,
        schedule,
        endpoints,
        vendor_secu,
        proofs: Proofs::Profile1(Profile1 { syscalls, syscall_token, data, code, signed, token }),
    }
}

fn format2024<'a>(file: &'a [u8], reader: &mut Reader<'a>, keys: &mut Keys, pairs: u64) -> Metadata<'a> {
    let container = reader.nested(Container::read);
    if container.syscall_token.is_none() {
        reader.missing();
    }
    let syscall_token = container.syscall_token.unwrap_or_default();
    let ours = [container.version.is_some(), container.syscalls.is_some(), container.limits.is_some()];
    if ours.contains(&true) || container.vendor_secu.is_some() || container.sizes.is_some() {
        reader.fail(Kind::Unknown, reader.position());
    }
    let mut metadata = Metadata {
        uid: container.uid,
        kind: container.kind,
        version: 0,
        limits: Limits::default(),
        file_bytes: length(file),
        sizes: None,
        // The lowest class: the 2024 format has no priority.
        schedule: Schedule { priority: Priority::Low, ..Schedule::default() },
        endpoints: Endpoints::NONE,
        vendor_secu: None,
        proofs: Proofs::Format2024(Format2024 { syscall_token, tokens: None, file }),
    };
    for _ in 1..pairs {
        match reader.key(keys) {
            2 => metadata.endpoints = reader.nested(|inner| Endpoints::read(inner, Flavour::Format2024)),
            3 => {
                let (schedule, tokens) = reader.nested(security2024);
                metadata.schedule = schedule;
                metadata.proofs =
                    Proofs::Format2024(Format2024 { syscall_token, tokens: Some(tokens), file });
            }
            _ => reader.unknown(keys),
        }
    }
    metadata
}

fn length(file: &[u8]) -> u32 {
    u32::try_from(file.len()).unwrap_or(u32::MAX)
}

/// The container section. Each format has its own mandatory fields.
struct Container<'a> {
    uid: &'a str,
    kind: Type,
    syscall_token: Option<&'a [u8]>,
    syscalls: Option<Mask>,
    version: Option<u32>,
    limits: Option<Limits>,
    vendor_secu: Option<&'a [u8]>,
    sizes: Option<PartSizes>,
}

impl<'a> Container<'a> {
    fn read(reader: &mut Reader<'a>) -> Self {
        let pairs = reader.map();
        let mut keys = Keys::default();
        reader.key_is(&mut keys, 1);
        let uid = names::read(reader, names::is_uid);
        reader.key_is(&mut keys, 2);
        let kind = reader.one_of(Type::from_number).unwrap_or(Type::Undefined);
        let mut container = Self {
            uid,
            kind,
            syscall_token: None,
            syscalls: None,
            version: None,
            limits: None,
            vendor_secu: None,
            sizes: None,
        };
        for _ in 2..pairs {
            match reader.key(&mut keys) {
                3 => container.syscall_token = Some(reader.bytes()),
                4 => {
                    let mask = Mask(reader.u32());
                    if !mask.within(Mask::ALL) {
                        reader.unknown(&keys);
                    }
                    container.syscalls = Some(mask);
                }
                5 => container.version = Some(reader.u32()),
                6 => {
                    reader.array_of(3);
                    container.limits =
                        Some(Limits { linear_memory: reader.u32(), stack: reader.u32(), heap: reader.u32() });
                }
                7 => {
                    let at = reader.position();
                    let bytes = reader.bytes();
                    if bytes.len() > MAX_VENDOR_SECU {
                        reader.fail(Kind::Range, at);
                    }
                    container.vendor_secu = Some(bytes);
                }
                8 => {
                    reader.array_of(2);
                    let (data, at) = (reader.u32(), reader.position());
                    let code = reader.u32();
                    if code == 0 {
                        reader.fail(Kind::Range, at);
                    }
                    container.sizes = Some(PartSizes { data, code });
                }
                _ => reader.unknown(&keys),
            }
        }
        container
    }
}

fn security1<'a>(reader: &mut Reader<'a>) -> (Schedule, Part<'a>, Part<'a>) {
    let at = reader.position();
    let items = reader.array();
    if !(10..=11).contains(&items) {
        reader.fail(Kind::Range, at);
    }
    let mut schedule = Schedule {
        start_ms: budget(reader),
        period_ms: reader.u32(),
        loop_ms: budget(reader),
        max_loops: reader.u32(),
        stop_ms: budget(reader),
        ..Schedule::default()
    };
    let data = part(reader);
    let code = part(reader);
    schedule.lifetime_ms = reader.u32();
    let at = reader.position();
    schedule.heartbeat_ms = reader.u32();
    if schedule.heartbeat_ms != 0 && schedule.heartbeat_ms < schedule.period_ms {
        // No container could satisfy it.
        reader.fail(Kind::Range, at);
    }
    schedule.priority = reader.one_of(Priority::from_number).unwrap_or(Priority::Low);
    if items == 11 {
        // The period is the default: one encoding for each meaning.
        let other = |number| Wake::from_number(number).filter(|wake| *wake != Wake::Period);
        schedule.wake = reader.one_of(other).unwrap_or_default();
    }
    (schedule, data, code)
}

fn security2024<'a>(reader: &mut Reader<'a>) -> (Schedule, [&'a [u8]; 3]) {
    reader.array_of(8);
    let schedule = Schedule {
        start_ms: reader.u32(),
        period_ms: reader.u32(),
        loop_ms: reader.u32(),
        max_loops: reader.u32(),
        stop_ms: reader.u32(),
        priority: Priority::Low,
        ..Schedule::default()
    };
    (schedule, [reader.bytes(), reader.bytes(), reader.bytes()])
}

/// A hook's longest duration. With 0 the hook could not even return.
fn budget(reader: &mut Reader<'_>) -> u32 {
    let at = reader.position();
    let ms = reader.u32();
    if ms == 0 {
        reader.fail(Kind::Range, at);
    }
    ms
}

/// 32 bytes are a digest; a token is always longer.
fn part<'a>(reader: &mut Reader<'a>) -> Part<'a> {
    let at = reader.position();
    let bytes = reader.bytes();
    if bytes.len() < 32 {
        reader.fail(Kind::Range, at);
    }
    match <&[u8; 32]>::try_from(bytes) {
        Ok(digest) => Part::Digest(digest),
        Err(_) => Part::Token(bytes),
    }
}
