//! Each kind of bad metadata: its error and its offset.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use minicbor::Encoder;
use minicbor::data::Tag;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Access, Kind, Metadata, PartSizes, Proofs, TAG, Wake};

type Out<'a> = Encoder<&'a mut Vec<u8>>;

fn cbor(write: impl FnOnce(&mut Out<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out));
    out
}

/// A file of profile 1 from three sections and a token; `None` omits the endpoints.
fn file(container: &[u8], endpoints: Option<&[u8]>, security: &[u8]) -> Vec<u8> {
    cbor(|e| {
        e.tag(Tag::new(TAG)).unwrap().map(if endpoints.is_some() { 5 } else { 4 }).unwrap();
        e.u8(0).unwrap().u8(1).unwrap().u8(1).unwrap().bytes(container).unwrap();
        if let Some(endpoints) = endpoints {
            e.u8(2).unwrap().bytes(endpoints).unwrap();
        }
        e.u8(3).unwrap().bytes(security).unwrap().u8(4).unwrap().bytes(&[0; 100]).unwrap();
    })
}

/// The container section with one field changed.
fn container(uid: &[u8], kind: u64, syscalls: u64, limits: u64, vendor: Option<usize>) -> Vec<u8> {
    cbor(|e| {
        e.map(6 + u64::from(vendor.is_some())).unwrap().u8(1).unwrap().bytes(uid).unwrap();
        e.u8(2)
            .unwrap()
            .u64(kind)
            .unwrap()
            .u8(4)
            .unwrap()
            .u64(syscalls)
            .unwrap()
            .u8(5)
            .unwrap()
            .u8(1)
            .unwrap();
        e.u8(6).unwrap().array(limits).unwrap();
        (0..limits).for_each(|n| _ = e.u64(n).unwrap());
        if let Some(len) = vendor {
            e.u8(7).unwrap().bytes(&vec![0; len]).unwrap();
        }
        e.u8(8).unwrap().array(2).unwrap().u8(9).unwrap().u8(10).unwrap();
    })
}

fn good_container() -> Vec<u8> {
    container(b"uid", 4, 0x3f, 3, None)
}

/// The security section: times, digests, lifetime, heartbeat, priority.
fn security(numbers: [u64; 5], part: usize, rest: [u64; 3]) -> Vec<u8> {
    cbor(|e| {
        e.array(10).unwrap();
        numbers.iter().for_each(|n| _ = e.u64(*n).unwrap());
        e.bytes(&vec![1; part]).unwrap().bytes(&[2; 32]).unwrap();
        rest.iter().for_each(|n| _ = e.u64(*n).unwrap());
    })
}

fn good_security() -> Vec<u8> {
    security([1, 2, 3, 4, 5], 32, [6, 7, 1])
}

fn kind(bytes: &[u8]) -> Kind {
    Metadata::decode(bytes).unwrap_err().kind()
}

fn kind_of_container(container: &[u8]) -> Kind {
    kind(&file(container, None, &good_security()))
}

fn kind_of_security(security: &[u8]) -> Kind {
    kind(&file(&good_container(), None, security))
}

fn kind_of_endpoints(endpoints: &[u8]) -> Kind {
    kind(&file(&good_container(), Some(endpoints), &good_security()))
}

#[test]
fn the_good_file_is_good() {
    let bytes = file(&good_container(), None, &good_security());
    let metadata = Metadata::decode(&bytes).unwrap();
    assert_eq!((metadata.uid, metadata.schedule.period_ms, metadata.limits.heap), ("uid", 2, 2));
    assert!(metadata.endpoints.is_empty() && metadata.endpoints.iter().next().is_none());
    let Proofs::Profile1(proofs) = metadata.proofs else { panic!() };
    assert_eq!(proofs.signed.len(), bytes.len() - 103, "all before the token's key");
}

