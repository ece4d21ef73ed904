//! The trust store and its scopes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use tinycontainer_cbor::Kind;
use tinycontainer_metadata::{Access, Bus, Direction, Mask, Peer, Priority, Scheme};
use tinycontainer_policy::{AnchorSpec, Pattern, Reach, Roles, Target, Trust, trust};
use tinycontainer_testkit::trust_store;
use tinycontainer_token::{Key, thumbprint};

fn reach(target: Target<'static>, direction: Direction) -> Reach<'static> {
    Reach { target, direction }
}

fn spec<'a>(key: Key<'a>, reaches: &'a [Reach<'a>]) -> AnchorSpec<'a> {
    AnchorSpec {
        name: "somebody",
        key,
        roles: Roles::ENDPOINTS,
        containers: &[Pattern("a.*"), Pattern("exactly")],
        syscalls: Mask(5),
        reaches,
        priority: Priority::Low,
        hook_ms: 77,
    }
}

fn store(anchors: &mut [AnchorSpec<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    trust::encode(anchors, &mut out).unwrap();
    out
}

/// What an anchor may reach, of each kind.
fn reaches() -> [Reach<'static>; 6] {
    [
        reach(Target::Any, Direction::In),
        reach(Target::Local { bus: None, units: None }, Direction::Out),
        reach(Target::Local { bus: Some(Bus::Gpio), units: Some((3, 9)) }, Direction::Both),
        reach(Target::Container { uid: Pattern("a.*"), endpoints: Some((1, 1)) }, Direction::Both),
        reach(
            Target::Remote { scheme: Some(Scheme::Coaps), authority: Pattern("x.example:*") },
            Direction::Both,
        ),
        reach(Target::Remote { scheme: None, authority: Pattern("*") }, Direction::In),
    ]
}

/// A store with both kinds of keys and each kind of reach.
fn every_kind_of_anchor() -> Vec<u8> {
    store(&mut [spec(Key::Ed25519(&[7; 32]), &reaches()), spec(Key::Hmac256(&[8; 40]), &[])])
}

#[test]
fn what_is_encoded_decodes() {
    let reaches = reaches();
    let (public, secret) = (Key::Ed25519(&[7; 32]), Key::Hmac256(&[8; 40]));
    let bytes = every_kind_of_anchor();
    let trust = Trust::decode(&bytes).unwrap();
    assert_eq!(trust.anchors().count(), 2);
    let anchor = |key| trust.anchors().find(|anchor| anchor.key == key).unwrap();
    assert_eq!((anchor(public).name, anchor(public).kid), ("somebody", &thumbprint(public)[..8]));
    assert_eq!((anchor(secret).name, anchor(secret).kid), ("somebody", &thumbprint(secret)[..8]));
    let scope = anchor(public).scope;
    assert_eq!(
        (scope.roles, scope.syscalls, scope.priority, scope.hook_ms),
        (Roles::ENDPOINTS, Mask(5), Priority::Low, 77)
    );
    assert_eq!(scope.reaches().collect::<Vec<_>>(), reaches);
    assert!(scope.covers_container("a.x") && scope.covers_container("exactly"));
    assert!(!scope.covers_container("exactly.not") && !scope.covers_container("b.a."));
}

#[test]
fn what_is_encoded_validates_against_the_cddl() {
    let spec = format!("root = trust-store\n{}", include_str!("../../../docs/format.cddl"));
    let validates = |bytes: &[u8]| cddl::validate_cbor_from_slice(&spec, bytes, None).is_ok();
    assert!(validates(&every_kind_of_anchor()) && validates(&trust_store()) && validates(&[0x82, 1, 0x80]));
    // A kind of key that there is not.
    let mut kind = anchor(Key::Ed25519(&[7; 32]), Priority::Low);
    assert!(validates(&in_this_order(&[kind.clone()])));
    let at = kind.windows(4).position(|bytes| *bytes == [3, 0, 4, 0x58]).unwrap();
    kind[at + 1] = 2;
    assert!(!validates(&in_this_order(&[kind])));
}

#[test]
fn every_truncation_and_flip_of_a_store_is_refused_or_says_something_else() {
    let bytes = trust_store();
    let before: Vec<_> = Trust::decode(&bytes).unwrap().anchors().collect();
    for len in 0..bytes.len() {
        assert!(Trust::decode(&bytes[..len]).is_err());
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(trust) = Trust::decode(&flipped) {
                let after: Vec<_> = trust.anchors().collect();
                assert_ne!(before, after, "bit {bit} of byte {at}");
            }
        }
    }
    let mut long = bytes;
    long.push(0);
    assert!(Trust::decode(&long).is_err());
}

/// A store of these anchors, each as the CBOR that [`trust::encode`] writes, in the order given.
fn in_this_order(anchors: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0x82, 1, 0x80 | anchors.len() as u8];
    anchors.iter().for_each(|anchor| out.extend_from_slice(anchor));
    out
}

