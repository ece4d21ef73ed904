//! One running container's calls and descriptors.
//!
//! A guard is owned by the thread that runs the container, so authorizing a call takes no lock.

use crate::denial::{Denial, DenyReason};
use crate::grant::Right;
use crate::id::ContainerId;
use tinycontainer_abi::{Direction, Mask, Syscall};

/// A descriptor as the guest has it: never negative. Bits 0 to 5 are its index, 6 to 13 the container's slot, 14 to 29
/// a generation that wraps around, so descriptors are not exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fd(u32);

const PLACE_BITS: u32 = 6;
const SLOT_BITS: u32 = 8;

impl Fd {
    fn new(place: u8, slot: u8, generation: u16) -> Self {
        let generation = u32::from(generation) << (PLACE_BITS + SLOT_BITS);
        Self(generation | u32::from(slot) << PLACE_BITS | u32::from(place))
    }

    fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }

    fn slot(self) -> u32 {
        self.0 >> PLACE_BITS & ((1 << SLOT_BITS) - 1)
    }

    fn generation(self) -> u32 {
        self.0 >> (PLACE_BITS + SLOT_BITS)
    }

    /// The number for the guest.
    pub const fn raw(self) -> i32 {
        // Bits 30 and 31 are never set.
        self.0 as i32
    }
}

#[derive(Debug)]
struct Open<T> {
    endpoint: u32,
    /// Part of the descriptor, with index and slot.
    generation: u16,
    direction: Direction,
    target: T,
}

/// Authorizes the calls of one container and stores its descriptors, at most `F` (at most 64). `T` is what the caller
/// needs to serve a call.
#[derive(Debug)]
pub struct Guard<T, const F: usize> {
    id: ContainerId,
    mask: Mask,
    generation: u16,
    open: [Option<Open<T>>; F],
}

impl<T, const F: usize> Guard<T, F> {
    const FITS: () = assert!(F <= 1 << PLACE_BITS, "a descriptor has 6 bits for its place");

    pub(crate) const fn new(id: ContainerId, mask: Mask) -> Self {
        let () = Self::FITS;
        Self { id, mask, generation: 0, open: [const { None }; F] }
    }

    /// The container of this guard.
    pub fn id(&self) -> ContainerId {
        self.id
    }

    /// Whether the container may make this call at all.
    ///
    /// # Errors
    /// The denial, to be recorded.
    #[inline]
    pub fn may(&self, call: Syscall) -> Result<(), Denial> {
        if self.mask.has(call) { Ok(()) } else { Err(Denial::new(DenyReason::NotGranted)) }
    }

    /// Whether one more descriptor can be opened: to be checked before a driver opens anything.
    ///
    /// # Errors
    /// The denial, to be recorded.
    pub fn has_room(&self, endpoint: u32) -> Result<(), Denial> {
        if self.open.iter().any(Option::is_none) {
            Ok(())
        } else {
            Err(Denial { endpoint: Some(endpoint), reason: DenyReason::TooManyOpen })
        }
    }

    /// The index of a descriptor, whether it is open or not, less than 64.
    pub fn place(fd: i32) -> u8 {
        // 6 bits.
        Fd(fd.cast_unsigned()).place() as u8
    }

    /// The descriptors that the container may read from: index, endpoint and the target that serves it.
    pub fn readable(&self) -> impl Iterator<Item = (u8, u32, &T)> + '_ {
        let may = self.mask.has(Syscall::Read);
        (0..).zip(&self.open).filter_map(move |(place, open)| {
            let open = open.as_ref().filter(|open| may && open.direction.reads())?;
            Some((place, open.endpoint, &open.target))
        })
    }

    /// Opens a descriptor for an endpoint that [`Table::authorize`](crate::Table::authorize) has authorized.
    ///
    /// # Errors
    /// The denial, and `target`.
    pub fn open(&mut self, right: Right, target: T) -> Result<Fd, (Denial, T)> {
        let Some((place, entry)) = self.open.iter_mut().enumerate().find(|(_, entry)| entry.is_none()) else {
            let denial = Denial { endpoint: Some(right.endpoint), reason: DenyReason::TooManyOpen };
            return Err((denial, target));
        };
        self.generation = self.generation.wrapping_add(1);
        let fd = Fd::new(place as u8, self.id.raw_slot(), self.generation);
        let Right { endpoint, direction } = right;
        *entry = Some(Open { endpoint, generation: self.generation, direction, target });
        Ok(fd)
    }

    /// Authorizes a read from a descriptor of the guest: returns its endpoint and its target.
    ///
    /// # Errors
    /// The denial, to be recorded.
    #[inline]
    pub fn read(&mut self, fd: i32) -> Result<(u32, &mut T), Denial> {
        self.may(Syscall::Read)?;
        let open = self.find(fd)?;
        if !open.direction.reads() {
            return Err(Denial { endpoint: Some(open.endpoint), reason: DenyReason::WrongDirection });
        }
        Ok((open.endpoint, &mut open.target))
    }

    /// Authorizes a write to a descriptor of the guest: returns its endpoint and its target.
    ///
    /// # Errors
    /// The denial, to be recorded.
    #[inline]
    pub fn write(&mut self, fd: i32) -> Result<(u32, &mut T), Denial> {
        self.may(Syscall::Write)?;
        let open = self.find(fd)?;
        if !open.direction.writes() {
            return Err(Denial { endpoint: Some(open.endpoint), reason: DenyReason::WrongDirection });
        }
        Ok((open.endpoint, &mut open.target))
    }

    /// Closes a descriptor of the guest, and returns its target.
    ///
    /// # Errors
    /// The denial, to be recorded.
    pub fn close(&mut self, fd: i32) -> Result<T, Denial> {
        self.may(Syscall::Close)?;
        self.find(fd)?;
        self.open
            .get_mut(Fd(fd.cast_unsigned()).place())
            .and_then(Option::take)
            .map(|open| open.target)
            .ok_or(Denial::new(DenyReason::NotOpen))
    }

    /// Closes the open descriptors, one for each item, and returns their targets.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.open.iter_mut().filter_map(|entry| entry.take().map(|open| open.target))
    }

    #[inline]
    fn find(&mut self, raw: i32) -> Result<&mut Open<T>, Denial> {
        let fd = Fd(u32::try_from(raw).map_err(|_| Denial::new(DenyReason::NotOpen))?);
        // The descriptor was never opened by this container: a guess is reported differently from a use after close.
        if fd.slot() != u32::from(self.id.raw_slot()) {
            return Err(Denial::new(DenyReason::NotYours));
        }
        self.open
            .get_mut(fd.place())
            .and_then(Option::as_mut)
            .filter(|open| u32::from(open.generation) == fd.generation())
            .ok_or(Denial::new(DenyReason::NotOpen))
    }
}
