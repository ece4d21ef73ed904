//! Strict reading of CBOR: one encoding for each value, or an [`Error`] with its place.
//!
//! Writing is `minicbor::Encoder`, which makes the shortest form by itself; whoever writes a map
//! writes its keys in ascending order.

#![no_std]
#![forbid(unsafe_code)]

use core::fmt;
use minicbor::Decoder;
use minicbor::data::Type;

pub use minicbor;

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input ends within a value.
    Truncated,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: Kind,
    /// The offset in bytes from the start of the slice that was given to [`Reader::new`].
    pub at: u32,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind.text(), self.at)
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
    last: Option<(bool, u64)>,
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
        error_at(kind, self.position())
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
        match self.int()? {
            (false, value) => Ok(value),
            (true, _) => Err(self.error(Kind::Type)),
        }
    }

    /// An unsigned integer that fits 32 bits.
    pub fn u32(&mut self) -> Result<u32> {
        let at = self.position();
        u32::try_from(self.uint()?).map_err(|_| error_at(Kind::Range, at))
    }

    /// A signed integer that fits 64 bits.
    pub fn i64(&mut self) -> Result<i64> {
        let at = self.position();
        let (negative, value) = self.int()?;
        let value = i64::try_from(value).map_err(|_| error_at(Kind::Range, at))?;
        // -1 - value cannot overflow: value is at most i64::MAX.
        Ok(if negative { -1 - value } else { value })
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
        <&[u8; N]>::try_from(self.bytes()?).map_err(|_| error_at(Kind::Range, at))
    }

    /// A text string.
    pub fn text(&mut self) -> Result<&'b str> {
        let at = self.position();
        if self.peek()? == Type::StringIndef {
            return Err(self.error(Kind::Indefinite));
        }
        let text = self.decoder.str().map_err(|e| match error_of(&e, at) {
            // What is neither cut short nor of another type can only be bad UTF-8.
            Error { kind: Kind::Range, .. } => error_at(Kind::NotUtf8, at),
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
        if self.array()? == len { Ok(()) } else { Err(error_at(Kind::Range, at)) }
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
        let mut ahead = self.clone();
        let key = ahead.int()?;
        if keys.last.is_some_and(|last| key <= last) {
            return Err(error_at(Kind::KeyOrder, at));
        }
        keys.last = Some(key);
        self.i64()
    }

    /// The next key of a map, which must be `want`.
    pub fn key_is(&mut self, keys: &mut Keys, want: i64) -> Result<()> {
        let at = self.position();
        let key = self.key(keys)?;
        // A greater key means that the wanted one was left out; a smaller one is a stranger.
        if key == want {
            Ok(())
        } else if rank(key) > rank(want) {
            Err(error_at(Kind::Missing, at))
        } else {
            Err(error_at(Kind::Unknown, at))
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

    /// An integer as CBOR has it: `(true, n)` is -1 - n.
    fn int(&mut self) -> Result<(bool, u64)> {
        let at = self.position();
        let wide = self.decoder.int().map_err(|e| error_of(&e, at))?;
        let wide = i128::from(wide);
        let negative = wide < 0;
        let value = if negative { -1 - wide } else { wide };
        let value = u64::try_from(value).map_err(|_| error_at(Kind::Range, at))?;
        self.check_shortest(at, value)?;
        Ok((negative, value))
    }

    fn counted(&self, at: usize, len: Option<u64>) -> Result<u64> {
        let len = len.ok_or(error_at(Kind::Indefinite, at))?;
        self.check_shortest(at, len)?;
        // Each item takes at least a byte: a count beyond the input is a lie, found out here.
        let rest = self.decoder.input().len().saturating_sub(self.position());
        if len > rest as u64 { Err(error_at(Kind::Truncated, at)) } else { Ok(len) }
    }

    /// The header from `at` to here, less a body of `len` bytes, is the shortest for `len`.
    fn check_header(&self, at: usize, len: usize) -> Result<()> {
        let header = self.position().saturating_sub(at).saturating_sub(len);
        if header == shortest(len as u64) { Ok(()) } else { Err(error_at(Kind::NotShortest, at)) }
    }

    /// The header from `at` to here is the shortest for the argument `value`.
    fn check_shortest(&self, at: usize, value: u64) -> Result<()> {
        if self.position().saturating_sub(at) == shortest(value) {
            Ok(())
        } else {
            Err(error_at(Kind::NotShortest, at))
        }
    }
}

impl Error {
    /// The same error, with its place counted from `offset` bytes earlier.
    pub fn nested_at(self, offset: usize) -> Self {
        error_at(self.kind, offset.saturating_add(self.at as usize))
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

fn rank(key: i64) -> (bool, i64) {
    (key < 0, if key < 0 { -1 - key } else { key })
}

fn error_at(kind: Kind, at: usize) -> Error {
    Error { kind, at: u32::try_from(at).unwrap_or(u32::MAX) }
}

fn error_of(error: &minicbor::decode::Error, at: usize) -> Error {
    let kind = if error.is_end_of_input() {
        Kind::Truncated
    } else if error.is_type_mismatch() {
        Kind::Type
    } else {
        Kind::Range
    };
    error_at(kind, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T: fmt::Debug>(result: Result<T>) -> Kind {
        result.unwrap_err().kind
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
        assert_eq!(reader.end(), Err(Error { kind: Kind::Trailing, at: 1 }));
    }
}
