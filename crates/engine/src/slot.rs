//! What the engine knows of each container, under its lock.

use crate::error::ImageError;
use crate::platform::Platform;
use crate::queue::Queue;
use crate::sessions::Sessions;
use crate::status::Stopped;
use crate::versions::Versions;
use crate::{MAX_QUEUES, MAX_REFUSALS, MAX_VERSIONS};
use core::ops::DerefMut;
use heapless::Vec;
use tinycontainer_firewall::{AuditRing, ContainerId, Table};
use tinycontainer_metadata::{Bus, Endpoint, Endpoints, Peer, Schedule, Scheme, Type, endpoint};
use tinycontainer_policy::{MAX_ENDPOINTS, Reliance};
use tinycontainer_runtime::Limits;

/// All that is under the lock.
pub(crate) struct Shared<P: Platform, const N: usize> {
    pub(crate) table: Table<N, MAX_ENDPOINTS>,
    pub(crate) refusals: AuditRing<MAX_REFUSALS>,
    pub(crate) versions: Versions<MAX_VERSIONS>,
    pub(crate) sessions: Sessions,
    pub(crate) slots: [Slot<P::Buf>; N],
    /// The latest time that was decided with, in seconds since 1970.
    pub(crate) latest: u64,
}

/// A place for a container.
pub(crate) struct Slot<B> {
    /// There is one from the end of its provisioning on.
    pub(crate) container: Place<Container<B>>,
    /// An agent exists for this slot.
    pub(crate) attached: bool,
}

impl<B> Slot<B> {
    pub(crate) const EMPTY: Self = Self { container: Place::Empty, attached: false };
}

/// An `Option` whose empty form is all zero: an engine without containers is then memory that is cleared, not a
/// kilobyte for each slot that is copied from flash.
#[repr(u8)]
pub(crate) enum Place<T> {
    Empty = 0,
    Full(T) = 1,
}

impl<T> Place<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        match core::mem::replace(self, Self::Empty) {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }
}

/// A container.
pub(crate) struct Container<B> {
    pub(crate) id: ContainerId,
    pub(crate) kind: Type,
    /// The beginning of it, which has the uid and the endpoints; behind that, packed, what the decision to take the
    /// image rested on.
    pub(crate) metadata: B,
    /// What the container may read of itself, on the bus `data`.
    pub(crate) data: Option<B>,
    /// `None` while the agent has it, to make an instance of it.
    pub(crate) code: Option<B>,
    /// Where the uid stands in the metadata, and where the endpoints.
    pub(crate) uid: (u16, u16),
    pub(crate) endpoints: endpoint::Span,
    pub(crate) version: u32,
    /// Tells signers apart.
    pub(crate) signer: u64,
    pub(crate) limits: Limits,
    pub(crate) schedule: Schedule,
    /// One for each endpoint on which another container may write to this one.
    pub(crate) queues: Vec<(u32, Queue<B>), MAX_QUEUES>,
    pub(crate) image_bytes: u32,
    pub(crate) last: Option<Stopped>,
}

impl<B: DerefMut<Target = [u8]>> Container<B> {
    pub(crate) fn uid(&self) -> &str {
        name(&self.metadata, self.uid)
    }

    /// One of its endpoints, as its metadata has it.
    pub(crate) fn endpoint(&self, id: u32) -> Option<Endpoint<'_>> {
        Endpoints::at(&self.metadata, self.endpoints).find(id)
    }

    /// What the decision to take its image rested on.
    pub(crate) fn reliance(&self) -> Option<Reliance> {
        Reliance::unpack(self.metadata.get(kept(self.uid, self.endpoints)..)?)
    }

    pub(crate) fn queue(&mut self, endpoint: u32) -> Option<&mut Queue<B>> {
        self.queues.iter_mut().find(|(id, _)| *id == endpoint).map(|(_, queue)| queue)
    }
}

/// A peer that can leave the lock: of its name only where that is in the container's metadata.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PeerKind {
    /// Another container.
    Container,
    /// A unit on a local bus.
    Local(Bus, u32),
    /// A remote host; its authority is from the first byte to before the second.
    Remote(Scheme, (u16, u16)),
    /// A remote peer of the 2024 format, by its number.
    RemoteUnaddressed(u32),
}

