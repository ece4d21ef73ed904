//! The highest version of each image that was loaded, so that a device accepts no older one.
//!
//! Versions are counted for each signer and uid, so a signer can affect only its own images. The table is bounded.
//! When it is full, records are merged: the lowest version of a signer becomes part of that signer's floor, below
//! which no image of that signer is accepted unless the table still has a record of the image itself.

use heapless::Vec;
use tinycontainer_policy::sha256;

/// A record of loaded versions, for [`Platform::version_seen`] and [`Engine::restore_version`].
///
/// [`Platform::version_seen`]: crate::Platform::version_seen
/// [`Engine::restore_version`]: crate::Engine::restore_version
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRecord {
    /// The signer of the images; 0 for [`VersionScope::Device`].
    pub signer: u64,
    /// The first 8 bytes of the SHA-256 of the uid, little-endian; 0 unless the scope is [`VersionScope::Image`].
    pub uid: u64,
    /// The lowest version that may still be loaded.
    pub version: u32,
    /// Which images the record applies to.
    pub scope: VersionScope,
}

/// Which images a [`VersionRecord`] applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum VersionScope {
    /// The images of one signer with one uid.
    Image = 0,
    /// The images of one signer that have no record of their own.
    Signer = 1,
    /// All images that have neither a record of their own nor one of their signer.
    Device = 2,
}

/// The records that one change of the table has raised: that of an image, and a floor.
pub(crate) type Raised = Vec<VersionRecord, 2>;

/// At most `V` records. When the table is full, the signer with the most records merges two of its own.
#[derive(Debug)]
pub(crate) struct Versions<const V: usize> {
    /// Of images and signers, in no order; at most one for each signer and uid, and one for each signer.
    seen: Vec<VersionRecord, V>,
    /// The floor for signers that have no record.
    device: u32,
}

impl<const V: usize> Versions<V> {
    pub(crate) const fn new() -> Self {
        Self { seen: Vec::new(), device: 0 }
    }

    /// The lowest version of this signer's `uid` that may still be loaded.
    pub(crate) fn lowest(&self, signer: u64, uid: u64) -> u32 {
        let of = |scope, uid| {
            let record = self.seen.iter().find(|r| r.scope == scope && r.signer == signer && r.uid == uid);
            record.map(|record| record.version)
        };
        let floor = || of(VersionScope::Signer, 0).unwrap_or(0).max(self.device);
        of(VersionScope::Image, uid).unwrap_or_else(floor)
    }

    /// Records that `version`, which is not below [`Self::lowest`], has been loaded; or that it is still loaded, so
    /// that no higher one can have been.
    pub(crate) fn remember(&mut self, signer: u64, uid: u64, version: u32) -> Raised {
        self.insert(VersionRecord { signer, uid, version, scope: VersionScope::Image })
    }

    /// Restores a record from before a restart.
    pub(crate) fn restore(&mut self, record: VersionRecord) {
        let VersionRecord { signer, uid, version, scope } = record;
        match scope {
            // Not below a floor: this image's version may have been merged into it.
            VersionScope::Image => drop(self.remember(signer, uid, version.max(self.lowest(signer, uid)))),
            VersionScope::Signer => drop(self.insert(VersionRecord { uid: 0, ..record })),
            VersionScope::Device => self.device = self.device.max(version),
        }
    }

    fn insert(&mut self, record: VersionRecord) -> Raised {
        let mut raised = Raised::new();
        // At most two are raised, for which there is capacity.
        let mut report = |record: Option<VersionRecord>| {
            record.map(|record| raised.push(record));
        };
        let VersionRecord { signer, uid, version, scope } = record;
        if let Some(known) =
            self.seen.iter_mut().find(|r| r.scope == scope && r.signer == signer && r.uid == uid)
        {
            if version > known.version {
                known.version = version;
                report(Some(*known));
            }
            return raised;
        }
        if self.seen.is_full() {
            report(match self.signer_to_merge(signer) {
                Some(signer) => self.merge(signer),
                None => self.merge_lowest(),
            });
        }
        // The new record may belong to the floor that was just made; and a signer that has one record, and may have no
        // more, has its floor.
        let is_kept = scope == VersionScope::Image && self.seen.push(record).is_ok();
        report(Some(if is_kept { record } else { self.raise_floor(record) }));
        raised
    }

    /// The signer whose records are merged: that of the new record if no other has more, else the one with the most.
    /// `None` if all records are of different signers.
    fn signer_to_merge(&self, newcomer: u64) -> Option<u64> {
        let records = |signer| self.seen.iter().filter(|record| record.signer == signer).count();
        let own = records(newcomer).saturating_add(1);
        let other = self.seen.iter().map(|r| (records(r.signer), r.signer)).max_by_key(|(count, _)| *count);
        match other {
            Some((count, signer)) if count > own => Some(signer),
            _ if own > 1 => Some(newcomer),
            _ => None,
        }
    }

