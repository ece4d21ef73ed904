//! The decision over metadata: only what a signer has signed is accepted, byte by byte; and `clear` and `examine` agree.

use crate::metadata::rich;
use crate::outcome::{Outcome, outcome};
use crate::year2024;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use tinycontainer::metadata::{Limits, Metadata};
use tinycontainer::policy::{
    Device, ImageRejected, Reliance, Trust, Workspace, Year2024, clear, clear_into, examine,
};
use tinycontainer_testkit::{
    IDLE, MANAGER, OWNER, PROVIDER_A, PROVIDER_B, STRANGER, Spec, device_with, trust_store,
};

fn trust() -> Trust<'static> {
    static STORE: OnceLock<Vec<u8>> = OnceLock::new();
    Trust::decode(STORE.get_or_init(trust_store)).unwrap()
}

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    static SIGNED: OnceLock<HashSet<Vec<u8>>> = OnceLock::new();
    let signed = SIGNED.get_or_init(|| seeds().into_iter().collect());

    let device = device_with(trust());
    let found = decide(bytes, &device);
    if found.is_ok() {
        assert!(signed.contains(bytes), "metadata that nobody has signed");
    }
    if found != Err(ImageRejected::Year2024) {
        return outcome(&found);
    }
    let key = year2024::key();
    let scope = device.trust.anchors().find(|anchor| anchor.name == OWNER.name).unwrap().scope;
    let policy = Year2024::new(&key, scope, Limits { linear_memory: 1024, stack: 1024, heap: 1024 });
    let found = decide(bytes, &Device { accept_2024: Some(&policy), ..device });
    assert!(found.is_err() || signed.contains(bytes), "metadata of 2024 that nobody has signed");
    outcome(&("2024", found))
}

fn decide(bytes: &[u8], device: &Device<'_>) -> Result<(), ImageRejected> {
    let mut workspace = Workspace::default();
    let cleared = clear_into(bytes, device, &mut workspace);
    let found = cleared.as_ref().map(|_| ()).map_err(|why| *why);
    assert_eq!(clear(bytes, device).map(drop), found);
    if let Ok(metadata) = Metadata::decode(bytes) {
        let mut first = Ok(());
        examine(&metadata, device, &mut |_, outcome| {
            first = first.and(outcome.map(|_| ()));
            ControlFlow::Continue(())
        });
        assert_eq!(found, first);
    }
    if let Ok(cleared) = cleared {
        assert_eq!(cleared.reliance().still_holds(device), Ok(()));
        assert!(cleared.grant().mask().within(tinycontainer::Mask::ALL));
        for endpoint in cleared.metadata().endpoints.iter() {
            let right = cleared.grant().right(endpoint.id).unwrap();
            assert_eq!(right.direction, endpoint.access.direction);
        }
        let mut packed = vec![0; cleared.reliance().packed_len()];
        cleared.reliance().pack(&mut packed).unwrap();
        assert_eq!(Reliance::unpack(&packed).as_ref(), Some(cleared.reliance()));
    }
    found
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (spec, signers) in [
        (Spec::new("a.x", IDLE), &[PROVIDER_A, PROVIDER_B, MANAGER, STRANGER, OWNER][..]),
        (rich(), &[PROVIDER_A, PROVIDER_B]),
    ] {
        seeds.extend(signers.iter().map(|signer| spec.sign(*signer).metadata));
    }
    let mut greedy = Spec::new("a.x", IDLE);
    greedy.limits.heap = u32::MAX;
    seeds.push(greedy.sign(PROVIDER_A).metadata);
    let mut slow = Spec::new("a.x", IDLE);
    slow.schedule.loop_ms = 20_000;
    seeds.push(slow.sign(PROVIDER_A).metadata);
    seeds.push(year2024::image(b"data", b"code"));
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_of_both_formats_are_accepted() {
        let accepted =
            [outcome(&Ok::<(), ImageRejected>(())), outcome(&("2024", Ok::<(), ImageRejected>(())))];
        for accepted in accepted {
            assert!(seeds().iter().any(|seed| run(seed) == accepted));
        }
    }
}
