//! Strict reading of CBOR: one encoding for each value, or an [`Error`] with its offset.
//!
//! minicbor decodes the numbers. Its other functions return errors of their own, each in its own code, and none
//! reports whether an encoding was the shortest: with them the decoders took 3 KB more of a device's flash.
//!
//! Writing is `minicbor::Encoder`, which writes the shortest form by itself; the keys of a map must be written in
//! ascending order.

#![no_std]
#![forbid(unsafe_code)]

use core::cmp::Ordering;
use core::fmt;
use core::num::NonZeroU32;
use minicbor::Decoder;

pub use minicbor;

tinycontainer_abi::numbered_enum! {
    /// The kind of an error.
    pub enum Kind: u8 {
        /// The input ends within a value.
        Truncated = 1 => "the input ends too early",
        /// A value has another type than the one that is required.
        Type = 2 => "a value of another type is required here",
        /// An integer or a length is not in its shortest form.
        NotShortest = 3 => "an integer or length is not in its shortest form",
        /// A string, array or map of indefinite length.
        Indefinite = 4 => "an item has indefinite length",
        /// A map key is not greater than the one before it: wrong order, or a duplicate.
        KeyOrder = 5 => "a map key is out of order or is there twice",
        /// A map key, or a value, that the specification does not define.
        Unknown = 6 => "the specification knows no such key or value",
        /// A number of items, a length or a value that is out of range.
        Range = 7 => "a value is out of bounds",
        /// Text that is not UTF-8.
        NotUtf8 = 8 => "text is not UTF-8",
        /// Bytes after the end of the value.
        Trailing = 9 => "there are bytes after the end",
        /// A mandatory item is missing.
        Missing = 10 => "a required item is missing",
    }
}

/// The kind of an error, and its offset in the input.
///
/// It takes 4 bytes, so that it is returned in a register everywhere: 2 KB of a device's flash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroU32);

/// The offset has 24 bits.
const PLACE: u32 = 0x00ff_ffff;

impl Error {
    /// An error of that kind at that offset. An offset of 16 MiB or more becomes the highest below.
    pub fn new(kind: Kind, at: usize) -> Self {
        Self::of((kind as u32) << 24, at)
    }

    fn of(kind: u32, at: usize) -> Self {
        let at = at.min(PLACE as usize) as u32;
        // Kinds count from 1, so it is never 0.
        Self(NonZeroU32::new(kind + at).unwrap_or(NonZeroU32::MIN))
    }

    /// The kind of the error.
    pub fn kind(self) -> Kind {
        let number = self.0.get() >> 24;
        Kind::from_number(number).unwrap_or(Kind::Unknown)
    }

    /// The offset in bytes from the start of the slice that was given to [`Reader::new`].
    pub const fn at(self) -> u32 {
        self.0.get() & PLACE
    }

    /// The same error, with its offset counted from `offset` bytes earlier.
    pub fn nested_at(self, offset: usize) -> Self {
        Self::of(self.0.get() & !PLACE, offset.saturating_add(self.at() as usize))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.kind()).field("at", &self.at()).finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind().name(), self.at())
    }
}

impl core::error::Error for Error {}

/// A strict reader over a slice. [`read`] uses it to decode all of a slice.
///
/// A sticky-error reader: it stores the first error, and from then on returns 0 and empty values. What it has returned
/// is valid only if [`read`] returns `Ok`. So the error is checked once, not at each item, which saves a third of a
/// decoder's flash and stack.
#[derive(Debug, Clone)]
pub struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The first error.
    wrong: Option<Error>,
}

/// The keys of one map, which must ascend in the order of their encodings: 0, 1, …, -1, -2, …
#[derive(Debug, Clone, Copy, Default)]
pub struct Keys {
    /// The rank of the last key.
    last: Option<u64>,
    /// Its offset.
    at: usize,
}

/// Reads all of `bytes` by `what`; bytes that are left are an error.
///
/// # Errors
/// The first error. What `what` has returned is discarded then.
pub fn read<'b, T>(bytes: &'b [u8], what: impl FnOnce(&mut Reader<'b>) -> T) -> Result<T, Error> {
    let mut reader = Reader::new(bytes);
    let value = what(&mut reader);
    reader.finish().map(|()| value)
}

/// The major types (RFC 8949, section 3.1).
mod major {
    pub(crate) const UNSIGNED: u8 = 0;
    pub(crate) const NEGATIVE: u8 = 1;
    pub(crate) const BYTES: u8 = 2;
    pub(crate) const TEXT: u8 = 3;
    pub(crate) const ARRAY: u8 = 4;
    pub(crate) const MAP: u8 = 5;
    pub(crate) const TAG: u8 = 6;
}

