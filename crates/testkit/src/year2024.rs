//! Images of the 2024 format with a TEST key: tokens with empty headers, signed over the payload alone.

use crate::{Image, sha256};
use ed25519_compact::{KeyPair, Seed};
use minicbor::Encoder;
use minicbor::data::Tag;
use tinycontainer_metadata::{Direction, Mask, Priority, TAG};
use tinycontainer_policy::{AnchorSpec, Pattern, Reach, Roles, Target, covered_2024, trust};
use tinycontainer_token::Key;

/// The length of a token over a digest.
const TOKEN_LEN: usize = 111;
const SYSCALLS: i64 = -65536;
const DIGEST: i64 = -65537;

fn pair() -> KeyPair {
    KeyPair::from_seed(Seed::new(*b"TEST key of 2024 images, TEST..."))
}

/// The public key of the TEST key.
pub fn key_2024() -> [u8; 32] {
    *pair().pk
}

/// A trust store with this key alone, for `container*`, with all calls and all local peers of the bus `app`: what a device
/// that accepts the 2024 format is given.
pub fn store_2024() -> Vec<u8> {
    let app = Target::Local { bus: Some(tinycontainer_metadata::Bus::App), units: None };
    let anchor = AnchorSpec {
        name: "TEST-2024",
        key: Key::Ed25519(&key_2024()),
        roles: Roles::ALL,
        containers: &[Pattern("container*")],
        syscalls: Mask::ALL,
        reaches: &[Reach { target: app, direction: Direction::Both }],
        priority: Priority::Low,
        hook_ms: 1000,
    };
    let mut store = Vec::new();
    trust::encode(&mut [anchor], &mut store).unwrap();
    store
}

/// An image: endpoint 123 is unit 10 of the application's driver, in both directions.
pub fn image_2024(uid: &str, data: &[u8], code: &[u8]) -> Image {
    let metadata = |last: &[u8]| {
        let container = cbor(|e| {
            e.map(3)?.u8(1)?.bytes(uid.as_bytes())?.u8(2)?.u8(4)?;
            e.u8(3)?.bytes(&token(SYSCALLS, &[0xff]))?.ok()
        });
        let endpoints =
            cbor(|e| e.array(1)?.map(4)?.u8(1)?.u8(123)?.u8(2)?.u8(1)?.u8(4)?.u8(10)?.u8(5)?.u8(2)?.ok());
        let security = cbor(|e| {
            e.array(8)?;
            for ms in [100, 1000, 100, 1000, 100] {
                e.u32(ms)?;
            }
            e.bytes(&token(DIGEST, &sha256(data)))?.bytes(&token(DIGEST, &sha256(code)))?.bytes(last)?.ok()
        });
        cbor(|e| {
            e.tag(Tag::new(TAG))?.map(3)?;
            e.u8(1)?.bytes(&container)?.u8(2)?.bytes(&endpoints)?.u8(3)?.bytes(&security)?.ok()
        })
    };
    let [_, zeroed] = covered_2024(&metadata(&[0; TOKEN_LEN]));
    let metadata = metadata(&token(DIGEST, &zeroed));
    Image { metadata, data: data.to_vec(), code: code.to_vec() }
}

fn token(claim: i64, value: &[u8]) -> Vec<u8> {
    let payload = cbor(|e| e.map(1)?.i64(claim)?.bytes(value)?.ok());
    let signature = pair().sk.sign(&payload, None);
    cbor(|e| e.array(4)?.bytes(&[])?.map(0)?.bytes(&payload)?.bytes(signature.as_ref())?.ok())
}

type Written = Result<(), minicbor::encode::Error<core::convert::Infallible>>;

fn cbor(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Encoder::new(&mut bytes)).unwrap();
    bytes
}
