//! Someone with bytes and no key: images that others have signed, changed; images that nobody has signed.

use super::attack::{Attack, attack};
use super::craft;
use super::craft::{good, mac, public, rearranged, split, store, store_of, with_encoded_token, with_token};
use super::trial::{Failure, Outcome, Trial, expect, require};
use tinycontainer::Sizes;
use tinycontainer::metadata::TAG;
use tinycontainer_capi::Code;
use tinycontainer_testkit::{IDLE, Image, OWNER, PROVIDER_A, STRANGER, Signer, Spec, claims, sha256};
use tinycontainer_token::{Claims, Key, Use};

/// A valid image of A, as it was seen on the way to a device.
fn seen() -> Image {
    let mut spec = good();
    spec.data = b"some data".to_vec();
    spec.sign(PROVIDER_A)
}

fn sizes(image: &Image) -> Sizes {
    Sizes { metadata: image.metadata.len(), data: image.data.len(), code: image.code.len() }
}

/// The seen image with another arrangement of its token is refused.
fn rearrangement(t: &mut Trial<'_>, code: Code, change: impl FnOnce(&mut craft::Message)) -> Outcome {
    let image = rearranged(&seen(), |_| ());
    t.accepted(&image)?;
    t.remove("a.x")?;
    t.refused(&rearranged(&seen(), change), code)
}

/// Sessions of these sizes are not opened.
fn not_opened(t: &mut Trial<'_>, sizes: Sizes) -> Outcome {
    t.unchanged("opening a session", Code::BadImageSize, |device| {
        device.begin(sizes).err().unwrap_or(Code::Ok)
    })
}

fn open(t: &mut Trial<'_>, image: &Image) -> Result<u8, Failure> {
    t.device.begin(sizes(image)).map_err(|code| format!("opening a session: {code:?}").into())
}

const SECRET: &[u8; 32] = b"TEST secret of a MAC of A, long.";

/// The device has a secret of A's in place of A's key.
fn trust_secret(t: &mut Trial<'_>) -> Outcome {
    let key = public(OWNER);
    let mut anchors =
        [craft::anchor("owner", Key::Ed25519(&key)), craft::anchor("provider-a", Key::Hmac256(SECRET))];
    t.trust(&store(&mut anchors))
}

