//! CWT in COSE: from bytes to [`Verified`] claims.
//!
//! | module | holds |
//! | --- | --- |
//! | [`envelope`] | COSE_Sign1 and COSE_Mac0 as they stand, unverified |
//! | [`error`] | why a token is not believed |
//! | [`claims`] | the claims, unverified |
//! | [`anchor`] | keys, and who they belong to |
//! | [`thumbprint`](mod@thumbprint) | which key, in 32 bytes |
//! | [`verify`](mod@verify) | the one way to a [`Verified`] |
//! | [`year2024`] | the scheme of 2024: signatures over the payload alone |
//! | `issue` | making tokens (feature `issue`) |
//!
//! Only one encoding of each token is taken: see `tinycontainer-cbor`. Headers and claims that the
//! profile does not know are refused, not skipped: a device cannot judge what it cannot read.

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
