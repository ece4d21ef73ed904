//! What the engine stores about each container, under its lock.

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

/// Everything that the engine's lock protects.
pub(crate) struct Shared<P: Platform, const N: usize> {
    pub(crate) table: Table<N, MAX_ENDPOINTS>,
    pub(crate) refusals: AuditRing<MAX_REFUSALS>,
    pub(crate) versions: Versions<MAX_VERSIONS>,
    pub(crate) sessions: Sessions,
    pub(crate) slots: [Slot<P::Buf>; N],
    /// The latest time that an image was decided on, in seconds since 1970.
    pub(crate) latest: u64,
}

/// The memory for one container.
pub(crate) struct Slot<B> {
    /// Present from the end of its provisioning on.
    pub(crate) container: ZeroedOption<Container<B>>,
    /// An agent exists for this slot.
    pub(crate) attached: bool,
}

impl<B> Slot<B> {
    pub(crate) const EMPTY: Self = Self { container: ZeroedOption::None, attached: false };
}

/// An `Option` whose `None` is all zero, so that an engine without containers is cleared memory. With `Option` the
/// initial values of the slots are copied from flash: measured with one slot on an nrf52840dk, 1,520 bytes of flash.
#[repr(u8)]
pub(crate) enum ZeroedOption<T> {
    None = 0,
    Some(T) = 1,
}

impl<T> ZeroedOption<T> {
    pub(crate) fn as_ref(&self) -> Option<&T> {
        match self {
            Self::None => None,
            Self::Some(value) => Some(value),
        }
    }

    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::None => None,
            Self::Some(value) => Some(value),
        }
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        match core::mem::replace(self, Self::None) {
            Self::None => None,
            Self::Some(value) => Some(value),
        }
    }
}

/// A container.
pub(crate) struct Container<B> {
    pub(crate) id: ContainerId,
    pub(crate) kind: Type,
    /// The beginning of its metadata, with the uid and the endpoints; after that, packed, what the decision to accept
    /// the image rested on.
    pub(crate) metadata: B,
    /// What the container can read through the bus `data`.
    pub(crate) data: Option<B>,
    /// `None` while the agent instantiates it.
    pub(crate) code: Option<B>,
    /// The ranges of the uid and of the endpoints in the metadata.
    pub(crate) uid: (u16, u16),
    pub(crate) endpoints: endpoint::Span,
    pub(crate) version: u32,
    /// Identifies the signer.
    pub(crate) signer: u64,
    pub(crate) limits: Limits,
    pub(crate) schedule: Schedule,
    /// One for each endpoint to which another container may write.
    pub(crate) queues: Vec<(u32, Queue<B>), MAX_QUEUES>,
    pub(crate) image_bytes: u32,
    pub(crate) last: Option<Stopped>,
}

impl<B: DerefMut<Target = [u8]>> Container<B> {
    pub(crate) fn uid(&self) -> &str {
        name(&self.metadata, self.uid)
    }

    /// One of its endpoints, decoded from its metadata.
    pub(crate) fn endpoint(&self, id: u32) -> Option<Endpoint<'_>> {
        Endpoints::at(&self.metadata, self.endpoints).find(id)
    }

    /// What the decision to accept its image rested on.
    pub(crate) fn reliance(&self) -> Option<Reliance> {
        Reliance::unpack(self.metadata.get(kept(self.uid, self.endpoints)..)?)
    }

    pub(crate) fn queue(&mut self, endpoint: u32) -> Option<&mut Queue<B>> {
        self.queues.iter_mut().find(|(id, _)| *id == endpoint).map(|(_, queue)| queue)
    }
}

/// A peer without borrowed text, so that it can be used outside of the lock: its name is a range of the container's
/// metadata.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PeerKind {
    /// Another container.
    Container,
    /// A unit on a local bus.
    Local(Bus, u32),
    /// A remote host; its authority is this range of the metadata: first byte, byte after the last.
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

    /// The slot and the container with that uid.
    pub(crate) fn find(&mut self, uid: &str) -> Option<(usize, &mut Container<P::Buf>)> {
        self.slots
            .iter_mut()
            .enumerate()
            .find_map(|(i, slot)| Some((i, slot.container.as_mut().filter(|c| c.uid() == uid)?)))
    }

    /// Whether an image with that uid, signer and version may be loaded now. `key` is the [`uid_key`] of `uid`.
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
        self.slots.get_mut(slot)?.container.as_mut()
    }

    /// The peer of a container's endpoint.
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

    /// The container with this id, if it is still loaded.
    pub(crate) fn by_id(&mut self, id: ContainerId) -> Option<&mut Container<P::Buf>> {
        self.container(id.slot()).filter(|container| container.id == id)
    }

    /// Finds the peer of a container endpoint: its id, and the number of its endpoint.
    pub(crate) fn resolve(&mut self, me: usize, endpoint: u32) -> Result<(ContainerId, u32), Unresolved> {
        // The uids are in this container's buffer while the others are searched, so search by index.
        let mine = self.slots.get(me).and_then(|slot| slot.container.as_ref()).ok_or(Unresolved::Absent)?;
        let Some(Peer::Container { uid, endpoint: theirs }) = mine.endpoint(endpoint).map(|e| e.access.peer)
        else {
            return Err(Unresolved::Absent);
        };
        let peer = self
            .slots
            .iter()
            .filter_map(|slot| slot.container.as_ref())
            .find(|container| container.uid() == uid)
            .ok_or(Unresolved::Absent)?;
        // Each must list the other as its peer, and the other must read from its endpoint.
        let back = peer.endpoint(theirs).ok_or(Unresolved::NotMutual)?;
        let mutual = matches!(back.access.peer, Peer::Container { uid, endpoint: e } if uid == mine.uid() && e == endpoint);
        if mutual && back.access.direction.reads() {
            Ok((peer.id, theirs))
        } else {
            Err(Unresolved::NotMutual)
        }
    }
}

/// Why a container endpoint has no peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// No container with that uid is loaded.
    Absent,
    /// It is loaded, but does not list this one as its peer, or does not read from it.
    NotMutual,
}

/// How many bytes of the metadata are kept: up to the end of the uid and of the endpoints.
pub(crate) fn kept(uid: (u16, u16), endpoints: endpoint::Span) -> usize {
    usize::from(uid.1).max(endpoints.end())
}

/// The text in this range of the metadata: first byte, byte after the last.
pub(crate) fn name(metadata: &[u8], (start, end): (u16, u16)) -> &str {
    // It was checked when the metadata was decoded. If it were invalid, the name would be empty.
    let bytes = metadata.get(usize::from(start)..usize::from(end));
    bytes.and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
}
