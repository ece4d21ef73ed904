//! The trust store and its scopes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use tinycontainer_cbor::Kind;
use tinycontainer_metadata::{Access, Bus, Direction, Mask, Peer, Priority, Scheme};
use tinycontainer_policy::{
    AnchorHash, AnchorSpec, Pattern, Reach, Roles, Scope, Target, Trust, clear, kid, trust,
};
use tinycontainer_testkit::{
    CLASS, DEVICE, OwnedPeer, Spec, device_with, sha256, trust_store, worst, worst_trust_store,
};
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

#[test]
fn a_range_of_endpoints_and_a_pattern_of_uids_both_count() {
    let target = Target::Container { uid: Pattern("b.*"), endpoints: Some((3, 9)) };
    let peers = reach(target, Direction::Both);
    let covers = |uid, endpoint| {
        peers.covers(&Access { peer: Peer::Container { uid, endpoint }, direction: Direction::In })
    };
    assert!(covers("b.x", 3) && covers("b.x", 9));
    assert!(!covers("b.x", 2) && !covers("b.x", 10) && !covers("c.x", 3));
    // Each of any: no bus, no scheme, no name is left out.
    let all = reach(Target::Local { bus: None, units: None }, Direction::Both);
    for bus in Bus::ALL {
        assert!(
            all.covers(&Access { peer: Peer::Local { bus, unit: u32::MAX }, direction: Direction::Both })
        );
    }
    let all = reach(Target::Remote { scheme: None, authority: Pattern("*") }, Direction::Both);
    for scheme in Scheme::ALL {
        let peer = Peer::Remote { scheme, authority: "x" };
        assert!(all.covers(&Access { peer, direction: Direction::Both }));
        assert!(!peers.covers(&Access { peer, direction: Direction::In }));
    }
}

#[test]
fn a_role_is_had_only_whole() {
    let single = [Roles::METADATA, Roles::PARTS, Roles::SYSCALLS, Roles::ENDPOINTS];
    for (i, one) in single.into_iter().enumerate() {
        for (j, other) in single.into_iter().enumerate() {
            assert_eq!(one.has(other), i == j);
            let both = one.union(other);
            assert!(both.has(one) && both.has(other) && both.has(both));
            assert_eq!(one.has(both), i == j);
        }
        assert!(Roles::ALL.has(one) && !Roles::default().has(one));
        assert_eq!(Roles::ALL.union(one), Roles::ALL);
    }
    let all = single.into_iter().fold(Roles::default(), Roles::union);
    assert_eq!(all, Roles::ALL);
}

/// A store with one anchor, of which `change` changes the CBOR.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Result<(), Kind> {
    let mut anchor = anchor(Key::Ed25519(&[7; 32]), Priority::Low);
    change(&mut anchor);
    Trust::decode(&in_this_order(&[anchor])).map(|_| ()).map_err(|why| why.kind())
}

#[test]
fn each_field_of_an_anchor_has_its_values_and_no_others() {
    assert_eq!(changed(|_| {}), Ok(()));
    // Another number of fields than the ten.
    assert_eq!(changed(|bytes| bytes[0] = 0xa9), Err(Kind::Range));
    assert_eq!(changed(|bytes| bytes[0] = 0xab), Err(Kind::Range));
    // Roles: four, and no fifth.
    for roles in 0..=23 {
        let result = changed(|bytes| {
            // The end of the key, then keys 5 and 6.
            let at = bytes.windows(4).position(|bytes| *bytes == [7, 5, Roles::ENDPOINTS.0, 6]).unwrap();
            bytes[at + 2] = roles;
        });
        assert_eq!(result.is_ok(), roles <= Roles::ALL.0);
    }
    // Priority: three classes. After it are 3 bytes of key 10.
    for priority in 0..=23 {
        let result = changed(|bytes| {
            let at = bytes.len() - 4;
            assert_eq!(bytes[at - 1], 9);
            bytes[at] = priority;
        });
        assert_eq!(result.is_ok(), priority <= 2);
    }
    // The version of the store.
    let mut store = in_this_order(&[anchor(Key::Ed25519(&[7; 32]), Priority::Low)]);
    for version in [0, 2] {
        store[1] = version;
        assert_eq!(kind(&store), Kind::Unknown);
    }
}