impl<'b> Reader<'b> {
    /// A reader at the start of `bytes`: for bytes that were read before, or to be [finished](Reader::finish).
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, wrong: None }
    }

    /// Checks that all of it was read without an error.
    ///
    /// # Errors
    /// The first error.
    pub fn finish(mut self) -> Result<(), Error> {
        self.end().map_or(Ok(()), Err)
    }

    /// The offset of the next byte.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The bytes read since the offset `start`.
    pub fn since(&self, start: usize) -> &'b [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Whether there was no error so far.
    pub fn is_good(&self) -> bool {
        self.wrong.is_none()
    }

    /// Records an error at the offset `at`.
    pub fn fail(&mut self, kind: Kind, at: usize) {
        if self.wrong.is_none() {
            self.wrong = Some(Error::new(kind, at));
        }
    }

    /// Records that a mandatory item is missing before the item at which the reader is.
    pub fn missing(&mut self) {
        self.fail(Kind::Missing, self.at);
    }

    /// Records that the specification does not define the last key.
    pub fn unknown(&mut self, keys: &Keys) {
        self.fail(Kind::Unknown, keys.at);
    }

    /// Whether a tag comes next.
    pub fn at_tag(&self) -> bool {
        self.bytes.get(self.at).is_some_and(|first| first >> 5 == major::TAG)
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> u64 {
        self.head(major::UNSIGNED)
    }

    /// An unsigned integer that fits 32 bits.
    pub fn u32(&mut self) -> u32 {
        let at = self.at;
        u32::try_from(self.uint()).unwrap_or_else(|_| {
            self.fail(Kind::Range, at);
            0
        })
    }

    /// A signed integer that fits 64 bits.
    pub fn i64(&mut self) -> i64 {
        let at = self.at;
        let negative = self.bytes.get(at).is_some_and(|first| first >> 5 == major::NEGATIVE);
        let argument = self.head(if negative { major::NEGATIVE } else { major::UNSIGNED });
        let Ok(value) = i64::try_from(argument) else {
            self.fail(Kind::Range, at);
            return 0;
        };
        // -1 - value for what is negative.
        if negative { !value } else { value }
    }

    /// The result of `from_number` for an unsigned integer. `None` is an error.
    pub fn one_of<T>(&mut self, from_number: impl FnOnce(u64) -> Option<T>) -> Option<T> {
        let at = self.at;
        let item = from_number(self.uint());
        if item.is_none() {
            self.fail(Kind::Range, at);
        }
        item
    }

    /// A byte string.
    pub fn bytes(&mut self) -> &'b [u8] {
        self.string(major::BYTES)
    }

    /// A byte string of exactly `N` bytes; `None` if its length differs, which is an error.
    pub fn byte_array<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        let at = self.at;
        let array = <&[u8; N]>::try_from(self.bytes()).ok();
        if array.is_none() {
            self.fail(Kind::Range, at);
        }
        array
    }

    /// A text string.
    pub fn text(&mut self) -> &'b str {
        let at = self.at;
        core::str::from_utf8(self.string(major::TEXT)).unwrap_or_else(|_| {
            self.fail(Kind::NotUtf8, at);
            ""
        })
    }

    /// The number of items of an array.
    pub fn array(&mut self) -> u64 {
        self.counted(major::ARRAY)
    }

    /// An array of exactly `len` items.
    pub fn array_of(&mut self, len: u64) {
        let at = self.at;
        if self.array() != len {
            self.fail(Kind::Range, at);
        }
    }

    /// The number of pairs of a map. Read its keys with [`Reader::key`].
    pub fn map(&mut self) -> u64 {
        self.counted(major::MAP)
    }

    /// The next key of a map whose keys are integers.
    pub fn key(&mut self, keys: &mut Keys) -> i64 {
        keys.at = self.at;
        let key = self.i64();
        let rank = rank(key);
        if keys.last.is_some_and(|last| rank <= last) {
            self.fail(Kind::KeyOrder, keys.at);
        }
        keys.last = Some(rank);
        // After an error: a value that is not a key of any map.
        if self.is_good() { key } else { i64::MIN }
    }

    /// The next key of a map, which must be `want`.
    pub fn key_is(&mut self, keys: &mut Keys, want: i64) {
        let key = self.key(keys);
        // A greater key means that the wanted one was omitted; a smaller one is unknown.
        match rank(key).cmp(&rank(want)) {
            Ordering::Less => self.fail(Kind::Unknown, keys.at),
            Ordering::Equal => {}
            Ordering::Greater => self.fail(Kind::Missing, keys.at),
        }
    }

    /// A tag.
    pub fn tag(&mut self) -> u64 {
        self.head(major::TAG)
    }

    /// A byte string that contains CBOR, all of which `what` reads.
    pub fn nested<T>(&mut self, what: impl FnOnce(&mut Reader<'b>) -> T) -> T {
        let bytes = self.bytes();
        let offset = self.at.saturating_sub(bytes.len());
        let mut inner = Reader { bytes, at: 0, wrong: self.wrong };
        let value = what(&mut inner);
        if self.is_good() {
            self.wrong = inner.end().map(|wrong| wrong.nested_at(offset));
        }
        value
    }

    /// The error; bytes that are left are one.
    fn end(&mut self) -> Option<Error> {
        if self.at < self.bytes.len() {
            self.fail(Kind::Trailing, self.at);
        }
        self.wrong
    }

    /// The argument of the next item, which must be of that major type and in its shortest form.
    #[inline(never)]
    fn head(&mut self, major: u8) -> u64 {
        if !self.is_good() {
            return 0;
        }
        match head(self.bytes.get(self.at..).unwrap_or_default(), major) {
            Ok((argument, len)) => {
                self.at += len;
                argument
            }
            Err(kind) => {
                self.fail(kind, self.at);
                0
            }
        }
    }

    /// The bytes of a string.
    fn string(&mut self, major: u8) -> &'b [u8] {
        // No more than are left, so the cast loses nothing where `usize` has 32 bits either.
        let len = self.counted(major) as usize;
        let start = self.at;
        self.at += len;
        self.since(start)
    }

    /// The argument of an item, if so many items or bytes may follow it.
    fn counted(&mut self, major: u8) -> u64 {
        let at = self.at;
        let len = self.head(major);
        // Each item takes at least a byte: a count beyond the input is detected here.
        if len > self.bytes.len().saturating_sub(self.at) as u64 {
            self.fail(Kind::Truncated, at);
            return 0;
        }
        len
    }
}

