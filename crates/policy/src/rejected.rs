//! Why an image is rejected.

use crate::MAX_ENDPOINTS;
use core::fmt;
use tinycontainer_abi::Mask;
use tinycontainer_cbor::Error;
use tinycontainer_metadata::Priority;
use tinycontainer_token::TokenError;

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The metadata and its token.
    Metadata,
    /// The data.
    Data,
    /// The code.
    Code,
    /// The syscalls.
    Syscalls,
    /// That endpoint.
    Endpoint(u32),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata => f.write_str("metadata"),
            Self::Data => f.write_str("data"),
            Self::Code => f.write_str("code"),
            Self::Syscalls => f.write_str("syscalls"),
            Self::Endpoint(id) => write!(f, "endpoint {id}"),
        }
    }
}

/// A hook, as the schedule bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// `start()`.
    Start,
    /// `loop()`.
    Loop,
    /// `stop()`.
    Stop,
}

impl Hook {
    /// The name people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start()",
            Self::Loop => "loop()",
            Self::Stop => "stop()",
        }
    }
}

/// The owner of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The device, for every image.
    Device,
    /// The signer's trust anchor, by its scope.
    Anchor,
    /// The policy that accepts the 2024 format.
    Policy2024,
}

impl Whose {
    const fn name(self) -> &'static str {
        match self {
            Self::Device => "the device",
            Self::Anchor => "the signer's trust anchor",
            Self::Policy2024 => "the device's policy for the 2024 format",
        }
    }
}

/// Why an image is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageRejected {
    /// The metadata does not conform to the format.
    Malformed(Error),
    /// A token is not valid.
    Token(Subject, TokenError),
    /// A token is valid, but its digest is that of other bytes: they were changed after signing.
    Digest(Subject),
    /// Only the metadata proves it, and the metadata is not accepted.
    Unproven(Subject),
    /// A token's signer lacks the role for this.
    Role(Subject),
    /// This container is not in the scope of a token's signer.
    Container(Subject),
    /// A token that grants something is for images of another signer.
    OtherSigner(Subject),
    /// A token that grants something is for other code.
    OtherCode(Subject),
    /// The signer may not grant these syscalls, and no token of another signer grants them.
    Syscalls(Mask),
    /// This endpoint is not in the signer's scope, and there is no authorization token.
    Unauthorized(u32),
    /// The signer's anchor reaches this endpoint but lacks the role *endpoints*, and there is no authorization token.
    SignerRole(u32),
    /// The authorization token of this endpoint is for another peer or direction.
    OtherAccess(u32),
    /// This endpoint is not in the scope of the signer of its authorization token either.
    Reach(u32),
    /// The image requests a higher priority than the signer may request.
    Priority(Priority),
    /// The image requests more memory than this device allows.
    Limits,
    /// Metadata, data and code together have more bytes than this device accepts: their size, and the limit.
    Size(u64, u32),
    /// The duration of a hook exceeds a limit.
    Duration {
        /// The hook.
        hook: Hook,
        /// Its longest duration by the metadata, in milliseconds.
        ms: u32,
        /// The limit, in milliseconds.
        limit: u32,
        /// The owner of the limit.
        whose: Whose,
    },
    /// The image has more endpoints than this device accepts.
    TooManyEndpoints,
    /// The image is of the 2024 format, which this device does not accept.
    Year2024,
    /// There is no token over the metadata: it is empty; or the image is of the 2024 format and has no tokens.
    Unsigned,
}

impl fmt::Display for ImageRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "the metadata is malformed: {error}"),
            Self::Token(which, why) => write!(f, "{which}: {why}"),
            Self::Digest(which) => write!(f, "{which}: changed since it was signed (the digest differs)"),
            Self::Unproven(which) => {
                write!(f, "{which}: proven only by the metadata, which is not accepted")
            }
            Self::Role(which) => write!(f, "{which}: the signer's role does not include this"),
            Self::Container(which) => write!(f, "{which}: this container is not in the signer's scope"),
            Self::OtherSigner(which) => {
                write!(f, "{which}: its token is for images of another signer than this one's")
            }
            Self::OtherCode(which) => write!(f, "{which}: its token is for other code than this image's"),
            Self::Syscalls(mask) => {
                f.write_str("syscalls: not granted by a signer who may grant them:")?;
                mask.calls().try_for_each(|call| write!(f, " {}", call.name()))
            }
            Self::Unauthorized(id) => write!(
                f,
                "endpoint {id}: no signer with the right to grant it has done so: it is not in the signer's \
                 scope, and the image has no authorization token of another signer"
            ),
            Self::SignerRole(id) => write!(
                f,
                "endpoint {id}: the signer's anchor reaches it but lacks the role `endpoints`, and there is \
                 no authorization token"
            ),
            Self::OtherAccess(id) => {
                write!(f, "endpoint {id}: its authorization token is for another peer or direction")
            }
            Self::Reach(id) => {
                write!(f, "endpoint {id}: not in the scope of the signer of its authorization token")
            }
            Self::Priority(class) => {
                write!(f, "priority: the signer may not ask for {}", class.name())
            }
            Self::Limits => f.write_str("limits: more memory than this device gives a container"),
            Self::Size(bytes, ceiling) => write!(
                f,
                "sizes: metadata, data and code have {bytes} bytes together, and this device takes {ceiling}"
            ),
            Self::Duration { hook, ms, limit, whose } => write!(
                f,
                "durations: {} may take {ms} ms, and {} allows {limit} ms",
                hook.name(),
                whose.name()
            ),
            Self::TooManyEndpoints => {
                write!(f, "endpoints: more than the {MAX_ENDPOINTS} that this device takes")
            }
            Self::Year2024 => f.write_str(
                "format: of 2024, whose signatures bind to no container or device; not accepted here",
            ),
            Self::Unsigned => f.write_str("metadata: unsigned"),
        }
    }
}

impl core::error::Error for ImageRejected {}
