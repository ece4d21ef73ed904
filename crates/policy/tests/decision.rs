//! The decision over images of profile 1: who may sign what.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use tinycontainer_metadata::{Access, Bus, Direction, Mask, Peer, Priority};
use tinycontainer_policy::{
    AnchorSpec, Device, Lapsed, Pattern, Reach, Refused, Reliance, Roles, Target, Trust, clear, trust,
};
use tinycontainer_testkit::{
    Image, MANAGER, NOW, OWNER, OwnedPeer, PROVIDER_A, Signer, Spec, device_with, endpoint_token,
};
use tinycontainer_token::issue::public_key;
use tinycontainer_token::{Claims, Key};

const IDLE: &str = tinycontainer_testkit::IDLE;

/// A store with one anchor for each of these signers, which may do everything but what `change` takes away.
fn store(signers: &[Signer], change: impl Fn(usize, &mut AnchorSpec<'_>)) -> Vec<u8> {
    let keys: Vec<_> = signers.iter().map(|signer| public_key(signer.seed)).collect();
    let any = [Reach { target: Target::Any, direction: Direction::Both }];
    let mut anchors = Vec::new();
    for (i, (signer, key)) in signers.iter().zip(&keys).enumerate() {
        let mut anchor = AnchorSpec {
            name: signer.name,
            kid: signer.kid,
            key: Key::Ed25519(key),
            roles: Roles::ALL,
            containers: &[Pattern("*")],
            syscalls: Mask::ALL,
            reaches: &any,
            priority: Priority::High,
        };
        change(i, &mut anchor);
        anchors.push(anchor);
    }
    let mut out = Vec::new();
    trust::encode(&anchors, &mut out).unwrap();
    out
}

fn on<T>(store: &[u8], f: impl FnOnce(&Device<'_>) -> T) -> T {
    f(&device_with(Trust::decode(store).unwrap()))
}

fn refused(image: &Image, device: &Device<'_>) -> Option<Refused> {
    clear(&image.metadata, device).err()
}

/// What the decision over an image rested on.
fn reliance(image: &Image, device: &Device<'_>) -> Reliance {
    *clear(&image.metadata, device).unwrap().reliance()
}

#[test]
fn item_07_what_was_relied_on_is_known_and_can_be_asked_again() {
    let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
    let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    spec.endpoints[0].3 = Some(endpoint_token(OWNER, "a.x", &access));
    // The metadata token expires 500 s from now; the owner's (see the testkit) 1000 s from now.
    let image =
        spec.sign_with(PROVIDER_A, |claims| Claims { exp: Some(NOW + 500), nbf: Some(NOW - 5), ..*claims });
    let own = |i: usize, anchor: &mut AnchorSpec<'_>| {
        if i == 0 {
            anchor.reaches = &[];
        }
    };
    let both = store(&[PROVIDER_A, OWNER], own);
    let found = on(&both, |device| reliance(&image, device));
    assert_eq!((found.not_before(), found.expires()), (Some(NOW - 5), Some(NOW + 500)));
    assert_eq!(found.anchors().len(), 2);
    on(&both, |device| {
        assert_eq!(found.still_holds(device), Ok(()));
        let at = |now| found.still_holds(&Device { now, ..*device });
        assert_eq!(at(Some(NOW + 499)), Ok(()));
        assert_eq!(at(Some(NOW + 500)), Err(Lapsed::Expired(NOW + 500)));
        assert_eq!(at(Some(NOW - 6)), Err(Lapsed::NotYetValid(NOW - 5)), "the clock was set back");
        assert_eq!(at(None), Err(Lapsed::NoClock));
        assert!(found.anchors().iter().all(|hash| device.trust.contains_anchor_hash(*hash)));
    });
    // More anchors, in another order: no matter. One gone, or with another scope: it does.
    on(&store(&[MANAGER, PROVIDER_A], |_, _| {}), |device| {
        assert_eq!(found.still_holds(device), Err(Lapsed::AnchorGone));
    });
    on(&store(&[PROVIDER_A, MANAGER, OWNER], own), |device| assert_eq!(found.still_holds(device), Ok(())));
    on(&store(&[PROVIDER_A, OWNER], |_, _| {}), |device| {
        assert_eq!(found.still_holds(device), Err(Lapsed::AnchorGone), "another scope");
    });
    on(&store(&[], |_, _| {}), |device| assert_eq!(found.still_holds(device), Err(Lapsed::AnchorGone)));
    // An anchor that signs twice is listed once.
    let mut twice = spec.clone();
    twice.endpoints[0].3 = Some(endpoint_token(PROVIDER_A, "a.x", &access));
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        assert_eq!(reliance(&twice.sign(PROVIDER_A), device).anchors().len(), 1);
    });
}

const BUS: OwnedPeer = OwnedPeer::Local(Bus::I2c, 72);

#[test]
fn item_10_reach_counts_only_with_the_role_endpoints() {
    let spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    let with = |roles| {
        store(&[PROVIDER_A, OWNER], move |i, anchor| {
            if i == 0 {
                anchor.roles = roles;
            }
        })
    };
    let without = with(Roles(Roles::ALL.0 & !Roles::ENDPOINTS.0));
    on(&with(Roles::ALL), |device| assert_eq!(refused(&spec.sign(PROVIDER_A), device), None));
    on(&without, |device| {
        assert_eq!(refused(&spec.sign(PROVIDER_A), device), Some(Refused::SignerRole(1)));
        // Its own data stays in everybody's scope; and a token of somebody with the role is enough.
        let data = Spec::new("a.x", IDLE).endpoint(1, OwnedPeer::Local(Bus::Data, 0), Direction::In);
        assert_eq!(refused(&data.sign(PROVIDER_A), device), None);
        let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
        let mut authorized = spec.clone();
        authorized.endpoints[0].3 = Some(endpoint_token(OWNER, "a.x", &access));
        assert_eq!(refused(&authorized.sign(PROVIDER_A), device), None);
    });
}