#[test]
fn the_frame() {
    assert_eq!(kind(b""), Kind::Truncated);
    assert_eq!(kind(b"\x00"), Kind::Type);
    assert_eq!(kind(&cbor(|e| _ = e.tag(Tag::new(TAG + 1)).unwrap().map(0).unwrap())), Kind::Unknown);
    assert_eq!(kind(&cbor(|e| _ = e.tag(Tag::new(TAG)).unwrap().map(0).unwrap())), Kind::Truncated);
    assert_eq!(kind(&cbor(|e| _ = e.tag(Tag::new(TAG)).unwrap().array(0).unwrap())), Kind::Type);
    // Format version 2.
    let mut bytes = file(&good_container(), None, &good_security());
    assert_eq!(bytes[11], 1);
    bytes[11] = 2;
    assert_eq!(Metadata::decode(&bytes).unwrap_err().kind(), Kind::Unknown);
    assert_eq!(Metadata::decode(&bytes).unwrap_err().at(), 11);
    // Sections in another order; a section twice; the token omitted.
    let swapped = cbor(|e| {
        e.tag(Tag::new(TAG)).unwrap().map(4).unwrap().u8(0).unwrap().u8(1).unwrap();
        e.u8(3).unwrap().bytes(&good_security()).unwrap().u8(1).unwrap().bytes(&good_container()).unwrap();
        e.u8(4).unwrap().bytes(&[0; 100]).unwrap();
    });
    assert_eq!(kind(&swapped), Kind::Missing);
    let unsigned = cbor(|e| {
        e.tag(Tag::new(TAG)).unwrap().map(3).unwrap().u8(0).unwrap().u8(1).unwrap();
        e.u8(1).unwrap().bytes(&good_container()).unwrap().u8(3).unwrap().bytes(&good_security()).unwrap();
    });
    assert_eq!(kind(&unsigned), Kind::Range);
}

