//! All errors that the engine returns, and their texts.

use crate::{MAX_SESSIONS, SESSION_TIMEOUT_MS};
use core::fmt;
use tinycontainer_metadata::{PartSizes, Type};
use tinycontainer_policy::{ImageRejected, Lapsed};

/// There is no container with that uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFound;

/// Why a container cannot be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartError {
    /// There is no container with that uid.
    NotFound,
    /// It runs already, or is still stopping.
    Running,
    /// Its image would not be accepted any more: a token has expired, or an anchor was removed.
    Lapsed(Lapsed),
}

/// Why a container cannot be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopError {
    /// There is no container with that uid.
    NotFound,
    /// It does not run.
    NotRunning,
}

/// Why a container cannot be unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnloadError {
    /// There is no container with that uid.
    NotFound,
    /// It runs, or is still stopping: stop it first.
    Running,
}

macro_rules! sentences {
    ($($type:ident { $($variant:ident => $text:literal,)+ })+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)+ })
            }
        }
        impl core::error::Error for $type {}
    )+};
}

sentences! {
    StopError {
        NotFound => "no container of that name is loaded",
        NotRunning => "the container does not run",
    }
    UnloadError {
        NotFound => "no container of that name is loaded",
        Running => "the container runs, or is still stopping: stop it first",
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no container of that name is loaded",
            Self::Running => "the container runs already, or is still stopping",
            Self::Lapsed(lapsed) => return lapsed.fmt(f),
        })
    }
}

impl core::error::Error for StartError {}

/// Why an image is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageError {
    /// All slots are in use.
    Full,
    /// A size is too large, or is 0 and must not be.
    Size,
    /// There is not enough free memory now.
    OutOfMemory,
    /// The image was rejected by the policy.
    Rejected(ImageRejected),
    /// This device cannot run containers of that type.
    UnsupportedType(Type),
    /// As many images are being loaded as the engine allows: [`MAX_SESSIONS`].
    TooManySessions,
    /// A container with that uid is loaded or being loaded.
    DuplicateUid,
    /// A newer version of it was loaded before, or it is below a floor; see [`VersionScope`](crate::VersionScope). The
    /// value is the lowest version that may still be loaded.
    Downgrade(u32),
    /// The announced sizes of data and code differ from the signed ones, which are the value.
    OtherSizes(PartSizes),
    /// More endpoints that other containers may write to than this device has queues for.
    TooManyQueues,
    /// More bytes than announced.
    TooLong,
    /// Fewer bytes than announced.
    TooShort,
    /// The session made no progress for [`SESSION_TIMEOUT_MS`].
    TimedOut,
    /// The session has failed before, with another error.
    Failed,
}

impl From<ImageRejected> for ImageError {
    fn from(refused: ImageRejected) -> Self {
        Self::Rejected(refused)
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "all slots for containers are in use",
            Self::Size => "a part of the image is too large, or is empty and must not be",
            Self::OutOfMemory => "there is not enough free memory for the image now",
            Self::Rejected(refused) => return refused.fmt(f),
            Self::UnsupportedType(kind) => {
                return write!(f, "this device cannot run containers of type {}", kind.name());
            }
            Self::TooManySessions => {
                return write!(f, "{MAX_SESSIONS} images are already being loaded, the most at the same time");
            }
            Self::DuplicateUid => "a container of that name is already loaded or being loaded",
            Self::Downgrade(lowest) => {
                return write!(
                    f,
                    "version {lowest} is the lowest that may still be loaded: a device accepts no older one"
                );
            }
            Self::OtherSizes(PartSizes { data, code }) => {
                return write!(
                    f,
                    "the announced sizes differ from those in the signed metadata: {data} bytes of data, {code} of code"
                );
            }
            Self::TooManyQueues => "more endpoints for messages than this device has queues",
            Self::TooLong => "more bytes than announced",
            Self::TooShort => "fewer bytes than announced",
            Self::TimedOut => {
                return write!(f, "no byte of the image was received for {} seconds", SESSION_TIMEOUT_MS / 1000);
            }
            Self::Failed => "loading has already failed",
        })
    }
}

impl core::error::Error for ImageError {}
