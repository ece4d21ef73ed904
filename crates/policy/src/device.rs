//! The device that decides.

use crate::ceilings::Ceilings;
use crate::legacy::LegacyFormat;
use crate::reliance::{Lapsed, Reliance};
use crate::trust::Trust;

/// The device that decides.
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    /// The device's name and its class: the audiences of tokens that are for it.
    pub audiences: &'a [&'a str],
    /// The keys it accepts, and what each may sign.
    pub trust: Trust<'a>,
    /// The current time in seconds since 1970; `None` if the device does not know it.
    pub now: Option<u64>,
    /// What no container may exceed on this device, whichever anchor has signed it.
    pub ceilings: Ceilings,
    /// The policy that accepts images of the 2024 format, whose tokens bind to no container, device, use or time.
    /// `None` rejects them: the secure choice.
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