#[test]
fn a_key_has_the_length_of_its_kind() {
    // An Ed25519 key under the kind of a secret, and a longer secret under the kind of a public key.
    let with = |kind: u8, len: usize| {
        let secret = vec![7; len];
        let mut bytes = anchor(Key::Hmac256(&secret), Priority::Low);
        let at = bytes.windows(4).position(|bytes| *bytes == [3, 1, 4, 0x58]).unwrap();
        bytes[at + 1] = kind;
        Trust::decode(&in_this_order(&[bytes])).map(|_| ()).map_err(|why| why.kind())
    };
    assert_eq!((with(1, 32), with(1, 33), with(1, 31)), (Ok(()), Ok(()), Err(Kind::Range)));
    // Of kind 0 the kid is that of another thumbprint, so also the right length is refused; none is accepted.
    for len in [31, 32, 33] {
        assert_eq!(with(0, len), Err(Kind::Range));
        assert_eq!(with(2, len), Err(Kind::Range));
    }
}

#[test]
fn a_reach_has_the_fields_of_its_kind_and_no_others() {
    let mut scope = trust_scope_with(&[0xa2, 2, 3, 5, 0]).unwrap();
    assert_eq!(scope, 1);
    let mut accepted = 0;
    for kind in 0..=4 {
        for name in [false, true] {
            for range in [false, true] {
                for address in [None].into_iter().chain((0..=8).map(Some)) {
                    let pairs = 2 + u8::from(name) + u8::from(range) + u8::from(address.is_some());
                    let mut reach = vec![0xa0 | pairs, 2, kind];
                    if name {
                        reach.extend([3, 0x61, b'*']);
                    }
                    if range {
                        reach.extend([4, 0x82, 1, 2]);
                    }
                    reach.extend([5, 2]);
                    reach.extend(address.into_iter().flat_map(|address| [7, address]));
                    // By docs/format.cddl: a container has a name, a local peer none, a remote peer a name; a container
                    // and a local peer may have a range, a local peer a bus, a remote one a scheme; any peer has none
                    // of them. Were a name optional, `*` and its absence would mean the same: fuzzing found that.
                    let allowed = match kind {
                        0 => name && address.is_none(),
                        1 => !name && address.is_none_or(|bus| usize::from(bus) < Bus::ALL.len()),
                        2 => {
                            name && !range
                                && address.is_none_or(|scheme| usize::from(scheme) < Scheme::ALL.len())
                        }
                        3 => !name && !range && address.is_none(),
                        _ => false,
                    };
                    scope = trust_scope_with(&reach).unwrap_or(0);
                    assert_eq!(scope == 1, allowed, "{reach:02x?}");
                    accepted += u32::from(allowed);
                }
            }
        }
    }
    // 2 + 2 * 7 + 2 + 5 + 1.
    assert_eq!(accepted, 24);
    // Without a kind or a direction, with an unknown direction, with an unknown key.
    assert_eq!(trust_scope_with(&[0xa1, 2, 3]), Err(Kind::Missing));
    assert_eq!(trust_scope_with(&[0xa1, 5, 0]), Err(Kind::Missing));
    assert!(trust_scope_with(&[0xa2, 2, 3, 5, 3]).is_err());
    assert!(trust_scope_with(&[0xa3, 2, 3, 5, 0, 6, 0]).is_err());
    // A range has two ends.
    assert!(trust_scope_with(&[0xa3, 2, 1, 4, 0x81, 1, 5, 0]).is_err());
    assert!(trust_scope_with(&[0xa3, 2, 1, 4, 0x83, 1, 2, 3, 5, 0]).is_err());
}

