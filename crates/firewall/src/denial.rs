//! Why a call is denied.

use core::fmt;
use tinycontainer_abi::numbered_enum;

numbered_enum! {
    /// Why a call is denied.
    pub enum DenyReason: u8 {
        /// The syscall is not in the container's mask.
        NotGranted = 1 => "not-granted", "the syscall is not granted to it",
        /// The container has no right to such an endpoint.
        NoSuchEndpoint = 2 => "no-such-endpoint", "it has no right to such an endpoint",
        /// The endpoint may be used, but not in this direction.
        WrongDirection = 3 => "wrong-direction", "the endpoint may not be used in that direction",
        /// The descriptor is not open: it was never opened, or is closed.
        NotOpen = 4 => "not-open", "the descriptor is not open",
        /// The descriptor was never opened by this container: it is another container's, or a guess.
        NotYours = 5 => "not-yours", "the descriptor is not one that it opened",
        /// The memory is not entirely the container's own.
        BadPointer = 6 => "bad-pointer", "the memory is not wholly its own",
        /// All descriptors of the container are in use.
        TooManyOpen = 7 => "too-many-open", "all its descriptors are in use",
        /// The other container does not list this one as its peer.
        NotMutual = 8 => "not-mutual", "the other container does not list it as its peer",
    }
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A denied call: why, and on which endpoint if that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// The endpoint.
    pub endpoint: Option<u32>,
    /// Why.
    pub reason: DenyReason,
}

impl Denial {
    /// A denial without a known endpoint.
    pub const fn new(reason: DenyReason) -> Self {
        Self { endpoint: None, reason }
    }
}
