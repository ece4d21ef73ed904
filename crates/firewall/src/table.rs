//! The containers on a device, and what each may do.

use crate::denial::{Denial, DenyReason};
use crate::grant::{Grant, Right};
use crate::guard::Guard;
use crate::id::ContainerId;
use tinycontainer_abi::Mask;

/// The table is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// At most `N` containers (at most 256) with at most `E` endpoints each.
#[derive(Debug)]
pub struct Table<const N: usize, const E: usize> {
    entries: [Option<(ContainerId, Grant<E>)>; N],
    generation: u32,
}

impl<const N: usize, const E: usize> Default for Table<N, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const E: usize> Table<N, E> {
    const FITS: () = assert!(N <= 256, "a descriptor has 8 bits for the container");

    /// An empty table: everything is denied.
    pub const fn new() -> Self {
        let () = Self::FITS;
        Self { entries: [const { None }; N], generation: 0 }
    }

    /// Admits a container.
    ///
    /// # Errors
    /// [`Full`].
    pub fn admit(&mut self, grant: Grant<E>) -> Result<ContainerId, Full> {
        let slot = self.entries.iter().position(Option::is_none).ok_or(Full)?;
        self.admit_at(slot, grant)
    }

    /// Admits a container in a slot that the caller has reserved for it.
    ///
    /// # Errors
    /// [`Full`] if the slot is in use, or does not exist.
    pub fn admit_at(&mut self, slot: usize, grant: Grant<E>) -> Result<ContainerId, Full> {
        let entry = self.entries.get_mut(slot).filter(|entry| entry.is_none()).ok_or(Full)?;
        self.generation = self.generation.wrapping_add(1);
        let id = ContainerId::new(u8::try_from(slot).map_err(|_| Full)?, self.generation);
        *entry = Some((id, grant));
        Ok(id)
    }

    /// Removes a container. An id that is not in the table changes nothing.
    pub fn remove(&mut self, id: ContainerId) {
        if let Some(entry) = self.entries.get_mut(id.slot())
            && entry.as_ref().is_some_and(|(there, _)| *there == id)
        {
            *entry = None;
        }
    }

    /// The grant of a container.
    pub fn grant(&self, id: ContainerId) -> Option<&Grant<E>> {
        let (there, grant) = self.entries.get(id.slot())?.as_ref()?;
        (*there == id).then_some(grant)
    }

    /// The guard for a container that is about to run. If it is not in the table, every call is denied.
    pub fn guard<T, const F: usize>(&self, id: ContainerId) -> Guard<T, F> {
        Guard::new(id, self.grant(id).map_or(Mask::NONE, Grant::mask))
    }

    /// Whether a container may open one of its endpoints, and in which direction.
    ///
    /// # Errors
    /// The denial, to be recorded.
    pub fn authorize(&self, id: ContainerId, endpoint: u32) -> Result<Right, Denial> {
        self.grant(id)
            .and_then(|grant| grant.right(endpoint))
            .ok_or(Denial { endpoint: Some(endpoint), reason: DenyReason::NoSuchEndpoint })
    }
}
