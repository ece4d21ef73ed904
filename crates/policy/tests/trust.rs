//! The trust store and its scopes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use tinycontainer_metadata::{Access, Bus, Direction, Mask, Peer, Priority, Scheme};
use tinycontainer_policy::{AnchorSpec, Pattern, Reach, Roles, Target, Trust, trust};
use tinycontainer_testkit::trust_store;
use tinycontainer_token::Key;

fn reach(target: Target<'static>, direction: Direction) -> Reach<'static> {
    Reach { target, direction }
}

fn spec<'a>(kid: &'a [u8], key: Key<'a>, reaches: &'a [Reach<'a>]) -> AnchorSpec<'a> {
    AnchorSpec {
        name: "somebody",
        kid,
        key,
        roles: Roles::ENDPOINTS,
        containers: &[Pattern("a.*"), Pattern("exactly")],
        syscalls: Mask(5),
        reaches,
        priority: Priority::Low,
        hook_ms: 77,
    }
}

fn store(anchors: &[AnchorSpec<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    trust::encode(anchors, &mut out).unwrap();
    out
}

#[test]
fn what_is_encoded_decodes() {
    let reaches = [
        reach(Target::Any, Direction::In),
        reach(Target::Local { bus: None, units: None }, Direction::Out),
        reach(Target::Local { bus: Some(Bus::Gpio), units: Some((3, 9)) }, Direction::Both),
        reach(Target::Container { uid: Pattern("a.*"), endpoints: Some((1, 1)) }, Direction::Both),
        reach(
            Target::Remote { scheme: Some(Scheme::Coaps), authority: Pattern("x.example:*") },
            Direction::Both,
        ),
        reach(Target::Remote { scheme: None, authority: Pattern("*") }, Direction::In),
    ];
    let bytes =
        store(&[spec(b"1", Key::Ed25519(&[7; 32]), &reaches), spec(b"2", Key::Hmac256(&[8; 40]), &[])]);
    let trust = Trust::decode(&bytes).unwrap();
    let anchors: Vec<_> = trust.anchors().collect();
    assert_eq!(anchors.len(), 2);
    assert_eq!(
        (anchors[0].name, anchors[0].kid, anchors[0].key),
        ("somebody", &b"1"[..], Key::Ed25519(&[7; 32]))
    );
    assert_eq!(anchors[1].key, Key::Hmac256(&[8; 40]));
    let scope = anchors[0].scope;
    assert_eq!(
        (scope.roles, scope.syscalls, scope.priority, scope.hook_ms),
        (Roles::ENDPOINTS, Mask(5), Priority::Low, 77)
    );
    assert_eq!(scope.reaches().collect::<Vec<_>>(), reaches);
    assert!(scope.covers_container("a.x") && scope.covers_container("exactly"));
    assert!(!scope.covers_container("exactly.not") && !scope.covers_container("b.a."));
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

#[test]
fn a_key_id_stands_once_and_a_secret_is_long() {
    let key = Key::Ed25519(&[7; 32]);
    assert!(Trust::decode(&store(&[spec(b"1", key, &[]), spec(b"1", key, &[])])).is_err());
    assert!(Trust::decode(&store(&[spec(b"1", Key::Hmac256(&[7; 31]), &[])])).is_err());
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