    /// Merges the lowest version of a signer into that signer's floor.
    fn merge(&mut self, signer: u64) -> Option<VersionRecord> {
        let lowest = self.lowest_image(signer).and_then(|at| self.remove(at))?;
        let has_floor = self.seen.iter().any(|r| r.scope == VersionScope::Signer && r.signer == signer);
        // Without a floor the next lowest becomes it: two records are merged into one.
        let next = if has_floor { None } else { self.lowest_image(signer) };
        let next = next.and_then(|at| self.remove(at));
        let version = next.map_or(lowest.version, |next| next.version.max(lowest.version));
        Some(self.raise_floor(VersionRecord { version, ..lowest }))
    }

    /// The index of the record of a signer's image with the lowest version.
    fn lowest_image(&self, signer: u64) -> Option<usize> {
        let of = self.seen.iter().enumerate();
        let images = of.filter(|(_, r)| r.scope == VersionScope::Image && r.signer == signer);
        images.min_by_key(|(_, record)| record.version).map(|(at, _)| at)
    }

    /// Raises the floor of the record's signer to its version, or the device's floor if the table is full.
    fn raise_floor(&mut self, record: VersionRecord) -> VersionRecord {
        let floor = VersionRecord { uid: 0, scope: VersionScope::Signer, ..record };
        if let Some(known) =
            self.seen.iter_mut().find(|r| r.scope == VersionScope::Signer && r.signer == record.signer)
        {
            known.version = known.version.max(record.version);
            return *known;
        }
        match self.seen.push(floor) {
            Ok(()) => floor,
            Err(_) => self.raise_device(record.version),
        }
    }

    /// Merges the lowest version of the table into the device's floor.
    fn merge_lowest(&mut self) -> Option<VersionRecord> {
        let lowest =
            self.seen.iter().enumerate().min_by_key(|(_, record)| record.version).map(|(at, _)| at)?;
        let version = self.remove(lowest)?.version;
        Some(self.raise_device(version))
    }

    /// Removes a record, and moves the last to its place. As `swap_remove`, which panics.
    fn remove(&mut self, at: usize) -> Option<VersionRecord> {
        let removed = self.seen.get(at).copied()?;
        let last = self.seen.pop()?;
        if let Some(place) = self.seen.get_mut(at) {
            *place = last;
        }
        Some(removed)
    }

    fn raise_device(&mut self, version: u32) -> VersionRecord {
        self.device = self.device.max(version);
        VersionRecord { signer: 0, uid: 0, version: self.device, scope: VersionScope::Device }
    }
}

