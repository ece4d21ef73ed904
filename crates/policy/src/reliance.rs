//! What a decision relies on, so that it can be checked later whether the decision still holds.

use crate::trust::{AnchorHash, Trust};
use core::fmt;

/// The most anchors that one image can rely on: one for each of its tokens (metadata, data, code, syscalls, endpoints).
pub const MAX_ANCHORS: usize = crate::MAX_ENDPOINTS + 4;

/// The packed form: flags, two times, then the anchors.
const PACKED_HEAD: usize = 17;
const IS_2024: u8 = 1;
const HAS_NOT_BEFORE: u8 = 2;
const HAS_EXPIRES: u8 = 4;

/// What can change after an image was accepted: the time, and the anchors in the device's trust store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reliance {
    /// The latest nbf of all tokens, in seconds since 1970.
    not_before: Option<u64>,
    /// The earliest exp of all tokens, in seconds since 1970.
    expires: Option<u64>,
    anchors: [AnchorHash; MAX_ANCHORS],
    used: u8,
    /// It is an image of the 2024 format: it relies on the policy that accepts them, with that one key.
    is_2024: bool,
}

/// Why an image that was accepted would not be accepted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapsed {
    /// A token has expired. The earliest exp of all tokens, in seconds since 1970.
    Expired(u64),
    /// A token is not valid yet, because the clock was set back. The latest nbf of all tokens, in seconds since 1970.
    NotYetValid(u64),
    /// A token is valid for a time only, and this device does not know the time.
    NoClock,
    /// An anchor is no longer in the trust store as it was when it was relied on.
    AnchorGone,
}

impl fmt::Display for Lapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(exp) => write!(f, "a token of the image has expired (at {exp} s since 1970)"),
            Self::NotYetValid(nbf) => {
                write!(f, "a token of the image is not valid yet (not before {nbf} s since 1970)")
            }
            Self::NoClock => f.write_str(
                "a token of the image is valid for a time only, and this device does not know the time",
            ),
            Self::AnchorGone => f.write_str(
                "a trust anchor that the image relies on was removed from the trust store, or changed",
            ),
        }
    }
}

impl core::error::Error for Lapsed {}

impl Reliance {
    /// Relies on nothing yet.
    pub(crate) const NONE: Self = Self {
        not_before: None,
        expires: None,
        anchors: [AnchorHash([0; 8]); MAX_ANCHORS],
        used: 0,
        is_2024: false,
    };

    /// Adds a token of that anchor.
    pub(crate) fn add(&mut self, anchor: AnchorHash, not_before: Option<u64>, expires: Option<u64>) {
        self.not_before = self.not_before.max(not_before);
        self.expires = match (self.expires, expires) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if self.anchors().contains(&anchor) {
            return;
        }
        match self.anchors.get_mut(usize::from(self.used)) {
            Some(free) => {
                *free = anchor;
                self.used = self.used.saturating_add(1);
            }
            None => self.lapse(),
        }
    }

    /// Something is relied on that cannot be recorded: it never holds again.
    pub(crate) fn lapse(&mut self) {
        self.expires = Some(0);
    }

    /// Relies on the policy that accepts the 2024 format with this key.
    pub(crate) fn add_2024(&mut self, key: &[u8; 32]) {
        self.is_2024 = true;
        self.add(AnchorHash::of(key, key), None, None);
    }

    /// The latest nbf of all tokens relied on, in seconds since 1970; `None` if none has one.
    pub fn not_before(&self) -> Option<u64> {
        self.not_before
    }

    /// The earliest exp of all tokens relied on, in seconds since 1970; `None` if none has one.
    pub fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// The anchors relied on, each once, at most [`MAX_ANCHORS`]. For an image of the 2024 format a hash of the key of
    /// the policy that accepts it.
    pub fn anchors(&self) -> &[AnchorHash] {
        self.anchors.get(..usize::from(self.used)).unwrap_or_default()
    }

    /// How many bytes [`Self::pack`] writes: 17, and 8 for each anchor.
    pub fn packed_len(&self) -> usize {
        usize::from(self.used).saturating_mul(8).saturating_add(PACKED_HEAD)
    }

    /// Writes it in a compact form, which only [`Self::unpack`] of the same program reads. With few anchors it takes much
    /// less memory than the value itself. `None` if `into` has another length than [`Self::packed_len`].
    pub fn pack(&self, into: &mut [u8]) -> Option<()> {
        let (head, anchors) = into.split_first_chunk_mut::<PACKED_HEAD>()?;
        let [flags, rest @ ..] = head;
        let (not_before, expires) = rest.split_first_chunk_mut::<8>()?;
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        *flags = flag(self.is_2024, IS_2024)
            | flag(self.not_before.is_some(), HAS_NOT_BEFORE)
            | flag(self.expires.is_some(), HAS_EXPIRES);
        *not_before = self.not_before.unwrap_or(0).to_le_bytes();
        expires.copy_from_slice(&self.expires.unwrap_or(0).to_le_bytes());
        if anchors.len() != self.anchors().len().saturating_mul(8) {
            return None;
        }
        let places = anchors.chunks_exact_mut(8).zip(self.anchors());
        places.for_each(|(place, anchor)| place.copy_from_slice(&anchor.0));
        Some(())
    }

