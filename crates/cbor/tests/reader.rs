//! What a reader returns at the limits of each encoding, and what an error says: each test fails if one comparison,
//! bound or result of the crate changes (`scripts/mutants cbor`).
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;
use tinycontainer_cbor::{Error, Keys, Kind, Reader, read};

/// The highest offset that an error can have.
const HIGHEST: u32 = 0x00ff_ffff;

fn error<'b, T: Debug>(bytes: &'b [u8], what: impl FnOnce(&mut Reader<'b>) -> T) -> Error {
    read(bytes, what).unwrap_err()
}

#[test]
fn an_error_has_the_kind_and_the_offset_that_it_was_made_of() {
    for kind in Kind::ALL {
        for (at, has) in [
            (0, 0),
            (1, 1),
            (0x12_3456, 0x12_3456),
            (0x00ff_fffe, 0x00ff_fffe),
            (0x00ff_ffff, HIGHEST),
            (0x0100_0000, HIGHEST),
            (usize::MAX, HIGHEST),
        ] {
            let error = Error::new(kind, at);
            assert_eq!((error.kind(), error.at()), (kind, has), "offset {at:#x}");
        }
    }
    assert_eq!(size_of::<Result<(), Error>>(), 4, "it is returned in a register");
}

#[test]
fn the_offset_of_a_nested_error_counts_from_the_outer_start() {
    for kind in Kind::ALL {
        for (inner, offset, has) in [
            (0, 0, 0),
            (7, 0, 7),
            (0, 9, 9),
            (7, 9, 16),
            (0x00ff_fff0, 0xf, HIGHEST),
            (0x00ff_fff0, 0x10, HIGHEST),
            (1, usize::MAX, HIGHEST),
        ] {
            let error = Error::new(kind, inner).nested_at(offset);
            assert_eq!((error.kind(), error.at()), (kind, has), "{inner:#x} in {offset:#x}");
        }
    }
    // A -1 in a string in a string.
    let deep = |reader: &mut Reader<'_>| reader.nested(|reader| reader.nested(Reader::uint));
    assert_eq!(error(&[0x42, 0x41, 0x20], deep), Error::new(Kind::Type, 2));
    // An error before the string is the first, and stays the one that is returned; in the string nothing is good after it.
    let first = |reader: &mut Reader<'_>| {
        reader.uint();
        reader.text();
        assert!(!reader.nested(|inner| inner.is_good()));
    };
    assert_eq!(error(&[0x18, 0x18, 0x20, 0x41, 0x20], first), Error::new(Kind::Type, 2));
}

#[test]
fn an_error_names_what_is_wrong_and_where() {
    let error = Error::new(Kind::KeyOrder, 37);
    assert_eq!(error.to_string(), "a map key is out of order or is there twice (at byte 37)");
    assert_eq!(format!("{error:?}"), "Error { kind: KeyOrder, at: 37 }");
}

#[test]
fn the_lowest_and_the_highest_integer_of_each_length_is_read() {
    for (bytes, value) in [
        (&[0x00][..], 0),
        (&[0x17], 23),
        (&[0x18, 0x18], 24),
        (&[0x18, 0xff], 0xff),
        (&[0x19, 1, 0], 0x100),
        (&[0x19, 0xff, 0xff], 0xffff),
        (&[0x1a, 0, 1, 0, 0], 0x1_0000),
        (&[0x1a, 0xff, 0xff, 0xff, 0xff], 0xffff_ffff),
        (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], 0x1_0000_0000),
        (&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
    ] {
        assert_eq!(read(bytes, Reader::uint), Ok(value));
        let mut text = bytes.to_vec();
        text[0] |= 0xc0;
        assert_eq!(read(&text, Reader::tag), Ok(value), "as a tag");
        if value <= u64::from(u32::MAX) {
            assert_eq!(read(bytes, Reader::u32), Ok(u32::try_from(value).unwrap()));
        } else {
            assert_eq!(error(bytes, Reader::u32), Error::new(Kind::Range, 0));
        }
    }
    assert_eq!(read(&[0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255], Reader::i64), Ok(i64::MAX));
    assert_eq!(error(&[0xdf], Reader::tag), Error::new(Kind::Type, 0), "no tag has indefinite length");
}

#[test]
fn each_item_begins_where_the_one_before_it_ended() {
    let all =
        [0x05, 0x20, 0x42, 7, 8, 0x62, b'h', b'i', 0x82, 0x01, 0x41, 9, 0xa1, 0x03, 0xd8, 0x3d, 0x41, 6];
    let done = read(&all, |reader| {
        let mut at = vec![reader.position()];
        assert_eq!(reader.u32(), 5);
        at.push(reader.position());
        assert_eq!(reader.i64(), -1);
        let start = reader.position();
        at.push(start);
        assert_eq!(reader.bytes(), [7, 8]);
        at.push(reader.position());
        assert_eq!(reader.text(), "hi");
        at.push(reader.position());
        assert_eq!(reader.since(start), [0x42, 7, 8, 0x62, b'h', b'i']);
        assert_eq!(reader.since(reader.position()), [0; 0]);
        reader.array_of(2);
        at.push(reader.position());
        assert_eq!(reader.one_of(|number| (number == 1).then_some('x')), Some('x'));
        assert_eq!(reader.byte_array(), Some(&[9]));
        at.push(reader.position());
        assert_eq!(reader.map(), 1);
        let mut keys = Keys::default();
        assert!(!reader.at_tag());
        reader.key_is(&mut keys, 3);
        at.push(reader.position());
        assert!(reader.at_tag());
        assert_eq!(reader.tag(), 61);
        at.push(reader.position());
        assert_eq!(reader.nested(Reader::uint), 6);
        assert!(!reader.at_tag(), "there is no tag at the end");
        at.push(reader.position());
        at
    });
    assert_eq!(done, Ok(vec![0, 1, 2, 5, 8, 9, 12, 14, 16, 18]));
}

