//! What a container may do.

use heapless::Vec;
use tinycontainer_abi::{Direction, Mask};

/// The authority to make grants.
///
/// Whoever has one decides what containers may do. The engine makes one in the module where proofs
/// have been verified, and hands it to nobody.
#[derive(Debug)]
pub struct Issuer(());

impl Issuer {
    /// Takes the authority. One place in a program calls this.
    #[expect(clippy::new_without_default, reason = "an authority is never a default")]
    pub const fn new() -> Self {
        Self(())
    }
}

/// The right to use one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// The number that the container opens.
    pub endpoint: u32,
    /// in: the container reads; out: it writes.
    pub direction: Direction,
}

/// There are more rights than a grant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// What a container may do: proven, complete, and at most `E` endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant<const E: usize> {
    mask: Mask,
    rights: Vec<Right, E>,
}

impl<const E: usize> Grant<E> {
    /// A grant of these syscalls and no endpoint.
    pub const fn issue(_: &Issuer, mask: Mask) -> Self {
        Self { mask, rights: Vec::new() }
    }

    /// Adds the right to one endpoint.
    ///
    /// # Errors
    /// [`TooMany`] if there are `E` already.
    pub fn allow(&mut self, _: &Issuer, right: Right) -> Result<(), TooMany> {
        self.rights.push(right).map_err(|_| TooMany)
    }

    /// The syscalls.
    pub fn mask(&self) -> Mask {
        self.mask
    }

    /// The right to that endpoint, if there is one.
    pub fn right(&self, endpoint: u32) -> Option<Right> {
        self.rights.iter().find(|right| right.endpoint == endpoint).copied()
    }
}
