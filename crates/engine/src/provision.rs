//! Loading an image, as a stream: metadata, data, code.
//!
//! The metadata is verified as soon as it is complete, before any memory is allocated for the rest. The digests of data
//! and code are computed while they are received.

use crate::engine::Engine;
use crate::error::ImageError;
use crate::platform::{Lock, Platform};
use crate::queue::Queue;
use crate::slot::{Container, ZeroedOption, kept, name};
use crate::status::Counters;
use crate::versions::uid_key;
use crate::{MAX_METADATA, MAX_QUEUES};
use core::ops::DerefMut;
use heapless::Vec;
use sha2::{Digest, Sha256};
use tinycontainer_firewall::{ContainerId, Grant};
use tinycontainer_lifecycle::Event;
use tinycontainer_metadata::{PartSizes, Peer, Schedule, Type, endpoint};
use tinycontainer_policy::{Cleared, ImageRejected, MAX_ENDPOINTS, Reliance, Subject, Workspace, clear_into};
use tinycontainer_runtime::{Limits, Runtime};

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
    /// Begins to load an image of these sizes. At most [`MAX_SESSIONS`](crate::MAX_SESSIONS) images are loaded at the
    /// same time.
    ///
    /// A session that makes no progress for [`SESSION_TIMEOUT_MS`](crate::SESSION_TIMEOUT_MS) has failed and does not
    /// count any more. Its memory and its slot still belong to the [`Loading`], so they are freed only when the owner
    /// drops it or calls it again: an owner whose peer may fall silent checks [`Loading::is_stale`].
    ///
    /// # Errors
    /// [`ImageError`]. Nothing has changed then.
    #[inline(always)]
    pub fn begin(&self, sizes: Sizes) -> Result<Loading<'_, P, N>, ImageError> {
        let (slot, buffer) = Loading::reserve(self, sizes)?;
        Ok(Loading { engine: self, slot, sizes, stage: Stage::Metadata { buffer, received: 0 } })
    }
}

/// An image that is being loaded. Dropping it before it is finished frees its slot and its memory.
pub struct Loading<'e, P: Platform, const N: usize> {
    engine: &'e Engine<P, N>,
    slot: usize,
    sizes: Sizes,
    stage: Stage<P::Buf>,
}

/// What the session holds in each stage. In all stages but `Over` it holds the slot too.
enum Stage<B> {
    /// The metadata is being received; `received` bytes of it so far.
    Metadata { buffer: B, received: usize },
    /// A method of [`Loading`] has moved the contents to its stack. If the method fails, the stage stays this.
    Changing,
    /// The metadata is verified. No memory is allocated for data and code yet.
    Verified(Accepted<B>),
    /// The data is being received. The memory for the code is already allocated.
    Data { accepted: Accepted<B>, data: Incoming<B>, code: B },
    /// The code is being received; `data` is `None` if the image has none.
    Code { accepted: Accepted<B>, data: Option<B>, code: Incoming<B> },
    /// Failed or finished: holds nothing.
    Over,
}

/// Verified metadata: the part of its bytes that is kept, and what was decoded from them.
struct Accepted<B> {
    metadata: B,
    admission: Admission,
}

/// Data or code that is being received, and the digest of what was received so far.
struct Incoming<B> {
    buffer: B,
    received: usize,
    hash: Sha256,
}

impl<B: DerefMut<Target = [u8]>> Incoming<B> {
    fn new(buffer: B) -> Self {
        Self { buffer, received: 0, hash: Sha256::new() }
    }

    /// Stores as many bytes as fit, and returns their number.
    fn fill(&mut self, bytes: &[u8]) -> usize {
        let start = self.received;
        let taken = fill(&mut self.buffer, &mut self.received, bytes);
        // The digest is over the stored bytes: the caller might change its own meanwhile.
        self.hash.update(self.buffer.get(start..self.received).unwrap_or_default());
        taken
    }

    fn is_complete(&self) -> bool {
        self.received == self.buffer.len()
    }

    /// The buffer, if its contents have the digest that was signed.
    fn verify(self, part: Subject, signed: &[u8; 32]) -> Result<B, ImageError> {
        check_digest(self.hash, part, signed)?;
        Ok(self.buffer)
    }
}