impl<P: Platform, const N: usize> Shared<P, N> {
    pub(crate) const fn new() -> Self {
        Self {
            table: Table::new(),
            refusals: AuditRing::new(),
            versions: Versions::new(),
            sessions: Sessions::new(),
            slots: [const { Slot::EMPTY }; N],
            latest: 0,
        }
    }

    /// The slot and container of that name.
    pub(crate) fn find(&mut self, uid: &str) -> Option<(usize, &mut Container<P::Buf>)> {
        self.slots
            .iter_mut()
            .enumerate()
            .find_map(|(i, slot)| Some((i, slot.container.get_mut().filter(|c| c.uid() == uid)?)))
    }

    /// Whether an image of that name, signer and version may be loaded now. `key` is the [`uid_key`] of `uid`.
    ///
    /// [`uid_key`]: crate::versions::uid_key
    pub(crate) fn may_load(
        &mut self,
        uid: &str,
        key: u64,
        signer: u64,
        version: u32,
    ) -> Result<(), ImageError> {
        if self.find(uid).is_some() {
            return Err(ImageError::DuplicateUid);
        }
        let lowest = self.versions.lowest(signer, key);
        if version < lowest { Err(ImageError::Downgrade(lowest)) } else { Ok(()) }
    }

    pub(crate) fn container(&mut self, slot: usize) -> Option<&mut Container<P::Buf>> {
        self.slots.get_mut(slot)?.container.get_mut()
    }

    /// Who is at the other end of a container's endpoint.
    pub(crate) fn peer(&mut self, slot: usize, endpoint: u32) -> Option<PeerKind> {
        let container = self.container(slot)?;
        Some(match container.endpoint(endpoint)?.access.peer {
            Peer::Container { .. } => PeerKind::Container,
            Peer::Local { bus, unit } => PeerKind::Local(bus, unit),
            Peer::Remote { scheme, authority } => {
                let start =
                    (authority.as_ptr() as usize).saturating_sub(container.metadata.as_ptr() as usize);
                // Metadata is at most 4 KiB.
                PeerKind::Remote(scheme, (start as u16, start.saturating_add(authority.len()) as u16))
            }
            Peer::RemoteUnaddressed { endpoint } => PeerKind::RemoteUnaddressed(endpoint),
        })
    }

    /// The container that still has this id.
    pub(crate) fn by_id(&mut self, id: ContainerId) -> Option<&mut Container<P::Buf>> {
        self.container(id.slot()).filter(|container| container.id == id)
    }

    /// Finds out who is at the other end of a container endpoint: the peer's id and its endpoint.
    pub(crate) fn resolve(&mut self, me: usize, endpoint: u32) -> Result<(ContainerId, u32), Unresolved> {
        // Names stand in this container's buffer while the others are searched, so search by index.
        let mine = self.slots.get(me).and_then(|slot| slot.container.get()).ok_or(Unresolved::Absent)?;
        let Some(Peer::Container { uid, endpoint: theirs }) = mine.endpoint(endpoint).map(|e| e.access.peer)
        else {
            return Err(Unresolved::Absent);
        };
        let peer = self
            .slots
            .iter()
            .filter_map(|slot| slot.container.get())
            .find(|container| container.uid() == uid)
            .ok_or(Unresolved::Absent)?;
        // Both must have listed each other, and the other must be willing to read.
        let back = peer.endpoint(theirs).ok_or(Unresolved::NotMutual)?;
        let mutual = matches!(back.access.peer, Peer::Container { uid, endpoint: e } if uid == mine.uid() && e == endpoint);
        if mutual && back.access.direction.reads() {
            Ok((peer.id, theirs))
        } else {
            Err(Unresolved::NotMutual)
        }
    }
}

/// Why there is no other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// No such container is loaded.
    Absent,
    /// It is, but does not list this one as its peer, or does not read from it.
    NotMutual,
}

/// How much of the metadata is kept: up to the uid and the endpoints.
pub(crate) fn kept(uid: (u16, u16), endpoints: endpoint::Span) -> usize {
    usize::from(uid.1).max(endpoints.end())
}

/// The uid, which stands there in the metadata.
pub(crate) fn name(metadata: &[u8], (start, end): (u16, u16)) -> &str {
    // It was checked when the metadata was decoded; without that it is nobody's name.
    let bytes = metadata.get(usize::from(start)..usize::from(end));
    bytes.and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
}