    /// Reads back what [`Self::pack`] wrote. `None` for anything else.
    pub fn unpack(packed: &[u8]) -> Option<Self> {
        let (head, anchors) = packed.split_first_chunk::<PACKED_HEAD>()?;
        let [flags, times @ ..] = head;
        let (not_before, expires) = times.split_first_chunk::<8>()?;
        let time = |flag, bytes| (flags & flag != 0).then_some(u64::from_le_bytes(bytes));
        let mut reliance = Self {
            not_before: time(HAS_NOT_BEFORE, *not_before),
            expires: time(HAS_EXPIRES, <[u8; 8]>::try_from(expires).ok()?),
            is_2024: flags & IS_2024 != 0,
            ..Self::NONE
        };
        let (anchors, []) = anchors.as_chunks::<8>() else { return None };
        for anchor in anchors {
            *reliance.anchors.get_mut(usize::from(reliance.used))? = AnchorHash(*anchor);
            reliance.used = reliance.used.saturating_add(1);
        }
        Some(reliance)
    }

    /// Whether it still holds at that time (seconds since 1970), with that trust store and, for images of the 2024 format,
    /// that key.
    pub(crate) fn holds(
        &self,
        now: Option<u64>,
        trust: &Trust<'_>,
        key_2024: Option<&[u8; 32]>,
    ) -> Result<(), Lapsed> {
        if self.is_2024 {
            let key = key_2024.map(|key| AnchorHash::of(key, key));
            return if key.as_ref() == self.anchors().first() { Ok(()) } else { Err(Lapsed::AnchorGone) };
        }
        if self.not_before.is_some() || self.expires.is_some() {
            let now = now.ok_or(Lapsed::NoClock)?;
            if let Some(exp) = self.expires.filter(|exp| now >= *exp) {
                return Err(Lapsed::Expired(exp));
            }
            if let Some(nbf) = self.not_before.filter(|nbf| now < *nbf) {
                return Err(Lapsed::NotYetValid(nbf));
            }
        }
        let gone = |anchor: &AnchorHash| !trust.contains_anchor_hash(*anchor);
        if self.anchors().iter().any(gone) { Err(Lapsed::AnchorGone) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_07_packed_and_unpacked_it_is_the_same() {
        let mut packed = [0; PACKED_HEAD + 8 * MAX_ANCHORS];
        for anchors in 0..=MAX_ANCHORS {
            for times in [(None, None), (Some(0), None), (None, Some(u64::MAX)), (Some(7), Some(9))] {
                let mut reliance = Reliance { not_before: times.0, expires: times.1, ..Reliance::NONE };
                (0..anchors).for_each(|n| reliance.add(AnchorHash([n as u8; 8]), None, None));
                let len = reliance.packed_len();
                assert_eq!(reliance.pack(&mut packed[..len]), Some(()));
                assert_eq!(Reliance::unpack(&packed[..len]), Some(reliance));
                assert_eq!(Reliance::unpack(&packed[..len - 1]), None);
                assert_eq!(reliance.pack(&mut packed[..len - 1]), None);
            }
        }
        assert_eq!(Reliance::unpack(&[0; PACKED_HEAD + 8 * MAX_ANCHORS + 8]), None);
        let mut year_2024 = Reliance::NONE;
        year_2024.add_2024(&[7; 32]);
        let len = year_2024.packed_len();
        year_2024.pack(&mut packed[..len]).unwrap();
        assert_eq!(Reliance::unpack(&packed[..len]), Some(year_2024));
    }

    #[test]
    fn more_anchors_than_can_be_recorded_never_hold() {
        let mut reliance = Reliance::NONE;
        for n in 0..MAX_ANCHORS {
            // Each twice: it takes one entry.
            (0..2).for_each(|_| reliance.add(AnchorHash([n as u8; 8]), None, None));
            assert_eq!((reliance.anchors().len(), reliance.expires()), (n + 1, None));
        }
        reliance.add(AnchorHash([0xff; 8]), None, None);
        assert_eq!((reliance.anchors().len(), reliance.expires()), (MAX_ANCHORS, Some(0)));
        assert_eq!(reliance.holds(Some(0), &Trust::NONE, None), Err(Lapsed::Expired(0)));
        assert_eq!(reliance.holds(None, &Trust::NONE, None), Err(Lapsed::NoClock));
    }
}