/// The content of the verified metadata, without its bytes.
struct Admission {
    kind: Type,
    grant: Grant<MAX_ENDPOINTS>,
    limits: Limits,
    schedule: Schedule,
    version: u32,
    signer: u64,
    uid: (u16, u16),
    /// The [`uid_key`] of the uid.
    key: u64,
    endpoints: endpoint::Span,
    data: [u8; 32],
    code: [u8; 32],
    queues: Vec<u32, MAX_QUEUES>,
}

// Verifying a signature takes the deepest calls of the engine, and `Stage` is large. So what changes the stage is in
// functions that are not inlined: their stack frames do not exist while `decide` verifies.
impl<'e, P: Platform, const N: usize> Loading<'e, P, N> {
    /// Takes a slot, and memory for the metadata.
    fn reserve(engine: &'e Engine<P, N>, sizes: Sizes) -> Result<(usize, P::Buf), ImageError> {
        let Sizes { metadata, data, code } = sizes;
        let total = metadata.checked_add(data).and_then(|sum| sum.checked_add(code));
        let ceiling = engine.platform.device().ceilings.image as usize;
        if !(1..=MAX_METADATA).contains(&metadata) || code == 0 || total.is_none_or(|total| total > ceiling) {
            return Err(ImageError::Size);
        }
        let now_us = engine.platform.now_us();
        let slot = engine.shared.with(|shared| {
            shared.sessions.check_capacity(now_us)?;
            let free = (0..N).find(|slot| engine.transit(*slot, Event::Begin).is_ok());
            let slot = free.ok_or(ImageError::Full)?;
            // There is a free entry: `check_capacity` has checked it.
            shared.sessions.begin(slot, now_us)?;
            Ok::<_, ImageError>(slot)
        })?;
        if let Some(buffer) = engine.platform.allocate(slot, metadata) {
            return Ok((slot, buffer));
        }
        // Legal: this session holds the slot, in LOADING.
        Self::give_back(engine, slot);
        Err(ImageError::OutOfMemory)
    }

    /// Frees a slot for which no memory is held.
    fn give_back(engine: &'e Engine<P, N>, slot: usize) {
        engine.shared.with(|shared| {
            shared.sessions.end(slot);
            engine.transit(slot, Event::Abandon).is_ok()
        });
    }

    /// Whether the session has made no progress for [`SESSION_TIMEOUT_MS`](crate::SESSION_TIMEOUT_MS) or is over. One
    /// that has timed out has failed but still holds memory and a slot: the owner should drop it.
    pub fn is_stale(&self) -> bool {
        let now_us = self.engine.platform.now_us();
        matches!(self.stage, Stage::Over)
            || self.engine.shared.with(|shared| shared.sessions.check_live(self.slot, now_us).is_err())
    }

    /// Records progress, unless the session has timed out or is over.
    fn progress(&self) -> Result<(), ImageError> {
        if matches!(self.stage, Stage::Over) {
            return Err(ImageError::Failed);
        }
        let now_us = self.engine.platform.now_us();
        self.engine.shared.with(|shared| shared.sessions.progress(self.slot, now_us))
    }

    /// The slot that the container will have.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Stores the next bytes of metadata, data and code, in this order, in pieces of any size.
    ///
    /// # Errors
    /// The first error in the bytes; after that the session is over and holds no memory.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), ImageError> {
        while !bytes.is_empty() {
            // Before and after: verifying the metadata takes time too.
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

    /// Ends the session and creates the container.
    ///
    /// # Errors
    /// [`ImageError`]; after that the session is over and holds no memory.
    pub fn finish(&mut self) -> Result<ContainerId, ImageError> {
        let id = self.progress().and_then(|()| self.install());
        if id.is_ok() {
            // The slot belongs to the container now, which another thread may already have unloaded.
            self.stage = Stage::Over;
        }
        self.end();
        id
    }

    /// Frees what is held. First the memory, then the slot: the next session in the slot must find its account empty.
    fn end(&mut self) {
        if !matches!(self.stage, Stage::Over) {
            self.stage = Stage::Over;
            // Legal: until a container is installed the session holds the slot in LOADING or INSTALL.
            Self::give_back(self.engine, self.slot);
        }
    }

    /// Stores at least one byte, and returns how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, ImageError> {
        let taken = match &mut self.stage {
            Stage::Metadata { buffer, received } => fill(buffer, received, bytes),
            Stage::Data { data, .. } => data.fill(bytes),
            Stage::Code { code, .. } => code.fill(bytes),
            Stage::Changing | Stage::Verified(_) | Stage::Over => return Err(ImageError::Failed),
        };
        if taken == 0 {
            return Err(ImageError::TooLong);
        }
        if let Some(metadata) = self.complete_metadata() {
            self.decide(metadata)?;
        }
        self.advance()?;
        Ok(taken)
    }

