//! An image of the 2024 format, whose tokens have empty headers and sign their payload alone.

use ed25519_compact::{KeyPair, Seed};
use minicbor::Encoder;
use minicbor::data::Tag;
use tinycontainer::metadata::TAG;
use tinycontainer::policy::{covered_2024, sha256};

fn pair() -> KeyPair {
    KeyPair::from_seed(Seed::new(*b"TEST key of the 2024 format....."))
}

/// The public key that the image is signed with.
pub(crate) fn key() -> [u8; 32] {
    *pair().pk
}

/// The bytes that `write` writes.
fn bytes(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out));
    out
}

fn token(claim: i64, value: &[u8]) -> Vec<u8> {
    let payload = bytes(|to| {
        to.map(1).unwrap().i64(claim).unwrap().bytes(value).unwrap();
    });
    let signature = pair().sk.sign(&payload, None);
    bytes(|to| {
        to.array(4).unwrap().bytes(&[]).unwrap().map(0).unwrap();
        to.bytes(&payload).unwrap().bytes(signature.as_ref()).unwrap();
    })
}

/// Metadata with one endpoint, for this data and code.
pub(crate) fn image(data: &[u8], code: &[u8]) -> Vec<u8> {
    let file = |last: &[u8]| {
        let container = bytes(|to| {
            to.map(3).unwrap().u8(1).unwrap().bytes(b"old").unwrap().u8(2).unwrap().u8(4).unwrap();
            to.u8(3).unwrap().bytes(&token(-65536, &[0xff])).unwrap();
        });
        let endpoints = bytes(|to| {
            to.array(1).unwrap().map(4).unwrap().u8(1).unwrap().u8(7).unwrap().u8(2).unwrap().u8(1).unwrap();
            to.u8(4).unwrap().u8(10).unwrap().u8(5).unwrap().u8(2).unwrap();
        });
        let security = bytes(|to| {
            to.array(8).unwrap();
            for ms in [100, 1000, 100, 1000, 100] {
                to.u32(ms).unwrap();
            }
            for digest in [data, code].map(|part| sha256(&[part])) {
                to.bytes(&token(-65537, &digest)).unwrap();
            }
            to.bytes(last).unwrap();
        });
        bytes(|to| {
            to.tag(Tag::new(TAG)).unwrap().map(3).unwrap();
            to.u8(1).unwrap().bytes(&container).unwrap().u8(2).unwrap().bytes(&endpoints).unwrap();
            to.u8(3).unwrap().bytes(&security).unwrap();
        })
    };
    let [cut, _] = covered_2024(&file(&[0; 111]));
    file(&token(-65537, &cut))
}
