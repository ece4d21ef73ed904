//! Taking an image in, as a stream: metadata, data, code.
//!
//! The metadata is verified as soon as it is complete, before any memory is taken for the rest. The
//! digests of data and code are made as they come.

use crate::engine::Engine;
use crate::platform::{Lock, Platform};
use crate::queue::Queue;
use crate::slot::{Container, Place};
use crate::status::Counters;
use crate::{MAX_METADATA, MAX_QUEUES};
use core::fmt;
use heapless::Vec;
use sha2::{Digest, Sha256};
use tinycontainer_firewall::{ContainerId, Grant};
use tinycontainer_lifecycle::Event;
use tinycontainer_metadata::{Peer, Schedule, Type, endpoint};
use tinycontainer_policy::{MAX_ENDPOINTS, Refused, Which, clear};
use tinycontainer_runtime::Limits;

/// The sizes of an image's parts, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The metadata, 1 to [`MAX_METADATA`].
    pub metadata: usize,
    /// The data; 0 is allowed.
    pub data: usize,
    /// The code, at least 1.
    pub code: usize,
}

/// Why an image is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadError {
    /// All slots are in use.
    Full,
    /// A size is 0 that must not be, or too large.
    Size,
    /// There is no memory for it now.
    OutOfMemory,
    /// The image is not believed.
    Refused(Refused),
    /// This device cannot run containers of that type.
    UnsupportedType(Type),
    /// A container of that name is loaded, or on its way in.
    DuplicateUid,
    /// A newer version of it has been loaded before: that one.
    Downgrade(u32),
    /// More endpoints on which other containers write to it than this device has queues for.
    TooManyQueues,
    /// More bytes than the sizes said.
    TooLong,
    /// Fewer bytes than the sizes said.
    TooShort,
    /// The session has failed before; this is not the first error.
    Failed,
}

impl From<Refused> for LoadError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "all slots for containers are in use",
            Self::Size => "a part of the image is empty that must not be, or is too large",
            Self::OutOfMemory => "there is no memory for the image now",
            Self::Refused(refused) => return refused.fmt(f),
            Self::UnsupportedType(kind) => {
                return write!(f, "this device cannot run containers of type {}", kind.name());
            }
            Self::DuplicateUid => "a container of that name is loaded already",
            Self::Downgrade(seen) => return write!(f, "version {seen} has been loaded before: never back"),
            Self::TooManyQueues => "more endpoints for messages than this device has queues for",
            Self::TooLong => "more bytes came than were announced",
            Self::TooShort => "fewer bytes came than were announced",
            Self::Failed => "the loading has failed before",
        })
    }
}

impl core::error::Error for LoadError {}

/// An image on its way in. Dropping it unfinished leaves no trace.
pub struct Loading<'e, P: Platform, const N: usize> {
    engine: &'e Engine<P, N>,
    slot: usize,
    sizes: Sizes,
    stage: Stage<P::Buf>,
    /// The slot is the container's, no longer the session's.
    installed: bool,
}

#[expect(clippy::large_enum_variant, reason = "there is no allocator to box it with")]
enum Stage<B> {
    Metadata {
        buffer: B,
        received: usize,
    },
    Content(Content<B>),
    /// Failed or finished: what was held has been given back or handed on.
    Over,
}

/// Data and code on their way in, behind metadata that is believed.
struct Content<B> {
    metadata: B,
    admission: Admission,
    data: Option<B>,
    code: B,
    /// Bytes of data and code.
    received: usize,
    hash: Sha256,
}

/// What was believed of the metadata, without its bytes.
struct Admission {
    grant: Grant<MAX_ENDPOINTS>,
    limits: Limits,
    schedule: Schedule,
    version: u32,
    signer: u32,
    uid: (usize, usize),
    endpoints: endpoint::Place,
    data: [u8; 32],
    code: [u8; 32],
    queues: Vec<u32, MAX_QUEUES>,
}

