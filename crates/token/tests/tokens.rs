//! Tokens compared with the RFCs and with `coset`, and every error of a token.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity,
    missing_docs
)]

use coset::{
    CborSerializable, CoseMac0Builder, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, iana,
};
use ed25519_compact::{KeyPair, PublicKey, Seed, Signature};
use hex_literal::hex;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use tinycontainer_token::issue::{Secret, issue, public_key};
use tinycontainer_token::{
    Anchor, Claim, Claims, Envelope, Expected, Form, Key, Kind, TokenError, Use, Verified, thumbprint,
    verify, year2024,
};

const SEED: [u8; 32] = *b"TEST key of tinycontainer-token.";
const SECRET: &[u8; 32] = b"TEST secret of tinycontainer-tok";
const NOW: u64 = 1_800_000_000;

fn expected() -> Expected<'static> {
    Expected {
        sub: "some.container",
        audiences: &["device-1", "class-a"],
        use_: Use::Metadata,
        now: Some(NOW),
    }
}

fn claims() -> Claims<'static> {
    Claims {
        iss: Some("owner"),
        sub: Some("some.container"),
        aud: Some("class-a"),
        exp: Some(NOW + 10),
        nbf: Some(NOW - 10),
        iat: Some(NOW - 10),
        cti: Some(b"\x01"),
        digest: Some(&[7; 32]),
        use_: Some(Use::Metadata),
        ..Claims::default()
    }
}

fn payload(claims: &Claims<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    claims.encode(&mut minicbor::Encoder::new(&mut out)).unwrap();
    out
}

fn signed(claims: &Claims<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    issue(&payload(claims), b"k1", Secret::Ed25519(&SEED), &mut out).unwrap();
    out
}

/// Calls `check` with the result under two anchors: `k1`, an Ed25519 key, and `k2`, a secret.
fn with_verdict<T>(
    token: &[u8],
    expected: &Expected<'_>,
    check: impl FnOnce(Result<Verified<'_, '_, ()>, TokenError>) -> T,
) -> T {
    let public = public_key(&SEED);
    let anchors = [
        Anchor { name: "owner", kid: b"k1", key: Key::Ed25519(&public), scope: () },
        Anchor { name: "owner", kid: b"k2", key: Key::Hmac256(SECRET), scope: () },
    ];
    check(verify(token, anchors, expected))
}

fn refusal(token: &[u8], expected: &Expected<'_>) -> Option<TokenError> {
    with_verdict(token, expected, |verdict| verdict.err())
}

// --- The RFCs ---------------------------------------------------------------------------------

