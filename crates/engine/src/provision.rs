//! Taking an image in, as a stream: metadata, data, code.
//!
//! The metadata is verified as soon as it is complete, before any memory is taken for the rest. The
//! digests of data and code are made as they come.

use crate::engine::Engine;
use crate::error::ImageError;
use crate::platform::{Lock, Platform};
use crate::queue::Queue;
use crate::slot::{Container, Place, kept, name};
use crate::status::Counters;
use crate::versions::uid_key;
use crate::{MAX_METADATA, MAX_QUEUES};
use heapless::Vec;
use sha2::{Digest, Sha256};
use tinycontainer_firewall::{ContainerId, Grant};
use tinycontainer_lifecycle::Event;
use tinycontainer_metadata::{PartSizes, Peer, Schedule, Type, endpoint};
use tinycontainer_policy::{Cleared, ImageRejected, MAX_ENDPOINTS, Reliance, Subject, clear_into};
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

impl<P: Platform, const N: usize> Engine<P, N> {
    /// Begins to take in an image of these sizes. At most [`MAX_SESSIONS`](crate::MAX_SESSIONS) come in at the same
    /// time.
    ///
    /// A session that makes no progress for [`SESSION_TIMEOUT_MS`](crate::SESSION_TIMEOUT_MS) has failed and does not
    /// count any more. Its memory and its slot belong to the [`Loading`] all the same, so they are free only when
    /// the owner drops it, or calls it again: an owner whose peer may go silent asks [`Loading::is_stale`].
    ///
    /// # Errors
    /// Why not. Nothing has changed then.
    #[inline(always)]
    pub fn begin(&self, sizes: Sizes) -> Result<Loading<'_, P, N>, ImageError> {
        Loading::begin(self, sizes)
    }
}

/// An image on its way in. Dropping it unfinished leaves no trace.
pub struct Loading<'e, P: Platform, const N: usize> {
    engine: &'e Engine<P, N>,
    slot: usize,
    sizes: Sizes,
    stage: Stage,
    /// Bytes of the part that comes in now.
    received: usize,
    /// What is held, until it is handed on or the session is over.
    metadata: Option<P::Buf>,
    data: Option<P::Buf>,
    code: Option<P::Buf>,
    /// There is one once the metadata is believed.
    admission: Option<Admission>,
    /// Over the part that comes in now.
    hash: Sha256,
}

/// What comes in now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Metadata,
    Data,
    Code,
    /// Nothing: failed or finished.
    Over,
}

/// What was believed of the metadata, without its bytes.
struct Admission {
    grant: Grant<MAX_ENDPOINTS>,
    limits: Limits,
    schedule: Schedule,
    version: u32,
    signer: u64,
    uid: (u16, u16),
    /// Of the uid; see [`uid_key`].
    key: u64,
    endpoints: endpoint::Span,
    data: [u8; 32],
    code: [u8; 32],
    queues: Vec<u32, MAX_QUEUES>,
}

// A session is large, and a device verifies with all of its stack: sessions are made and changed where they
// lie, and what works on them does so in functions whose frames are gone when a signature is verified.
impl<'e, P: Platform, const N: usize> Loading<'e, P, N> {
    #[inline(always)]
    pub(crate) fn begin(engine: &'e Engine<P, N>, sizes: Sizes) -> Result<Self, ImageError> {
        let (slot, metadata) = Self::room(engine, sizes)?;
        Ok(Self {
            engine,
            slot,
            sizes,
            stage: Stage::Metadata,
            received: 0,
            metadata: Some(metadata),
            data: None,
            code: None,
            admission: None,
            hash: Sha256::new(),
        })
    }

