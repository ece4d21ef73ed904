//! Bad images: each is rejected with its reason, and changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::atomic::Ordering;

use common::{N, TestEngine, TestPlatform, assert_nothing_held, engine, load, sizes};
use tinycontainer::metadata::{Access, Bus, Kind, Limits, PartSizes, Peer, Priority, Schedule, Type};
use tinycontainer::policy::{ImageRejected, Subject, Trust};
use tinycontainer::{
    Direction, Engine, ImageError, MAX_METADATA, MAX_SESSIONS, MAX_VERSIONS, Mask, Platform as _,
    SESSION_LONGEST_MS, SESSION_TIMEOUT_MS, Sizes, Syscall, VersionRecord, VersionScope,
};
use tinycontainer_testkit::{
    CLASS, DEVICE, IDLE, Image, MANAGER, NOW, OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, STRANGER, Signer,
    Spec, claims, endpoint_token, sha256, sign, syscall_token,
};
use tinycontainer_token::{Claims, TokenError, Use};

/// The observable state of an engine.
fn snapshot(engine: &TestEngine) -> impl PartialEq + std::fmt::Debug + use<> {
    let containers: Vec<_> = engine.containers().collect();
    (containers, engine.refusals(), *engine.platform().held.lock().unwrap())
}

/// The image is rejected for that reason; nothing has changed, and a good image still loads.
fn refused(engine: &TestEngine, image: &Image, why: ImageError) {
    let before = snapshot(engine);
    assert_eq!(load(engine, image), Err(why));
    assert_eq!(snapshot(engine), before, "refused with {why:?}, but something changed");
}

fn good() -> Spec {
    Spec::new("a.good", IDLE)
}

/// An engine with one container, so that there is something to change.
fn engine_with_one() -> TestEngine {
    let engine = engine();
    load(&engine, &Spec::new("a.there", IDLE).sign(PROVIDER_A)).unwrap();
    engine
}

fn token(which: Subject, why: TokenError) -> ImageError {
    ImageError::Rejected(ImageRejected::Token(which, why))
}

