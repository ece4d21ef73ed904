//! Our COSE and CWT against `coset`: what ours decodes, the other decodes to the same; and a signature that ours
//! accepts is valid over the structure that the other makes.

use crate::outcome::{Outcome, outcome};
use crate::token::{self, SECRET, keys, with_anchors};
use coset::cwt::{ClaimName, ClaimsSet, Timestamp};
use coset::{
    CborSerializable as _, CoseMac0, CoseSign1, Header, ProtectedHeader, RegisteredLabelWithPrivate,
};
use ed25519_compact::{PublicKey, Signature};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tinycontainer_testkit::{CLASS, DEVICE, NOW};
use tinycontainer_token::{Claims, Envelope, Expected, Form, TokenError, Use, verify};

/// A message as `coset` has it.
enum Message {
    Sign1(CoseSign1),
    Mac0(CoseMac0),
}

impl Message {
    fn parts(&self) -> (&ProtectedHeader, &Header, &Option<Vec<u8>>, &[u8]) {
        match self {
            Self::Sign1(message) => {
                (&message.protected, &message.unprotected, &message.payload, &message.signature)
            }
            Self::Mac0(message) => (&message.protected, &message.unprotected, &message.payload, &message.tag),
        }
    }

    /// Whether its signature or tag is valid, by one of the keys with that kid.
    fn is_valid(&self, kid: &[u8]) -> bool {
        with_anchors(|anchors| {
            let Some(place) = anchors.iter().position(|anchor| anchor.kid == kid) else { return false };
            match (self, place) {
                (Self::Sign1(message), 0 | 1) => message
                    .verify_signature(b"", |signature, signed| {
                        let signature = Signature::from_slice(signature).map_err(drop)?;
                        PublicKey::new(keys()[place].1).verify(signed, &signature).map_err(drop)
                    })
                    .is_ok(),
                (Self::Mac0(message), 2) => message
                    .verify_payload_tag(
                        b"",
                        || (),
                        |tag, authenticated| {
                            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).map_err(drop)?;
                            mac.update(authenticated);
                            mac.verify_slice(tag).map_err(drop)
                        },
                    )
                    .is_ok(),
                _ => false,
            }
        })
    }
}

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    let ours = Envelope::decode(bytes).and_then(|envelope| Ok((envelope, envelope.headers()?)));
    let (envelope, headers) = match ours {
        Ok(both) => both,
        Err(error) => return outcome(&error),
    };
    let verified = with_anchors(|anchors| {
        let expected =
            Expected { sub: "a.x", audiences: &[DEVICE, CLASS], use_: Use::Metadata, now: Some(NOW) };
        verify(bytes, anchors.iter().copied(), &expected).map(|verified| verified.expires().is_some())
    });
    if let Ok(claims) = Claims::decode(envelope.payload) {
        compare_claims(&claims, envelope.payload);
    }
    // The other knows only registered and private algorithms.
    if ![-8, -19, 5].contains(&headers.alg) {
        assert!(matches!(verified, Err(TokenError::UnknownKey | TokenError::WrongAlgorithm(_))));
        return outcome(&verified);
    }
    // Tag 61 takes two bytes, tags 17 and 18 one.
    let message = match envelope.form {
        Form::Sign1 => CoseSign1::from_slice(&bytes[3..]).map(Message::Sign1),
        Form::Mac0 => CoseMac0::from_slice(&bytes[3..]).map(Message::Mac0),
    };
    let message = message.unwrap_or_else(|error| panic!("ours decodes it, the other does not: {error}"));
    let (protected, unprotected, payload, proof) = message.parts();
    assert_eq!(protected.original_data.as_deref(), Some(envelope.protected));
    assert_eq!(payload.as_deref(), Some(envelope.payload));
    assert_eq!(proof, envelope.proof);
    assert_eq!(algorithm(&protected.header), Some(headers.alg));
    assert_eq!([&protected.header.key_id[..], &unprotected.key_id[..]].concat(), headers.kid);
    assert_eq!(unprotected.is_empty(), envelope.unprotected_is_empty || unprotected.key_id.is_empty());

    match verified {
        Err(TokenError::UnknownKey | TokenError::WrongAlgorithm(_)) => {}
        Err(TokenError::BadSignature) => assert!(!message.is_valid(headers.kid)),
        _ => assert!(message.is_valid(headers.kid), "{verified:?}"),
    }
    outcome(&(envelope.form, headers.alg == -19, verified))
}

fn algorithm(header: &Header) -> Option<i64> {
    use coset::iana::EnumI64 as _;
    match header.alg.as_ref()? {
        RegisteredLabelWithPrivate::Assigned(algorithm) => Some(algorithm.to_i64()),
        RegisteredLabelWithPrivate::PrivateUse(number) => Some(*number),
        RegisteredLabelWithPrivate::Text(_) => None,
    }
}

fn compare_claims(claims: &Claims<'_>, bytes: &[u8]) {
    let whole = |time: Option<u64>| time.map(i64::try_from).transpose();
    let (Ok(exp), Ok(nbf), Ok(iat)) = (whole(claims.exp), whole(claims.nbf), whole(claims.iat)) else {
        // The other has signed times.
        return;
    };
    let theirs = ClaimsSet::from_slice(bytes).unwrap_or_else(|error| panic!("{claims:?}: {error}"));
    assert_eq!(theirs.issuer.as_deref(), claims.iss);
    assert_eq!(theirs.subject.as_deref(), claims.sub);
    assert_eq!(theirs.audience.as_deref(), claims.aud);
    assert_eq!(theirs.expiration_time, exp.map(Timestamp::WholeSeconds));
    assert_eq!(theirs.not_before, nbf.map(Timestamp::WholeSeconds));
    assert_eq!(theirs.issued_at, iat.map(Timestamp::WholeSeconds));
    assert_eq!(theirs.cwt_id.as_deref(), claims.cti);
    let private = |key: i64| {
        let name = ClaimName::PrivateUse(key);
        theirs.rest.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    };
    let digest = |key| private(key).map(|value| &value.as_bytes().unwrap()[..]);
    assert_eq!(digest(-65537), claims.digest.map(|digest| &digest[..]));
    let number = |key| private(key).map(|value| u64::try_from(value.as_integer().unwrap()).unwrap());
    assert_eq!(number(-65538), claims.syscalls.map(u64::from));
    assert_eq!(digest(-65539), claims.access);
    assert_eq!(number(-65540), claims.use_.map(|use_| use_ as u64));
    assert_eq!(digest(-65541), claims.signer.map(|digest| &digest[..]));
    assert_eq!(digest(-65542), claims.code.map(|digest| &digest[..]));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = token::seeds();
    // The kid in the unprotected header, the algorithm by its newer number.
    let message = coset::CoseSign1Builder::new()
        .protected(coset::HeaderBuilder::new().algorithm(coset::iana::Algorithm::Ed25519).build())
        .unprotected(
            coset::HeaderBuilder::new().key_id(with_anchors(|anchors| anchors[0].kid.to_vec())).build(),
        )
        .payload(b"\xa0".to_vec())
        .create_signature(b"", |signed| {
            let pair = ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new(
                *tinycontainer_testkit::OWNER.seed,
            ));
            pair.sk.sign(signed, None).to_vec()
        })
        .build();
    let mut token = vec![0xd8, 61, 0xd2];
    token.extend(message.to_vec().unwrap());
    seeds.push(token);
    seeds
}