#[test]
fn the_container() {
    assert_eq!(kind_of_container(b""), Kind::Truncated);
    assert_eq!(kind_of_container(&container(b"", 4, 0, 3, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(&[b'x'; 65], 4, 0, 3, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(b"a b", 4, 0, 3, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(b"\xff", 4, 0, 3, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(b"uid", 8, 0, 3, None)), Kind::Range);
    assert_eq!(
        kind_of_container(&container(b"uid", 4, 0x40, 3, None)),
        Kind::Unknown,
        "an undefined syscall"
    );
    assert_eq!(kind_of_container(&container(b"uid", 4, 1 << 32, 3, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(b"uid", 4, 0x3f, 2, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(b"uid", 4, 0x3f, 4, None)), Kind::Range);
    assert_eq!(kind_of_container(&container(b"uid", 4, 0x3f, 3, Some(257))), Kind::Range);
    let bytes = file(&container(b"uid", 4, 0x3f, 3, Some(256)), None, &good_security());
    assert_eq!(Metadata::decode(&bytes).unwrap().vendor_secu.map(<[u8]>::len), Some(256));
    // Mandatory fields omitted.
    let bare =
        cbor(|e| _ = e.map(2).unwrap().u8(1).unwrap().bytes(b"uid").unwrap().u8(2).unwrap().u8(4).unwrap());
    assert_eq!(kind_of_container(&bare), Kind::Missing);
    let mut trailing = good_container();
    trailing.push(0);
    assert_eq!(kind_of_container(&trailing), Kind::Trailing);
}

#[test]
fn item_09_sizes_are_mandatory() {
    let good = good_container();
    assert!(good.ends_with(&[8, 0x82, 9, 10]));
    let bytes = file(&good, None, &good_security());
    let metadata = Metadata::decode(&bytes).unwrap();
    assert_eq!(metadata.sizes, Some(PartSizes { data: 9, code: 10 }));
    assert_eq!(metadata.file_bytes as usize, bytes.len());
    assert!(!Metadata::lacks_sizes(&bytes));
    // The older form of images: one pair less.
    let mut old = good[..good.len() - 4].to_vec();
    old[0] -= 1;
    assert_eq!(kind_of_container(&old), Kind::Missing);
    assert!(Metadata::lacks_sizes(&file(&old, None, &good_security())));
    let with = |sizes: &[u8]| [&good[..good.len() - 3], sizes].concat();
    assert_eq!(kind_of_container(&with(&[0x82, 9, 0])), Kind::Range, "no code");
    assert_eq!(kind_of_container(&with(&[0x81, 9])), Kind::Range);
    assert_eq!(kind_of_container(&with(&[0x83, 9, 10, 11])), Kind::Range);
    assert_eq!(kind_of_container(&with(&[0x82, 9, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0])), Kind::Range);
}

#[test]
fn the_schedule() {
    for at in [0, 2, 4] {
        let mut numbers = [1; 5];
        numbers[at] = 0;
        assert_eq!(kind_of_security(&security(numbers, 32, [0, 0, 0])), Kind::Range, "a budget of 0 ms");
    }
    assert_eq!(kind_of_security(&security([1 << 32, 1, 1, 1, 1], 32, [0, 0, 0])), Kind::Range);
    assert_eq!(kind_of_security(&security([1; 5], 31, [0, 0, 0])), Kind::Range, "neither digest nor token");
    assert_eq!(kind_of_security(&security([1; 5], 0, [0, 0, 0])), Kind::Range);
    assert_eq!(kind_of_security(&security([1; 5], 32, [0, 0, 3])), Kind::Range, "no such priority");
    assert_eq!(
        kind_of_security(&security([1, 50, 1, 1, 1], 32, [0, 49, 0])),
        Kind::Range,
        "a heartbeat that no container can satisfy"
    );
    assert_eq!(kind_of_security(&cbor(|e| _ = e.array(0).unwrap())), Kind::Range);
    // A heartbeat without the syscall.
    let bytes = file(&container(b"uid", 4, 0x3e, 3, None), None, &security([1; 5], 32, [0, 7, 0]));
    assert_eq!(kind(&bytes), Kind::Range);
}

#[test]
fn what_wakes_it() {
    let with = |items: u64, rest: &[u64]| {
        cbor(|e| {
            e.array(items).unwrap();
            (1..=5u64).for_each(|n| _ = e.u64(n).unwrap());
            e.bytes(&[1; 32]).unwrap().bytes(&[2; 32]).unwrap().u8(0).unwrap().u8(0).unwrap();
            rest.iter().for_each(|n| _ = e.u64(*n).unwrap());
        })
    };
    let schedule = |security: &[u8]| {
        Metadata::decode(&file(&good_container(), None, security)).map(|metadata| metadata.schedule.wake)
    };
    assert_eq!(schedule(&with(10, &[1])), Ok(Wake::Period));
    assert_eq!(schedule(&with(11, &[1, 1])), Ok(Wake::Message));
    assert_eq!(kind_of_security(&with(11, &[1, 0])), Kind::Range, "the period is never written");
    assert_eq!(kind_of_security(&with(11, &[1, 2])), Kind::Range, "no such event");
    assert_eq!(kind_of_security(&with(12, &[1, 1, 1])), Kind::Range, "too many");
    assert_eq!(kind_of_security(&with(11, &[1])), Kind::Truncated);
    assert_eq!(kind_of_security(&with(10, &[1, 1])), Kind::Trailing, "more items than its length");
    // Each of open (bit 1) and read (bit 3) is needed.
    for lacks in [1 << 1, 1 << 3] {
        let bytes = file(&container(b"uid", 4, 0x3f & !lacks, 3, None), None, &with(11, &[1, 1]));
        assert_eq!(kind(&bytes), Kind::Range, "it may not read what it waits for");
    }
}

#[test]
fn the_endpoints() {
    let local = |e: &mut Out<'_>, id: u32| {
        e.map(5).unwrap().u8(1).unwrap().u32(id).unwrap().u8(2).unwrap().u8(1).unwrap();
        e.u8(4).unwrap().u8(9).unwrap().u8(5).unwrap().u8(0).unwrap().u8(7).unwrap().u8(1).unwrap();
    };
    let ids = |ids: &[u32]| {
        cbor(|e| {
            e.array(ids.len() as u64).unwrap();
            ids.iter().for_each(|id| local(e, *id));
        })
    };
    assert!(
        Metadata::decode(&file(&good_container(), Some(&ids(&[1, 200, u32::MAX])), &good_security())).is_ok()
    );
    assert_eq!(kind_of_endpoints(&ids(&[])), Kind::Range, "an empty list is omitted");
    assert_eq!(kind_of_endpoints(&ids(&[1, 1])), Kind::KeyOrder);
    assert_eq!(kind_of_endpoints(&ids(&[2, 1])), Kind::KeyOrder);
    let many: Vec<u32> = (0..33).collect();
    assert_eq!(kind_of_endpoints(&ids(&many)), Kind::Range);
    assert!(Metadata::decode(&file(&good_container(), Some(&ids(&many[..32])), &good_security())).is_ok());

    // One endpoint, as pairs of key and value.
    let one = |pairs: &[(u8, u64)], name: Option<&[u8]>| {
        cbor(|e| {
            e.array(1).unwrap().map(pairs.len() as u64 + u64::from(name.is_some())).unwrap();
            for (key, value) in pairs {
                if let (4.., Some(name)) = (*key, name)
                    && pairs.iter().all(|(k, _)| *k < 4 || k >= key)
                {
                    e.u8(3).unwrap().bytes(name).unwrap();
                }
                e.u8(*key).unwrap().u64(*value).unwrap();
            }
        })
    };
    let bad =
        |pairs: &[(u8, u64)], name, why| assert_eq!(kind_of_endpoints(&one(pairs, name)), why, "{pairs:?}");
    bad(&[(1, 1), (2, 3), (4, 1), (5, 0)], None, Kind::Range); // no such peer type
    bad(&[(1, 1), (2, 1), (4, 1), (5, 3), (7, 1)], None, Kind::Range); // no such direction
    bad(&[(1, 1), (2, 1), (4, 1), (5, 0), (7, 7)], None, Kind::Range); // no such bus
    bad(&[(1, 1), (2, 1), (4, 1), (5, 0)], None, Kind::Missing); // no bus
    bad(&[(1, 1), (2, 1), (5, 0), (7, 1)], None, Kind::Missing); // no unit
    bad(&[(2, 1), (4, 1), (5, 0), (7, 1)], None, Kind::Missing); // no id
    bad(&[(1, 1), (4, 1), (5, 0), (7, 1)], None, Kind::Missing); // no type
    bad(&[(1, 1), (2, 1), (4, 1), (7, 1)], None, Kind::Missing); // no direction
    bad(&[(1, 1), (2, 1), (4, 1), (5, 0), (7, 1)], Some(b"x"), Kind::Unknown); // a name too many
    bad(&[(1, 1), (2, 0), (4, 1), (5, 0)], None, Kind::Missing); // no uid
    bad(&[(1, 1), (2, 0), (4, 1), (5, 0)], Some(b"a b"), Kind::Range);
    bad(&[(1, 1), (2, 0), (4, 1), (5, 0), (7, 1)], Some(b"a"), Kind::Unknown); // an address too many
    bad(&[(1, 1), (2, 2), (5, 0), (7, 4)], Some(b"host"), Kind::Range); // no such scheme
    bad(&[(1, 1), (2, 2), (5, 0), (7, 0)], Some(b"user@host"), Kind::Range);
    bad(&[(1, 1), (2, 2), (4, 1), (5, 0), (7, 0)], Some(b"host"), Kind::Unknown); // a number too many
    bad(&[(1, 1), (2, 1), (4, 1), (5, 0), (7, 1), (8, 1)], None, Kind::Unknown);
    bad(&[(1, 1 << 32), (2, 1), (4, 1), (5, 0), (7, 1)], None, Kind::Range);
    // The access that a token authorizes has no id and no token.
    assert!(Access::decode(&cbor(|e| local(e, 1))).is_err());
}

#[test]
fn errors_say_where() {
    // The byte of the wrong priority: the last of the security section.
    let bytes = file(&good_container(), None, &security([1; 5], 32, [0, 0, 3]));
    let error = Metadata::decode(&bytes).unwrap_err();
    assert_eq!(error.at() as usize, bytes.len() - 104);
    assert_eq!(error.to_string(), format!("a value is out of bounds (at byte {})", bytes.len() - 104));
}

#[test]
fn the_2024_format_has_no_fields_of_ours() {
    let bytes = cbor(|e| {
        e.tag(Tag::new(TAG)).unwrap().map(1).unwrap().u8(1).unwrap().bytes(&good_container()).unwrap();
    });
    assert_eq!(kind(&bytes), Kind::Missing, "no syscall token");
    let with_version = cbor(|e| {
        e.map(4).unwrap().u8(1).unwrap().bytes(b"uid").unwrap().u8(2).unwrap().u8(4).unwrap();
        e.u8(3).unwrap().bytes(b"token").unwrap().u8(5).unwrap().u8(1).unwrap();
    });
    let bytes = cbor(|e| {
        e.tag(Tag::new(TAG)).unwrap().map(1).unwrap().u8(1).unwrap().bytes(&with_version).unwrap();
    });
    assert_eq!(kind(&bytes), Kind::Unknown);
}

#[test]
fn the_single_file() {
    for (bytes, why) in [
        (&b""[..], Kind::Truncated),
        (b"\x82\x40\x40", Kind::Range),
        (b"\x84\x40\x40\x40\x40", Kind::Range),
        (b"\x83\x40\x40", Kind::Truncated),
        (b"\x83\x40\x40\x60", Kind::Type),
        (b"\x83\x40\x40\x40\x00", Kind::Trailing),
        (b"\x9f\x40\x40\x40\xff", Kind::Indefinite),
        (b"\x83\x40\x40\x5a\xff\xff\xff\xff", Kind::Truncated),
    ] {
        assert_eq!(Parts::decode(bytes).unwrap_err().kind(), why, "{bytes:02x?}");
    }
    assert!(Parts::decode(b"\x83\x40\x40\x40").is_ok(), "empty parts are for the loader to refuse");
}