/// The seen image with a token of this secret over its metadata.
fn with_mac(secret: &[u8]) -> Image {
    let image = seen();
    let digest = sha256(&split(&image).0);
    let claims = Claims { digest: Some(&digest), ..claims(PROVIDER_A, "a.x", Use::Metadata) };
    with_token(&image, &mac(&claims, Key::Hmac256(SECRET), secret))
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("an image signed with a key that no anchor has", &["token-key"], |t| {
        t.trust(&store_of(OWNER, |anchor| anchor))?;
        let image = good().sign_with(STRANGER, |claims| Claims { iss: None, ..*claims });
        t.refused(&image, Code::UnknownKey)
    }),
    attack("a signature of another key under an anchor's key id", &["token-signature"], |t| {
        t.refused(&good().sign(Signer { seed: STRANGER.seed, ..PROVIDER_A }), Code::BadSignature)
    }),
    attack("a signature with one bit changed", &["token-signature"], |t| {
        rearrangement(t, Code::BadSignature, |message| message.proof[7] ^= 0x10)
    }),
    attack("claims with one bit changed", &["token-signature"], |t| {
        rearrangement(t, Code::BadSignature, |message| *message.payload.last_mut().unwrap() ^= 1)
    }),
    attack("an image without a token", &["policy-verdict", "policy-complete"], |t| {
        t.refused(&with_token(&seen(), &[]), Code::Unsigned)
    }),
    attack("the token of one image on the metadata of another", &["policy-signed-bytes"], |t| {
        let other = Spec { version: 2, ..good() }.sign(PROVIDER_A);
        t.refused(&with_token(&seen(), &split(&other).1), Code::BadDigest)
    }),
    attack("code with one bit changed", &["load-digest"], |t| {
        let mut image = seen();
        image.code[9] ^= 1;
        t.refused(&image, Code::BadDigest)
    }),
    attack("data with one bit changed", &["load-digest"], |t| {
        let mut image = seen();
        image.data[3] ^= 0x80;
        t.refused(&image, Code::BadDigest)
    }),
    attack("code and data exchanged", &["load-digest"], |t| {
        let mut spec = good();
        spec.data = vec![7; spec.code.len()];
        let Image { metadata, data, code } = spec.sign(PROVIDER_A);
        t.refused(&Image { metadata, data: code, code: data }, Code::BadDigest)
    }),
    attack("a byte after the metadata", &["cbor-trailing"], |t| {
        let mut image = seen();
        image.metadata.push(0);
        t.refused(&image, Code::Malformed)
    }),
    attack("a byte after the token's message", &["cbor-trailing"], |t| {
        let image = seen();
        let token = [split(&image).1, vec![0]].concat();
        t.refused(&with_token(&image, &token), Code::BadToken)
    }),
    attack("the length of the token in a longer form", &["cbor-shortest"], |t| {
        let image = seen();
        let token = split(&image).1;
        let [high, low] = (token.len() as u16).to_be_bytes();
        let encoded = [vec![0x5a, 0, 0, high, low], token].concat();
        t.refused(&with_encoded_token(&image, &encoded), Code::Malformed)
    }),
    attack("the token as text in place of bytes", &["cbor-type"], |t| {
        let image = seen();
        let mut encoded = craft::bytes(&split(&image).1);
        encoded[0] |= 0x20;
        t.refused(&with_encoded_token(&image, &encoded), Code::Malformed)
    }),
    attack("the message without the tag of a CWT", &["token-cwt-tag"], |t| {
        rearrangement(t, Code::BadToken, |message| message.tags = vec![0xd2])
    }),
    attack("the message under the tag of COSE_Sign", &["token-cose-tag"], |t| {
        rearrangement(t, Code::BadToken, |message| message.tags = vec![0xd8, 61, 0xd8, 98])
    }),
    attack("an algorithm added to the unprotected header", &["token-alg-protected"], |t| {
        rearrangement(t, Code::BadToken, |message| message.unprotected = vec![0xa1, 1, 0x27])
    }),
    attack("a critical header added to the unprotected ones", &["token-crit-unprotected"], |t| {
        // Its value would be read as the payload: what is critical is not read.
        rearrangement(t, Code::BadToken, |message| message.unprotected = vec![0xa1, 2])
    }),
    attack("a key id added to the unprotected header", &["token-kid-once"], |t| {
        rearrangement(t, Code::BadToken, |message| {
            message.unprotected = [vec![0xa1, 4], craft::bytes(&[1; 8])].concat()
        })
    }),
    attack("a header that nothing specifies", &["cbor-unknown"], |t| {
        rearrangement(t, Code::BadToken, |message| message.unprotected = vec![0xa1, 8])
    }),
    attack("a header of 2^63 entries", &["cbor-count"], |t| {
        rearrangement(t, Code::BadToken, |message| {
            message.unprotected = vec![0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0]
        })
    }),
    attack("a public key used as a shared secret", &["token-key-type"], |t| {
        let image = seen();
        let key = public(PROVIDER_A);
        let digest = sha256(&split(&image).0);
        let claims = Claims { digest: Some(&digest), ..claims(PROVIDER_A, "a.x", Use::Metadata) };
        t.refused(&with_token(&image, &mac(&claims, Key::Ed25519(&key), &key)), Code::BadToken)
    }),
    attack("an authentication tag under another secret", &["token-mac"], |t| {
        trust_secret(t)?;
        t.accepted(&with_mac(SECRET))?;
        t.remove("a.x")?;
        t.refused(&with_mac(&[7; 32]), Code::BadSignature)
    }),
    attack("every authentication tag of one byte", &["token-mac-length"], |t| {
        trust_secret(t)?;
        let image = with_mac(SECRET);
        let (_, mut token) = split(&image);
        // In place of a byte string of 32.
        token.truncate(token.len() - 34);
        for guess in 0..=255 {
            let guessed = with_token(&image, &[&token[..], &[0x41, guess]].concat());
            expect("loading the image", t.device.load(&guessed), Code::BadSignature)?;
        }
        Ok(())
    }),
    attack("metadata cut at many places", &[], |t| {
        let image = seen();
        for len in (1..image.metadata.len()).step_by(7) {
            t.refused(&Image { metadata: image.metadata[..len].to_vec(), ..image.clone() }, Code::Malformed)?;
        }
        Ok(())
    }),
    attack("metadata of the same byte", &[], |t| {
        for byte in [0, 0x1f, 0x5b, 0x7f, 0x9b, 0xbb, 0xdb, 0xff] {
            t.refused(&Image { metadata: vec![byte; 300], ..seen() }, Code::Malformed)?;
        }
        Ok(())
    }),
    attack("an image of the 2024 format", &["policy-2024"], |t| {
        let mut metadata = vec![0xdb];
        metadata.extend(TAG.to_be_bytes());
        metadata.extend([0xa1, 1, 0x40]);
        t.refused(&Image { metadata, ..seen() }, Code::Format2024)
    }),
    attack("more bad images than the device has slots", &["load-slot"], |t| {
        let bad = good().sign(STRANGER);
        let times = usize::from(t.device.slots()) + 4;
        let codes: Vec<_> = (0..times).map(|_| t.device.load(&bad)).collect();
        t.accepted(&seen())?;
        expect("loading bad images", codes, vec![Code::UnknownKey; times])
    }),
    attack("metadata of more than 4,096 bytes", &["load-metadata-size"], |t| {
        not_opened(t, Sizes { metadata: 4097, data: 0, code: 1 })
    }),
    attack("an image without metadata", &[], |t| not_opened(t, Sizes { metadata: 0, data: 0, code: 1 })),
    attack("an image without code", &["load-empty"], |t| {
        not_opened(t, Sizes { metadata: 100, data: 100, code: 0 })
    }),
    attack("an image larger than the device takes", &["load-ceiling"], |t| {
        not_opened(t, Sizes { metadata: 100, data: 0, code: 1 << 20 })?;
        not_opened(t, Sizes { metadata: 100, data: u32::MAX as usize, code: u32::MAX as usize })
    }),
    attack("a small image announced as large as the device takes", &["load-sizes"], |t| {
        let image = seen();
        let code = t.device.pool_bytes() as usize / 4 - image.metadata.len() - image.data.len();
        let session = t.device.begin(Sizes { code, ..sizes(&image) }).map_err(|code| format!("{code:?}"))?;
        let held = t.device.memory().free;
        expect("its metadata", t.device.write(session, &image.metadata), Code::OtherSizes)?;
        require("memory was taken for the announced code", t.device.memory().free >= held)?;
        t.device.drop_session(session);
        Ok(())
    }),
    attack("code announced longer than it is signed", &["load-sizes"], |t| {
        let mut image = seen();
        image.code.push(0);
        t.refused(&image, Code::OtherSizes)
    }),
    attack("data announced shorter than it is signed", &["load-sizes"], |t| {
        let mut image = seen();
        image.data.pop();
        t.refused(&image, Code::OtherSizes)
    }),
    attack("a byte more than announced", &["load-too-long"], |t| {
        let image = seen();
        t.unchanged("writing a byte too many", Code::TooLong, |device| {
            let Ok(session) = device.begin(sizes(&image)) else { return Code::Busy };
            let all = [&image.metadata[..], &image.data, &image.code].concat();
            for piece in all.chunks(100) {
                device.write(session, piece);
            }
            let code = device.write(session, &[0]);
            device.drop_session(session);
            code
        })
    }),
    attack("a byte less than announced", &["load-too-short"], |t| {
        let image = seen();
        t.unchanged("finishing too early", Code::TooShort, |device| {
            let Ok(session) = device.begin(sizes(&image)) else { return Code::Busy };
            let all = [&image.metadata[..], &image.data, &image.code].concat();
            device.write(session, &all[..all.len() - 1]);
            let code = device.finish(session);
            device.drop_session(session);
            code
        })
    }),
    attack("more sessions at a time than two", &["load-sessions"], |t| {
        let image = seen();
        let held = [open(t, &image)?, open(t, &image)?];
        // More often than there are slots, so that none is lost.
        let times = usize::from(t.device.slots()) + 4;
        let third = |_| t.device.begin(sizes(&image)).err().unwrap_or(Code::Ok);
        let codes: Vec<_> = (0..times).map(third).collect();
        held.into_iter().for_each(|session| t.device.drop_session(session));
        // None of these took a slot: there is one for more images than were being loaded.
        for n in 0..=held.len() {
            t.accepted(&Spec::new(&format!("a.x{n}"), IDLE).sign(PROVIDER_A))?;
        }
        expect("opening a third", codes, vec![Code::TooManySessions; times])
    }),
    attack("a session that falls silent", &["load-silent"], |t| {
        let image = seen();
        let held = [open(t, &image)?, open(t, &image)?];
        t.run(30_100);
        expect("writing after half a minute", t.device.write(held[0], &image.metadata[..1]), Code::TimedOut)?;
        t.accepted(&Spec::new("a.other", IDLE).sign(PROVIDER_A))?;
        held.into_iter().for_each(|session| t.device.drop_session(session));
        Ok(())
    }),
    attack("a session that sends a byte now and then", &["load-slow"], |t| {
        let image = seen();
        let session = open(t, &image)?;
        for byte in image.metadata.iter().take(24) {
            expect("a byte", t.device.write(session, &[*byte]), Code::Ok)?;
            t.run(25_000);
        }
        t.run(1000);
        expect("a byte after ten minutes", t.device.write(session, &[image.metadata[24]]), Code::TimedOut)?;
        t.device.drop_session(session);
        Ok(())
    }),
    attack("an older version of an image, with its token", &["load-version"], |t| {
        let image = |version| Spec { version, ..good() }.sign(PROVIDER_A);
        t.accepted(&image(7))?;
        t.remove("a.x")?;
        t.refused(&image(6), Code::Downgrade)
    }),
    attack("an image that is loaded already", &["load-uid"], |t| {
        t.accepted(&seen())?;
        t.refused(&seen(), Code::DuplicateUid)?;
        t.refused(&Spec { version: 9, ..good() }.sign(PROVIDER_A), Code::DuplicateUid)
    }),
    attack("two sessions for one name", &["load-uid-session"], |t| {
        let image = seen();
        let held = [open(t, &image)?, open(t, &image)?];
        expect("the metadata of the first", t.device.write(held[0], &image.metadata), Code::Ok)?;
        expect("the metadata of the second", t.device.write(held[1], &image.metadata), Code::DuplicateUid)?;
        held.into_iter().for_each(|session| t.device.drop_session(session));
        Ok(())
    }),
    attack("writing to a session that does not exist", &[], |t| {
        for session in [0, 1, 3, 255] {
            t.unchanged("writing", Code::NoSession, |device| device.write(session, &[1]))?;
            t.unchanged("finishing", Code::NoSession, |device| device.finish(session))?;
        }
        Ok(())
    }),
];
