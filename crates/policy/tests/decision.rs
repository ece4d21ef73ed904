//! The decision over images of profile 1: who may sign what.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use tinycontainer_metadata::{Access, Bus, Direction, Mask, Peer, Priority};
use tinycontainer_policy::{AnchorSpec, Device, Pattern, Reach, Refused, Roles, Target, Trust, clear, trust};
use tinycontainer_testkit::{Image, OWNER, OwnedPeer, PROVIDER_A, Signer, Spec, device_with, endpoint_token};
use tinycontainer_token::Key;
use tinycontainer_token::issue::public_key;

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
