//! Attacks on a device, a file for each kind of attacker.
//!
//! Each has a name and the checks of `docs/threat-model.md` that it shows: if one of them is removed, the attack notices it.
//! `scripts/defences --check` tests that each of these checks exists, and has an attack.
//! Those without a check show what is not one line of code. [`Trial::end`] says what must hold after each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is taken apart was made here")]

mod application;
mod attack;
mod craft;
mod guest;
mod manager;
mod module;
mod neighbour;
mod signer;
mod stranger;
mod third_party;
mod trial;

pub use attack::Attack;
pub use trial::{Failure, Outcome, Trial};

/// A kind of attacker, and what it tries.
pub const ATTACKERS: &[(&str, &[Attack])] = &[
    ("someone with bytes and no key", stranger::ATTACKS),
    ("a signer outside of its scope", signer::ATTACKS),
    ("a third party that lies", third_party::ATTACKS),
    ("a hostile module", module::ATTACKS),
    ("a hostile guest in each hook", guest::ATTACKS),
    ("a hostile guest against its neighbours", neighbour::ATTACKS),
    ("a C application that calls wrongly", application::ATTACKS),
    ("a manager", manager::ATTACKS),
];

/// Every attack.
pub fn attacks() -> impl Iterator<Item = &'static Attack> {
    ATTACKERS.iter().flat_map(|(_, attacks)| *attacks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_attack_has_a_name_of_its_own() {
        let names: BTreeSet<_> = attacks().map(|attack| attack.name).collect();
        assert_eq!(names.len(), attacks().count());
        assert!(names.len() >= 100, "{}", names.len());
    }
}
