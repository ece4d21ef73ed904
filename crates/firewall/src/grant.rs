//! What a container may do.

use heapless::Vec;
use tinycontainer_abi::{Direction, Mask};

/// The authority to make grants: only its holder can decide what a container may do.
///
/// Making one is `unsafe`, as with the capabilities of Tock: not for memory safety, but because all isolation between
/// containers depends on it. Code that forbids `unsafe` can make neither an authority nor a grant.
#[derive(Debug)]
pub struct Issuer(());

impl Issuer {
    /// Makes the authority.
    ///
    /// # Safety
    /// The caller grants only what verified tokens allow, and gives the authority to no other code. In this
    /// workspace only the policy, and tests, call this.
    #[expect(unsafe_code, reason = "a call of this must be reviewed as unsafe code is")]
    pub const unsafe fn new() -> Self {
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

/// The grant has no capacity for another right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// What a container may do: its syscalls, and at most `E` endpoints.
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