/// One anchor's CBOR.
fn anchor(key: Key<'_>, priority: Priority) -> Vec<u8> {
    store(&mut [AnchorSpec { priority, ..spec(key, &[]) }]).split_off(3)
}

fn kind(bytes: &[u8]) -> Kind {
    Trust::decode(bytes).unwrap_err().kind()
}

#[test]
fn each_kid_and_each_key_is_in_a_store_once_and_in_order() {
    let keys: Vec<[u8; 32]> = (0..8).map(|byte| [byte; 32]).collect();
    let mut sorted: Vec<_> = keys.iter().map(Key::Ed25519).collect();
    sorted.sort_by_key(|key| thumbprint(*key));
    let anchors: Vec<_> = sorted.iter().map(|key| anchor(*key, Priority::Low)).collect();
    assert!(Trust::decode(&in_this_order(&anchors)).is_ok());
    // Each other order of two, and each anchor twice at whatever distance, with another scope.
    for (first, key) in sorted.iter().enumerate() {
        for second in first + 1..anchors.len() {
            let mut swapped = anchors.clone();
            swapped.swap(first, second);
            assert_eq!(kind(&in_this_order(&swapped)), Kind::KeyOrder);
        }
        for at in 0..=anchors.len() {
            let mut twice = anchors.clone();
            twice.insert(at, anchor(*key, Priority::High));
            assert_eq!(kind(&in_this_order(&twice)), Kind::KeyOrder);
        }
    }
}

#[test]
fn a_key_under_the_kid_of_another_is_refused() {
    let [one, other] = [&[1; 32], &[2; 32]].map(Key::Ed25519);
    let good = anchor(one, Priority::Low);
    let at = good.windows(8).position(|bytes| *bytes == thumbprint(one)[..8]).unwrap();
    let mut forged = good;
    forged[at..at + 8].copy_from_slice(&thumbprint(other)[..8]);
    assert_eq!(kind(&in_this_order(&[forged])), Kind::Range);
}

#[test]
fn the_encoder_sorts() {
    let (one, other) = (Key::Ed25519(&[1; 32]), Key::Ed25519(&[2; 32]));
    let both = store(&mut [spec(one, &[]), spec(other, &[])]);
    assert_eq!(both, store(&mut [spec(other, &[]), spec(one, &[])]));
    assert!(Trust::decode(&both).is_ok());
}

#[test]
fn a_secret_is_long() {
    assert!(Trust::decode(&store(&mut [spec(Key::Hmac256(&[7; 32]), &[])])).is_ok());
    assert!(Trust::decode(&store(&mut [spec(Key::Hmac256(&[7; 31]), &[])])).is_err());
    assert_eq!(Trust::NONE.anchors().count(), 0);
}

#[test]
fn reaches_cover_what_they_say() {
    let access = |peer, direction| Access { peer, direction };
    let pin = |unit| Peer::Local { bus: Bus::Gpio, unit };
    let pins = reach(Target::Local { bus: Some(Bus::Gpio), units: Some((3, 9)) }, Direction::Out);
    assert!(pins.covers(&access(pin(3), Direction::Out)) && pins.covers(&access(pin(9), Direction::Out)));
    assert!(!pins.covers(&access(pin(10), Direction::Out)) && !pins.covers(&access(pin(2), Direction::Out)));
    assert!(!pins.covers(&access(pin(3), Direction::In)) && !pins.covers(&access(pin(3), Direction::Both)));
    assert!(!pins.covers(&access(Peer::Local { bus: Bus::I2c, unit: 3 }, Direction::Out)));
    let host = |scheme, authority| access(Peer::Remote { scheme, authority }, Direction::Both);
    let hosts = reach(
        Target::Remote { scheme: Some(Scheme::Coaps), authority: Pattern("a.example:*") },
        Direction::Both,
    );
    assert!(hosts.covers(&host(Scheme::Coaps, "a.example:5684")));
    assert!(!hosts.covers(&host(Scheme::Coap, "a.example:5684")));
    assert!(!hosts.covers(&host(Scheme::Coaps, "a.example.evil:5684")));
    let peers = reach(Target::Container { uid: Pattern("b.x"), endpoints: None }, Direction::Both);
    assert!(peers.covers(&access(Peer::Container { uid: "b.x", endpoint: 7 }, Direction::In)));
    assert!(!peers.covers(&access(Peer::Container { uid: "b.xy", endpoint: 7 }, Direction::In)));
    // A peer without an address is covered by a reach that covers everything only.
    let nowhere = access(Peer::RemoteUnaddressed { endpoint: 1 }, Direction::In);
    assert!(!hosts.covers(&nowhere) && reach(Target::Any, Direction::Both).covers(&nowhere));
}
