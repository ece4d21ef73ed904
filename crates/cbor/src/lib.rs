//! Strict reading of CBOR: one encoding for each value, or an [`Error`] with its place.
//!
//! Writing is `minicbor::Encoder`, which makes the shortest form by itself; whoever writes a map
//! writes its keys in ascending order.

#![no_std]
#![forbid(unsafe_code)]

use core::fmt;
use core::num::NonZeroU32;
use minicbor::Decoder;
use minicbor::data::Type;

pub use minicbor;

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The input ends within a value.
    Truncated = 1,
    /// There is a value of another type than the one that must stand here.
    Type,
    /// An integer or a length is not in its shortest form.
    NotShortest,
    /// A string, array or map of indefinite length.
    Indefinite,
    /// A map key is not greater than the one before it: out of order, or twice.
    KeyOrder,
    /// A map key, or a value, that the specification does not know.
    Unknown,
    /// A number of items, a length or a value outside its bounds.
    Range,
    /// Text that is not UTF-8.
    NotUtf8,
    /// Bytes after the end of the value.
    Trailing,
    /// Something that must be there is missing.
    Missing,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Truncated,
        Self::Type,
        Self::NotShortest,
        Self::Indefinite,
        Self::KeyOrder,
        Self::Unknown,
        Self::Range,
        Self::NotUtf8,
        Self::Trailing,
        Self::Missing,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::Truncated => "the input ends too early",
            Self::Type => "a value of another type must stand here",
            Self::NotShortest => "an integer or length is not in its shortest form",
            Self::Indefinite => "an item has indefinite length",
            Self::KeyOrder => "a map key is out of order or stands twice",
            Self::Unknown => "the specification knows no such key or value",
            Self::Range => "a value is out of bounds",
            Self::NotUtf8 => "text is not UTF-8",
            Self::Trailing => "there are bytes after the end",
            Self::Missing => "a required item is missing",
        }
    }
}

/// What is wrong, and at which byte of the input.
///
/// In 4 bytes, so that it travels in a register through all that reads: 2 KB of a device's flash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroU32);

/// The place has 24 bits.
const PLACE: u32 = 0x00ff_ffff;

impl Error {
    /// An error of that kind at that place. One beyond 16 MiB shows as the last within.
    pub const fn new(kind: Kind, at: usize) -> Self {
        Self::of((kind as u32) << 24, at)
    }

    const fn of(kind: u32, at: usize) -> Self {
        let at = if at > PLACE as usize { PLACE } else { at as u32 };
        // Kinds count from 1, so it never is 0.
        match NonZeroU32::new(kind | at) {
            Some(both) => Self(both),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// What is wrong.
    pub fn kind(self) -> Kind {
        let number = self.0.get() >> 24;
        Kind::ALL.into_iter().find(|kind| *kind as u32 == number).unwrap_or(Kind::Unknown)
    }

    /// The offset in bytes from the start of the slice that was given to [`Reader::new`].
    pub const fn at(self) -> u32 {
        self.0.get() & PLACE
    }

    /// The same error, with its place counted from `offset` bytes earlier.
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
        write!(f, "{} (at byte {})", self.kind().text(), self.at())
    }
}

impl core::error::Error for Error {}

/// A result of reading.
pub type Result<T> = core::result::Result<T, Error>;

/// A strict reader over a slice.
#[derive(Debug, Clone)]
pub struct Reader<'b> {
    decoder: Decoder<'b>,
}

/// The keys of one map, which must ascend in the order of their encodings: 0, 1, …, -1, -2, …
#[derive(Debug, Clone, Copy, Default)]
pub struct Keys {
    /// The rank of the last one.
    last: Option<u64>,
}

