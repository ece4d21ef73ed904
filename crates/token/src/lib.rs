//! CWT in COSE: from bytes to [`Verified`] claims.
//!
//! | module | holds |
//! | --- | --- |
//! | [`envelope`] | COSE_Sign1 and COSE_Mac0, unverified |
//! | [`error`] | why a token is not accepted |
//! | [`claims`] | the claims, unverified |
//! | [`anchor`] | keys, and their owners |
//! | [`thumbprint`](mod@thumbprint) | the identity of a key, in 32 bytes |
//! | [`verify`](mod@verify) | verification, which alone makes a [`Verified`] |
//! | [`year2024`] | the scheme of 2024: signatures over the payload alone |
//! | `issue` | making tokens (feature `issue`) |
//!
//! Only one encoding of each token is accepted: see `tinycontainer-cbor`. Headers and claims that the profile does not
//! define are refused, not skipped: a device cannot know what they restrict.

#![no_std]
#![forbid(unsafe_code)]

pub mod anchor;
pub mod claims;
pub mod envelope;
pub mod error;
#[cfg(feature = "issue")]
pub mod issue;
mod structure;
pub mod thumbprint;
pub mod verify;
pub mod year2024;

pub use anchor::{Anchor, Key};
pub use claims::{Claims, Use};
pub use envelope::{Envelope, Form};
pub use error::{Claim, TokenError};
pub use thumbprint::thumbprint;
pub use tinycontainer_cbor::{Error as CborError, Kind};
pub use verify::{Expected, Verified, verify};

/// COSE algorithm EdDSA (RFC 9053, section 2.2). Here always with Ed25519.
pub const ALG_EDDSA: i64 = -8;
/// COSE algorithm Ed25519 (RFC 9864, section 2.2).
pub const ALG_ED25519: i64 = -19;
/// COSE algorithm HMAC 256/256 (RFC 9053, section 3.1).
pub const ALG_HMAC_256: i64 = 5;
