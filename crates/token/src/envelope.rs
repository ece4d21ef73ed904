//! The COSE message around the claims: decoding only, nothing is verified here.

use crate::error::TokenError;
use tinycontainer_cbor::{Error, Keys, Kind, Reader};

/// The CBOR tag of a CWT (RFC 8392, section 6).
const TAG_CWT: u64 = 61;
/// The CBOR tags of COSE_Mac0 and COSE_Sign1 (RFC 9052, section 2).
const TAG_MAC0: u64 = 17;
const TAG_SIGN1: u64 = 18;

/// The type of a COSE message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// COSE_Sign1 (RFC 9052, section 4.2).
    Sign1,
    /// COSE_Mac0 (RFC 9052, section 6.2).
    Mac0,
}

/// A decoded message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Its type.
    pub form: Form,
    /// The protected header, as the bytes that are signed.
    pub protected: &'a [u8],
    /// The unprotected header's kid.
    unprotected_kid: Option<&'a [u8]>,
    /// Whether the unprotected header contains anything.
    pub unprotected_is_empty: bool,
    /// The claims, as the bytes that are signed.
    pub payload: &'a [u8],
    /// The signature or authentication tag.
    pub proof: &'a [u8],
}

/// The headers that determine how to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// The algorithm, from the protected header.
    pub alg: i64,
    /// The key id, from one of the headers.
    pub kid: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Decodes a message: tag 61, in it tag 18 (COSE_Sign1) or 17 (COSE_Mac0).
    ///
    /// # Errors
    /// The first error.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, TokenError> {
        let mut reader = Reader::new(bytes);
        if !bytes.is_empty() && !reader.at_tag() {
            return Err(TokenError::NoCwtTag);
        }
        let tag = match reader.tag() {
            TAG_CWT if reader.at_tag() => reader.tag(),
            TAG_CWT => return Err(TokenError::NoCoseTag),
            // A known message without the tag of a CWT.
            TAG_SIGN1 | TAG_MAC0 => return Err(TokenError::NoCwtTag),
            other => other,
        };
        if reader.is_good() && tag != TAG_MAC0 && tag != TAG_SIGN1 {
            return Err(TokenError::UnsupportedMessage(tag));
        }
        Self::message(reader, if tag == TAG_MAC0 { Form::Mac0 } else { Form::Sign1 })
    }

    /// Decodes a message of the 2024 format: COSE_Sign1 without any tag.
    ///
    /// # Errors
    /// The first error.
    pub fn decode_2024(bytes: &'a [u8]) -> Result<Self, TokenError> {
        Self::message(Reader::new(bytes), Form::Sign1)
    }

    fn message(mut reader: Reader<'a>, form: Form) -> Result<Self, TokenError> {
        reader.array_of(4);
        let protected = reader.bytes();
        let fields = header(&mut reader);
        if reader.is_good() && fields.alg.is_some() {
            // Anyone could change it there.
            return Err(TokenError::UnprotectedAlgorithm);
        }
        if reader.is_good() && fields.crit {
            // RFC 9052, section 3.1: crit must be protected.
            return Err(TokenError::Critical);
        }
        let envelope = Self {
            form,
            protected,
            unprotected_kid: fields.kid,
            unprotected_is_empty: fields.pairs == 0,
            payload: reader.bytes(),
            proof: reader.bytes(),
        };
        reader.finish()?;
        Ok(envelope)
    }

    /// Decodes the headers.
    ///
    /// # Errors
    /// The first error; a missing algorithm or kid, and any `crit`, are errors.
    pub fn headers(&self) -> Result<Headers<'a>, TokenError> {
        if self.protected.is_empty() {
            return Err(TokenError::NoAlgorithm);
        }
        let mut reader = Reader::new(self.protected);
        let fields = header(&mut reader);
        if reader.is_good() && fields.crit {
            return Err(TokenError::Critical);
        }
        let end = reader.position();
        reader.finish()?;
        let kid = match (fields.kid, self.unprotected_kid) {
            // RFC 9052, section 3: a label must not occur in both.
            (Some(_), Some(_)) => return Err(TokenError::Malformed(Error::new(Kind::KeyOrder, end))),
            (Some(kid), None) | (None, Some(kid)) => kid,
            (None, None) => return Err(TokenError::NoKeyId),
        };
        Ok(Headers { alg: fields.alg.ok_or(TokenError::NoAlgorithm)?, kid })
    }

    /// The key id, if a header has one: only to print it.
    pub fn kid(&self) -> Option<&'a [u8]> {
        header(&mut Reader::new(self.protected)).kid.or(self.unprotected_kid)
    }
}

#[derive(Default)]
struct Fields<'a> {
    pairs: u64,
    alg: Option<i64>,
    kid: Option<&'a [u8]>,
    crit: bool,
}

/// Decodes one header map: alg (1), crit (2) and kid (4); RFC 9052, section 3.1.
fn header<'a>(reader: &mut Reader<'a>) -> Fields<'a> {
    let mut fields = Fields { pairs: reader.map(), ..Fields::default() };
    let mut keys = Keys::default();
    for _ in 0..fields.pairs {
        match reader.key(&mut keys) {
            1 => fields.alg = Some(reader.i64()),
            2 => {
                // Whatever it contains: this profile has no header that could be critical. What follows is not read,
                // since its form is unknown.
                fields.crit = true;
                return fields;
            }
            4 => fields.kid = Some(reader.bytes()),
            _ => reader.unknown(&keys),
        }
    }
    fields
}
