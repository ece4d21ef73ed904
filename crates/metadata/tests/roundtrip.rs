//! Encoder, decoder and CDDL specify the same format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod common;

use proptest::prelude::*;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Draft, Metadata, Proofs};

const CDDL: &str = include_str!("../../../docs/format.cddl");

/// The CDDL with `rule` first: files are checked against the first rule.
fn validates(rule: &str, bytes: &[u8]) -> Result<(), String> {
    let spec = format!("root = {rule}\n{CDDL}");
    cddl::validate_cbor_from_slice(&spec, bytes, None).map_err(|e| e.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_encoded_decodes_to_the_same(draft in common::draft(), token in common::token()) {
        let file = draft.encode(&token);
        let decoded = Metadata::decode(&file).expect("own output decodes");
        let Proofs::Profile1(proofs) = decoded.proofs else { panic!("profile 1") };

        let endpoints: Vec<_> = decoded.endpoints.iter().collect();
        let own = draft.endpoints();
        prop_assert_eq!(&endpoints, &own);
        prop_assert_eq!(decoded.endpoints.len(), own.len());
        let again = Draft {
            uid: decoded.uid,
            kind: decoded.kind,
            version: decoded.version,
            syscalls: proofs.syscalls,
            syscall_token: proofs.syscall_token,
            limits: decoded.limits,
            schedule: decoded.schedule,
            endpoints: &endpoints,
            vendor_secu: decoded.vendor_secu,
            sizes: decoded.sizes.unwrap(),
            data: proofs.data,
            code: proofs.code,
        };
        prop_assert_eq!(&again, &draft.draft(&own));
        prop_assert_eq!(proofs.token, &token[..]);

        let mut signed = Vec::new();
        again.encode_signed(&mut signed, &mut vec![0; 0x8000]).unwrap();
        prop_assert_eq!(&signed[..], proofs.signed);
        prop_assert!(file.starts_with(&signed));
    }

    #[test]
    fn truncated_or_extended_files_are_refused(draft in common::draft(), token in common::token(), cut in any::<prop::sample::Index>()) {
        let mut file = draft.encode(&token);
        prop_assert!(Metadata::decode(&file[..cut.index(file.len())]).is_err());
        file.push(0);
        prop_assert!(Metadata::decode(&file).is_err());
    }

    #[test]
    fn a_flipped_bit_never_gives_back_the_same(draft in common::draft(), token in common::token(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let file = draft.encode(&token);
        let before = Metadata::decode(&file).unwrap();
        let mut flipped = file.clone();
        let at = at.index(file.len());
        flipped[at] ^= 1 << bit;
        // If it still decodes, the meaning differs: no two encodings have the same meaning.
        if let Ok(after) = Metadata::decode(&flipped) {
            let same = before.uid == after.uid
                && before.kind == after.kind
                && before.version == after.version
                && before.limits == after.limits
                && before.schedule == after.schedule
                && before.vendor_secu == after.vendor_secu
                && before.sizes == after.sizes
                && before.endpoints.iter().eq(after.endpoints.iter())
                && match (before.proofs, after.proofs) {
                    (Proofs::Profile1(a), Proofs::Profile1(b)) => {
                        (a.syscalls, a.syscall_token, a.data, a.code, a.token)
                            == (b.syscalls, b.syscall_token, b.data, b.code, b.token)
                    }
                    _ => false,
                };
            prop_assert!(!same);
        }
    }

    #[test]
    fn garbage_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut file = minicbor::to_vec(
            minicbor::data::Tagged::<{ tinycontainer_metadata::TAG }, u8>::new(0),
        ).unwrap();
        file.pop();
        file.extend(&bytes);
        let _ = Metadata::decode(&file);
        let _ = Metadata::decode(&bytes);
        let _ = Parts::decode(&bytes);
    }

    #[test]
    fn parts_round_trip(metadata in prop::collection::vec(any::<u8>(), 0..600), data in prop::collection::vec(any::<u8>(), 0..600), code in prop::collection::vec(any::<u8>(), 0..600)) {
        let parts = Parts { metadata: &metadata, data: &data, code: &code };
        let mut file = Vec::new();
        parts.encode(&mut file).unwrap();
        prop_assert_eq!(Parts::decode(&file), Ok(parts));
        prop_assert!(Parts::decode(&file[..file.len() - 1]).is_err());
    }
}

proptest! {
    // The CDDL library is slow: fewer cases, all of the grammar.
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_encoded_validates_against_the_cddl(draft in common::draft(), token in common::token()) {
        let file = draft.encode(&token);
        prop_assert_eq!(validates("metadata", &file), Ok(()));
        let mut image = Vec::new();
        Parts { metadata: &file, data: b"data", code: b"\0asm" }.encode(&mut image).unwrap();
        prop_assert_eq!(validates("image", &image), Ok(()));
    }
}

#[test]
fn the_cddl_check_can_fail() {
    assert!(validates("metadata", &[0xa0]).is_err());
    assert!(validates("container", &[0xa0]).is_err());
    // A container whose type is 8.
    assert!(
        validates(
            "container",
            &hex_literal::hex!("a6 01 41 61 02 08 04 00 05 00 06 83 00 00 00 08 82 00 01")
        )
        .is_err()
    );
    assert_eq!(
        validates(
            "container",
            &hex_literal::hex!("a6 01 41 61 02 04 04 00 05 00 06 83 00 00 00 08 82 00 01")
        ),
        Ok(())
    );
}

/// A claims set with that content and use, whose sub is "c" and whose aud is "d".
fn claims(content: &[(i64, &[u8])], use_: u8, bound: &[(i64, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut e = minicbor::Encoder::new(&mut out);
    e.map(3 + (content.len() + bound.len()) as u64).unwrap();
    e.u8(2).unwrap().str("c").unwrap().u8(3).unwrap().str("d").unwrap();
    for (key, value) in content {
        match value {
            [mask] => e.i64(*key).unwrap().u8(*mask).unwrap(),
            bytes => e.i64(*key).unwrap().bytes(bytes).unwrap(),
        };
    }
    e.i64(-65540).unwrap().u8(use_).unwrap();
    for (key, value) in bound {
        e.i64(*key).unwrap().bytes(value).unwrap();
    }
    out
}

/// A message with those headers, each of which may have a kid.
fn message(protected: &[u8], unprotected: &[u8]) -> Vec<u8> {
    let mut token = vec![0xd8, 0x3d, 0xd2, 0x84];
    minicbor::Encoder::new(&mut token).bytes(protected).unwrap();
    token.extend(unprotected);
    let claims = claims(&[(-65537, &[7; 32])], 1, &[]);
    minicbor::Encoder::new(&mut token).bytes(&claims).unwrap().bytes(&[0; 64]).unwrap();
    token
}

#[test]
fn item_13_the_cddl_requires_both_tags() {
    let token = message(&hex_literal::hex!("a20127044100"), &[0xa0]);
    assert_eq!(validates("cwt", &token), Ok(()));
    for untagged in [&token[2..], &token[3..], &[&token[..2], &token[3..]].concat()] {
        assert!(validates("cwt", untagged).is_err());
    }
}

#[test]
fn the_cddl_requires_one_kid_in_one_header() {
    let (alone, with_kid) = (hex_literal::hex!("a10127"), hex_literal::hex!("a20127044100"));
    let (none, kid) = (hex_literal::hex!("a0"), hex_literal::hex!("a1044100"));
    assert_eq!(validates("cwt", &message(&with_kid, &none)), Ok(()));
    assert_eq!(validates("cwt", &message(&alone, &kid)), Ok(()));
    assert!(validates("cwt", &message(&alone, &none)).is_err(), "no kid");
    assert!(validates("cwt", &message(&with_kid, &kid)).is_err(), "two kids");
}

#[test]
fn item_06_the_cddl_has_the_claims_of_each_use() {
    let (digest, mask) = ((-65537, &[7; 32][..]), (-65538, &[63][..]));
    let access = (-65539, &hex_literal::hex!("a4 0201 0407 0500 0702")[..]);
    let (signer, code) = ((-65541, &[8; 32][..]), (-65542, &[9; 32][..]));
    for (content, use_, bound, holds) in [
        (&[digest][..], 1, &[][..], true),
        (&[digest], 3, &[], true),
        (&[digest], 4, &[], false),
        (&[digest], 1, &[signer], false),
        (&[], 1, &[], false),
        (&[digest, mask], 1, &[], false),
        (&[mask], 4, &[], false),
        (&[mask], 4, &[signer], true),
        (&[mask], 4, &[code], true),
        (&[mask], 4, &[signer, code], true),
        (&[mask], 5, &[signer], false),
        (&[(-65538, &[255])], 4, &[signer], false),
        (&[mask, access], 4, &[signer], false),
        (&[access], 5, &[], false),
        (&[access], 5, &[signer], true),
        (&[access], 5, &[code], true),
        (&[access], 4, &[signer], false),
    ] {
        let bytes = claims(content, use_, bound);
        assert_eq!(validates("claims", &bytes).is_ok(), holds, "{content:02x?} {use_} {bound:02x?}");
    }
}

#[test]
fn item_09_the_cddl_requires_sizes() {
    let with = hex_literal::hex!("a6 01 41 61 02 04 04 00 05 00 06 83 00 00 00 08 82 00 01");
    assert_eq!(validates("container", &with), Ok(()));
    let without = hex_literal::hex!("a5 01 41 61 02 04 04 00 05 00 06 83 00 00 00");
    let no_code = hex_literal::hex!("a6 01 41 61 02 04 04 00 05 00 06 83 00 00 00 08 82 00 00");
    assert!(validates("container", &without).is_err());
    assert!(validates("container", &no_code).is_err());
}
