//! What an attack is.

use super::trial::{Outcome, Trial};
use crate::device::Device;

/// An attack.
pub struct Attack {
    /// What the attacker does, in words. Unique.
    pub name: &'static str,
    /// The checks that it shows.
    pub shows: &'static [&'static str],
    run: fn(&mut Trial<'_>) -> Outcome,
}

/// For the lists of attacks.
pub(super) const fn attack(
    name: &'static str,
    shows: &'static [&'static str],
    run: fn(&mut Trial<'_>) -> Outcome,
) -> Attack {
    Attack { name, shows, run }
}

impl Attack {
    /// Attacks a device. It is not reset afterwards: the next attack does that.
    ///
    /// # Errors
    /// What was not contained.
    pub fn run(&self, device: &mut Device) -> Outcome {
        let outcome = Trial::begin(device).and_then(|mut trial| {
            (self.run)(&mut trial)?;
            trial.end()
        });
        device.broken().map_or(outcome, |why| Err(format!("the device is broken: {why}").into()))
    }
}
