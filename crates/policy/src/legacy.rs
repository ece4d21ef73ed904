//! The policy that accepts images of a format older than profile 1.

use crate::examiner::Examiner;
use core::fmt;
use core::ops::ControlFlow;
use tinycontainer_cbor::Error;
use tinycontainer_metadata::{Format2024, Metadata};

pub(crate) mod sealed {
    /// Only this crate decides what an image is granted.
    pub trait Sealed {}
}

/// The policy that accepts images of an older format. [`Year2024`](crate::Year2024) is the only one.
///
/// A trait, so that the code for the older format is in a program only if the program creates such a policy.
pub trait LegacyFormat: sealed::Sealed + fmt::Debug + Sync {
    /// The Ed25519 key that images must be signed with.
    fn key(&self) -> &[u8; 32];

    /// Decodes metadata of the older format or of profile 1.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn decode<'m>(&self, bytes: &'m [u8]) -> Result<Metadata<'m>, Error>;

    /// Makes every check of an image of the older format; `Break` if the sink needs no further outcome.
    fn examine<'e>(&'e self, examiner: &mut Examiner<'e, '_, '_>, proofs: &Format2024<'_>)
    -> ControlFlow<()>;
}