impl<'e, P: Platform, const N: usize> Loading<'e, P, N> {
    pub(crate) fn begin(engine: &'e Engine<P, N>, sizes: Sizes) -> Result<Self, LoadError> {
        let Sizes { metadata, data, code } = sizes;
        let total = metadata.checked_add(data).and_then(|sum| sum.checked_add(code));
        let ceiling = engine.platform.device().ceilings.image as usize;
        if !(1..=MAX_METADATA).contains(&metadata) || code == 0 || total.is_none_or(|total| total > ceiling) {
            return Err(LoadError::Size);
        }
        let slot = engine
            .shared
            .with(|_| (0..N).find(|slot| engine.transit(*slot, Event::Begin).is_ok()))
            .ok_or(LoadError::Full)?;
        // From here on dropping `loading` frees the slot.
        let mut loading = Self { engine, slot, sizes, stage: Stage::Over, installed: false };
        let buffer = engine.platform.allocate(slot, metadata).ok_or(LoadError::OutOfMemory)?;
        loading.stage = Stage::Metadata { buffer, received: 0 };
        Ok(loading)
    }

    /// The slot that the container will have.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Takes the next bytes of metadata, data and code, in this order, in pieces of any size.
    ///
    /// # Errors
    /// The first thing that is wrong; after that the session is over and holds no memory.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), LoadError> {
        while !bytes.is_empty() {
            match self.step(bytes) {
                Ok(taken) => bytes = bytes.get(taken..).unwrap_or_default(),
                Err(error) => {
                    self.stage = Stage::Over;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Ends the session: the container exists from now on.
    ///
    /// # Errors
    /// Why not; then the session leaves no trace.
    pub fn finish(mut self) -> Result<ContainerId, LoadError> {
        let Sizes { metadata, data, code } = self.sizes;
        match core::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Content(content) if content.received == data + code => {
                if content.hash.clone().finalize()[..] != content.admission.code {
                    return Err(Refused::Digest(Which::Code).into());
                }
                let id = self.install(content, metadata + data + code)?;
                self.installed = true;
                Ok(id)
            }
            Stage::Over => Err(LoadError::Failed),
            _ => Err(LoadError::TooShort),
        }
    }

    /// Takes at least one byte, and says how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        match &mut self.stage {
            Stage::Metadata { buffer, received } => {
                let taken = fill(buffer, received, bytes);
                if *received == buffer.len() {
                    let Stage::Metadata { buffer, .. } = core::mem::replace(&mut self.stage, Stage::Over)
                    else {
                        return Err(LoadError::Failed);
                    };
                    self.stage = Stage::Content(self.verify(buffer)?);
                }
                Ok(taken)
            }
            Stage::Content(content) => content.take(self.sizes, bytes),
            Stage::Over => Err(LoadError::Failed),
        }
    }

    /// Decides over complete metadata, and takes memory for the rest if it is believed.
    #[inline(never)]
    fn verify(&self, metadata: P::Buf) -> Result<Content<P::Buf>, LoadError> {
        let platform = &self.engine.platform;
        let cleared = clear(&metadata, &platform.device())?;
        let claims = *cleared.metadata();
        if claims.kind != Type::Wasm {
            return Err(LoadError::UnsupportedType(claims.kind));
        }
        let mut queues = Vec::new();
        for endpoint in claims.endpoints.iter() {
            if matches!(endpoint.access.peer, Peer::Container { .. }) && endpoint.access.direction.reads() {
                queues.push(endpoint.id).map_err(|_| LoadError::TooManyQueues)?;
            }
        }
        let start = (claims.uid.as_ptr() as usize).saturating_sub(metadata.as_ptr() as usize);
        let admission = Admission {
            limits: Limits {
                linear_memory: cleared.limits().linear_memory,
                stack: cleared.limits().stack,
                heap: cleared.limits().heap,
            },
            schedule: cleared.schedule(),
            version: claims.version,
            signer: cleared.signer(),
            uid: (start, start.saturating_add(claims.uid.len())),
            endpoints: claims.endpoints.place(&metadata),
            data: *cleared.data_digest(),
            code: *cleared.code_digest(),
            queues,
            grant: cleared.into_grant(),
        };
        self.engine.shared.with(|shared| {
            if shared.find(claims.uid).is_some() {
                return Err(LoadError::DuplicateUid);
            }
            let lowest = shared.versions.lowest(claims.uid);
            if claims.version < lowest {
                return Err(LoadError::Downgrade(lowest));
            }
            // Legal: the session holds the slot in LOADING.
            self.engine.transit(self.slot, Event::Verify).map_err(|_| LoadError::Failed)
        })?;
        let Sizes { data, code, .. } = self.sizes;
        let data = match data {
            0 => None,
            len => Some(platform.allocate(self.slot, len).ok_or(LoadError::OutOfMemory)?),
        };
        let code = platform.allocate(self.slot, code).ok_or(LoadError::OutOfMemory)?;
        let mut content = Content { metadata, admission, data, code, received: 0, hash: Sha256::new() };
        if content.data.is_none() {
            content.end_data()?;
        }
        Ok(content)
    }

