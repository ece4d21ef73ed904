//! Bytes to [`Metadata`]. Every error says what is wrong at which byte of the file.

use crate::endpoint::{Endpoints, Flavour};
use crate::{FORMAT_VERSION, Limits, MAX_VENDOR_SECU, Mask, Priority, Schedule, Syscall, TAG, Type, names};
use tinycontainer_cbor::{Error, Keys, Kind, Reader};

/// What an image says of itself. All of it is alleged until its [`Proofs`] are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The container's name on the device.
    pub uid: &'a str,
    /// What runs it.
    pub kind: Type,
    /// The image's version; a device never goes back. 0 for the 2024 format, which has none.
    pub version: u32,
    /// The memory it asks for. 2024 images say nothing: all 0.
    pub limits: Limits,
    /// When it runs and how long.
    pub schedule: Schedule,
    /// What it wants to reach.
    pub endpoints: Endpoints<'a>,
    /// Bytes for the device's vendor, carried and covered by the signature, not interpreted.
    pub vendor_secu: Option<&'a [u8]>,
    /// What there is to show that somebody stands behind all that.
    pub proofs: Proofs<'a>,
}

/// Where the proofs stand, by format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proofs<'a> {
    /// Our profile.
    Profile1(Profile1<'a>),
    /// The 2024 C implementation.
    Format2024(Format2024<'a>),
}

/// The proofs of our profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile1<'a> {
    /// The syscalls asked for.
    pub syscalls: Mask,
    /// A token of somebody who may grant them, where the signer of the metadata may not.
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

/// How data or code are proven.
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
    /// The whole file. The last token's digest covers it less its last 111 bytes, or with these zeroed.
    pub file: &'a [u8],
}

impl Format2024<'_> {
    /// The length of a 2024 digest token: what its writers cut from the end or zero before hashing.
    pub const TOKEN_LEN: usize = 111;
}

impl<'a> Metadata<'a> {
    /// Decodes metadata of our profile or of the 2024 format.
    ///
    /// # Errors
    /// The first thing that is wrong, and its place in `bytes`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut start = Start::read(bytes)?;
        let metadata = match start.key {
            1 => format2024(bytes, &mut start),
            _ => profile1(bytes, &mut start),
        }?;
        start.reader.end()?;
        Ok(metadata)
    }

    /// Decodes metadata of our profile only: a device that takes no other has no code for it.
    ///
    /// # Errors
    /// The first thing that is wrong, and its place in `bytes`.
    pub fn decode_profile1(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut start = Start::read(bytes)?;
        let metadata = profile1(bytes, &mut start)?;
        start.reader.end()?;
        Ok(metadata)
    }

    /// Whether it begins as metadata of the 2024 format does.
    pub fn is_2024(bytes: &[u8]) -> bool {
        Start::read(bytes).is_ok_and(|start| start.key == 1)
    }
}

/// What both formats begin with: the tag, and the first key, by which they differ.
struct Start<'a> {
    reader: Reader<'a>,
    pairs: u64,
    keys: Keys,
    key: i64,
}

impl<'a> Start<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let at = reader.error(Kind::Unknown);
        if reader.tag()? != TAG {
            return Err(at);
        }
        let pairs = reader.map()?;
        let mut keys = Keys::default();
        let key = reader.key(&mut keys)?;
        if key == 0 || key == 1 { Ok(Self { reader, pairs, keys, key }) } else { Err(at) }
    }
}

fn profile1<'a>(bytes: &'a [u8], start: &mut Start<'a>) -> Result<Metadata<'a>, Error> {
    let Start { reader, pairs, keys, key } = start;
    if *key != 0 {
        return Err(reader.error(Kind::Unknown));
    }
    let version = reader.error(Kind::Unknown);
    if reader.uint()? != FORMAT_VERSION {
        return Err(version);
    }
    if !(4..=5).contains(pairs) {
        return Err(reader.error(Kind::Range));
    }
    reader.key_is(keys, 1)?;
    let container = section(reader, Container::read)?;
    let endpoints = if *pairs == 5 {
        reader.key_is(keys, 2)?;
        list(reader, Flavour::Profile1)?
    } else {
        Endpoints::NONE
    };
    reader.key_is(keys, 3)?;
    let (schedule, data, code) = section(reader, security1)?;
    let signed = bytes.get(..reader.position()).unwrap_or_default();
    reader.key_is(keys, 4)?;
    let token = reader.bytes()?;
    let missing = reader.error(Kind::Missing);
    let syscalls = container.syscalls.ok_or(missing)?;
    if schedule.heartbeat_ms != 0 && !syscalls.has(Syscall::Heartbeat) {
        // A heartbeat that is expected, but that it may not send.
        return Err(reader.error(Kind::Range));
    }
    Ok(Metadata {
        uid: container.uid,
        kind: container.kind,
        version: container.version.ok_or(missing)?,
        limits: container.limits.ok_or(missing)?,
        schedule,
        endpoints,
        vendor_secu: container.vendor_secu,
        proofs: Proofs::Profile1(Profile1 {
            syscalls,
            syscall_token: container.syscall_token,
            data,
            code,
            signed,
            token,
        }),
    })
}

