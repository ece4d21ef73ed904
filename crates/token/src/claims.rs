//! The claims of a token.

use tinycontainer_abi::numbered_enum;
use tinycontainer_cbor::{Error, Keys, read};

numbered_enum! {
    /// The use of a token. A token for one use is refused for every other.
    pub enum Use: u8 {
        /// Covers an image's metadata.
        Metadata = 1 => "metadata",
        /// Covers an image's data.
        Data = 2 => "data",
        /// Covers an image's code.
        Code = 3 => "code",
        /// Grants syscalls.
        Syscalls = 4 => "syscalls",
        /// Authorises an endpoint.
        Endpoint = 5 => "endpoint",
    }
}

/// Claim: SHA-256 of what the token covers.
pub const DIGEST: i64 = -65537;
/// Claim: the syscalls that it grants, as a mask.
pub const SYSCALLS: i64 = -65538;
/// Claim: the access that it authorises, CBOR in a byte string.
pub const ACCESS: i64 = -65539;
/// Claim: the use.
pub const USE: i64 = -65540;

/// Claim: COSE Key Thumbprint (RFC 9679, SHA-256) of the key that must have signed the image's metadata.
pub const SIGNER: i64 = -65541;
/// Claim: SHA-256 of the only code that it is for.
pub const CODE: i64 = -65542;

/// The claims of a token: those of RFC 8392, section 3.1, and the private ones of this profile. Unverified, unless
/// they come from [`Verified`](crate::Verified).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claims<'a> {
    /// The issuer.
    pub iss: Option<&'a str>,
    /// The container it is about.
    pub sub: Option<&'a str>,
    /// The device, or class of devices, it is for.
    pub aud: Option<&'a str>,
    /// Not valid from this second since 1970 on.
    pub exp: Option<u64>,
    /// Not valid before this second since 1970.
    pub nbf: Option<u64>,
    /// The time of issue, in seconds since 1970.
    pub iat: Option<u64>,
    /// Its identifier.
    pub cti: Option<&'a [u8]>,
    /// SHA-256 of what it covers.
    pub digest: Option<&'a [u8; 32]>,
    /// The syscalls it grants.
    pub syscalls: Option<u32>,
    /// The access that it authorizes, encoded; not interpreted here.
    pub access: Option<&'a [u8]>,
    /// The use.
    pub use_: Option<Use>,
    /// The thumbprint of the key that must have signed the metadata of the image that it is for.
    pub signer: Option<&'a [u8; 32]>,
    /// SHA-256 of the code that it is for.
    pub code: Option<&'a [u8; 32]>,
}

impl<'a> Claims<'a> {
    /// Decodes a claims set, with nothing after it. Times are unsigned integers; RFC 8392 allows floating point, which
    /// this profile refuses.
    ///
    /// # Errors
    /// The first error.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        read(bytes, |reader| {
            let mut keys = Keys::default();
            let mut claims = Self::default();
            for _ in 0..reader.map() {
                match reader.key(&mut keys) {
                    1 => claims.iss = Some(reader.text()),
                    2 => claims.sub = Some(reader.text()),
                    3 => claims.aud = Some(reader.text()),
                    4 => claims.exp = Some(reader.uint()),
                    5 => claims.nbf = Some(reader.uint()),
                    6 => claims.iat = Some(reader.uint()),
                    7 => claims.cti = Some(reader.bytes()),
                    DIGEST => claims.digest = reader.byte_array(),
                    SYSCALLS => claims.syscalls = Some(reader.u32()),
                    ACCESS => claims.access = Some(reader.bytes()),
                    USE => claims.use_ = reader.one_of(Use::from_number),
                    SIGNER => claims.signer = reader.byte_array(),
                    CODE => claims.code = reader.byte_array(),
                    _ => reader.unknown(&keys),
                }
            }
            claims
        })
    }
}