#[test]
fn a_count_may_be_all_that_is_left_and_no_more() {
    let items = |reader: &mut Reader<'_>| {
        let len = reader.array();
        (0..len).map(|_| reader.uint()).sum::<u64>()
    };
    assert_eq!(read(&[0x80], items), Ok(0));
    assert_eq!(read(&[0x83, 1, 2, 3], items), Ok(6));
    assert_eq!(error(&[0x84, 1, 2, 3], items), Error::new(Kind::Truncated, 0));
    // Counts whose low 32 bits alone would be small enough.
    for first in [0x9b, 0xbb, 0x5b, 0x7b] {
        for high in [[0, 0, 0, 1], [0x80, 0, 0, 0]] {
            let bytes = [&[first][..], &high, &[0, 0, 0, 1, b'a']].concat();
            let what = |reader: &mut Reader<'_>| match first {
                0x9b => assert_eq!(reader.array(), 0),
                0xbb => assert_eq!(reader.map(), 0),
                0x5b => assert_eq!(reader.bytes(), [0; 0]),
                _ => assert_eq!(reader.text(), ""),
            };
            assert_eq!(error(&bytes, what), Error::new(Kind::Truncated, 0), "{bytes:02x?}");
        }
    }
    assert_eq!(read(&[0xa0], Reader::map), Ok(0));
    assert_eq!(error(&[0xa1], Reader::map), Error::new(Kind::Truncated, 0));
}

#[test]
fn what_is_not_as_required_is_an_error_at_its_own_first_byte() {
    for (bytes, what, kind) in [
        (&[0x18, 24, 0x05][..], (|r| _ = r.one_of(|_| None::<()>)) as fn(&mut Reader<'_>), Kind::Range),
        (&[0x18, 24, 0x82, 0, 0], |r| r.array_of(3), Kind::Range),
        (&[0x18, 24, 0x42, 0, 0], |r| _ = r.byte_array::<1>(), Kind::Range),
        (&[0x18, 24, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0], |r| _ = r.u32(), Kind::Range),
        (&[0x18, 24, 0x61, 0xff], |r| _ = r.text(), Kind::NotUtf8),
        (&[0x18, 24, 0x00], |r| r.missing(), Kind::Missing),
        (&[0x18, 24, 0x00], |r| r.fail(Kind::Unknown, r.position()), Kind::Unknown),
        (&[0x18, 24, 0x00], |_| (), Kind::Trailing),
    ] {
        let second = |reader: &mut Reader<'_>| {
            reader.uint();
            what(reader);
        };
        assert_eq!(error(bytes, second), Error::new(kind, 2), "{bytes:02x?}");
    }
}

#[test]
fn keys_that_are_unknown_missing_or_not_in_order_are_different_errors() {
    // Each is greater than all before it (RFC 8949, section 4.2.1).
    let lowest = [0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    let highest = [0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    let ascending: [(&[u8], i64); 8] = [
        (&[0x00], 0),
        (&[0x01], 1),
        (&[0x17], 23),
        (&highest, i64::MAX),
        (&[0x20], -1),
        (&[0x21], -2),
        (&[0x39, 0xff, 0xff], -65536),
        (&lowest, i64::MIN),
    ];
    for (left, (first, one)) in ascending.into_iter().enumerate() {
        for (right, (second, other)) in ascending.into_iter().enumerate() {
            let bytes = [first, second].concat();
            let both = read(&bytes, |reader| {
                let mut keys = Keys::default();
                (reader.key(&mut keys), reader.key(&mut keys))
            });
            if left < right {
                assert_eq!(both, Ok((one, other)));
            } else {
                assert_eq!(both, Err(Error::new(Kind::KeyOrder, first.len())), "{one}, {other}");
            }
            // The key that is required, the first of the two, and the one that is there, the second.
            let there = read(second, |reader| reader.key_is(&mut Keys::default(), one));
            let expected = match left.cmp(&right) {
                std::cmp::Ordering::Less => Err(Error::new(Kind::Missing, 0)),
                std::cmp::Ordering::Equal => Ok(()),
                std::cmp::Ordering::Greater => Err(Error::new(Kind::Unknown, 0)),
            };
            assert_eq!(there, expected, "{other} in place of {one}");
        }
    }
    // An unknown key is reported where it is, also after its value was read.
    let unknown = |reader: &mut Reader<'_>| {
        let mut keys = Keys::default();
        reader.key(&mut keys);
        reader.uint();
        reader.key(&mut keys);
        reader.uint();
        reader.unknown(&keys);
    };
    assert_eq!(error(&[0x01, 0x00, 0x07, 0x00], unknown), Error::new(Kind::Unknown, 2));
}

#[test]
fn a_value_that_is_refused_is_returned_as_zero() {
    // A decoder goes on with it until it returns: as a count it must not begin a loop.
    for (bytes, what) in [
        (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0][..], (|r| r.u32().into()) as fn(&mut Reader<'_>) -> i128),
        (&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], |r| r.i64().into()),
        (&[0x82, 0], |r| r.array().into()),
        (&[0xa2, 0], |r| r.map().into()),
        (&[0x20], |r| r.uint().into()),
        (&[0x00], |r| r.tag().into()),
    ] {
        let mut reader = Reader::new(bytes);
        assert_eq!(what(&mut reader), 0, "{bytes:02x?}");
        assert!(!reader.is_good());
        assert!(reader.finish().is_err());
    }
}