    /// A slot, and memory for the metadata.
    #[inline(never)]
    fn room(engine: &'e Engine<P, N>, sizes: Sizes) -> Result<(usize, P::Buf), ImageError> {
        let Sizes { metadata, data, code } = sizes;
        let total = metadata.checked_add(data).and_then(|sum| sum.checked_add(code));
        let ceiling = engine.platform.device().ceilings.image as usize;
        if !(1..=MAX_METADATA).contains(&metadata) || code == 0 || total.is_none_or(|total| total > ceiling) {
            return Err(ImageError::Size);
        }
        let now_us = engine.platform.now_us();
        let slot = engine.shared.with(|shared| {
            shared.sessions.has_place(now_us)?;
            let free = (0..N).find(|slot| engine.transit(*slot, Event::Begin).is_ok());
            let slot = free.ok_or(ImageError::Full)?;
            // There is a place, as was just seen.
            shared.sessions.begin(slot, now_us)?;
            Ok::<_, ImageError>(slot)
        })?;
        if let Some(buffer) = engine.platform.allocate(slot, metadata) {
            return Ok((slot, buffer));
        }
        // Legal: the slot is ours, in LOADING.
        Self::give_back(engine, slot);
        Err(ImageError::OutOfMemory)
    }

    /// Gives back a slot that no memory is held for.
    fn give_back(engine: &'e Engine<P, N>, slot: usize) {
        engine.shared.with(|shared| {
            shared.sessions.end(slot);
            engine.transit(slot, Event::Abandon).is_ok()
        });
    }

    /// Whether the session has made no progress for [`SESSION_TIMEOUT_MS`]: it has failed, and the owner should
    /// drop it, for it still holds memory and a slot. So has one that is over.
    pub fn is_stale(&self) -> bool {
        let now_us = self.engine.platform.now_us();
        self.stage == Stage::Over
            || self.engine.shared.with(|shared| shared.sessions.is_live(self.slot, now_us).is_err())
    }

    /// Takes note of progress, unless the session has timed out or is over.
    fn progress(&self) -> Result<(), ImageError> {
        if self.stage == Stage::Over {
            return Err(ImageError::Failed);
        }
        let now_us = self.engine.platform.now_us();
        self.engine.shared.with(|shared| shared.sessions.progress(self.slot, now_us))
    }

