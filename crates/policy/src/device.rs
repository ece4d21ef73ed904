//! The device that decides.

use crate::ceilings::Ceilings;
use crate::legacy::LegacyFormat;
use crate::reliance::{Lapsed, Reliance};
use crate::trust::Trust;

/// The device that decides.
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    /// Its own name and its class: what a token's audience may be.
    pub audiences: &'a [&'a str],
    /// The keys it believes.
    pub trust: Trust<'a>,
    /// Now, in seconds since 1970; `None` if it does not know.
    pub now: Option<u64>,
    /// What no container may exceed here, whoever signed it.
    pub ceilings: Ceilings,
    /// Whether images of the 2024 format are taken, whose tokens bind to no container, device, use
    /// or time. `None` is the default, and right.
    pub accept_2024: Option<&'a dyn LegacyFormat>,
}

impl Reliance {
    /// Whether the device would still accept what it has accepted: by its clock and its trust store as they are now.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn still_holds(&self, device: &Device<'_>) -> Result<(), Lapsed> {
        self.holds(device.now, &device.trust, device.accept_2024.map(|policy| policy.key()))
    }
}