/// How many reaches a store decodes to whose anchor has this one.
fn trust_scope_with(reach: &[u8]) -> Result<usize, Kind> {
    let mut bytes = anchor(Key::Ed25519(&[7; 32]), Priority::Low);
    // Key 8 with an empty array, then key 9.
    let at = bytes.windows(3).rposition(|bytes| *bytes == [8, 0x80, 9]).unwrap();
    bytes[at + 1] = 0x81;
    bytes.splice(at + 2..at + 2, reach.iter().copied());
    let store = in_this_order(&[bytes]);
    let trust = Trust::decode(&store).map_err(|why| why.kind())?;
    let scope: Scope<'_> = trust.anchors().next().unwrap().scope;
    Ok(scope.reaches().count())
}

#[test]
fn an_anchors_hash_is_two_bytes_of_its_kid_and_six_of_its_digest() {
    let (one, other) = (Key::Ed25519(&[1; 32]), Key::Ed25519(&[2; 32]));
    let hash = |key, bytes: &[u8]| {
        let mut hash = [0; 8];
        hash[..2].copy_from_slice(&kid(key)[..2]);
        hash[2..].copy_from_slice(&sha256(bytes)[..6]);
        AnchorHash(hash)
    };
    let (first, second) = (anchor(one, Priority::Low), anchor(other, Priority::Low));
    let bytes = store(&mut [spec(one, &[]), spec(other, &[])]);
    let trust = Trust::decode(&bytes).unwrap();
    let (first_hash, second_hash) = (hash(one, &first), hash(other, &second));
    assert!(trust.contains_anchor_hash(first_hash) && trust.contains_anchor_hash(second_hash));
    for at in 0..8 {
        let mut changed = first_hash;
        changed.0[at] ^= 1;
        assert!(!trust.contains_anchor_hash(changed));
    }
    // The kid of one with the digest of the other; the same key with another scope.
    assert!(!trust.contains_anchor_hash(hash(one, &second)));
    assert!(!trust.contains_anchor_hash(hash(one, &anchor(one, Priority::High))));
    assert!(!Trust::NONE.contains_anchor_hash(first_hash));
}

#[test]
fn what_an_image_relies_on_is_each_anchor_of_its_tokens() {
    // Every token of another signer: metadata, data, code, syscalls, 8 endpoints.
    let bytes = worst_trust_store();
    let trust = Trust::decode(&bytes).unwrap();
    let image = worst(DEVICE, false);
    let device = device_with(trust);
    let cleared = clear(&image.metadata, &device).unwrap();
    let reliance = cleared.reliance();
    assert_eq!((reliance.anchors().len(), tinycontainer_policy::MAX_ANCHORS), (12, 12));
    assert_eq!(reliance.still_holds(&device), Ok(()));
    for hash in reliance.anchors() {
        assert!(trust.contains_anchor_hash(*hash));
    }
    assert!(clear(&worst(CLASS, true).metadata, &device).is_err());
}

#[test]
fn an_endpoint_of_another_container_is_in_a_scope_by_uid_and_number() {
    let reaches =
        [reach(Target::Container { uid: Pattern("b.x"), endpoints: Some((5, 6)) }, Direction::Both)];
    let anchor = AnchorSpec {
        roles: Roles::ALL,
        syscalls: Mask::ALL,
        priority: Priority::High,
        hook_ms: 1000,
        ..spec(Key::Ed25519(&[0; 32]), &reaches)
    };
    let key = tinycontainer_token::issue::public_key(tinycontainer_testkit::PROVIDER_A.seed);
    let bytes = store(&mut [AnchorSpec { name: "provider-a", key: Key::Ed25519(&key), ..anchor }]);
    let trust = Trust::decode(&bytes).unwrap();
    for (uid, endpoint, accepted) in
        [("b.x", 5, true), ("b.x", 4, false), ("b.xx", 5, false), ("b", 5, false)]
    {
        let image = Spec::new("a.x", tinycontainer_testkit::IDLE)
            .endpoint(1, OwnedPeer::Container(uid.into(), endpoint), Direction::Both)
            .sign(tinycontainer_testkit::PROVIDER_A);
        assert_eq!(clear(&image.metadata, &device_with(trust)).is_ok(), accepted, "{uid} {endpoint}");
    }
}