    /// The slot that the container will have.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Takes the next bytes of metadata, data and code, in this order, in pieces of any size.
    ///
    /// # Errors
    /// The first thing that is wrong; after that the session is over and holds no memory.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), ImageError> {
        while !bytes.is_empty() {
            // Before and after: verifying the metadata takes its time too.
            let taken = self.progress().and_then(|()| self.step(bytes));
            match taken.and_then(|taken| self.progress().map(|()| taken)) {
                Ok(taken) => bytes = bytes.get(taken..).unwrap_or_default(),
                Err(error) => {
                    self.end();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Ends the session: the container exists from now on.
    ///
    /// # Errors
    /// Why not; after that the session is over and holds no memory.
    pub fn finish(&mut self) -> Result<ContainerId, ImageError> {
        let id = self.progress().and_then(|()| match self.stage {
            Stage::Code if self.received == self.sizes.code => {
                self.prove(Subject::Code).and_then(|()| self.install())
            }
            _ => Err(ImageError::TooShort),
        });
        if id.is_ok() {
            // The slot is the container's now, and may by now be anybody's.
            self.stage = Stage::Over;
        }
        self.end();
        id
    }

    /// Gives back what it holds. First the memory, then the slot: whoever takes the slot next finds its account
    /// empty.
    fn end(&mut self) {
        if self.stage != Stage::Over {
            self.stage = Stage::Over;
            (self.metadata, self.data, self.code) = (None, None, None);
            // Legal: until a container is installed the session holds the slot in LOADING or INSTALL.
            Self::give_back(self.engine, self.slot);
        }
    }

    /// Takes at least one byte, and says how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, ImageError> {
        let part = match self.stage {
            Stage::Metadata => &mut self.metadata,
            Stage::Data => &mut self.data,
            Stage::Code => &mut self.code,
            Stage::Over => return Err(ImageError::Failed),
        };
        let Some(part) = part else { return Err(ImageError::Failed) };
        let start = self.received;
        let taken = fill(part, &mut self.received, bytes);
        if taken == 0 {
            return Err(ImageError::TooLong);
        }
        if self.stage != Stage::Metadata {
            // What is stored, not what came: the caller may still hold that.
            self.hash.update(part.get(start..self.received).unwrap_or_default());
        }
        let complete = self.received == part.len();
        match self.stage {
            Stage::Metadata if complete => {
                self.decide()?;
                self.open()?;
            }
            Stage::Data if complete => self.prove_data()?,
            _ => {}
        }
        Ok(taken)
    }

    /// Decides over complete metadata.
    #[inline(never)]
    fn decide(&mut self) -> Result<(), ImageError> {
        let metadata = self.metadata.as_deref().unwrap_or_default();
        let mut cleared = None;
        clear_into(metadata, &self.engine.device(), &mut cleared)?;
        // There is one if nothing was refused.
        let cleared = cleared.as_ref().ok_or(ImageError::Failed)?;
        announced(self.sizes, cleared.sizes())?;
        let admission = admit(metadata, cleared, &mut self.admission)?;
        let short = Self::shorten(self.engine, self.slot, metadata, admission, cleared.reliance())?;
        self.metadata = Some(short);
        Ok(())
    }

    /// Of metadata that is believed, only its beginning is read again: the uid and the endpoints. In place of the
    /// rest, most of it the token, what the decision rested on is kept.
    #[inline(never)]
    fn shorten(
        engine: &Engine<P, N>,
        slot: usize,
        metadata: &[u8],
        admission: &Admission,
        reliance: &Reliance,
    ) -> Result<P::Buf, ImageError> {
        let beginning = metadata.get(..kept(admission.uid, admission.endpoints)).unwrap_or_default();
        let len = beginning.len().saturating_add(reliance.packed_len());
        let mut short = engine.platform.allocate(slot, len).ok_or(ImageError::OutOfMemory)?;
        if let Some((to, rest)) = short.split_at_mut_checked(beginning.len()) {
            to.copy_from_slice(beginning);
            // As long as it is packed.
            reliance.pack(rest).ok_or(ImageError::Failed)?;
        }
        Ok(short)
    }

    /// Takes memory for the rest of an image that is believed.
    #[inline(never)]
    fn open(&mut self) -> Result<(), ImageError> {
        let Some(admission) = &self.admission else { return Err(ImageError::Failed) };
        let platform = &self.engine.platform;
        let now_us = platform.now_us();
        let uid = name(self.metadata.as_deref().unwrap_or_default(), admission.uid);
        self.engine.shared.with(|shared| {
            shared.may_load(uid, admission.key, admission.signer, admission.version)?;
            shared.sessions.reserve(self.slot, admission.key, now_us)?;
            // Legal: the session holds the slot in LOADING.
            self.engine.transit(self.slot, Event::Verify).map_err(|_| ImageError::Failed)
        })?;
        let Sizes { data, code, .. } = self.sizes;
        if data != 0 {
            self.data = Some(platform.allocate(self.slot, data).ok_or(ImageError::OutOfMemory)?);
        }
        self.code = Some(platform.allocate(self.slot, code).ok_or(ImageError::OutOfMemory)?);
        self.received = 0;
        self.stage = Stage::Data;
        if data == 0 { self.prove_data() } else { Ok(()) }
    }

    /// The data is complete: its digest is checked, that of the code begins.
    fn prove_data(&mut self) -> Result<(), ImageError> {
        self.prove(Subject::Data)?;
        self.received = 0;
        self.stage = Stage::Code;
        Ok(())
    }

    /// The part that came in is the one that was signed.
    #[inline(never)]
    fn prove(&mut self, which: Subject) -> Result<(), ImageError> {
        let digest: [u8; 32] = self.hash.finalize_reset().into();
        let signed = self.admission.as_ref().map(|admission| match which {
            Subject::Data => &admission.data,
            _ => &admission.code,
        });
        if signed == Some(&digest) { Ok(()) } else { Err(ImageRejected::Digest(which).into()) }
    }

    /// Makes the container.
    #[inline(never)]
    fn install(&mut self) -> Result<ContainerId, ImageError> {
        let Self { engine, slot, sizes, metadata, data, code, admission, .. } = self;
        let Some(admission) = admission else { return Err(ImageError::Failed) };
        let mut queues = Vec::new();
        let kept = metadata.as_ref().map_or(0, |metadata| metadata.len());
        let mut image_bytes = kept + sizes.data + sizes.code;
        for endpoint in &admission.queues {
            let buffer = engine.platform.allocate(*slot, P::QUEUE_BYTES).ok_or(ImageError::OutOfMemory)?;
            image_bytes = image_bytes.saturating_add(P::QUEUE_BYTES);
            // As many as there are places: `queues` was counted in one like it.
            let _ = queues.push((*endpoint, Queue::new(buffer)));
        }
        let Admission { grant, limits, schedule, version, signer, uid, key, endpoints, .. } = admission;
        let (id, raised) = engine.shared.with(|shared| {
            let uid_text = name(metadata.as_deref().unwrap_or_default(), *uid);
            // If this one has timed out meanwhile, another session may have been faster.
            shared.may_load(uid_text, *key, *signer, *version)?;
            let id = shared.table.admit_at(*slot, grant.clone()).map_err(|_| ImageError::Full)?;
            engine.transit(*slot, Event::Install).map_err(|_| ImageError::Failed)?;
            shared.sessions.end(*slot);
            let raised = shared.versions.remember(*signer, *key, *version);
            if let Some(place) = shared.slots.get_mut(*slot)
                && let Some(metadata) = metadata.take()
            {
                place.container = Place::Full(Container {
                    id,
                    metadata,
                    data: data.take(),
                    code: code.take(),
                    uid: *uid,
                    endpoints: *endpoints,
                    version: *version,
                    signer: *signer,
                    limits: *limits,
                    schedule: *schedule,
                    queues,
                    image_bytes: u32::try_from(image_bytes).unwrap_or(u32::MAX),
                    stop_requested: false,
                    last: None,
                    counters: Counters::default(),
                });
            }
            Ok::<_, ImageError>((id, raised))
        })?;
        raised.iter().for_each(|record| engine.platform.version_seen(record));
        Ok(id)
    }
}

/// The sizes announced are those that were signed, if the format says any.
fn announced(sizes: Sizes, signed: Option<PartSizes>) -> Result<(), ImageError> {
    match signed {
        Some(signed) if (signed.data as usize, signed.code as usize) != (sizes.data, sizes.code) => {
            Err(ImageError::OtherSizes(signed))
        }
        _ => Ok(()),
    }
}

/// Keeps of metadata that is believed what will be needed.
#[inline(never)]
fn admit<'a>(
    metadata: &[u8],
    cleared: &Cleared<'_>,
    admission: &'a mut Option<Admission>,
) -> Result<&'a Admission, ImageError> {
    let claims = cleared.metadata();
    if claims.kind != Type::Wasm {
        return Err(ImageError::UnsupportedType(claims.kind));
    }
    let mut queues = Vec::new();
    for endpoint in claims.endpoints.iter() {
        if matches!(endpoint.access.peer, Peer::Container { .. }) && endpoint.access.direction.reads() {
            queues.push(endpoint.id).map_err(|_| ImageError::TooManyQueues)?;
        }
    }
    // Metadata is at most 4 KiB.
    let start = (claims.uid.as_ptr() as usize).saturating_sub(metadata.as_ptr() as usize) as u16;
    let limits = cleared.limits();
    Ok(admission.insert(Admission {
        grant: cleared.grant(),
        limits: Limits { linear_memory: limits.linear_memory, stack: limits.stack, heap: limits.heap },
        schedule: cleared.schedule(),
        version: claims.version,
        signer: cleared.signer(),
        uid: (start, start.saturating_add(claims.uid.len() as u16)),
        key: uid_key(claims.uid),
        endpoints: claims.endpoints.place(metadata).ok_or(ImageError::Size)?,
        data: *cleared.data_digest(),
        code: *cleared.code_digest(),
        queues,
    }))
}

impl<P: Platform, const N: usize> Drop for Loading<'_, P, N> {
    fn drop(&mut self) {
        self.end();
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