impl<'b> Reader<'b> {
    /// A reader at the start of `bytes`. Offsets in errors count from here.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { decoder: Decoder::new(bytes) }
    }

    /// The offset of the next byte.
    pub fn position(&self) -> usize {
        self.decoder.position()
    }

    /// The bytes from the current place on.
    pub fn rest(&self) -> &'b [u8] {
        self.decoder.input().get(self.position()..).unwrap_or_default()
    }

    /// An error of that kind at the current place.
    pub fn error(&self, kind: Kind) -> Error {
        Error::new(kind, self.position())
    }

    /// The type of the next value.
    pub fn peek(&self) -> Result<Type> {
        self.decoder.datatype().map_err(|_| self.error(Kind::Truncated))
    }

    /// Whether the input is used up.
    pub fn is_at_end(&self) -> bool {
        self.position() >= self.decoder.input().len()
    }

    /// Checks that nothing follows.
    pub fn end(&self) -> Result<()> {
        if self.is_at_end() { Ok(()) } else { Err(self.error(Kind::Trailing)) }
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> Result<u64> {
        let at = self.position();
        let value = self.decoder.u64().map_err(|e| error_of(&e, at))?;
        self.check_shortest(at, value)?;
        Ok(value)
    }

    /// An unsigned integer that fits 32 bits.
    pub fn u32(&mut self) -> Result<u32> {
        let at = self.position();
        u32::try_from(self.uint()?).map_err(|_| Error::new(Kind::Range, at))
    }

    /// A signed integer that fits 64 bits.
    pub fn i64(&mut self) -> Result<i64> {
        let at = self.position();
        let value = self.decoder.i64().map_err(|e| error_of(&e, at))?;
        self.check_shortest(at, argument(value))?;
        Ok(value)
    }

    /// The item of that number in a table, by an unsigned integer.
    pub fn one_of<T>(&mut self, from_number: impl FnOnce(u64) -> Option<T>) -> Result<T> {
        let at = self.position();
        from_number(self.uint()?).ok_or(Error::new(Kind::Range, at))
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Result<&'b [u8]> {
        let at = self.position();
        if self.peek()? == Type::BytesIndef {
            return Err(self.error(Kind::Indefinite));
        }
        let bytes = self.decoder.bytes().map_err(|e| error_of(&e, at))?;
        self.check_header(at, bytes.len())?;
        Ok(bytes)
    }

    /// A byte string of exactly `N` bytes.
    pub fn byte_array<const N: usize>(&mut self) -> Result<&'b [u8; N]> {
        let at = self.position();
        <&[u8; N]>::try_from(self.bytes()?).map_err(|_| Error::new(Kind::Range, at))
    }

    /// A text string.
    pub fn text(&mut self) -> Result<&'b str> {
        let at = self.position();
        if self.peek()? == Type::StringIndef {
            return Err(self.error(Kind::Indefinite));
        }
        let text = self.decoder.str().map_err(|e| match error_of(&e, at) {
            // What is neither cut short nor of another type can only be bad UTF-8.
            other if other.kind() == Kind::Range => Error::new(Kind::NotUtf8, at),
            other => other,
        })?;
        self.check_header(at, text.len())?;
        Ok(text)
    }

    /// The number of items of an array.
    pub fn array(&mut self) -> Result<u64> {
        let at = self.position();
        let len = self.decoder.array().map_err(|e| error_of(&e, at))?;
        self.counted(at, len)
    }

    /// An array of exactly `len` items.
    pub fn array_of(&mut self, len: u64) -> Result<()> {
        let at = self.position();
        if self.array()? == len { Ok(()) } else { Err(Error::new(Kind::Range, at)) }
    }

    /// The number of pairs of a map. Read its keys with [`Reader::key`].
    pub fn map(&mut self) -> Result<u64> {
        let at = self.position();
        let len = self.decoder.map().map_err(|e| error_of(&e, at))?;
        self.counted(at, len)
    }

    /// The next key of a map whose keys are integers.
    pub fn key(&mut self, keys: &mut Keys) -> Result<i64> {
        let at = self.position();
        let key = self.i64()?;
        let rank = rank(key);
        if keys.last.is_some_and(|last| rank <= last) {
            return Err(Error::new(Kind::KeyOrder, at));
        }
        keys.last = Some(rank);
        Ok(key)
    }

    /// The next key of a map, which must be `want`.
    pub fn key_is(&mut self, keys: &mut Keys, want: i64) -> Result<()> {
        let at = self.position();
        let key = self.key(keys)?;
        // A greater key means that the wanted one was left out; a smaller one is a stranger.
        if key == want {
            Ok(())
        } else if rank(key) > rank(want) {
            Err(Error::new(Kind::Missing, at))
        } else {
            Err(Error::new(Kind::Unknown, at))
        }
    }

    /// A tag.
    pub fn tag(&mut self) -> Result<u64> {
        let at = self.position();
        let tag = self.decoder.tag().map_err(|e| error_of(&e, at))?.as_u64();
        self.check_shortest(at, tag)?;
        Ok(tag)
    }

    /// A byte string that holds one CBOR value, as a reader over it and its offset in this input.
    pub fn nested(&mut self) -> Result<(Reader<'b>, usize)> {
        let bytes = self.bytes()?;
        Ok((Reader::new(bytes), self.position() - bytes.len()))
    }

    fn counted(&self, at: usize, len: Option<u64>) -> Result<u64> {
        let len = len.ok_or(Error::new(Kind::Indefinite, at))?;
        self.check_shortest(at, len)?;
        // Each item takes at least a byte: a count beyond the input is a lie, found out here.
        let rest = self.decoder.input().len().saturating_sub(self.position());
        if len > rest as u64 { Err(Error::new(Kind::Truncated, at)) } else { Ok(len) }
    }

    /// The header from `at` to here, less a body of `len` bytes, is the shortest for `len`.
    fn check_header(&self, at: usize, len: usize) -> Result<()> {
        let header = self.position().saturating_sub(at).saturating_sub(len);
        if header == shortest(len as u64) { Ok(()) } else { Err(Error::new(Kind::NotShortest, at)) }
    }

    /// The header from `at` to here is the shortest for the argument `value`.
    fn check_shortest(&self, at: usize, value: u64) -> Result<()> {
        if self.position().saturating_sub(at) == shortest(value) {
            Ok(())
        } else {
            Err(Error::new(Kind::NotShortest, at))
        }
    }
}