#[test]
fn rfc8032_vectors() {
    // RFC 8032, section 7.1, TEST 1 to 3: seed, public key, message, signature.
    let vectors: [(&[u8; 32], &[u8; 32], &[u8], &[u8; 64]); 3] = [
        (
            &hex!("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
            &hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
            b"",
            &hex!(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            &hex!("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
            &hex!("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
            &hex!("72"),
            &hex!(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            &hex!("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"),
            &hex!("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
            &hex!("af82"),
            &hex!(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ];
    for (seed, public, message, signature) in vectors {
        assert_eq!(&public_key(seed), public);
        let pair = KeyPair::from_seed(Seed::new(*seed));
        assert_eq!(pair.sk.sign(message, None).as_ref(), signature);
        PublicKey::new(*public).verify(message, &Signature::new(*signature)).unwrap();
        let mut wrong = *signature;
        wrong[0] ^= 1;
        assert!(PublicKey::new(*public).verify(message, &Signature::new(wrong)).is_err());
    }
}

/// RFC 8392, appendix A.1.
const RFC8392_CLAIMS: &[u8] = &hex!(
    "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c69676874
     2e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71"
);

#[test]
fn rfc8392_a1_claims() {
    let claims = Claims::decode(RFC8392_CLAIMS).unwrap();
    assert_eq!(claims.iss, Some("coap://as.example.com"));
    assert_eq!(claims.sub, Some("erikw"));
    assert_eq!(claims.aud, Some("coap://light.example.com"));
    assert_eq!((claims.exp, claims.nbf, claims.iat), (Some(1444064944), Some(1443944944), Some(1443944944)));
    assert_eq!(claims.cti, Some(&hex!("0b71")[..]));
    assert_eq!(payload(&claims), RFC8392_CLAIMS, "and back");
}

#[test]
fn rfc8392_a3_signed_with_another_algorithm() {
    // ES256, kid "AsymmetricECDSA256": the form is accepted, the algorithm is not supported.
    // With tag 61 before the example's bytes, which leave it out.
    let mut token = hex!("d83dd28443a10126a104524173796d6d657472696345434453413235365850").to_vec();
    token.extend(RFC8392_CLAIMS);
    token.extend(hex!("58405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30"));
    let envelope = Envelope::decode(&token).unwrap();
    assert_eq!((envelope.form, envelope.payload), (Form::Sign1, RFC8392_CLAIMS));
    assert_eq!(envelope.headers().unwrap().alg, -7);
    assert_eq!(envelope.kid(), Some(&b"AsymmetricECDSA256"[..]));
    let anchor = Anchor { name: "as", kid: b"AsymmetricECDSA256", key: Key::Ed25519(&[1; 32]), scope: () };
    assert_eq!(verify(&token, [anchor], &expected()).err(), Some(TokenError::WrongAlgorithm(-7)));
}

#[test]
fn rfc8392_a4_maced_with_a_short_tag() {
    // HMAC 256/64: the full tag is supported, the 8 bytes of the example are not accepted.
    let key = hex!("403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388");
    let mut token = hex!("d83dd18443a10104a1044c53796d6d65747269633235365850").to_vec();
    token.extend(RFC8392_CLAIMS);
    token.extend(hex!("48093101ef6d789200"));
    let envelope = Envelope::decode(&token).unwrap();
    assert_eq!((envelope.form, envelope.payload), (Form::Mac0, RFC8392_CLAIMS));
    let anchor = Anchor { name: "as", kid: b"Symmetric256", key: Key::Hmac256(&key), scope: () };
    assert_eq!(verify(&token, [anchor], &expected()).err(), Some(TokenError::WrongAlgorithm(4)));

    // The example's tag is the head of HMAC-SHA256 over the MAC_structure of RFC 9052, section 6.3.
    let mut structure = hex!("84644d41433043a1010440").to_vec();
    structure.extend(hex!("5850"));
    structure.extend(RFC8392_CLAIMS);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(&structure);
    assert_eq!(&mac.finalize().into_bytes()[..8], envelope.proof);
}

#[test]
fn other_cose_messages_are_named() {
    // COSE_Encrypt0, as RFC 8392, appendix A.5.
    assert_eq!(
        refusal(&hex!("d08343a1010aa0410042000000"), &expected()),
        Some(TokenError::UnsupportedMessage(16))
    );
}

// --- coset as reference -----------------------------------------------------------------------

#[test]
fn coset_takes_what_we_issue() {
    let token = signed(&claims());
    let inner = &token[2..]; // Less tag 61, which coset leaves to its caller.
    let message = coset::CoseSign1::from_tagged_slice(inner).unwrap();
    assert_eq!(message.protected.header.key_id, b"k1");
    let public = PublicKey::new(public_key(&SEED));
    message
        .verify_signature(b"", |signature, data| {
            public.verify(data, &Signature::from_slice(signature).unwrap())
        })
        .unwrap();
    let claims_set = coset::cwt::ClaimsSet::from_slice(message.payload.as_ref().unwrap()).unwrap();
    assert_eq!(claims_set.issuer.as_deref(), Some("owner"));
    assert_eq!(claims_set.subject.as_deref(), Some("some.container"));
    assert_eq!(claims_set.audience.as_deref(), Some("class-a"));

    let mut token = Vec::new();
    issue(&payload(&claims()), b"k2", Secret::Hmac256(SECRET), &mut token).unwrap();
    let message = coset::CoseMac0::from_tagged_slice(&token[2..]).unwrap();
    message
        .verify_payload_tag(
            b"",
            || panic!("the payload is there"),
            |tag, data| {
                let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
                mac.update(data);
                mac.verify_slice(tag)
            },
        )
        .unwrap();
}

#[test]
fn we_take_what_coset_makes() {
    let pair = KeyPair::from_seed(Seed::new(SEED));
    for alg in [iana::Algorithm::EdDSA, iana::Algorithm::Ed25519] {
        for protect_kid in [true, false] {
            let protected = HeaderBuilder::new().algorithm(alg);
            let (protected, unprotected) = if protect_kid {
                (protected.key_id(b"k1".to_vec()).build(), HeaderBuilder::new().build())
            } else {
                (protected.build(), HeaderBuilder::new().key_id(b"k1".to_vec()).build())
            };
            let message = CoseSign1Builder::new()
                .protected(protected)
                .unprotected(unprotected)
                .payload(payload(&claims()))
                .create_signature(b"", |data| pair.sk.sign(data, None).to_vec())
                .build();
            assert_eq!(refusal(&cwt(&message.to_tagged_vec().unwrap()), &expected()), None);
        }
    }
    let message = CoseMac0Builder::new()
        .protected(
            HeaderBuilder::new().algorithm(iana::Algorithm::HMAC_256_256).key_id(b"k2".to_vec()).build(),
        )
        .payload(payload(&claims()))
        .create_tag(b"", |data| {
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        })
        .build()
        .to_tagged_vec()
        .unwrap();
    assert_eq!(refusal(&cwt(&message), &expected()), None);
}

/// Tag 61 before a tagged message.
fn cwt(message: &[u8]) -> Vec<u8> {
    [&hex!("d83d")[..], message].concat()
}

#[test]
fn item_13_both_tags_are_required() {
    let good = signed(&claims());
    assert!(good.starts_with(&hex!("d83d d2 84")));
    assert_eq!(refusal(&good, &expected()), None);
    assert_eq!(refusal(&good[2..], &expected()), Some(TokenError::NoCwtTag), "tag 18 alone");
    assert_eq!(refusal(&good[3..], &expected()), Some(TokenError::NoCwtTag), "no tag");
    assert_eq!(refusal(&cwt(&good[3..]), &expected()), Some(TokenError::NoCoseTag), "tag 61 alone");
    let mut mac = Vec::new();
    issue(&payload(&claims()), b"k2", Secret::Hmac256(SECRET), &mut mac).unwrap();
    assert_eq!(refusal(&mac, &expected()), None);
    assert_eq!(refusal(&mac[2..], &expected()), Some(TokenError::NoCwtTag), "tag 17 alone");
    assert!(
        TokenError::NoCwtTag.to_string().contains("61") && TokenError::NoCoseTag.to_string().contains("18")
    );
    // The 2024 format has none of them.
    let old = hex!("84 40 a0 46 a139ffff41ff 5840").to_vec();
    let old = [old, vec![0; 64]].concat();
    assert!(year2024::parse(&old).is_ok());
    assert!(year2024::parse(&[&hex!("d2")[..], &old].concat()).is_err());
}

// --- What a verified token returns --------------------------------------------------------------

#[test]
fn verified_claims_are_the_issued_ones() {
    with_verdict(&signed(&claims()), &expected(), |verdict| {
        let verified = verdict.unwrap();
        assert_eq!(verified.anchor().name, "owner");
        assert_eq!(verified.digest(), Ok(&[7; 32]));
        assert_eq!(verified.syscalls(), Err(TokenError::Missing(Claim::Syscalls)));
        assert_eq!(verified.access(), Err(TokenError::Missing(Claim::Access)));
        assert_eq!((verified.expires(), verified.not_before()), (Some(NOW + 10), Some(NOW - 10)));
        assert_eq!((verified.signer(), verified.code()), (None, None));
    });
    // A token without a validity period has none; a grant has what binds it, each under its own name.
    let forever = Claims { exp: None, nbf: None, digest: None, ..claims() };
    let syscalls = Claims {
        use_: Some(Use::Syscalls),
        syscalls: Some(0x2a),
        signer: Some(&[8; 32]),
        code: Some(&[9; 32]),
        ..forever
    };
    let for_syscalls = Expected { use_: Use::Syscalls, ..expected() };
    with_verdict(&signed(&syscalls), &for_syscalls, |verdict| {
        let verified = verdict.unwrap();
        assert_eq!((verified.expires(), verified.not_before()), (None, None));
        assert_eq!((verified.signer(), verified.code()), (Some(&[8; 32]), Some(&[9; 32])));
        assert_eq!(verified.syscalls(), Ok(0x2a));
        assert_eq!(verified.digest(), Err(TokenError::Missing(Claim::Digest)));
    });
    let endpoint =
        Claims { use_: Some(Use::Endpoint), access: Some(b"\xa0"), signer: Some(&[8; 32]), ..forever };
    let for_endpoint = Expected { use_: Use::Endpoint, ..expected() };
    with_verdict(&signed(&endpoint), &for_endpoint, |verdict| {
        assert_eq!(verdict.unwrap().access(), Ok(&b"\xa0"[..]));
    });
}

#[test]
fn each_end_of_the_validity_period_is_checked_without_the_other() {
    let only_exp = |exp| signed(&Claims { exp: Some(exp), nbf: None, ..claims() });
    let only_nbf = |nbf| signed(&Claims { exp: None, nbf: Some(nbf), ..claims() });
    let blind = Expected { now: None, ..expected() };
    assert_eq!(refusal(&only_exp(NOW), &expected()), Some(TokenError::Expired));
    assert_eq!(refusal(&only_exp(NOW + 1), &expected()), None);
    assert_eq!(refusal(&only_exp(u64::MAX), &blind), Some(TokenError::NoClock));
    assert_eq!(refusal(&only_nbf(NOW + 1), &expected()), Some(TokenError::NotYetValid));
    assert_eq!(refusal(&only_nbf(NOW), &expected()), None);
    assert_eq!(refusal(&only_nbf(0), &blind), Some(TokenError::NoClock));
}

#[test]
fn every_claim_binds() {
    let cases: [(Claims<'_>, TokenError); 11] = [
        (Claims { sub: Some("other"), ..claims() }, TokenError::WrongSubject),
        (Claims { sub: None, ..claims() }, TokenError::Missing(Claim::Subject)),
        (Claims { aud: Some("device-2"), ..claims() }, TokenError::WrongAudience),
        (Claims { aud: None, ..claims() }, TokenError::Missing(Claim::Audience)),
        (Claims { iss: Some("mallory"), ..claims() }, TokenError::WrongIssuer),
        (Claims { use_: Some(Use::Code), ..claims() }, TokenError::WrongUse(Use::Code)),
        (Claims { use_: None, ..claims() }, TokenError::Missing(Claim::Use)),
        (Claims { exp: Some(NOW), ..claims() }, TokenError::Expired),
        (Claims { exp: Some(0), ..claims() }, TokenError::Expired),
        (Claims { nbf: Some(NOW + 1), ..claims() }, TokenError::NotYetValid),
        (Claims { nbf: Some(u64::MAX), ..claims() }, TokenError::NotYetValid),
    ];
    for (claims, why) in cases {
        assert_eq!(refusal(&signed(&claims), &expected()), Some(why));
    }
    assert_eq!(
        refusal(&signed(&Claims { nbf: Some(NOW), exp: Some(NOW + 1), ..claims() }), &expected()),
        None
    );
    // No issuer named: the kid identifies it.
    assert_eq!(refusal(&signed(&Claims { iss: None, ..claims() }), &expected()), None);
    // A device without a clock cannot check a period, and so refuses the token.
    let blind = Expected { now: None, ..expected() };
    assert_eq!(refusal(&signed(&claims()), &blind), Some(TokenError::NoClock));
    assert_eq!(refusal(&signed(&Claims { exp: None, nbf: None, ..claims() }), &blind), None);
}

#[test]
fn names_are_compared_in_their_whole_length() {
    for (name, others) in
        [("owner", ["owne", "owner2", ""]), ("some.container", ["some.containe", "some.container2", ""])]
    {
        for other in others {
            let (claims, why) = if name == "owner" {
                (Claims { iss: Some(other), ..claims() }, TokenError::WrongIssuer)
            } else {
                (Claims { sub: Some(other), ..claims() }, TokenError::WrongSubject)
            };
            assert_eq!(refusal(&signed(&claims), &expected()), Some(why), "{other}");
        }
    }
    for (aud, why) in [
        ("device-1", None),
        ("class-a", None),
        ("device-", Some(TokenError::WrongAudience)),
        ("device-11", Some(TokenError::WrongAudience)),
        ("class-ab", Some(TokenError::WrongAudience)),
        ("", Some(TokenError::WrongAudience)),
    ] {
        assert_eq!(refusal(&signed(&Claims { aud: Some(aud), ..claims() }), &expected()), why, "{aud}");
    }
    for kid in [&b"k"[..], b"k1k", b"", b"K1"] {
        let mut token = Vec::new();
        issue(&payload(&claims()), kid, Secret::Ed25519(&SEED), &mut token).unwrap();
        assert_eq!(refusal(&token, &expected()), Some(TokenError::UnknownKey), "{kid:?}");
    }
}

#[test]
fn a_message_of_the_other_form_is_refused_though_its_proof_is_right() {
    // COSE_Mac0 with a signature, COSE_Sign1 with an authentication tag: both over what their own form prescribes.
    let body = payload(&claims());
    let bytes = |bytes: &[u8]| {
        let mut out = Vec::new();
        minicbor::Encoder::new(&mut out).bytes(bytes).unwrap();
        out
    };
    for (tag, context, protected, why) in [
        (0xd1, &b"\x84\x64MAC0"[..], hex!("a2 0127 04426b31"), TokenError::WrongAlgorithm(-8)),
        (0xd2, b"\x84\x6aSignature1", hex!("a2 0105 04426b32"), TokenError::WrongAlgorithm(5)),
    ] {
        let covered = [context, &bytes(&protected), &[0x40], &bytes(&body)].concat();
        let proof = if tag == 0xd1 {
            KeyPair::from_seed(Seed::new(SEED)).sk.sign(&covered, None).to_vec()
        } else {
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
            mac.update(&covered);
            mac.finalize().into_bytes().to_vec()
        };
        let token =
            [&[0xd8, 61, tag, 0x84][..], &bytes(&protected), &[0xa0], &bytes(&body), &bytes(&proof)].concat();
        assert_eq!(refusal(&token, &expected()), Some(why));
    }
}

#[test]
fn the_key_pins_form_and_algorithm() {
    let body = payload(&claims());
    // The public key, which is known to all, as an HMAC secret: the classic confusion.
    let public = public_key(&SEED);
    let mut token = Vec::new();
    issue(&body, b"k1", Secret::Hmac256(&public), &mut token).unwrap();
    assert_eq!(refusal(&token, &expected()), Some(TokenError::WrongAlgorithm(5)));
    let mut token = Vec::new();
    issue(&body, b"k2", Secret::Ed25519(&SEED), &mut token).unwrap();
    assert_eq!(refusal(&token, &expected()), Some(TokenError::WrongAlgorithm(-8)));
    let mut token = Vec::new();
    issue(&body, b"k3", Secret::Ed25519(&SEED), &mut token).unwrap();
    assert_eq!(refusal(&token, &expected()), Some(TokenError::UnknownKey));
    let mut token = Vec::new();
    issue(&body, b"k1", Secret::Ed25519(&[9; 32]), &mut token).unwrap();
    assert_eq!(refusal(&token, &expected()), Some(TokenError::BadSignature));
    // A secret that is too short verifies nothing, not even a token that was made with it.
    let mut token = Vec::new();
    issue(&body, b"k4", Secret::Hmac256(b"short"), &mut token).unwrap();
    let anchor = Anchor { name: "owner", kid: b"k4", key: Key::Hmac256(b"short"), scope: () };
    assert_eq!(verify(&token, [anchor], &expected()).err(), Some(TokenError::BadSignature));
    // 32 bytes are the fewest.
    for (len, why) in [(31, Some(TokenError::BadSignature)), (32, None)] {
        let secret = &[SECRET[0]; 32][..len];
        let mut token = Vec::new();
        issue(&body, b"k4", Secret::Hmac256(secret), &mut token).unwrap();
        let anchor = Anchor { name: "owner", kid: b"k4", key: Key::Hmac256(secret), scope: () };
        assert_eq!(verify(&token, [anchor], &expected()).err(), why, "a secret of {len} bytes");
    }
    // A public key of small order would verify any signature.
    let mut token = Vec::new();
    issue(&body, b"k5", Secret::Ed25519(&SEED), &mut token).unwrap();
    let end = token.len() - 64;
    token[end..].fill(0);
    let mut identity = [0; 32];
    identity[0] = 1;
    let anchor = Anchor { name: "owner", kid: b"k5", key: Key::Ed25519(&identity), scope: () };
    assert_eq!(verify(&token, [anchor], &expected()).err(), Some(TokenError::BadSignature));
}

#[test]
fn a_proof_is_checked_in_its_whole_length() {
    let body = payload(&claims());
    for (kid, secret, len) in [(b"k1", Secret::Ed25519(&SEED), 64), (b"k2", Secret::Hmac256(SECRET), 32)] {
        let mut token = Vec::new();
        issue(&body, kid, secret, &mut token).unwrap();
        assert_eq!(refusal(&token, &expected()), None);
        let (front, proof) = token.split_at(token.len() - len);
        // The head of a byte string of up to 255 bytes takes the last two bytes before the proof.
        let front = &front[..front.len() - 2];
        let with = |proof: &[u8]| {
            let mut token = front.to_vec();
            minicbor::Encoder::new(&mut token).bytes(proof).unwrap();
            refusal(&token, &expected())
        };
        assert_eq!(with(proof), None);
        for shorter in 0..len {
            let bad = Some(TokenError::BadSignature);
            assert_eq!(with(&proof[..shorter]), bad, "the first {shorter} of {len} bytes");
            assert_eq!(with(&proof[len - shorter..]), bad, "the last {shorter} of {len} bytes");
        }
        assert_eq!(with(&[proof, &[0]].concat()), Some(TokenError::BadSignature), "one byte more");
        assert_eq!(with(&[proof, proof].concat()), Some(TokenError::BadSignature), "twice");
    }
}

#[test]
fn the_key_id_is_printed_from_either_header_or_not_at_all() {
    assert_eq!(Envelope::decode(&signed(&claims())).unwrap().kid(), Some(&b"k1"[..]));
    let kid = |token: &[u8]| Envelope::decode(token).unwrap().kid().map(<[u8]>::to_vec);
    assert_eq!(kid(&hex!("d83d d2 84 43a10127 a1 04426b37 40 40")), Some(b"k7".to_vec()));
    assert_eq!(kid(&hex!("d83d d2 84 43a10127 a0 40 40")), None);
}

#[test]
fn a_secret_is_not_printed_with_its_key() {
    let text = String::from_utf8(SECRET.to_vec()).unwrap();
    let anchor = Anchor { name: "owner", kid: b"k2", key: Key::Hmac256(SECRET), scope: () };
    let printed = format!("{anchor:?} {:?}", Secret::Hmac256(SECRET));
    assert!(printed.contains("key: Hmac256,") && printed.ends_with(" Secret"), "{printed}");
    assert!(!printed.contains(&text) && !printed.contains(&format!("{:?}", &SECRET[..2])), "{printed}");
    assert_eq!(format!("{:?} {:?}", Key::Ed25519(&[7; 32]), Secret::Ed25519(&SEED)), "Ed25519 Secret");
}

#[test]
fn an_error_names_the_claim_the_algorithm_or_the_use() {
    let claims = [
        (Claim::Subject, "sub"),
        (Claim::Audience, "aud"),
        (Claim::Use, "use"),
        (Claim::Digest, "digest"),
        (Claim::Syscalls, "syscalls"),
        (Claim::Access, "access"),
        (Claim::Signer, "signer"),
        (Claim::Code, "code"),
    ];
    for (claim, name) in claims {
        assert_eq!(TokenError::Missing(claim).to_string(), format!("the token lacks the claim `{name}`"));
        assert_eq!(
            TokenError::Misplaced(claim).to_string(),
            format!("the token has the claim `{name}`, which its use does not allow")
        );
    }
    assert!(TokenError::WrongAlgorithm(-7).to_string().contains("(-7)"));
    assert!(TokenError::UnsupportedMessage(98).to_string().contains("tag 98"));
    assert!(TokenError::WrongUse(Use::Endpoint).to_string().contains("(endpoint)"));
    let malformed = Claims::decode(&hex!("a1 0800")).unwrap_err();
    assert_eq!(
        TokenError::from(malformed).to_string(),
        "the token is malformed: the specification knows no such key or value (at byte 1)"
    );
}

#[test]
fn one_encoding_only() {
    let good = signed(&claims());
    let malformed = |bytes: &[u8], kind: Kind| match refusal(bytes, &expected()) {
        Some(TokenError::Malformed(error)) => assert_eq!(error.kind(), kind, "{bytes:02x?}"),
        other => panic!("{other:?}"),
    };
    let mut long = good.clone();
    long.push(0);
    malformed(&long, Kind::Trailing);
    malformed(b"", Kind::Truncated);
    // Tag 61 without a COSE tag after it; tag 61 twice.
    assert_eq!(refusal(&hex!("d83d8443a10127a04040"), &expected()), Some(TokenError::NoCoseTag));
    assert_eq!(
        refusal(&hex!("d83dd83dd28443a10127a04040"), &expected()),
        Some(TokenError::UnsupportedMessage(61))
    );

    // Headers: {1: -8} in other encodings.
    let header = |protected: &[u8], unprotected: &[u8]| {
        let mut out = vec![0xd8, 61, 0xd2, 0x84, 0x40 + u8::try_from(protected.len()).unwrap()];
        out.extend(protected);
        out.extend(unprotected);
        out.extend(hex!("41a0 40"));
        out
    };
    malformed(&header(&hex!("a2 0127 0127"), &hex!("a1044100")), Kind::KeyOrder);
    malformed(&header(&hex!("a1 0127 00"), &hex!("a1044100")), Kind::Trailing);
    malformed(&header(&hex!("a1 013807"), &hex!("a1044100")), Kind::NotShortest);
    malformed(&header(&hex!("a2 0127 044100"), &hex!("a1044100")), Kind::KeyOrder);
    malformed(&header(&hex!("a2 0127 0305"), &hex!("a1044100")), Kind::Unknown);
    malformed(&header(&hex!("a1 0127"), &hex!("bf044100ff")), Kind::Indefinite);
    let kind = |p: &[u8], u: &[u8]| refusal(&header(p, u), &expected());
    assert_eq!(kind(&hex!(""), &hex!("a1044100")), Some(TokenError::NoAlgorithm));
    assert_eq!(kind(&hex!("a0"), &hex!("a1044100")), Some(TokenError::NoAlgorithm));
    assert_eq!(kind(&hex!("a1 0127"), &hex!("a0")), Some(TokenError::NoKeyId));
    assert_eq!(kind(&hex!("a0"), &hex!("a2 0127 044100")), Some(TokenError::UnprotectedAlgorithm));
    assert_eq!(kind(&hex!("a2 0127 028104"), &hex!("a1044100")), Some(TokenError::Critical));
    assert_eq!(kind(&hex!("a2 0127 0281190400"), &hex!("a1044100")), Some(TokenError::Critical));
    assert_eq!(kind(&hex!("a1 0127"), &hex!("a2 028104 044100")), Some(TokenError::Critical));

    // Of the headers, 1, 2 and 4 are known: not 3 (content type), 5 (IV), 0 or -1.
    for label in [0x00, 0x03, 0x05, 0x06, 0x07, 0x20] {
        let pair = [&[0xa1, label][..], &[0x41, 0x00]].concat();
        malformed(&header(&hex!("a1 0127"), &pair), Kind::Unknown);
        malformed(&header(&pair, &hex!("a1 044100")), Kind::Unknown);
    }

    // Claims.
    for (bytes, kind) in [
        (&hex!("a2 016161 016161")[..], Kind::KeyOrder),
        (&hex!("a2 026161 016161"), Kind::KeyOrder),
        (&hex!("a1 04fb41d5612aeb000000"), Kind::Type),
        (&hex!("a1 041a00000001"), Kind::NotShortest),
        (&hex!("a1 0800"), Kind::Unknown),
        (&hex!("a1 39ffff00"), Kind::Unknown),
        (&hex!("a1 3a00010000 4100"), Kind::Range),
        (&hex!("a1 3a00010003 06"), Kind::Range),
        (&hex!("a0 00"), Kind::Trailing),
        (&hex!("a1 0161ff"), Kind::NotUtf8),
    ] {
        assert_eq!(Claims::decode(bytes).unwrap_err().kind(), kind, "{bytes:02x?}");
    }
}

proptest! {
    #[test]
    fn a_flipped_bit_is_never_believed(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut token = signed(&claims());
        let at = at.index(token.len());
        token[at] ^= 1 << bit;
        prop_assert!(refusal(&token, &expected()).is_some());
    }

    #[test]
    fn a_truncated_token_is_refused(at in any::<prop::sample::Index>()) {
        let token = signed(&claims());
        prop_assert!(refusal(&token[..at.index(token.len())], &expected()).is_some());
    }

    #[test]
    fn garbage_is_refused(token in prop::collection::vec(any::<u8>(), 0..120)) {
        prop_assert!(refusal(&token, &expected()).is_some());
        prop_assert!(year2024::verify(&token, &[1; 32]).is_err());
        let _ = Claims::decode(&token);
    }

    #[test]
    fn claims_round_trip(
        iss in proptest::option::of("[a-z]{0,30}"),
        exp in proptest::option::of(any::<u64>()),
        cti in proptest::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        digest in proptest::option::of(any::<[u8; 32]>()),
        syscalls in proptest::option::of(any::<u32>()),
        access in proptest::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        use_ in proptest::option::of(prop::sample::select(&Use::ALL[..])),
        signer in proptest::option::of(any::<[u8; 32]>()),
        code in proptest::option::of(any::<[u8; 32]>()),
    ) {
        let claims = Claims {
            iss: iss.as_deref(), sub: Some("x"), aud: None, exp, nbf: exp, iat: None, cti: cti.as_deref(),
            digest: digest.as_ref(), syscalls, access: access.as_deref(), use_,
            signer: signer.as_ref(), code: code.as_ref(),
        };
        let bytes = payload(&claims);
        prop_assert_eq!(Claims::decode(&bytes), Ok(claims));
    }
}

// --- Bindings ---------------------------------------------------------------------------------

#[test]
fn item_06_the_thumbprint_is_that_of_rfc_9679() {
    use coset::{CoseKey, CoseKeyBuilder, iana::EllipticCurve};
    use sha2::Digest as _;
    // The RFC's own example is a P-256 key: it fixes what is hashed, the deterministic COSE_Key with the required
    // parameters only (RFC 9679, section 6).
    let x = hex!("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d");
    let y = hex!("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c");
    let print = |key: CoseKey| <[u8; 32]>::from(Sha256::digest(key.to_vec().unwrap()));
    let rfc = CoseKeyBuilder::new_ec2_pub_key(EllipticCurve::P_256, x.to_vec(), y.to_vec()).build();
    assert_eq!(print(rfc), hex!("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"));
    // The same, with the same library, for the two kinds of key here.
    let public = public_key(&SEED);
    let okp = CoseKeyBuilder::new_okp_key()
        .param(-1, coset::cbor::value::Value::from(EllipticCurve::Ed25519 as i64))
        .param(-2, coset::cbor::value::Value::Bytes(public.to_vec()))
        .build();
    assert_eq!(print(okp), thumbprint(Key::Ed25519(&public)));
    for secret in [&SECRET[..], &[7; 300]] {
        let symmetric = CoseKeyBuilder::new_symmetric_key(secret.to_vec()).build();
        assert_eq!(print(symmetric), thumbprint(Key::Hmac256(secret)));
    }
}

#[test]
fn item_06_each_use_takes_just_its_claims() {
    let none = Claims { digest: None, ..claims() };
    let syscalls = Claims { syscalls: Some(1), use_: Some(Use::Syscalls), ..none };
    let endpoint = Claims { access: Some(b"\xa0"), use_: Some(Use::Endpoint), ..none };
    let bind = Some(&[9; 32]);
    let verdict = |claims: &Claims<'_>| {
        let use_ = claims.use_.unwrap();
        refusal(&signed(claims), &Expected { use_, ..expected() })
    };
    for grant in [syscalls, endpoint] {
        assert_eq!(verdict(&grant), Some(TokenError::Unbound));
        assert_eq!(verdict(&Claims { signer: bind, ..grant }), None);
        assert_eq!(verdict(&Claims { code: bind, ..grant }), None);
        assert_eq!(verdict(&Claims { signer: bind, code: bind, ..grant }), None);
        let more = Claims { signer: bind, digest: Some(&[7; 32]), ..grant };
        assert_eq!(verdict(&more), Some(TokenError::Misplaced(Claim::Digest)));
    }
    let both = Claims { access: Some(b"\xa0"), signer: bind, ..syscalls };
    assert_eq!(verdict(&both), Some(TokenError::Misplaced(Claim::Access)));
    let both = Claims { syscalls: Some(1), signer: bind, ..endpoint };
    assert_eq!(verdict(&both), Some(TokenError::Misplaced(Claim::Syscalls)));
    let empty = Claims { signer: bind, syscalls: None, ..syscalls };
    assert_eq!(verdict(&empty), Some(TokenError::Missing(Claim::Syscalls)));
    let empty = Claims { signer: bind, access: None, ..endpoint };
    assert_eq!(verdict(&empty), Some(TokenError::Missing(Claim::Access)));
    for use_ in [Use::Metadata, Use::Data, Use::Code] {
        let good = Claims { use_: Some(use_), ..claims() };
        assert_eq!(verdict(&good), None);
        assert_eq!(verdict(&Claims { digest: None, ..good }), Some(TokenError::Missing(Claim::Digest)));
        for (more, which) in [
            (Claims { syscalls: Some(1), ..good }, Claim::Syscalls),
            (Claims { access: Some(b"\xa0"), ..good }, Claim::Access),
            (Claims { signer: bind, ..good }, Claim::Signer),
            (Claims { code: bind, ..good }, Claim::Code),
        ] {
            assert_eq!(verdict(&more), Some(TokenError::Misplaced(which)));
        }
    }
    // Deterministic order: use, signer, code.
    let bytes = payload(&Claims { use_: Some(Use::Code), signer: bind, code: bind, ..Claims::default() });
    let keys = [hex!("3a00010003"), hex!("3a00010004"), hex!("3a00010005")];
    let at = keys.map(|key| bytes.windows(5).position(|window| window == key).unwrap());
    assert!(at[0] < at[1] && at[1] < at[2]);
    assert_eq!(Claims::decode(&hex!("a1 3a00010004 4100")).unwrap_err().kind(), Kind::Range);
}

// --- The scheme of 2024 -------------------------------------------------------------------------

#[test]
fn the_2024_scheme_is_apart() {
    let pair = KeyPair::from_seed(Seed::new(SEED));
    let body = hex!("a1 39ffff 41ff");
    let mut token = hex!("84 40 a0 46 a139ffff41ff 5840").to_vec();
    token.extend(pair.sk.sign(body, None).as_ref());
    assert_eq!(year2024::verify(&token, &public_key(&SEED)), Ok(year2024::Claim2024::Syscalls(0xff)));
    assert_eq!(year2024::verify(&token, &[3; 32]), Err(TokenError::BadSignature));
    // Neither scheme accepts the other's tokens.
    assert_eq!(refusal(&token, &expected()), Some(TokenError::NoCwtTag));
    assert!(matches!(
        year2024::verify(&signed(&claims()), &public_key(&SEED)),
        Err(TokenError::Malformed(_))
    ));
    let last = token.len() - 1;
    token[last] ^= 1;
    assert_eq!(year2024::verify(&token, &public_key(&SEED)), Err(TokenError::BadSignature));
}

/// A 2024 token with these headers and claims, signed.
fn of_2024(protected: &[u8], unprotected: &[u8], claims: &[u8]) -> Vec<u8> {
    let mut token = vec![0x84];
    let mut encoder = minicbor::Encoder::new(&mut token);
    encoder.bytes(protected).unwrap();
    token.extend(unprotected);
    let mut encoder = minicbor::Encoder::new(&mut token);
    encoder.bytes(claims).unwrap();
    encoder.bytes(KeyPair::from_seed(Seed::new(SEED)).sk.sign(claims, None).as_ref()).unwrap();
    token
}

#[test]
fn a_2024_token_has_one_claim_and_its_mask_is_big_endian() {
    let key = public_key(&SEED);
    let claim = |claims: &[u8]| {
        let token = of_2024(b"", &hex!("a0"), claims);
        match year2024::verify(&token, &key) {
            Ok(year2024::Claim2024::Syscalls(mask)) => Ok(Some(mask)),
            Ok(year2024::Claim2024::Digest(digest)) => {
                assert_eq!(digest, &[7; 32]);
                Ok(None)
            }
            Err(TokenError::Malformed(error)) => Err((error.kind(), error.at())),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(claim(&hex!("a1 39ffff 40")), Ok(Some(0)));
    assert_eq!(claim(&hex!("a1 39ffff 420102")), Ok(Some(0x0102)));
    assert_eq!(claim(&hex!("a1 39ffff 44ffffffff")), Ok(Some(u32::MAX)));
    assert_eq!(claim(&hex!("a1 39ffff 45ff01020304")), Ok(Some(0x0102_0304)), "the low 32 bits");
    let digest = [&hex!("a1 3a00010000 5820")[..], &[7; 32]].concat();
    assert_eq!(claim(&digest), Ok(None));
    assert_eq!(claim(&hex!("a1 3a00010000 4107")), Err((Kind::Range, 6)), "a short digest");
    assert_eq!(claim(&hex!("a1 3a00010001 41ff")), Err((Kind::Unknown, 1)), "a claim of the later format");
    assert_eq!(claim(&hex!("a0")), Err((Kind::Range, 0)), "none");
    let two = [&hex!("a2 39ffff 41ff 3a00010000 5820")[..], &[7; 32]].concat();
    assert_eq!(claim(&two), Err((Kind::Range, 0)), "two");
}

#[test]
fn a_2024_token_has_no_header_in_either_place() {
    let key = public_key(&SEED);
    let body = hex!("a1 39ffff 41ff");
    let verdict = |protected: &[u8], unprotected: &[u8]| {
        year2024::verify(&of_2024(protected, unprotected, &body), &key).err()
    };
    assert_eq!(verdict(b"", &hex!("a0")), None);
    let unknown = Some(TokenError::Malformed(tinycontainer_token::CborError::new(Kind::Unknown, 0)));
    // Neither is part of what is signed, so anyone could add it.
    assert_eq!(verdict(&hex!("a1 0127"), &hex!("a0")), unknown);
    assert_eq!(verdict(b"", &hex!("a1 044100")), unknown);
    assert_eq!(verdict(&hex!("a1 0127"), &hex!("a1 044100")), unknown);
}