#[test]
fn wrong_keys_and_claims() {
    let engine = engine_with_one();
    let m = Subject::Metadata;
    let spec = good();
    refused(&engine, &spec.sign(STRANGER), token(m, TokenError::UnknownKey));
    let forged = Signer { seed: STRANGER.seed, ..PROVIDER_A };
    refused(&engine, &spec.sign(forged), token(m, TokenError::BadSignature));
    type Change = fn(Claims<'_>) -> Claims<'_>;
    let cases: [(Change, TokenError); 7] = [
        (|c| Claims { exp: Some(NOW), ..c }, TokenError::Expired),
        (|c| Claims { nbf: Some(NOW + 1), ..c }, TokenError::NotYetValid),
        (|c| Claims { aud: Some("device-2"), ..c }, TokenError::WrongAudience),
        (|c| Claims { sub: Some("a.other"), ..c }, TokenError::WrongSubject),
        (|c| Claims { iss: Some("owner"), ..c }, TokenError::WrongIssuer),
        (|c| Claims { use_: Some(Use::Code), ..c }, TokenError::WrongUse(Use::Code)),
        (|c| Claims { digest: None, ..c }, TokenError::Missing(tinycontainer_token::Claim::Digest)),
    ];
    for (change, why) in cases {
        refused(&engine, &spec.sign_with(PROVIDER_A, |claims| change(*claims)), token(m, why));
    }
    refused(
        &engine,
        &spec.sign_with(PROVIDER_A, |claims| Claims { digest: Some(&[7; 32]), ..*claims }),
        ImageError::Rejected(ImageRejected::Digest(m)),
    );
    // For this device alone, not its class.
    load(&engine, &spec.sign_with(PROVIDER_A, |claims| Claims { aud: Some(DEVICE), ..*claims })).unwrap();
}

#[test]
fn roles_and_scopes() {
    let engine = engine_with_one();
    let out_of = |why| ImageError::Rejected(why);
    refused(&engine, &good().sign(MANAGER), out_of(ImageRejected::Role(Subject::Metadata)));
    refused(&engine, &good().sign(PROVIDER_B), out_of(ImageRejected::Container(Subject::Metadata)));
    let mut high = good();
    high.schedule.priority = Priority::High;
    refused(&engine, &high.sign(PROVIDER_A), out_of(ImageRejected::Priority(Priority::High)));

    // Syscalls: B may not grant heartbeat; the manager may, for this container only.
    let mut spec = Spec::new("b.c", IDLE);
    spec.syscalls = Mask::ALL;
    let heartbeat = Mask::of(&[Syscall::Heartbeat]);
    refused(&engine, &spec.sign(PROVIDER_B), out_of(ImageRejected::Syscalls(heartbeat)));
    spec.syscall_token = Some(syscall_token(MANAGER, "b.other", heartbeat));
    refused(&engine, &spec.sign(PROVIDER_B), token(Subject::Syscalls, TokenError::WrongSubject));
    spec.syscall_token = Some(syscall_token(MANAGER, "b.c", Mask::of(&[Syscall::Open])));
    refused(&engine, &spec.sign(PROVIDER_B), out_of(ImageRejected::Syscalls(heartbeat)));
    spec.syscall_token = Some(syscall_token(PROVIDER_B, "b.c", heartbeat));
    refused(&engine, &spec.sign(PROVIDER_B), out_of(ImageRejected::Syscalls(heartbeat)));
    spec.syscall_token = Some(syscall_token(MANAGER, "b.c", heartbeat));
    load(&engine, &spec.sign(PROVIDER_B)).unwrap();
}

#[test]
fn endpoints_need_somebody_in_whose_scope_they_are() {
    let engine = engine_with_one();
    let pin = OwnedPeer::Local(Bus::Gpio, 17);
    let access = |unit, direction| Access { peer: Peer::Local { bus: Bus::Gpio, unit }, direction };
    let with_token = |token: Option<Vec<u8>>| {
        let mut spec = good();
        spec.endpoints.push((2, pin.clone(), Direction::Out, token));
        spec.sign(PROVIDER_A)
    };
    let own = access(17, Direction::Out);
    refused(&engine, &with_token(None), ImageError::Rejected(ImageRejected::Unauthorized(2)));
    let e = Subject::Endpoint(2);
    for (given, why) in [
        (endpoint_token(OWNER, "a.other", &own), token(e, TokenError::WrongSubject)),
        (endpoint_token(STRANGER, "a.good", &own), token(e, TokenError::UnknownKey)),
        (endpoint_token(MANAGER, "a.good", &own), ImageError::Rejected(ImageRejected::Role(e))),
        (endpoint_token(PROVIDER_A, "a.good", &own), ImageError::Rejected(ImageRejected::Reach(2))),
        (
            endpoint_token(OWNER, "a.good", &access(18, Direction::Out)),
            ImageError::Rejected(ImageRejected::OtherAccess(2)),
        ),
        (
            endpoint_token(OWNER, "a.good", &access(17, Direction::In)),
            ImageError::Rejected(ImageRejected::OtherAccess(2)),
        ),
        // A token of the right signer for another use.
        (syscall_token(OWNER, "a.good", Mask::ALL), token(e, TokenError::WrongUse(Use::Syscalls))),
    ] {
        refused(&engine, &with_token(Some(given)), why);
    }
    load(&engine, &with_token(Some(endpoint_token(OWNER, "a.good", &access(17, Direction::Both))))).unwrap();
    // In scope: I2C 72 to read. Not to write, and not 73.
    let i2c =
        |unit, direction| good().endpoint(1, OwnedPeer::Local(Bus::I2c, unit), direction).sign(PROVIDER_A);
    engine.unload("a.good").unwrap();
    refused(&engine, &i2c(72, Direction::Out), ImageError::Rejected(ImageRejected::Unauthorized(1)));
    refused(&engine, &i2c(72, Direction::Both), ImageError::Rejected(ImageRejected::Unauthorized(1)));
    refused(&engine, &i2c(73, Direction::In), ImageError::Rejected(ImageRejected::Unauthorized(1)));
    load(&engine, &i2c(72, Direction::In)).unwrap();
}

#[test]
fn swapped_code_and_data() {
    let engine = engine_with_one();
    let mut spec = good();
    spec.data = b"data".to_vec();
    let mut image = spec.sign(PROVIDER_A);
    image.code[9] ^= 1;
    refused(&engine, &image, ImageError::Rejected(ImageRejected::Digest(Subject::Code)));
    let mut image = spec.sign(PROVIDER_A);
    image.data = b"dat4".to_vec();
    refused(&engine, &image, ImageError::Rejected(ImageRejected::Digest(Subject::Data)));
    // Code of another signer, by a token of its own: of a signer that may, for this container, over this code.
    let part = |signer, sub, use_, bytes: &[u8]| {
        sign(&Claims { digest: Some(&sha256(bytes)), ..claims(signer, sub, use_) }, signer)
    };
    let code = spec.code.clone();
    let with = |token| Spec { part_tokens: (None, Some(token)), ..spec.clone() }.sign(PROVIDER_A);
    refused(
        &engine,
        &with(part(PROVIDER_B, "a.good", Use::Code, &code)),
        ImageError::Rejected(ImageRejected::Role(Subject::Code)),
    );
    refused(
        &engine,
        &with(part(MANAGER, "a.good", Use::Data, &code)),
        token(Subject::Code, TokenError::WrongUse(Use::Data)),
    );
    refused(
        &engine,
        &with(part(MANAGER, "a.good", Use::Code, b"other")),
        ImageError::Rejected(ImageRejected::Digest(Subject::Code)),
    );
    load(&engine, &with(part(MANAGER, "a.good", Use::Code, &code))).unwrap();
}

#[test]
fn an_image_without_its_token_is_unsigned() {
    use tinycontainer::metadata::{Metadata, Proofs};
    let engine = engine_with_one();
    let mut image = good().sign(PROVIDER_A);
    let Proofs::Profile1(proofs) = Metadata::decode(&image.metadata).unwrap().proofs else { panic!() };
    // The token is the last item; in its place an empty byte string.
    let head = if proofs.token.len() < 256 { 2 } else { 3 };
    let before = image.metadata.len() - proofs.token.len() - head;
    image.metadata.truncate(before);
    image.metadata.push(0x40);
    refused(&engine, &image, ImageError::Rejected(ImageRejected::Unsigned));
}

#[test]
fn oversize_and_empty_everything() {
    let engine = engine_with_one();
    let limits = Limits { linear_memory: 65536, stack: 8192, heap: 65536 };
    for limits in [
        Limits { linear_memory: 65537, ..limits },
        Limits { stack: 8193, ..limits },
        Limits { heap: u32::MAX, ..limits },
    ] {
        let image = Spec { limits, ..good() }.sign(PROVIDER_A);
        refused(&engine, &image, ImageError::Rejected(ImageRejected::Limits));
    }
    let begin = |metadata, data, code| {
        let before = snapshot(&engine);
        let error = engine.begin(Sizes { metadata, data, code }).err();
        assert_eq!(snapshot(&engine), before);
        error
    };
    assert_eq!(begin(0, 0, 0), Some(ImageError::Size));
    assert_eq!(begin(0, 0, 1), Some(ImageError::Size));
    assert_eq!(begin(1, 0, 0), Some(ImageError::Size));
    assert_eq!(begin(MAX_METADATA + 1, 0, 1), Some(ImageError::Size));
    assert_eq!(begin(usize::MAX, usize::MAX, usize::MAX), Some(ImageError::Size));
    assert_eq!(begin(1, usize::MAX, usize::MAX), Some(ImageError::Size));

    // First a total that no image may have here; then one that is allowed but for which there is no memory.
    assert_eq!(begin(1, 0, 1 << 20), Some(ImageError::Size));
    assert_eq!(begin(1, usize::MAX / 4, 1), Some(ImageError::Size));
    let image = good().sign(PROVIDER_A);
    let capacity = (1 << 20) - image.metadata.len() - 100;
    let small = Engine::new(TestPlatform { capacity, ..TestPlatform::new_sharing() });
    for (data, code) in [(capacity - 1, 1), (0, capacity)] {
        let before = snapshot(&small);
        let sizes = Some(PartSizes { data: data as u32, code: code as u32 });
        let image = Spec { sizes, ..good() }.sign(PROVIDER_A);
        let mut loading = small.begin(Sizes { metadata: image.metadata.len(), data, code }).unwrap();
        assert_eq!(loading.write(&image.metadata), Err(ImageError::OutOfMemory));
        assert_eq!(loading.write(&[0]), Err(ImageError::Failed));
        drop(loading);
        assert_eq!(snapshot(&small), before);
    }

    let mut many = good();
    for id in 0..9 {
        many = many.endpoint(id, OwnedPeer::Local(Bus::I2c, 72), Direction::In);
    }
    refused(&engine, &many.sign(PROVIDER_A), ImageError::Rejected(ImageRejected::TooManyEndpoints));
    let mut many = good();
    for id in 0..5 {
        many = many.endpoint(id, OwnedPeer::Container("a.x".into(), id), Direction::In);
    }
    refused(&engine, &many.sign(PROVIDER_A), ImageError::TooManyQueues);
    let uid = "a.".to_owned() + &"x".repeat(63);
    let long = Spec { uid, ..good() }.sign(PROVIDER_A);
    let Err(ImageError::Rejected(ImageRejected::Malformed(error))) = load(&engine, &long) else {
        panic!("uid of 65 bytes")
    };
    assert_eq!(error.kind(), Kind::Range);
}

#[test]
fn item_09_announced_sizes_are_the_signed_ones_before_memory_is_taken() {
    let engine = engine();
    let image = Spec { data: vec![7; 20], ..good() }.sign(PROVIDER_A);
    let (data, code) = (image.data.len(), image.code.len());
    let before = snapshot(&engine);
    let most = (1 << 20) - image.metadata.len();
    for (data, code) in [(data + 1, code), (data - 1, code), (0, code), (data, code + 1), (data, most - data)]
    {
        let mut loading = engine.begin(Sizes { metadata: image.metadata.len(), data, code }).unwrap();
        let (last, head) = image.metadata.split_last().unwrap();
        loading.write(head).unwrap();
        assert_eq!(*engine.platform().held.lock().unwrap(), image.metadata.len());
        let signed = PartSizes { data: image.data.len() as u32, code: image.code.len() as u32 };
        assert_eq!(loading.write(&[*last]), Err(ImageError::OtherSizes(signed)));
        assert_eq!(*engine.platform().held.lock().unwrap(), 0);
        drop(loading);
        assert_eq!(snapshot(&engine), before);
    }
    load(&engine, &image).unwrap();
}

#[test]
fn item_09_an_image_larger_than_the_ceiling_is_refused_by_its_metadata() {
    let engine = engine();
    let sizes = Some(PartSizes { data: 1 << 19, code: u32::MAX });
    let image = Spec { sizes, ..good() }.sign(PROVIDER_A);
    let bytes = image.metadata.len() as u64 + (1 << 19) + u64::from(u32::MAX);
    refused(&engine, &image, ImageError::Rejected(ImageRejected::Size(bytes, 1 << 20)));
    // Exactly as much as fits.
    let sizes = |code| Some(PartSizes { data: 0, code });
    // The length of the metadata does not depend on the number, from 2^16 on.
    let metadata = Spec { sizes: sizes(1 << 19), ..good() }.sign(PROVIDER_A).metadata.len();
    let most = (1 << 20) - metadata as u32;
    for (code, holds) in [(most, true), (most + 1, false)] {
        let image = Spec { sizes: sizes(code), ..good() }.sign(PROVIDER_A);
        let outcome = tinycontainer::policy::clear(&image.metadata, &engine.platform().device());
        assert_eq!(outcome.is_ok(), holds);
    }
}

#[test]
fn too_long_and_too_short() {
    let engine = engine_with_one();
    let mut spec = good();
    spec.data = vec![3; 20];
    let image = spec.sign(PROVIDER_A);
    let all: Vec<u8> = [&image.metadata[..], &image.data, &image.code].concat();
    let before = snapshot(&engine);
    for len in [0, 1, image.metadata.len() - 1, image.metadata.len(), all.len() - 1] {
        let mut loading = engine.begin(sizes(&image)).unwrap();
        loading.write(&all[..len]).unwrap();
        assert_eq!(loading.finish(), Err(ImageError::TooShort), "{len} bytes");
        assert_eq!(snapshot(&engine), before);
    }
    let mut loading = engine.begin(sizes(&image)).unwrap();
    loading.write(&all).unwrap();
    assert_eq!(loading.write(&[0]), Err(ImageError::TooLong));
    assert_eq!(loading.finish(), Err(ImageError::Failed));
    assert_eq!(snapshot(&engine), before);
    // Byte by byte works too.
    let mut loading = engine.begin(sizes(&image)).unwrap();
    all.chunks(1).for_each(|byte| loading.write(byte).unwrap());
    loading.finish().unwrap();
}

#[test]
fn no_byte_of_code_is_taken_before_the_metadata_is_believed() {
    let engine = engine();
    let image = good().sign(STRANGER);
    let mut loading = engine.begin(sizes(&image)).unwrap();
    let held = || *engine.platform().held.lock().unwrap();
    assert_eq!(held(), image.metadata.len(), "memory for the metadata only");
    let (last, head) = image.metadata.split_last().unwrap();
    loading.write(head).unwrap();
    assert_eq!(loading.write(&[*last]), Err(token(Subject::Metadata, TokenError::UnknownKey)));
    assert_eq!(held(), 0, "and it is freed at once");
}

#[test]
fn every_truncation_and_many_flips() {
    let engine = engine_with_one();
    let mut spec = good().endpoint(1, OwnedPeer::Local(Bus::I2c, 72), Direction::In);
    spec.data = b"some data".to_vec();
    let image = spec.sign(PROVIDER_A);
    let before = snapshot(&engine);
    for len in 1..image.metadata.len() {
        let cut = Image { metadata: image.metadata[..len].to_vec(), ..image.clone() };
        assert!(load(&engine, &cut).is_err());
    }
    for len in 1..image.code.len() {
        let cut = Image { code: image.code[..len].to_vec(), ..image.clone() };
        assert!(matches!(load(&engine, &cut), Err(ImageError::OtherSizes(_))));
    }
    // Verifying is slow, so one bit in each byte.
    for at in 0..image.metadata.len() {
        let mut flipped = image.clone();
        flipped.metadata[at] ^= 1 << (at % 8);
        assert!(load(&engine, &flipped).is_err(), "bit {} of byte {at}", at % 8);
    }
    for at in 0..image.code.len() {
        let mut flipped = image.clone();
        flipped.code[at] ^= 1 << (at % 8);
        assert!(load(&engine, &flipped).is_err());
    }
    assert_eq!(snapshot(&engine), before);
    load(&engine, &image).unwrap();
}

#[test]
fn types_duplicates_and_versions() {
    let engine = engine_with_one();
    for kind in Type::ALL.into_iter().filter(|kind| *kind != Type::Wasm) {
        refused(&engine, &Spec { kind, ..good() }.sign(PROVIDER_A), ImageError::UnsupportedType(kind));
    }
    let version = |version| Spec { version, ..good() }.sign(PROVIDER_A);
    load(&engine, &version(5)).unwrap();
    refused(&engine, &version(6), ImageError::DuplicateUid);
    engine.unload("a.good").unwrap();
    refused(&engine, &version(4), ImageError::Downgrade(5));
    load(&engine, &version(5)).unwrap();
    engine.unload("a.good").unwrap();
}

#[test]
fn item_07_the_clock_does_not_go_back() {
    let engine = engine();
    let until = |exp| good().sign_with(PROVIDER_A, |claims| Claims { exp: Some(exp), ..*claims });
    let at = |now| engine.platform().now.store(now, Ordering::Relaxed);
    at(NOW + 10);
    let expired = token(Subject::Metadata, TokenError::Expired);
    refused(&engine, &until(NOW + 10), expired);
    at(NOW - 1000);
    refused(&engine, &until(NOW + 10), expired);
    load(&engine, &until(NOW + 11)).unwrap();
}

#[test]
fn item_08_an_engine_never_goes_back_under_pressure() {
    let engine = engine();
    let load_and_unload = |uid: &str, version, signer| {
        let result = load(&engine, &Spec { version, ..Spec::new(uid, IDLE) }.sign(signer));
        if result.is_ok() {
            engine.unload(uid).unwrap();
        }
        result
    };
    load_and_unload("a.good", 9, PROVIDER_A).unwrap();
    load_and_unload("a.low", 1, PROVIDER_A).unwrap();
    // Public images of the same signer, enough to displace every other record.
    for n in 0..2 * MAX_VERSIONS as u32 {
        load_and_unload(&format!("a.{n}"), 10 + n, PROVIDER_A).unwrap();
    }
    assert!(matches!(load_and_unload("a.good", 8, PROVIDER_A), Err(ImageError::Downgrade(9..))));
    assert!(matches!(load_and_unload("a.low", 0, PROVIDER_A), Err(ImageError::Downgrade(1..))));
    assert_eq!(load_and_unload("b.good", 1, PROVIDER_B), Ok(()), "another signer's do not count");
}

#[test]
fn item_08_a_signer_with_an_overlapping_scope_does_not_block_the_owner() {
    let engine = engine();
    let version = |version| Spec { version, ..good() };
    load(&engine, &version(u32::MAX).sign(OWNER)).unwrap();
    engine.unload("a.good").unwrap();
    load(&engine, &version(1).sign(PROVIDER_A)).unwrap();
    engine.unload("a.good").unwrap();
    refused(&engine, &version(u32::MAX - 1).sign(OWNER), ImageError::Downgrade(u32::MAX));
    load(&engine, &version(u32::MAX).sign(OWNER)).unwrap();
}

#[test]
fn item_08_what_is_loaded_does_not_depend_on_the_table() {
    let engine = engine();
    load(&engine, &Spec { version: 2, ..good() }.sign(PROVIDER_A)).unwrap();
    for n in 0..2 * MAX_VERSIONS as u32 {
        let uid = format!("a.{n}");
        load(&engine, &Spec { version: 10 + n, ..Spec::new(&uid, IDLE) }.sign(PROVIDER_A)).unwrap();
        engine.unload(&uid).unwrap();
    }
    engine.unload("a.good").unwrap();
    refused(&engine, &Spec { version: 1, ..good() }.sign(PROVIDER_A), ImageError::Downgrade(2));
    load(&engine, &Spec { version: 2, ..good() }.sign(PROVIDER_A)).unwrap();
}

#[test]
fn item_08_the_versions_survive_a_restart_with_a_platform_that_keeps_them() {
    let first = engine();
    for version in [3, 5] {
        load(&first, &Spec { version, ..good() }.sign(PROVIDER_A)).unwrap();
        first.unload("a.good").unwrap();
    }
    for n in 0..MAX_VERSIONS as u32 + 3 {
        let uid = format!("b.{n}");
        load(&first, &Spec { version: 7, ..Spec::new(&uid, IDLE) }.sign(PROVIDER_B)).unwrap();
        first.unload(&uid).unwrap();
    }
    let seen = first.platform().versions.lock().unwrap().clone();
    assert!(seen.iter().any(|record| record.scope == VersionScope::Signer), "floors are reported too");
    // What a store keeps: the last record of each.
    let mut kept: Vec<VersionRecord> = Vec::new();
    for record in seen {
        kept.retain(|k| (k.scope, k.signer, k.uid) != (record.scope, record.signer, record.uid));
        kept.push(record);
    }
    kept.sort_by_key(|record| record.scope as u8);
    let second = engine();
    kept.into_iter().for_each(|record| second.restore_version(record));
    refused(&second, &Spec { version: 4, ..good() }.sign(PROVIDER_A), ImageError::Downgrade(5));
    for n in 0..MAX_VERSIONS as u32 + 3 {
        let image = Spec { version: 6, ..Spec::new(&format!("b.{n}"), IDLE) }.sign(PROVIDER_B);
        refused(&second, &image, ImageError::Downgrade(7));
    }
    load(&second, &Spec { version: 5, ..good() }.sign(PROVIDER_A)).unwrap();
}

#[test]
fn item_09_two_sessions_for_one_name() {
    let engine = engine();
    let image = good().sign(PROVIDER_A);
    let mut sessions: Vec<_> = (0..2).map(|_| engine.begin(sizes(&image)).unwrap()).collect();
    let results: Vec<_> = sessions.iter_mut().map(|session| session.write(&image.metadata)).collect();
    assert_eq!(results, [Ok(()), Err(ImageError::DuplicateUid)]);
    sessions[0].write(&image.code).unwrap();
    let results: Vec<_> = sessions.into_iter().map(|mut session| session.finish().map(drop)).collect();
    assert_eq!(results, [Ok(()), Err(ImageError::Failed)]);
    assert_eq!(engine.containers().count(), 1);
    engine.unload("a.good").unwrap();
    assert_nothing_held(&engine);
}

#[test]
fn item_09_sessions_have_a_quota() {
    let engine = engine_with_one();
    let spec = Spec { data: vec![7; 1000], ..good() };
    let (public, mine) = (spec.sign(PROVIDER_A), Spec::new("a.mine", IDLE).sign(PROVIDER_A));
    let held = || *engine.platform().held.lock().unwrap();
    let before = held();
    // One public image, replayed on as many connections as are possible.
    let mut replayed: Vec<_> = (0..MAX_SESSIONS).map(|_| engine.begin(sizes(&public)).unwrap()).collect();
    assert_eq!(engine.begin(sizes(&public)).err(), Some(ImageError::TooManySessions));
    let taken = replayed.iter_mut().filter_map(|session| session.write(&public.metadata).ok()).count();
    assert_eq!(taken, 1, "a uid is in one session at most");
    assert!(held() - before < 2 * (1000 + public.code.len() + public.metadata.len()));
    // The rejected ones do not count any more.
    load(&engine, &mine).unwrap();
    drop(replayed);
    refused(&engine, &mine, ImageError::DuplicateUid);
    load(&engine, &public).unwrap();
}

#[test]
fn item_09_a_session_without_progress_fails() {
    let engine = engine_with_one();
    let image = Spec { data: vec![7; 1000], ..good() }.sign(PROVIDER_A);
    let wait_ms = |ms: u64| engine.platform().clock_us.fetch_add(ms * 1000, Ordering::Relaxed);
    let before = snapshot(&engine);
    for written in [0, 1, image.metadata.len()] {
        let mut loading = engine.begin(sizes(&image)).unwrap();
        loading.write(&image.metadata[..written]).unwrap();
        wait_ms(SESSION_TIMEOUT_MS);
        assert!(!loading.is_stale());
        wait_ms(1);
        assert!(loading.is_stale());
        assert_eq!(loading.write(&[0]), Err(ImageError::TimedOut), "after {written} bytes");
        assert_eq!(snapshot(&engine), before, "it holds nothing");
        assert_eq!(
            (loading.write(&[0]), loading.finish()),
            (Err(ImageError::Failed), Err(ImageError::Failed))
        );
        let mut loading = engine.begin(sizes(&image)).unwrap();
        loading.write(&image.metadata[..written]).unwrap();
        wait_ms(SESSION_TIMEOUT_MS + 1);
        assert_eq!(loading.finish(), Err(ImageError::TimedOut));
        assert_eq!(snapshot(&engine), before);
    }
    // A slow session is not a silent one.
    let whole = [&image.metadata[..], &image.data, &image.code].concat();
    let steps = usize::try_from(SESSION_LONGEST_MS / SESSION_TIMEOUT_MS).unwrap() - 1;
    let mut loading = engine.begin(sizes(&image)).unwrap();
    for piece in whole.chunks(whole.len().div_ceil(steps)) {
        wait_ms(SESSION_TIMEOUT_MS);
        loading.write(piece).unwrap();
    }
    wait_ms(SESSION_TIMEOUT_MS);
    loading.finish().unwrap();
}

#[test]
fn item_09_a_byte_now_and_then_does_not_keep_others_out() {
    let engine = engine();
    let image = good().sign(PROVIDER_A);
    let mut dripping: Vec<_> = (0..MAX_SESSIONS).map(|_| engine.begin(sizes(&image)).unwrap()).collect();
    let mut bytes = image.metadata.iter();
    let mut ends = Vec::new();
    for _ in 0..=SESSION_LONGEST_MS / SESSION_TIMEOUT_MS {
        engine.platform().clock_us.fetch_add(SESSION_TIMEOUT_MS * 1000, Ordering::Relaxed);
        let byte = *bytes.next().unwrap();
        ends = dripping.iter_mut().map(|session| session.write(&[byte])).collect();
    }
    assert_eq!(ends, [Err(ImageError::TimedOut); MAX_SESSIONS]);
    load(&engine, &image).unwrap();
}

#[test]
fn item_09_silent_sessions_keep_nobody_out() {
    let engine = engine();
    let image = good().sign(PROVIDER_A);
    let mut silent: Vec<_> = (0..MAX_SESSIONS).map(|_| engine.begin(sizes(&image)).unwrap()).collect();
    silent[0].write(&image.metadata).unwrap();
    refused(&engine, &image, ImageError::TooManySessions);
    engine.platform().clock_us.fetch_add((SESSION_TIMEOUT_MS + 1) * 1000, Ordering::Relaxed);
    // Their entries and the uid are not reserved for them any more.
    load(&engine, &image).unwrap();
    for session in &mut silent {
        assert!(session.is_stale());
        assert_eq!(session.write(&[0]), Err(ImageError::TimedOut));
    }
    engine.unload("a.good").unwrap();
    assert_nothing_held(&engine);
    // All slots are free again.
    for n in 0..N {
        load(&engine, &Spec::new(&format!("a.{n}"), IDLE).sign(PROVIDER_A)).unwrap();
    }
}

#[test]
fn full_slots_and_full_memory() {
    let engine = engine();
    for n in 0..N {
        load(&engine, &Spec::new(&format!("a.{n}"), IDLE).sign(PROVIDER_A)).unwrap();
    }
    refused(&engine, &good().sign(PROVIDER_A), ImageError::Full);
    engine.unload("a.1").unwrap();
    load(&engine, &good().sign(PROVIDER_A)).unwrap();

    // Whichever byte is the last that does not fit: no memory stays allocated.
    let image = good().endpoint(1, OwnedPeer::Container("a.x".into(), 1), Direction::In).sign(PROVIDER_A);
    // What is kept of the metadata, less than half of it, and all of the rest.
    let rest = image.code.len() + 64;
    for capacity in (0..image.metadata.len().max(rest)).step_by(16) {
        let engine = Engine::new(TestPlatform { capacity, ..TestPlatform::new_sharing() });
        refused(&engine, &image, ImageError::OutOfMemory);
    }
    let half = image.metadata.len() / 2;
    let capacity = (image.metadata.len() + half).max(half + rest);
    let engine = Engine::new(TestPlatform { capacity, ..TestPlatform::new_sharing() });
    load(&engine, &image).unwrap();
    assert!(*engine.platform().held.lock().unwrap() < half + rest);
}

/// The image by which stacks are sized: the largest possible, and it is accepted.
#[test]
fn item_01_the_worst_image_has_every_token_and_fits() {
    let worst = tinycontainer_testkit::worst(CLASS, false);
    // One more long name, in the endpoint and in its token, exceeds the limit.
    let spare = MAX_METADATA - worst.metadata.len();
    assert!(spare < 130, "{spare} bytes to spare");
    let trust = Trust::decode(Vec::leak(tinycontainer_testkit::worst_trust_store())).unwrap();
    let engine =
        Engine::<_, N>::new(TestPlatform { trust: std::sync::Mutex::new(trust), ..TestPlatform::new() });
    let cleared = tinycontainer::policy::clear(&worst.metadata, &engine.platform().device()).unwrap();
    assert_eq!(cleared.reliance().anchors().len(), tinycontainer::policy::MAX_ANCHORS);
    assert_eq!(cleared.metadata().uid.len(), 64);
    load(&engine, &worst).unwrap();
    engine.unload(cleared.metadata().uid).unwrap();
    let bad = tinycontainer_testkit::worst(CLASS, true);
    assert_eq!(load(&engine, &bad), Err(token(Subject::Endpoint(7), TokenError::BadSignature)));
}

#[test]
fn a_dropped_session_leaves_no_trace() {
    let engine = engine();
    let image = good().sign(PROVIDER_A);
    for _ in 0..3 * N {
        let mut loading = engine.begin(sizes(&image)).unwrap();
        loading.write(&image.metadata).unwrap();
        assert_eq!(engine.containers().count(), 0, "not a container before it is complete");
    }
    assert_nothing_held(&engine);
}

#[test]
fn a_heartbeat_that_may_not_be_sent_is_no_schedule() {
    let engine = engine();
    let spec = Spec { schedule: Schedule { heartbeat_ms: 100, ..good().schedule }, ..good() };
    let Err(ImageError::Rejected(ImageRejected::Malformed(_))) = load(&engine, &spec.sign(PROVIDER_A)) else {
        panic!("it requests a heartbeat without the syscall")
    };
}

#[test]
fn the_class_is_an_audience() {
    assert_eq!(claims(OWNER, "x", Use::Metadata).aud, Some(CLASS));
}