    /// Takes the metadata out of the stage, if it is complete and not yet verified.
    #[inline(never)]
    fn complete_metadata(&mut self) -> Option<P::Buf> {
        if !matches!(&self.stage, Stage::Metadata { buffer, received } if *received == buffer.len()) {
            return None;
        }
        match core::mem::replace(&mut self.stage, Stage::Changing) {
            Stage::Metadata { buffer, .. } => Some(buffer),
            _ => None,
        }
    }

    /// Verifies complete metadata and decides on it.
    fn decide(&mut self, metadata: P::Buf) -> Result<(), ImageError> {
        let mut workspace = Workspace::default();
        let cleared = clear_into(&metadata, &self.engine.device(), &mut workspace)?;
        check_sizes(self.sizes, cleared.sizes())?;
        self.accept(&metadata, cleared)
    }

    /// Keeps what is needed of verified metadata.
    #[inline(never)]
    fn accept(&mut self, metadata: &[u8], cleared: &Cleared<'_>) -> Result<(), ImageError> {
        let admission = admit(metadata, cleared, self.engine.platform.runtime())?;
        let metadata = self.shorten(metadata, &admission, cleared.reliance())?;
        self.stage = Stage::Verified(Accepted { metadata, admission });
        Ok(())
    }

    /// Only the beginning of verified metadata is read again: the uid and the endpoints. The rest, most of it the
    /// token, is replaced by what the decision rested on.
    fn shorten(
        &self,
        metadata: &[u8],
        admission: &Admission,
        reliance: &Reliance,
    ) -> Result<P::Buf, ImageError> {
        let beginning = metadata.get(..kept(admission.uid, admission.endpoints)).unwrap_or_default();
        let len = beginning.len().saturating_add(reliance.packed_len());
        let mut short = self.engine.platform.allocate(self.slot, len).ok_or(ImageError::OutOfMemory)?;
        if let Some((to, rest)) = short.split_at_mut_checked(beginning.len()) {
            to.copy_from_slice(beginning);
            // `rest` has the packed length.
            reliance.pack(rest).ok_or(ImageError::Failed)?;
        }
        Ok(short)
    }

    /// Changes to the next stage if the data is complete, or the metadata verified. For the other two changes see
    /// [`Self::decide`] and [`Self::install`].
    #[inline(never)]
    fn advance(&mut self) -> Result<(), ImageError> {
        self.stage = match core::mem::replace(&mut self.stage, Stage::Changing) {
            Stage::Verified(accepted) => self.open(accepted)?,
            Stage::Data { accepted, data, code } if data.is_complete() => {
                let data = data.verify(Subject::Data, &accepted.admission.data)?;
                Stage::Code { accepted, data: Some(data), code: Incoming::new(code) }
            }
            stage => stage,
        };
        Ok(())
    }

    /// Allocates memory for data and code of an image whose metadata is verified.
    fn open(&self, accepted: Accepted<P::Buf>) -> Result<Stage<P::Buf>, ImageError> {
        let Accepted { metadata, admission } = &accepted;
        let platform = &self.engine.platform;
        let now_us = platform.now_us();
        self.engine.shared.with(|shared| {
            let uid = name(metadata, admission.uid);
            shared.may_load(uid, admission.key, admission.signer, admission.version)?;
            shared.sessions.reserve(self.slot, admission.key, now_us)?;
            // Legal: the session holds the slot in LOADING.
            self.engine.transit(self.slot, Event::Verify).map_err(|_| ImageError::Failed)
        })?;
        let allocate = |len| platform.allocate(self.slot, len).ok_or(ImageError::OutOfMemory);
        if self.sizes.data == 0 {
            let code = allocate(self.sizes.code)?;
            check_digest(Sha256::new(), Subject::Data, &admission.data)?;
            return Ok(Stage::Code { accepted, data: None, code: Incoming::new(code) });
        }
        let (data, code) = (allocate(self.sizes.data)?, allocate(self.sizes.code)?);
        Ok(Stage::Data { accepted, data: Incoming::new(data), code })
    }