/// Argument and length of the head of an item (RFC 8949, section 3).
fn head(bytes: &[u8], major: u8) -> Result<(u64, usize), Kind> {
    let first = *bytes.first().ok_or(Kind::Truncated)?;
    if first >> 5 != major {
        return Err(Kind::Type);
    }
    if first & 31 == 31 && (major::BYTES..=major::MAP).contains(&major) {
        return Err(Kind::Indefinite);
    }
    // The argument is encoded as that of an unsigned integer is: major type 0.
    let mut number = [0; 9];
    let len = number.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
    if let Some(initial) = number.first_mut() {
        *initial &= 31;
    }
    let mut decoder = Decoder::new(number.get(..len).unwrap_or_default());
    let argument =
        decoder.u64().map_err(|error| if error.is_end_of_input() { Kind::Truncated } else { Kind::Type })?;
    let len = decoder.position();
    if len == shortest(argument) { Ok((argument, len)) } else { Err(Kind::NotShortest) }
}

/// The least number of bytes of the initial byte and the argument.
const fn shortest(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// The rank of an integer in the order of the encodings: 0, 1, …, -1, -2, …
const fn rank(key: i64) -> u64 {
    // -1 - key, after all that are not negative.
    if key < 0 { (!key).cast_unsigned() + (1 << 63) } else { key.cast_unsigned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<'b, T: fmt::Debug>(bytes: &'b [u8], what: impl FnOnce(&mut Reader<'b>) -> T) -> Kind {
        read(bytes, what).unwrap_err().kind()
    }

    #[test]
    fn integers_in_their_shortest_form_only() {
        for (bytes, value) in [
            (&[0x17][..], 23),
            (&[0x18, 24], 24),
            (&[0x19, 1, 0], 0x100),
            (&[0x1a, 0, 1, 0, 0], 0x1_0000),
            (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], 0x1_0000_0000),
        ] {
            assert_eq!(read(bytes, Reader::uint), Ok(value));
        }
        for bytes in [
            &[0x18, 23][..],
            &[0x19, 0, 255],
            &[0x1a, 0, 0, 255, 255],
            &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
            &[0x38, 23],
        ] {
            assert_eq!(kind(bytes, Reader::i64), Kind::NotShortest);
        }
        assert_eq!(read(&[0x20], Reader::i64), Ok(-1));
        assert_eq!(kind(&[0x20], Reader::uint), Kind::Type);
        assert_eq!(read(&[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255], Reader::i64), Ok(i64::MIN));
        assert_eq!(kind(&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], Reader::i64), Kind::Range);
        assert_eq!(kind(&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], Reader::i64), Kind::Range);
        assert_eq!(kind(&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], Reader::u32), Kind::Range);
        assert_eq!(kind(&[0x1a, 0, 1], Reader::uint), Kind::Truncated);
        assert_eq!(kind(&[], Reader::uint), Kind::Truncated);
        assert_eq!(kind(&[0xf9, 0x3c, 0], Reader::uint), Kind::Type);
        // Additional information 28 to 31 (RFC 8949, section 3).
        for reserved in 0x1c..=0x1f {
            assert_eq!(kind(&[reserved], Reader::uint), Kind::Type);
        }
    }

    #[test]
    fn strings_and_containers() {
        assert_eq!(read(&[0x42, 1, 2], Reader::bytes), Ok(&[1, 2][..]));
        assert_eq!(kind(&[0x58, 2, 1, 2], Reader::bytes), Kind::NotShortest);
        assert_eq!(kind(&[0x5f, 0x41, 1, 0xff], Reader::bytes), Kind::Indefinite);
        assert_eq!(kind(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255], Reader::bytes), Kind::Truncated);
        assert_eq!(kind(&[0x43, 1, 2], Reader::bytes), Kind::Truncated);
        assert_eq!(kind(&[0x42, 1, 2], Reader::byte_array::<3>), Kind::Range);
        assert_eq!(kind(&[0x61, 0xff], Reader::text), Kind::NotUtf8);
        assert_eq!(kind(&[0x7f, 0xff], Reader::text), Kind::Indefinite);
        assert_eq!(kind(&[0x9f, 0xff], Reader::array), Kind::Indefinite);
        assert_eq!(kind(&[0xbf, 0xff], Reader::map), Kind::Indefinite);
        assert_eq!(kind(&[0x98, 1, 0], Reader::array), Kind::NotShortest);
        assert_eq!(kind(&[0x9a, 255, 255, 255, 255, 0], Reader::array), Kind::Truncated);
        assert_eq!(kind(&[0xd8, 0x12], Reader::tag), Kind::NotShortest);
        assert_eq!(read(&[0xd8, 61], Reader::tag), Ok(61));
    }

    #[test]
    fn keys_ascend() {
        // 1, -1, -65537: the order of the encodings.
        let ascending = read(&[0x01, 0x20, 0x3a, 0, 1, 0, 0], |reader| {
            let mut keys = Keys::default();
            [reader.key(&mut keys), reader.key(&mut keys), reader.key(&mut keys)]
        });
        assert_eq!(ascending, Ok([1, -1, -65537]));
        let lowest = [0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
        let twice = [lowest, lowest].concat();
        for bytes in [&[0x01, 0x01][..], &[0x02, 0x01], &[0x20, 0x01], &twice] {
            let two = |reader: &mut Reader<'_>| {
                let mut keys = Keys::default();
                (reader.key(&mut keys), reader.key(&mut keys))
            };
            assert_eq!(kind(bytes, two), Kind::KeyOrder);
        }
        let one = |reader: &mut Reader<'_>| reader.key_is(&mut Keys::default(), 1);
        assert_eq!(kind(&[0x02], one), Kind::Missing);
        assert_eq!(kind(&[0x00], one), Kind::Unknown);
    }

    #[test]
    fn nothing_after_the_end() {
        assert_eq!(read(&[0x00, 0x00], Reader::uint), Err(Error::new(Kind::Trailing, 1)));
        let nested = |reader: &mut Reader<'_>| reader.nested(Reader::uint);
        assert_eq!(read(&[0x41, 0x05], nested), Ok(5));
        assert_eq!(read(&[0x42, 0x05, 0x06], nested), Err(Error::new(Kind::Trailing, 2)));
        assert_eq!(read(&[0x41, 0x20], nested), Err(Error::new(Kind::Type, 1)));
    }

    #[test]
    fn the_first_thing_that_is_wrong_is_told_and_nothing_is_read_after_it() {
        let wrong = read(&[0x20, 0x05, 0x61], |reader| {
            assert!(reader.is_good());
            assert_eq!((reader.uint(), reader.uint()), (0, 0));
            assert_eq!((reader.bytes(), reader.text(), reader.array()), (&[][..], "", 0));
            assert_eq!(reader.key(&mut Keys::default()), i64::MIN);
            assert_eq!(reader.nested(|inner| inner.uint()), 0);
            assert!(!reader.is_good());
        });
        assert_eq!(wrong, Err(Error::new(Kind::Type, 0)));
    }
}
