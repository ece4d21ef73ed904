//! Images of the 2024 format: refused by default, taken by a policy that says so by name, and
//! examined for what they are.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use ed25519_compact::{KeyPair, Seed};
use minicbor::Encoder;
use std::ops::ControlFlow;
use tinycontainer_metadata::minicbor::data::Tag;
use tinycontainer_metadata::{Bus, Limits, Mask, Metadata, Peer, Proofs, TAG, Type};
use tinycontainer_policy::{
    AnchorSpec, Check, Device, Hook, ImageRejected, Lapsed, Pattern, Reach, Roles, Scope, Subject, Target,
    Trust, Whose, Year2024, clear, covered_2024, examine, trust,
};
use tinycontainer_testkit::{device, sha256, trust_store};
use tinycontainer_token::Key;
use tinycontainer_token::year2024::{Claim2024, verify};

const SEED: [u8; 32] = *b"TEST key of the 2024 format.....";

fn pair() -> KeyPair {
    KeyPair::from_seed(Seed::new(SEED))
}

/// A token of 2024: empty headers, a signature over the payload alone.
fn token(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(&mut out)
        .array(4)
        .and_then(|e| e.bytes(&[])?.map(0)?.bytes(payload)?.bytes(pair().sk.sign(payload, None).as_ref()))
        .unwrap();
    out
}

fn digest_token(digest: &[u8; 32]) -> Vec<u8> {
    let mut payload = Vec::new();
    Encoder::new(&mut payload).map(1).and_then(|e| e.i64(-65537)?.bytes(digest)).unwrap();
    token(&payload)
}

fn mask_token(mask: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    Encoder::new(&mut payload).map(1).and_then(|e| e.i64(-65536)?.bytes(mask)).unwrap();
    token(&payload)
}

fn nested(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out));
    out
}

/// A metadata file of 2024 with an endpoint to local peer 10. `zeroed` is how one of its two writers
/// made the last digest.
fn file(data: &[u8], code: &[u8], zeroed: bool) -> Vec<u8> {
    let digests = [digest_token(&sha256(data)), digest_token(&sha256(code))];
    file_with(&mask_token(&[0xff]), &digests, zeroed)
}

/// The same with these tokens for the syscalls, the data and the code.
fn file_with(syscalls: &[u8], digests: &[Vec<u8>; 2], zeroed: bool) -> Vec<u8> {
    let build = |last: &[u8]| {
        let container = nested(|e| {
            e.map(3).unwrap().u8(1).unwrap().bytes(b"old.one").unwrap().u8(2).unwrap().u8(4).unwrap();
            e.u8(3).unwrap().bytes(syscalls).unwrap();
        });
        let endpoints = nested(|e| {
            e.array(1).unwrap().map(4).unwrap().u8(1).unwrap().u8(123).unwrap().u8(2).unwrap().u8(1).unwrap();
            e.u8(4).unwrap().u8(10).unwrap().u8(5).unwrap().u8(2).unwrap();
        });
        let security = nested(|e| {
            e.array(8).unwrap();
            for ms in [100, 1000, 100, 1000, 100] {
                e.u32(ms).unwrap();
            }
            e.bytes(&digests[0]).unwrap().bytes(&digests[1]).unwrap();
            e.bytes(last).unwrap();
        });
        nested(|e| {
            e.tag(Tag::new(TAG)).unwrap().map(3).unwrap();
            e.u8(1).unwrap().bytes(&container).unwrap().u8(2).unwrap().bytes(&endpoints).unwrap();
            e.u8(3).unwrap().bytes(&security).unwrap();
        })
    };
    let blank = build(&[0; 111]);
    let [cut, zeros] = covered_2024(&blank);
    let last = digest_token(if zeroed { &zeros } else { &cut });
    assert_eq!(last.len(), 111);
    build(&last)
}

