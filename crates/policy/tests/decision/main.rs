//! The decision over images of profile 1: who may sign what.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod examination;
mod limits;
mod scopes;
mod texts;

use std::ops::ControlFlow;
use tinycontainer_metadata::{Access, Bus, Direction, Mask, Metadata, Peer, Priority, Schedule};
use tinycontainer_policy::{
    AnchorSpec, Ceilings, Check, Device, Hook, ImageRejected, Lapsed, Pattern, Reach, Reliance, Roles,
    Subject, Target, Trust, Whose, Workspace, clear, clear_into, examine, trust,
};
use tinycontainer_testkit::{
    Image, MANAGER, NOW, OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, Signer, Spec, claims, device_with,
    endpoint_token, sha256, sign, thumbprint_of,
};
use tinycontainer_token::issue::public_key;
use tinycontainer_token::{Claims, Key, TokenError, Use};

const IDLE: &str = tinycontainer_testkit::IDLE;

/// A store with one anchor for each of these signers, which may do everything but what `change` takes away.
fn store(signers: &[Signer], change: impl Fn(usize, &mut AnchorSpec<'_>)) -> Vec<u8> {
    let keys: Vec<_> = signers.iter().map(|signer| public_key(signer.seed)).collect();
    let any = [Reach { target: Target::Any, direction: Direction::Both }];
    let mut anchors = Vec::new();
    for (i, (signer, key)) in signers.iter().zip(&keys).enumerate() {
        let mut anchor = AnchorSpec {
            name: signer.name,
            key: Key::Ed25519(key),
            roles: Roles::ALL,
            containers: &[Pattern("*")],
            syscalls: Mask::ALL,
            reaches: &any,
            priority: Priority::High,
            hook_ms: u32::MAX,
        };
        change(i, &mut anchor);
        anchors.push(anchor);
    }
    let mut out = Vec::new();
    trust::encode(&mut anchors, &mut out).unwrap();
    out
}

fn on<T>(store: &[u8], f: impl FnOnce(&Device<'_>) -> T) -> T {
    f(&device_with(Trust::decode(store).unwrap()))
}

fn refused(image: &Image, device: &Device<'_>) -> Option<ImageRejected> {
    clear(&image.metadata, device).err()
}

#[test]
fn item_04_each_hook_is_bounded_by_device_and_anchor() {
    let image = |start_ms, loop_ms, stop_ms| {
        let mut spec = Spec::new("a.x", IDLE);
        spec.schedule = Schedule { start_ms, loop_ms, stop_ms, ..spec.schedule };
        spec.sign(PROVIDER_A)
    };
    let check = |anchor: u32, device: u32, image: &Image| {
        let store = store(&[PROVIDER_A], |_, spec| spec.hook_ms = anchor);
        on(&store, |on| {
            let ceilings = Ceilings { hook_ms: device, ..on.ceilings };
            refused(image, &Device { ceilings, ..*on })
        })
    };
    let most = u32::MAX;
    let longer = |hook, ms, limit, whose| Some(ImageRejected::Duration { hook, ms, limit, whose });
    assert_eq!(check(20, 10, &image(10, 10, 10)), None);
    assert_eq!(check(10, 20, &image(10, 10, 10)), None);
    assert_eq!(check(10, 20, &image(11, 1, 1)), longer(Hook::Start, 11, 10, Whose::Anchor));
    assert_eq!(check(10, 20, &image(1, 11, 1)), longer(Hook::Loop, 11, 10, Whose::Anchor));
    assert_eq!(check(10, 20, &image(1, 1, 11)), longer(Hook::Stop, 11, 10, Whose::Anchor));
    assert_eq!(check(20, 10, &image(1, 11, 1)), longer(Hook::Loop, 11, 10, Whose::Device));
    assert_eq!(check(1000, most, &image(1, most, 1)), longer(Hook::Loop, most, 1000, Whose::Anchor));
    assert_eq!(check(most, most, &image(1, most, 1)), None, "who allows it gets it");
    let why = ImageRejected::Duration { hook: Hook::Loop, ms: most, limit: 1000, whose: Whose::Anchor };
    assert_eq!(
        why.to_string(),
        "durations: loop() may take 4294967295 ms, and the signer's trust anchor allows 1000 ms"
    );
}

/// A token that grants something, to the signer and the code with these digests.
fn bound(grant: Claims<'_>, signer: Option<&[u8; 32]>, code: Option<&[u8; 32]>) -> Vec<u8> {
    sign(&Claims { signer, code, ..grant }, OWNER)
}

#[test]
fn item_06_another_signer_cannot_reuse_a_grant() {
    let (mine, other) = (thumbprint_of(PROVIDER_A), thumbprint_of(PROVIDER_B));
    let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    spec.syscalls = Mask::ALL;
    let (code, more) = (sha256(&spec.code), [&spec.code[..], b"\0\x01\0"].concat());
    // Neither provider may grant heartbeat, nor reaches the bus: both need the owner.
    let store = store(&[PROVIDER_A, PROVIDER_B, OWNER], |i, anchor| {
        if i < 2 {
            anchor.reaches = &[];
            anchor.syscalls = Mask(Mask::ALL.0 & !1);
        }
    });
    let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
    let mut bytes = Vec::new();
    access.encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
    let syscalls = Claims { syscalls: Some(1), ..claims(OWNER, "a.x", Use::Syscalls) };
    let endpoint = Claims { access: Some(&bytes), ..claims(OWNER, "a.x", Use::Endpoint) };
    let image = |signer: Option<&[u8; 32]>, code: Option<&[u8; 32]>, by: Signer, module: &[u8]| {
        let mut spec = spec.clone();
        spec.syscall_token = Some(bound(syscalls, signer, code));
        spec.endpoints[0].3 = Some(bound(endpoint, signer, code));
        spec.code = module.to_vec();
        spec.sign(by)
    };
    on(&store, |device| {
        let syscalls = Subject::Syscalls;
        for (signer, bound_code, by, module, why) in [
            (Some(&mine), None, PROVIDER_A, &spec.code, None),
            (None, Some(&code), PROVIDER_A, &spec.code, None),
            (Some(&mine), Some(&code), PROVIDER_A, &spec.code, None),
            // The same tokens in the image of another signer whose scope has the same name.
            (Some(&mine), None, PROVIDER_B, &spec.code, Some(ImageRejected::OtherSigner(syscalls))),
            (Some(&mine), Some(&code), PROVIDER_B, &spec.code, Some(ImageRejected::OtherSigner(syscalls))),
            (Some(&other), None, PROVIDER_A, &spec.code, Some(ImageRejected::OtherSigner(syscalls))),
            // Other code of the same signer, where the grantor wants this.
            (None, Some(&code), PROVIDER_A, &more, Some(ImageRejected::OtherCode(syscalls))),
            (Some(&mine), Some(&code), PROVIDER_A, &more, Some(ImageRejected::OtherCode(syscalls))),
            (Some(&mine), None, PROVIDER_A, &more, None),
            // This code by anybody, where the grantor wants only that.
            (None, Some(&code), PROVIDER_B, &spec.code, None),
            (None, None, PROVIDER_A, &spec.code, Some(ImageRejected::Token(syscalls, TokenError::Unbound))),
        ] {
            assert_eq!(refused(&image(signer, bound_code, by, module), device), why);
        }
        // The endpoint's token alone.
        let mut spec = spec.clone();
        spec.syscalls = Mask(2);
        for (token, why) in [
            (bound(endpoint, Some(&mine), None), None),
            (bound(endpoint, Some(&other), None), Some(ImageRejected::OtherSigner(Subject::Endpoint(1)))),
            (bound(endpoint, None, Some(&other)), Some(ImageRejected::OtherCode(Subject::Endpoint(1)))),
        ] {
            spec.endpoints[0].3 = Some(token);
            assert_eq!(refused(&spec.sign(PROVIDER_A), device), why);
        }
        // The code is that which is proven, by whichever token.
        spec.endpoints[0].3 = Some(bound(endpoint, None, Some(&code)));
        let digest = sha256(&spec.code);
        let part = Claims { digest: Some(&digest), ..claims(OWNER, "a.x", Use::Code) };
        spec.part_tokens.1 = Some(sign(&part, OWNER));
        assert_eq!(refused(&spec.sign(PROVIDER_A), device), None);
        let signer = clear(&spec.sign(PROVIDER_A).metadata, device).unwrap().signer();
        assert_eq!(signer.to_be_bytes(), mine[..8]);
    });
}

#[test]
fn item_06_parts_are_proven_before_what_they_bind() {
    let store = store(&[PROVIDER_A], |_, _| {});
    let image = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In).sign(PROVIDER_A);
    let metadata = Metadata::decode(&image.metadata).unwrap();
    let mut order = Vec::new();
    on(&store, |device| {
        examine(&metadata, device, &mut |check, outcome| {
            assert!(outcome.is_ok(), "{outcome:?}");
            order.push(check);
            ControlFlow::Continue(())
        });
    });
    assert_eq!(
        order,
        [
            Check::Format,
            Check::Proof(Subject::Metadata),
            Check::Priority,
            Check::Limits,
            Check::Sizes,
            Check::Durations,
            Check::Proof(Subject::Data),
            Check::Proof(Subject::Code),
            Check::Proof(Subject::Syscalls),
            Check::Proof(Subject::Endpoint(1)),
        ]
    );
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
        assert_eq!(at(Some(NOW - 5)), Ok(()));
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

#[test]
fn item_07_the_shortest_time_of_all_tokens_counts() {
    let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
    let mut bytes = Vec::new();
    access.encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
    let to = thumbprint_of(PROVIDER_A);
    let owner = Claims { access: Some(&bytes), signer: Some(&to), ..claims(OWNER, "a.x", Use::Endpoint) };
    let both = store(&[PROVIDER_A, OWNER], |i, anchor| {
        if i == 0 {
            anchor.reaches = &[];
        }
    });
    let (early, late) = (Some(NOW - 9), Some(NOW - 5));
    let (short, long) = (Some(NOW + 500), Some(NOW + 900));
    // nbf and exp of the metadata's token, of the endpoint's, and those of both together.
    for (metadata, endpoint, together) in [
        ((None, None), (None, None), (None, None)),
        ((early, None), (None, None), (early, None)),
        ((None, None), (early, None), (early, None)),
        ((None, long), (None, None), (None, long)),
        ((None, None), (None, long), (None, long)),
        ((early, long), (late, short), (late, short)),
        ((late, short), (early, long), (late, short)),
        ((early, short), (late, long), (late, short)),
        ((late, None), (None, short), (late, short)),
    ] {
        let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
        let (nbf, exp) = endpoint;
        spec.endpoints[0].3 = Some(sign(&Claims { nbf, exp, ..owner }, OWNER));
        let (nbf, exp) = metadata;
        let image = spec.sign_with(PROVIDER_A, |claims| Claims { nbf, exp, ..*claims });
        on(&both, |device| {
            let found = reliance(&image, device);
            assert_eq!((found.not_before(), found.expires()), together);
            // Without a clock it holds only if no token has a time.
            let unknown = found.still_holds(&Device { now: None, ..*device });
            assert_eq!(unknown.is_ok(), together == (None, None));
            let at = |now| found.still_holds(&Device { now: Some(now), ..*device });
            let (nbf, exp) = together;
            assert_eq!(at(0), nbf.map_or(Ok(()), |nbf| Err(Lapsed::NotYetValid(nbf))));
            assert_eq!(at(u64::MAX), exp.map_or(Ok(()), |exp| Err(Lapsed::Expired(exp))));
        });
    }
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
        assert_eq!(refused(&spec.sign(PROVIDER_A), device), Some(ImageRejected::SignerRole(1)));
        // Its own data stays in everybody's scope; and a token of somebody with the role is enough.
        let data = Spec::new("a.x", IDLE).endpoint(1, OwnedPeer::Local(Bus::Data, 0), Direction::In);
        assert_eq!(refused(&data.sign(PROVIDER_A), device), None);
        let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
        let mut authorized = spec.clone();
        authorized.endpoints[0].3 = Some(endpoint_token(OWNER, "a.x", &access));
        assert_eq!(refused(&authorized.sign(PROVIDER_A), device), None);
    });
}