fn format2024<'a>(file: &'a [u8], start: &mut Start<'a>) -> Result<Metadata<'a>, Error> {
    let Start { reader, pairs, keys, .. } = start;
    let container = section(reader, Container::read)?;
    let missing = reader.error(Kind::Missing);
    let syscall_token = container.syscall_token.ok_or(missing)?;
    let ours = [container.version.is_some(), container.syscalls.is_some(), container.limits.is_some()];
    if ours.contains(&true) || container.vendor_secu.is_some() {
        return Err(reader.error(Kind::Unknown));
    }
    let mut metadata = Metadata {
        uid: container.uid,
        kind: container.kind,
        version: 0,
        limits: Limits::default(),
        // The lowest class: it does not ask for any.
        schedule: Schedule { priority: Priority::Low, ..Schedule::default() },
        endpoints: Endpoints::NONE,
        vendor_secu: None,
        proofs: Proofs::Format2024(Format2024 { syscall_token, tokens: None, file }),
    };
    for _ in 1..*pairs {
        let before = reader.clone();
        match reader.key(keys)? {
            2 => metadata.endpoints = list(reader, Flavour::Format2024)?,
            3 => {
                let (schedule, tokens) = section(reader, security2024)?;
                metadata.schedule = schedule;
                metadata.proofs =
                    Proofs::Format2024(Format2024 { syscall_token, tokens: Some(tokens), file });
            }
            _ => return Err(before.error(Kind::Unknown)),
        }
    }
    Ok(metadata)
}

/// The container section. Which fields must be there is for each format to say.
struct Container<'a> {
    uid: &'a str,
    kind: Type,
    syscall_token: Option<&'a [u8]>,
    syscalls: Option<Mask>,
    version: Option<u32>,
    limits: Option<Limits>,
    vendor_secu: Option<&'a [u8]>,
}

impl<'a> Container<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let pairs = reader.map()?;
        let mut keys = Keys::default();
        reader.key_is(&mut keys, 1)?;
        let at = reader.error(Kind::Range);
        let uid = names::uid(reader.bytes()?).ok_or(at)?;
        reader.key_is(&mut keys, 2)?;
        let kind = reader.one_of(Type::from_number)?;
        let mut container = Self {
            uid,
            kind,
            syscall_token: None,
            syscalls: None,
            version: None,
            limits: None,
            vendor_secu: None,
        };
        for _ in 2..pairs {
            let before = reader.clone();
            match reader.key(&mut keys)? {
                3 => container.syscall_token = Some(reader.bytes()?),
                4 => {
                    let mask = Mask(reader.u32()?);
                    if !mask.within(Mask::ALL) {
                        return Err(before.error(Kind::Unknown));
                    }
                    container.syscalls = Some(mask);
                }
                5 => container.version = Some(reader.u32()?),
                6 => {
                    reader.array_of(3)?;
                    container.limits = Some(Limits {
                        linear_memory: reader.u32()?,
                        stack: reader.u32()?,
                        heap: reader.u32()?,
                    });
                }
                7 => {
                    let bytes = reader.bytes()?;
                    if bytes.len() > MAX_VENDOR_SECU {
                        return Err(before.error(Kind::Range));
                    }
                    container.vendor_secu = Some(bytes);
                }
                _ => return Err(before.error(Kind::Unknown)),
            }
        }
        Ok(container)
    }
}

fn security1<'a>(reader: &mut Reader<'a>) -> Result<(Schedule, Part<'a>, Part<'a>), Error> {
    reader.array_of(10)?;
    let mut schedule = Schedule {
        start_ms: budget(reader)?,
        period_ms: reader.u32()?,
        loop_ms: budget(reader)?,
        max_loops: reader.u32()?,
        stop_ms: budget(reader)?,
        ..Schedule::default()
    };
    let data = part(reader)?;
    let code = part(reader)?;
    schedule.lifetime_ms = reader.u32()?;
    let at = reader.error(Kind::Range);
    schedule.heartbeat_ms = reader.u32()?;
    if schedule.heartbeat_ms != 0 && schedule.heartbeat_ms < schedule.period_ms {
        // Nobody could keep that.
        return Err(at);
    }
    schedule.priority = reader.one_of(Priority::from_number)?;
    Ok((schedule, data, code))
}

fn security2024<'a>(reader: &mut Reader<'a>) -> Result<(Schedule, [&'a [u8]; 3]), Error> {
    reader.array_of(8)?;
    let schedule = Schedule {
        start_ms: reader.u32()?,
        period_ms: reader.u32()?,
        loop_ms: reader.u32()?,
        max_loops: reader.u32()?,
        stop_ms: reader.u32()?,
        priority: Priority::Low,
        ..Schedule::default()
    };
    Ok((schedule, [reader.bytes()?, reader.bytes()?, reader.bytes()?]))
}

/// A hook's longest duration. With 0 it could not even return.
fn budget(reader: &mut Reader<'_>) -> Result<u32, Error> {
    let at = reader.error(Kind::Range);
    let ms = reader.u32()?;
    if ms == 0 { Err(at) } else { Ok(ms) }
}

/// 32 bytes are a digest; a token is never that short.
fn part<'a>(reader: &mut Reader<'a>) -> Result<Part<'a>, Error> {
    let at = reader.error(Kind::Range);
    let bytes = reader.bytes()?;
    match <&[u8; 32]>::try_from(bytes) {
        Ok(digest) => Ok(Part::Digest(digest)),
        Err(_) if bytes.len() > 32 => Ok(Part::Token(bytes)),
        Err(_) => Err(at),
    }
}

/// A byte string that holds one section: reads it whole; errors count from the start of the file.
fn section<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    let (mut inner, offset) = reader.nested()?;
    read(&mut inner).and_then(|value| inner.end().map(|()| value)).map_err(|e| e.nested_at(offset))
}

fn list<'a>(reader: &mut Reader<'a>, flavour: Flavour) -> Result<Endpoints<'a>, Error> {
    let bytes = reader.bytes()?;
    let offset = reader.position().saturating_sub(bytes.len());
    Endpoints::decode(bytes, flavour).map_err(|e| e.nested_at(offset))
}