/// Calls `f` with the scope of somebody who may do everything.
fn with_scope<T>(f: impl FnOnce(Scope<'_>) -> T) -> T {
    let any = [Reach { target: Target::Any, direction: tinycontainer_metadata::Direction::Both }];
    let mut store = Vec::new();
    let anchor = AnchorSpec {
        name: "any",
        key: Key::Ed25519(&[0; 32]),
        roles: Roles::ALL,
        containers: &[Pattern("*")],
        syscalls: Mask::ALL,
        reaches: &any,
        priority: tinycontainer_metadata::Priority::High,
        hook_ms: 1000,
    };
    trust::encode(&mut [anchor], &mut store).unwrap();
    let scope = Trust::decode(&store).unwrap().anchors().next().unwrap().scope;
    f(scope)
}

fn with_device<T>(key: &[u8; 32], f: impl FnOnce(&Device<'_>) -> T) -> T {
    let store = trust_store();
    with_scope(|scope| {
        let limits = Limits { linear_memory: 65536, stack: 1024, heap: 8192 };
        f(&Device { accept_2024: Some(&Year2024::new(key, scope, limits)), ..device(&store) })
    })
}

#[test]
fn off_by_default() {
    let store = trust_store();
    let image = file(b"data", b"code", false);
    assert_eq!(clear(&image, &device(&store)).unwrap_err(), ImageRejected::Year2024);
}

#[test]
fn taken_by_the_policy_that_says_so() {
    for zeroed in [false, true] {
        let image = file(b"data", b"code", zeroed);
        with_device(&pair().pk, |device| {
            let cleared = clear(&image, device).unwrap();
            assert_eq!(cleared.metadata().uid, "old.one");
            assert_eq!(cleared.grant().mask(), Mask::ALL, "bits without a syscall grant nothing");
            assert!(cleared.grant().right(123).is_some() && cleared.grant().right(10).is_none());
            assert_eq!((cleared.data_digest(), cleared.code_digest()), (&sha256(b"data"), &sha256(b"code")));
            assert_eq!(cleared.limits().stack, 1024, "it does not say, so the policy does");
        });
        // Another key; and every byte that was changed but for the tokens, which say so themselves.
        with_device(&[5; 32], |device| {
            assert!(matches!(clear(&image, device), Err(ImageRejected::Token(..))))
        });
        with_device(&pair().pk, |device| {
            for at in 0..image.len() {
                let mut changed = image.clone();
                changed[at] ^= 1;
                assert!(clear(&changed, device).is_err(), "byte {at}");
            }
        });
    }
}

#[test]
fn the_policy_has_a_scope() {
    let image = file(b"data", b"code", false);
    let store = trust_store();
    let key = pair().pk;
    let provider =
        Trust::decode(&store).unwrap().anchors().find(|anchor| anchor.name == "provider-a").unwrap().scope;
    let policy = Year2024::new(&key, provider, Limits::default());
    let device = Device { accept_2024: Some(&policy), ..device(&store) };
    assert_eq!(clear(&image, &device).unwrap_err(), ImageRejected::Container(Subject::Metadata));
}

/// The two files of the C implementation, which lie beside the project where it is developed.
#[test]
fn the_reference_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/");
    let read = |name: &str| std::fs::read(format!("{folder}{name}")).ok();
    let (Some(simple), Some(example)) = (read("simple_container.metadata"), read("example_app.metadata"))
    else {
        eprintln!("skipped: the reference files are not here");
        return;
    };
    let key = *<&[u8; 32]>::try_from(
        &(0..32)
            .map(|i| {
                let hex = "112ff4c9cddecbe153d72dcd7c5ffaf2bfc77603fd8478e300bafe8dd1946078";
                u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()
            })
            .collect::<Vec<_>>()[..],
    )
    .unwrap();

    let metadata = Metadata::decode(&simple).unwrap();
    assert_eq!((metadata.uid, metadata.kind), ("simple_container", Type::Wasm));
    let s = metadata.schedule;
    assert_eq!([s.start_ms, s.period_ms, s.loop_ms, s.max_loops, s.stop_ms], [100, 1000, 100, 1000, 100]);
    let endpoint = metadata.endpoints.iter().next().unwrap();
    assert_eq!(endpoint.id, 123);
    assert_eq!(endpoint.access.peer, Peer::Local { bus: Bus::App, unit: 10 });
    assert_eq!(endpoint.access.direction.name(), "both");
    assert_eq!(metadata.endpoints.len(), 1);
    let Proofs::Format2024(simple_proofs) = metadata.proofs else { panic!() };
    let metadata = Metadata::decode(&example).unwrap();
    assert_eq!((metadata.uid, metadata.endpoints.len()), ("example_app", 0));
    let Proofs::Format2024(example_proofs) = metadata.proofs else { panic!() };
    // The same syscall token for both: nothing binds it to its container.
    assert_eq!(simple_proofs.syscall_token, example_proofs.syscall_token);
    assert_eq!(verify(simple_proofs.syscall_token, &key), Ok(Claim2024::Syscalls(0xff)));

    for (file, written) in [(&simple, 0), (&example, 1)] {
        let Proofs::Format2024(proofs) = Metadata::decode(file).unwrap().proofs else { panic!() };
        let [data, code, whole] = proofs.tokens.unwrap().map(|token| match verify(token, &key) {
            Ok(Claim2024::Digest(digest)) => *digest,
            other => panic!("{other:?}"),
        });
        assert_eq!(covered_2024(file)[written], whole);
        assert_ne!(covered_2024(file)[1 - written], whole);
        // The data's digest is that of the text without the line feed that one of the files ends in.
        assert_eq!(data, sha256(b"not yet implemented"));
        with_device(&key, |device| {
            assert!(clear(file, device).is_ok());
            let mut checks = Vec::new();
            examine(&Metadata::decode(file).unwrap(), device, &mut |check, outcome| {
                checks.push((check, outcome.is_ok()));
                ControlFlow::Continue(())
            });
            assert!(checks.iter().all(|(_, holds)| *holds));
            assert!(checks.contains(&(Check::Proof(Subject::Code), true)));
        });
        assert_ne!(code, data);
    }
    assert_eq!(read("example_app.data").map(|data| sha256(&data)), Some(sha256(b"not yet implemented")));
    assert_eq!(
        read("simple_container.data").map(|data| sha256(&data)),
        Some(sha256(b"not yet implemented\n"))
    );
}

#[test]
fn item_04_the_policy_bounds_the_hooks() {
    let image = file(b"data", b"code", false);
    let key = pair().pk;
    with_device(&key, |device| {
        let ceilings = tinycontainer_policy::Ceilings { hook_ms: 99, ..device.ceilings };
        let why = ImageRejected::Duration { hook: Hook::Start, ms: 100, limit: 99, whose: Whose::Device };
        assert_eq!(clear(&image, &Device { ceilings, ..*device }).unwrap_err(), why);
    });
    let store = trust_store();
    let mut narrow = Vec::new();
    let anchor = AnchorSpec {
        name: "any",
        key: Key::Ed25519(&[0; 32]),
        roles: Roles::ALL,
        containers: &[Pattern("*")],
        syscalls: Mask::ALL,
        reaches: &[],
        priority: tinycontainer_metadata::Priority::High,
        hook_ms: 99,
    };
    trust::encode(&mut [anchor], &mut narrow).unwrap();
    let scope = Trust::decode(&narrow).unwrap().anchors().next().unwrap().scope;
    let year2024 = Year2024::new(&key, scope, Limits::default());
    let device = Device { accept_2024: Some(&year2024), ..device(&store) };
    let why = ImageRejected::Duration { hook: Hook::Start, ms: 100, limit: 99, whose: Whose::Policy2024 };
    assert_eq!(clear(&image, &device).unwrap_err(), why);
}

#[test]
fn item_07_what_is_relied_on_is_the_policy() {
    let image = file(b"data", b"code", false);
    let store = trust_store();
    with_device(&pair().pk, |accepting| {
        let reliance = *clear(&image, accepting).unwrap().reliance();
        assert_eq!(reliance.still_holds(accepting), Ok(()));
        assert_eq!(reliance.still_holds(&device(&store)), Err(Lapsed::AnchorGone));
        with_device(&[5; 32], |other| assert_eq!(reliance.still_holds(other), Err(Lapsed::AnchorGone)));
    });
}

#[test]
fn a_token_of_one_kind_is_no_token_of_the_other() {
    let digests = || [digest_token(&sha256(b"data")), digest_token(&sha256(b"code"))];
    let refused = |syscalls: &[u8], digests| {
        let image = file_with(syscalls, &digests, false);
        with_device(&pair().pk, |device| clear(&image, device).err())
    };
    assert_eq!(refused(&mask_token(&[0xff]), digests()), None);
    let digest = digest_token(&[0xff; 32]);
    assert_eq!(refused(&digest, digests()), Some(ImageRejected::Role(Subject::Syscalls)));
    let [data, code] = digests();
    let mask = mask_token(&[0xff]);
    assert_eq!(refused(&mask, [mask.clone(), code]), Some(ImageRejected::Role(Subject::Data)));
    assert_eq!(refused(&mask, [data, mask.clone()]), Some(ImageRejected::Role(Subject::Code)));
}

#[test]
fn the_policys_scope_bounds_syscalls_and_endpoints() {
    let key = pair().pk;
    let store = trust_store();
    let limits = Limits { linear_memory: 1, stack: 2, heap: 3 };
    let outcome = |syscalls, reaches: &[Reach<'_>]| {
        let mut narrow = Vec::new();
        let anchor = AnchorSpec {
            name: "any",
            key: Key::Ed25519(&[0; 32]),
            roles: Roles::ALL,
            containers: &[Pattern("*")],
            syscalls,
            reaches,
            priority: tinycontainer_metadata::Priority::High,
            hook_ms: 1000,
        };
        trust::encode(&mut [anchor], &mut narrow).unwrap();
        let scope = Trust::decode(&narrow).unwrap().anchors().next().unwrap().scope;
        let policy = Year2024::new(&key, scope, limits);
        let device = Device { accept_2024: Some(&policy), ..device(&store) };
        let image = file(b"data", b"code", false);
        clear(&image, &device).map(|cleared| (cleared.grant().mask(), cleared.limits(), cleared.sizes()))
    };
    // The image's endpoint is unit 10 of the application's bus.
    let app = |first, last| Reach {
        target: Target::Local { bus: Some(Bus::App), units: Some((first, last)) },
        direction: tinycontainer_metadata::Direction::Both,
    };
    assert_eq!(outcome(Mask(0b1010), &[app(10, 10)]), Ok((Mask(0b1010), limits, None)));
    assert_eq!(outcome(Mask::NONE, &[app(10, 10)]), Ok((Mask::NONE, limits, None)));
    // Neither the token's bits nor the scope's grant syscalls that do not exist.
    assert_eq!(outcome(Mask(u32::MAX), &[app(10, 10)]), Ok((Mask::ALL, limits, None)));
    assert_eq!(outcome(Mask::ALL, &[app(11, 99)]), Err(ImageRejected::Unauthorized(123)));
    assert_eq!(outcome(Mask::ALL, &[]), Err(ImageRejected::Unauthorized(123)));
}

#[test]
fn an_examination_says_that_the_format_is_not_accepted() {
    let store = trust_store();
    let image = file(b"data", b"code", false);
    let mut outcomes = Vec::new();
    examine(&Metadata::decode(&image).unwrap(), &device(&store), &mut |check, outcome| {
        outcomes.push((check, outcome.map(|_| ())));
        ControlFlow::Continue(())
    });
    assert_eq!(outcomes, [(Check::Format, Err(ImageRejected::Year2024))]);
}

/// What an examination reports that goes on after a failure, and whether data and code are proven.
#[test]
fn an_examination_reports_each_proof() {
    let image = file(b"data", b"code", false);
    let outcomes = |key: &[u8; 32]| {
        with_device(key, |device| {
            let mut outcomes = Vec::new();
            let found = examine(&Metadata::decode(&image).unwrap(), device, &mut |check, outcome| {
                outcomes.push((check, outcome.is_ok()));
                ControlFlow::Continue(())
            });
            let proven = (found.data_digest().copied(), found.code_digest().copied());
            (outcomes, proven)
        })
    };
    let checks = [
        Check::Format,
        Check::Proof(Subject::Metadata),
        Check::Priority,
        Check::Limits,
        Check::Durations,
        Check::Proof(Subject::Data),
        Check::Proof(Subject::Code),
        Check::Proof(Subject::Syscalls),
        Check::Proof(Subject::Endpoint(123)),
    ];
    let (all, proven) = outcomes(&pair().pk);
    assert_eq!(all, checks.map(|check| (check, true)));
    assert_eq!(proven, (Some(sha256(b"data")), Some(sha256(b"code"))));
    let (all, proven) = outcomes(&[5; 32]);
    let failed: Vec<_> = all.iter().filter(|(_, holds)| !holds).map(|(check, _)| *check).collect();
    assert_eq!(
        failed,
        [Subject::Metadata, Subject::Data, Subject::Code, Subject::Syscalls].map(Check::Proof)
    );
    assert_eq!((all.len(), proven), (checks.len(), (None, None)));
}