/// The bytes that initial byte and argument take at least.
const fn shortest(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// The number that an integer's encoding has behind its type.
const fn argument(value: i64) -> u64 {
    // -1 - value for what is negative.
    (value ^ (value >> 63)).cast_unsigned()
}

/// The place of an integer in the order of the encodings: 0, 1, …, -1, -2, …
const fn rank(key: i64) -> u64 {
    argument(key) | (key.cast_unsigned() & 1 << 63)
}

fn error_of(error: &minicbor::decode::Error, at: usize) -> Error {
    let kind = if error.is_end_of_input() {
        Kind::Truncated
    } else if error.is_type_mismatch() {
        Kind::Type
    } else {
        Kind::Range
    };
    Error::new(kind, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T: fmt::Debug>(result: Result<T>) -> Kind {
        result.unwrap_err().kind()
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
            assert_eq!(Reader::new(bytes).uint(), Ok(value));
        }
        for bytes in [
            &[0x18, 23][..],
            &[0x19, 0, 255],
            &[0x1a, 0, 0, 255, 255],
            &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
            &[0x38, 23],
        ] {
            assert_eq!(kind(Reader::new(bytes).i64()), Kind::NotShortest);
        }
        assert_eq!(Reader::new(&[0x20]).i64(), Ok(-1));
        assert_eq!(kind(Reader::new(&[0x20]).uint()), Kind::Type);
        assert_eq!(Reader::new(&[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255]).i64(), Ok(i64::MIN));
        assert_eq!(kind(Reader::new(&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0]).i64()), Kind::Range);
        assert_eq!(kind(Reader::new(&[0x1a, 0, 1]).uint()), Kind::Truncated);
        assert_eq!(kind(Reader::new(&[]).uint()), Kind::Truncated);
        assert_eq!(kind(Reader::new(&[0xf9, 0x3c, 0]).uint()), Kind::Type);
    }

    #[test]
    fn strings_and_containers() {
        assert_eq!(Reader::new(&[0x42, 1, 2]).bytes(), Ok(&[1, 2][..]));
        assert_eq!(kind(Reader::new(&[0x58, 2, 1, 2]).bytes()), Kind::NotShortest);
        assert_eq!(kind(Reader::new(&[0x5f, 0x41, 1, 0xff]).bytes()), Kind::Indefinite);
        assert_eq!(
            kind(Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]).bytes()),
            Kind::Truncated
        );
        assert_eq!(kind(Reader::new(&[0x61, 0xff]).text()), Kind::NotUtf8);
        assert_eq!(kind(Reader::new(&[0x9f, 0xff]).array()), Kind::Indefinite);
        assert_eq!(kind(Reader::new(&[0xbf, 0xff]).map()), Kind::Indefinite);
        assert_eq!(kind(Reader::new(&[0x98, 1, 0]).array()), Kind::NotShortest);
        assert_eq!(kind(Reader::new(&[0x9a, 255, 255, 255, 255, 0]).array()), Kind::Truncated);
        assert_eq!(kind(Reader::new(&[0xd8, 0x12, 0]).tag()), Kind::NotShortest);
        assert_eq!(Reader::new(&[0xd8, 61, 0]).tag(), Ok(61));
    }

    #[test]
    fn keys_ascend() {
        // 1, -1, -65537: the order of the encodings.
        let mut reader = Reader::new(&[0x01, 0x20, 0x3a, 0, 1, 0, 0]);
        let mut keys = Keys::default();
        assert_eq!(reader.key(&mut keys), Ok(1));
        assert_eq!(reader.key(&mut keys), Ok(-1));
        assert_eq!(reader.key(&mut keys), Ok(-65537));
        assert!(reader.end().is_ok());
        for bytes in [[0x01, 0x01], [0x02, 0x01], [0x20, 0x01]] {
            let mut reader = Reader::new(&bytes);
            let mut keys = Keys::default();
            assert!(reader.key(&mut keys).is_ok());
            assert_eq!(kind(reader.key(&mut keys)), Kind::KeyOrder);
        }
        assert_eq!(kind(Reader::new(&[0x02]).key_is(&mut Keys::default(), 1)), Kind::Missing);
        assert_eq!(kind(Reader::new(&[0x00]).key_is(&mut Keys::default(), 1)), Kind::Unknown);
    }

    #[test]
    fn nothing_after_the_end() {
        let mut reader = Reader::new(&[0x00, 0x00]);
        assert!(reader.uint().is_ok());
        assert_eq!(reader.end(), Err(Error::new(Kind::Trailing, 1)));
    }
}