    #[inline(never)]
    fn install(&self, content: Content<P::Buf>, bytes: usize) -> Result<ContainerId, LoadError> {
        let Content { metadata, admission, data, code, .. } = content;
        let mut queues = Vec::new();
        let mut image_bytes = bytes;
        for endpoint in &admission.queues {
            let buffer =
                self.engine.platform.allocate(self.slot, P::QUEUE_BYTES).ok_or(LoadError::OutOfMemory)?;
            image_bytes = image_bytes.saturating_add(P::QUEUE_BYTES);
            // As many as there are places: `queues` was counted in one like it.
            let _ = queues.push((*endpoint, Queue::new(buffer)));
        }
        let Admission { grant, limits, schedule, version, signer, uid, endpoints, .. } = admission;
        let slot = self.slot;
        self.engine.shared.with(|shared| {
            let (start, end) = uid;
            let name = metadata.get(start..end).unwrap_or_default();
            let name = core::str::from_utf8(name).unwrap_or_default();
            // Another session may have been faster.
            if shared.find(name).is_some() {
                return Err(LoadError::DuplicateUid);
            }
            let lowest = shared.versions.lowest(name);
            if version < lowest {
                return Err(LoadError::Downgrade(lowest));
            }
            let id = shared.table.admit_at(slot, grant).map_err(|_| LoadError::Full)?;
            self.engine.transit(slot, Event::Install).map_err(|_| LoadError::Failed)?;
            shared.versions.remember(name, version, signer);
            if let Some(place) = shared.slots.get_mut(slot) {
                place.container = Place::Full(Container {
                    id,
                    metadata,
                    data,
                    code: Some(code),
                    uid,
                    endpoints,
                    version,
                    limits,
                    schedule,
                    queues,
                    image_bytes: u32::try_from(image_bytes).unwrap_or(u32::MAX),
                    stop_requested: false,
                    last: None,
                    counters: Counters::default(),
                });
            }
            Ok(id)
        })
    }
}

impl<P: Platform, const N: usize> Drop for Loading<'_, P, N> {
    fn drop(&mut self) {
        // First the memory, then the slot: whoever takes the slot next finds its account empty.
        self.stage = Stage::Over;
        if !self.installed {
            // Legal: until it is installed the session holds the slot in LOADING or INSTALL.
            self.engine.shared.with(|_| self.engine.transit(self.slot, Event::Abandon).is_ok());
        }
    }
}

impl<B: core::ops::DerefMut<Target = [u8]>> Content<B> {
    fn take(&mut self, sizes: Sizes, bytes: &[u8]) -> Result<usize, LoadError> {
        let (part, filled) = if self.received < sizes.data {
            (self.data.as_mut().ok_or(LoadError::Failed)?, self.received)
        } else {
            (&mut self.code, self.received - sizes.data)
        };
        let mut end = filled;
        let taken = fill(part, &mut end, bytes);
        if taken == 0 {
            return Err(LoadError::TooLong);
        }
        // What is stored, not what came: the caller may still hold that.
        self.hash.update(part.get(filled..end).unwrap_or_default());
        self.received += taken;
        if self.received == sizes.data {
            self.end_data()?;
        }
        Ok(taken)
    }

    /// The data is complete: its digest is checked, that of the code begins.
    fn end_data(&mut self) -> Result<(), LoadError> {
        let hash = core::mem::replace(&mut self.hash, Sha256::new());
        if hash.finalize()[..] == self.admission.data {
            Ok(())
        } else {
            Err(Refused::Digest(Which::Data).into())
        }
    }
}

/// Copies what fits behind the first `filled` bytes, and says how much that was.
fn fill(buffer: &mut [u8], filled: &mut usize, bytes: &[u8]) -> usize {
    let room = buffer.get_mut(*filled..).unwrap_or_default();
    let taken = room.len().min(bytes.len());
    room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    *filled += taken;
    taken
}