/// 64 bits of SHA-256. Only the signer of both images could make two uids collide, and that affects that signer alone.
pub(crate) fn uid_key(uid: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[uid.as_bytes()]);
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn exact_within_capacity() {
        let mut versions = Versions::<4>::new();
        assert_eq!(versions.lowest(1, 10), 0);
        versions.remember(1, 10, 5);
        versions.remember(1, 10, 3);
        versions.remember(1, 11, 1);
        assert_eq!((versions.lowest(1, 10), versions.lowest(1, 11), versions.lowest(1, 12)), (5, 1, 0));
        assert_eq!(versions.lowest(2, 10), 0, "another signer's is not counted");
    }

    #[test]
    fn item_08_what_is_forgotten_is_refused_below_the_highest_forgotten() {
        let mut versions = Versions::<3>::new();
        for (uid, version) in [(1, 9), (2, 2), (3, 4), (4, 7), (5, 8)] {
            versions.remember(1, uid, version);
        }
        // 2 and 4 made the floor, then 7 was merged into it.
        assert_eq!((2..=4).map(|uid| versions.lowest(1, uid)).max(), Some(7));
        assert_eq!((versions.lowest(1, 1), versions.lowest(1, 5), versions.lowest(1, 99)), (9, 8, 7));
        assert_eq!(versions.lowest(2, 1), 0, "the floor is the signer's");
    }

    #[test]
    fn item_08_a_change_says_what_it_raised() {
        let image = |uid, version| VersionRecord { signer: 1, uid, version, scope: VersionScope::Image };
        let mut versions = Versions::<2>::new();
        assert_eq!(versions.remember(1, 1, 5), [image(1, 5)]);
        assert!(versions.remember(1, 1, 5).is_empty());
        assert_eq!(versions.remember(1, 1, 6), [image(1, 6)]);
        versions.remember(1, 2, 3);
        let floor = VersionRecord { signer: 1, uid: 0, version: 6, scope: VersionScope::Signer };
        assert_eq!(versions.remember(1, 3, 1), [floor, image(3, 1)]);
        // More signers than records: the device's floor applies to all.
        versions.remember(2, 1, 4);
        let device = VersionRecord { signer: 0, uid: 0, version: 4, scope: VersionScope::Device };
        let raised = versions.remember(3, 1, 9);
        assert_eq!(raised.first(), Some(&device));
        assert_eq!((versions.lowest(1, 3), versions.lowest(2, 1), versions.lowest(7, 7)), (6, 4, 4));
        // Without records, the device's floor holds all.
        let mut none = Versions::<0>::new();
        none.remember(1, 1, 5);
        none.restore(VersionRecord { signer: 1, uid: 1, version: 8, scope: VersionScope::Image });
        assert_eq!(none.lowest(2, 2), 8);
    }

    #[test]
    fn item_08_a_signer_with_the_highest_version_blocks_nobody_else() {
        let mut versions = Versions::<4>::new();
        versions.remember(1, 10, 5);
        for uid in 0..100 {
            versions.remember(2, uid, u32::MAX);
        }
        assert_eq!((versions.lowest(1, 10), versions.lowest(1, 11)), (5, 0));
        assert_eq!(versions.lowest(2, 10), u32::MAX);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Load(u64, u64, u32),
        Unload(usize),
        RestoreImage(u64, u64, u32),
        RestoreSigner(u64, u32),
        RestoreDevice(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        let version = || prop_oneof![8 => 0..12u32, 1 => Just(u32::MAX)];
        let (signer, uid) = (|| 0..7u64, || 0..9u64);
        prop_oneof![
            20 => (signer(), uid(), version()).prop_map(|(s, u, v)| Step::Load(s, u, v)),
            10 => any::<usize>().prop_map(Step::Unload),
            2 => (signer(), uid(), version()).prop_map(|(s, u, v)| Step::RestoreImage(s, u, v)),
            1 => (signer(), 0..12u32).prop_map(|(s, v)| Step::RestoreSigner(s, v)),
            1 => (0..4u32).prop_map(Step::RestoreDevice),
        ]
    }

    /// The model: stores everything. No load can change the version of a container that is loaded.
    #[derive(Default)]
    struct Model {
        highest: HashMap<(u64, u64), u32>,
        loaded: Vec<(u64, u64, u32), 3>,
    }

    fn run<const V: usize>(steps: &[Step]) -> Result<(), TestCaseError> {
        let mut versions = Versions::<V>::new();
        let mut model = Model::default();
        for step in steps {
            match *step {
                Step::Load(signer, uid, version) => {
                    let duplicate = model.loaded.iter().any(|(_, loaded, _)| *loaded == uid);
                    if !duplicate && version >= versions.lowest(signer, uid) {
                        let highest = model.highest.entry((signer, uid)).or_default();
                        prop_assert!(version >= *highest, "{signer} {uid}: {version} after {highest}");
                        if model.loaded.push((signer, uid, version)).is_ok() {
                            *highest = version;
                            versions.remember(signer, uid, version);
                        }
                    }
                }
                Step::Unload(which) if !model.loaded.is_empty() => {
                    let (signer, uid, version) = model.loaded.swap_remove(which % model.loaded.len());
                    versions.remember(signer, uid, version);
                    prop_assert_eq!(versions.lowest(signer, uid).max(version), versions.lowest(signer, uid));
                }
                Step::Unload(_) => {}
                Step::RestoreImage(signer, uid, version) => {
                    // Records are restored before images are loaded.
                    if model.loaded.is_empty() {
                        versions.restore(VersionRecord { signer, uid, version, scope: VersionScope::Image });
                        let highest = model.highest.entry((signer, uid)).or_default();
                        *highest = version.max(*highest);
                    }
                }
                Step::RestoreSigner(signer, version) => {
                    let scope = VersionScope::Signer;
                    versions.restore(VersionRecord { signer, uid: 0, version, scope });
                }
                Step::RestoreDevice(version) => {
                    let scope = VersionScope::Device;
                    versions.restore(VersionRecord { signer: 0, uid: 0, version, scope });
                }
            }
            for ((signer, uid), highest) in &model.highest {
                prop_assert!(versions.lowest(*signer, *uid) >= *highest, "{signer} {uid} after {step:?}");
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn item_08_never_below_a_model_that_forgets_nothing(steps in prop::collection::vec(step(), 0..200)) {
            run::<0>(&steps)?;
            run::<1>(&steps)?;
            run::<2>(&steps)?;
            run::<5>(&steps)?;
            run::<24>(&steps)?;
        }

        /// One signer's loads do not affect another signer that keeps within its share.
        #[test]
        fn item_08_a_signer_within_its_share_is_not_pushed_out(
            own in prop::collection::vec((0..6u64, 0..9u32), 0..30),
            others in prop::collection::vec((0..40u64, any::<u32>()), 0..60),
        ) {
            let mut versions = Versions::<12>::new();
            let mut highest = HashMap::new();
            let mut others = others.into_iter();
            for (uid, version) in own {
                versions.remember(1, uid, version.max(versions.lowest(1, uid)));
                let entry = highest.entry(uid).or_insert(0);
                *entry = version.max(*entry);
                for (uid, version) in others.by_ref().take(3) {
                    versions.remember(2, uid, version.max(versions.lowest(2, uid)));
                }
                for uid in 0..6 {
                    prop_assert_eq!(versions.lowest(1, uid), highest.get(&uid).copied().unwrap_or(0));
                }
            }
        }
    }
}
