//! Decoding trust stores: what decodes has exactly one encoding, which the encoder writes.

use crate::outcome::{Outcome, outcome};
use tinycontainer::metadata::{Access, Bus, Direction, Peer, Scheme};
use tinycontainer::policy::{AnchorSpec, Pattern, Reach, Roles, Target, Trust, trust};
use tinycontainer_testkit::trust_store;
use tinycontainer_token::Key;

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    let store = match Trust::decode(bytes) {
        Ok(store) => store,
        Err(error) => return outcome(&error),
    };
    let anchors: Vec<_> = store.anchors().collect();
    assert!(anchors.windows(2).all(|pair| pair[0].kid < pair[1].kid));
    let patterns: Vec<Vec<Pattern<'_>>> =
        anchors.iter().map(|anchor| anchor.scope.containers().collect()).collect();
    let reaches: Vec<Vec<Reach<'_>>> =
        anchors.iter().map(|anchor| anchor.scope.reaches().collect()).collect();
    let mut specs: Vec<_> = anchors
        .iter()
        .zip(&patterns)
        .zip(&reaches)
        .map(|((anchor, containers), reaches)| AnchorSpec {
            name: anchor.name,
            key: anchor.key,
            roles: anchor.scope.roles,
            containers,
            syscalls: anchor.scope.syscalls,
            reaches,
            priority: anchor.scope.priority,
            hook_ms: anchor.scope.hook_ms,
        })
        .collect();
    let mut again = Vec::new();
    trust::encode(&mut specs, &mut again).unwrap();
    assert_eq!(again, bytes);
    // No anchor gives a container's data to be written.
    let data = Access { peer: Peer::Local { bus: Bus::Data, unit: 0 }, direction: Direction::Out };
    assert!(anchors.iter().all(|anchor| !anchor.scope.covers_access(&data)));
    for anchor in &anchors {
        for peer in [
            Peer::Local { bus: Bus::I2c, unit: 72 },
            Peer::Container { uid: "a.x", endpoint: 3 },
            Peer::Remote { scheme: Scheme::Coap, authority: "host" },
        ] {
            let access = |direction| Access { peer, direction };
            let covers = |direction| anchor.scope.covers_access(&access(direction));
            assert!(!covers(Direction::Both) || covers(Direction::In) && covers(Direction::Out));
            assert!(!anchor.scope.may_use(&access(Direction::In)) || covers(Direction::In));
        }
        assert!(anchor.kid.len() == 8);
    }
    let kinds = reaches.concat().iter().map(|reach| std::mem::discriminant(&reach.target)).next();
    outcome(&(anchors.len(), kinds))
}

/// A store with an anchor for each kind of key and of reach.
fn rich() -> Vec<u8> {
    let both = Direction::Both;
    let reaches = [
        Reach {
            target: Target::Local { bus: Some(Bus::Gpio), units: Some((0, 31)) },
            direction: Direction::Out,
        },
        Reach { target: Target::Local { bus: None, units: None }, direction: Direction::In },
        Reach { target: Target::Container { uid: Pattern("b.*"), endpoints: Some((1, 2)) }, direction: both },
        Reach {
            target: Target::Remote { scheme: Some(Scheme::Coaps), authority: Pattern("*") },
            direction: both,
        },
        Reach { target: Target::Any, direction: both },
    ];
    let anchor = AnchorSpec {
        name: "one",
        key: Key::Ed25519(&[1; 32]),
        roles: Roles::ALL,
        containers: &[Pattern("a.*"), Pattern("b")],
        syscalls: tinycontainer::Mask::ALL,
        reaches: &reaches,
        priority: tinycontainer::metadata::Priority::High,
        hook_ms: 1000,
    };
    let mut out = Vec::new();
    trust::encode(&mut [anchor, AnchorSpec { name: "two", key: Key::Hmac256(&[2; 40]), ..anchor }], &mut out)
        .unwrap();
    out
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![trust_store(), rich(), vec![0x82, 1, 0x80]]
}