    /// Creates the container, if the code is complete.
    fn install(&mut self) -> Result<ContainerId, ImageError> {
        let Stage::Code { accepted, data, code } = core::mem::replace(&mut self.stage, Stage::Changing)
        else {
            return Err(ImageError::TooShort);
        };
        if !code.is_complete() {
            return Err(ImageError::TooShort);
        }
        let Accepted { metadata, admission } = accepted;
        let code = code.verify(Subject::Code, &admission.code)?;
        let Self { engine, slot, sizes, .. } = *self;
        let mut queues = Vec::new();
        let mut image_bytes = metadata.len() + sizes.data + sizes.code;
        for endpoint in &admission.queues {
            let buffer = engine.platform.allocate(slot, P::QUEUE_BYTES).ok_or(ImageError::OutOfMemory)?;
            image_bytes = image_bytes.saturating_add(P::QUEUE_BYTES);
            // `queues` has the capacity of `admission.queues`.
            let _ = queues.push((*endpoint, Queue::new(buffer)));
        }
        let Admission { kind, grant, limits, schedule, version, signer, uid, key, endpoints, .. } = admission;
        let (id, raised) = engine.shared.with(|shared| {
            // If this session has timed out meanwhile, another one may have loaded a container with that uid.
            shared.may_load(name(&metadata, uid), key, signer, version)?;
            let id = shared.table.admit_at(slot, grant).map_err(|_| ImageError::Full)?;
            engine.transit(slot, Event::Install).map_err(|_| ImageError::Failed)?;
            shared.sessions.end(slot);
            if let Some(live) = engine.live(slot) {
                live.counters(|counters| *counters = Counters::default());
            }
            let raised = shared.versions.remember(signer, key, version);
            if let Some(slot) = shared.slots.get_mut(slot) {
                slot.container = ZeroedOption::Some(Container {
                    id,
                    kind,
                    metadata,
                    data,
                    code: Some(code),
                    uid,
                    endpoints,
                    version,
                    signer,
                    limits,
                    schedule,
                    queues,
                    image_bytes: u32::try_from(image_bytes).unwrap_or(u32::MAX),
                    last: None,
                });
            }
            Ok::<_, ImageError>((id, raised))
        })?;
        raised.iter().for_each(|record| engine.platform.version_seen(record));
        Ok(id)
    }
}

/// Whether the digest of a part is the one that was signed.
fn check_digest(hash: Sha256, part: Subject, signed: &[u8; 32]) -> Result<(), ImageError> {
    let digest: [u8; 32] = hash.finalize().into();
    if digest == *signed { Ok(()) } else { Err(ImageRejected::Digest(part).into()) }
}

/// Whether the announced sizes are the signed ones. The format of 2024 signs none.
fn check_sizes(sizes: Sizes, signed: Option<PartSizes>) -> Result<(), ImageError> {
    match signed {
        Some(signed) if (signed.data as usize, signed.code as usize) != (sizes.data, sizes.code) => {
            Err(ImageError::OtherSizes(signed))
        }
        _ => Ok(()),
    }
}

/// Copies what is needed later from verified metadata.
fn admit(metadata: &[u8], cleared: &Cleared<'_>, runtime: &impl Runtime) -> Result<Admission, ImageError> {
    let claims = cleared.metadata();
    if !runtime.accepts(claims.kind) {
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
    Ok(Admission {
        kind: claims.kind,
        grant: cleared.grant(),
        limits: cleared.limits(),
        schedule: cleared.schedule(),
        version: claims.version,
        signer: cleared.signer(),
        uid: (start, start.saturating_add(claims.uid.len() as u16)),
        key: uid_key(claims.uid),
        endpoints: claims.endpoints.place(metadata).ok_or(ImageError::Size)?,
        data: *cleared.data_digest(),
        code: *cleared.code_digest(),
        queues,
    })
}

impl<P: Platform, const N: usize> Drop for Loading<'_, P, N> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Copies what fits behind the first `filled` bytes, and returns how many bytes that was.
fn fill(buffer: &mut [u8], filled: &mut usize, bytes: &[u8]) -> usize {
    let free = buffer.get_mut(*filled..).unwrap_or_default();
    let taken = free.len().min(bytes.len());
    free.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    *filled += taken;
    taken
}
