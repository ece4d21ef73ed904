//! What a decision rested on, so that it can be asked again whether it still holds.

use crate::check::Device;
use crate::trust::{AnchorHash, Trust};
use core::fmt;

/// The most anchors that one image can rely on: one for each of its tokens (metadata, data, code, syscalls, endpoints).
pub const MAX_ANCHORS: usize = crate::MAX_ENDPOINTS + 4;

/// What can change after an image was believed: the time, and whose keys the device believes.
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

/// Why what was believed is believed no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapsed {
    /// A token's time is over: that was the earliest exp, in seconds since 1970.
    Expired(u64),
    /// A token's time has not come: that is the latest nbf, in seconds since 1970. The clock was set back.
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
    /// Rests on nothing yet.
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
        if !self.anchors().contains(&anchor)
            && let Some(free) = self.anchors.get_mut(usize::from(self.used))
        {
            *free = anchor;
            self.used = self.used.saturating_add(1);
        }
    }

    /// Rests on the policy that accepts the 2024 format with this key.
    pub(crate) fn add_2024(&mut self, key: &[u8; 32]) {
        self.is_2024 = true;
        self.add(AnchorHash::of(key), None, None);
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

    /// Whether the device would still believe what it has believed: by its clock and its trust store as they are now.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn still_holds(&self, device: &Device<'_>) -> Result<(), Lapsed> {
        if self.is_2024 {
            let key = device.accept_2024.map(|policy| AnchorHash::of(policy.key()));
            return if key.as_ref() == self.anchors().first() { Ok(()) } else { Err(Lapsed::AnchorGone) };
        }
        if self.not_before.is_some() || self.expires.is_some() {
            let now = device.now.ok_or(Lapsed::NoClock)?;
            if let Some(exp) = self.expires.filter(|exp| now >= *exp) {
                return Err(Lapsed::Expired(exp));
            }
            if let Some(nbf) = self.not_before.filter(|nbf| now < *nbf) {
                return Err(Lapsed::NotYetValid(nbf));
            }
        }
        let gone = |anchor: &AnchorHash| !Trust::contains_anchor_hash(&device.trust, *anchor);
        if self.anchors().iter().any(gone) { Err(Lapsed::AnchorGone) } else { Ok(()) }
    }
}
