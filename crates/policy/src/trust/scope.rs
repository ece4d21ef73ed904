//! What an anchor may sign.

use super::list::list;
use super::pattern::Pattern;
use super::reach::Reach;
use tinycontainer_abi::{Direction, Mask};
use tinycontainer_metadata::{Access, Bus, Peer, Priority};

/// What an anchor may do, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(pub u8);

impl Roles {
    /// Sign the metadata of containers whose uid is in scope.
    pub const METADATA: Self = Self(1);
    /// Sign the code or data of containers whose uid is in scope.
    pub const PARTS: Self = Self(2);
    /// Grant syscalls that are in scope.
    pub const SYSCALLS: Self = Self(4);
    /// Authorise endpoints that are in scope: of the containers it signs itself, and of others by token.
    pub const ENDPOINTS: Self = Self(8);
    /// All of these.
    pub const ALL: Self = Self(15);

    /// Whether all of `other` is in the set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What the owner of an anchor may sign. Lists are read from the store each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The roles: what kinds of things it may sign.
    pub roles: Roles,
    /// The syscalls it may grant.
    pub syscalls: Mask,
    /// The highest class of priority that its containers may request.
    pub priority: Priority,
    /// The longest duration of any hook of a container that it signs, in milliseconds.
    pub hook_ms: u32,
    /// An array of patterns of uids, as CBOR.
    pub(super) containers: &'a [u8],
    /// An array of reaches, as CBOR.
    pub(super) reaches: &'a [u8],
}

impl<'a> Scope<'a> {
    /// Whether that container is in scope.
    pub fn covers_container(&self, uid: &str) -> bool {
        self.containers().any(|pattern| pattern.fits(uid))
    }

    /// Whether a container that this anchor has signed may use that access without an authorization token: it is in
    /// scope, and the anchor has the role *endpoints*. A container's own data needs no role.
    pub fn may_use(&self, access: &Access<'_>) -> bool {
        (self.roles.has(Roles::ENDPOINTS) || is_own_data(access)) && self.covers_access(access)
    }

    /// Whether that access is in scope. Does not check the roles.
    pub fn covers_access(&self, access: &Access<'_>) -> bool {
        // Every container may read its own data.
        if is_own_data(access) {
            return access.direction == Direction::In;
        }
        self.reaches().any(|reach| reach.covers(access))
    }

    /// The patterns of uids.
    pub fn containers(&self) -> impl Iterator<Item = Pattern<'a>> + use<'a> {
        list(self.containers, |reader| Some(Pattern(reader.text())))
    }

    /// The peers that the anchor reaches.
    pub fn reaches(&self) -> impl Iterator<Item = Reach<'a>> + use<'a> {
        list(self.reaches, Reach::read)
    }
}

/// Whether that is the container's own data.
fn is_own_data(access: &Access<'_>) -> bool {
    matches!(access.peer, Peer::Local { bus: Bus::Data, .. })
}
