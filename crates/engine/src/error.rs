//! All errors that the engine returns, and their texts.

use crate::{MAX_SESSIONS, SESSION_TIMEOUT_MS};
use core::fmt;
use tinycontainer_metadata::{PartSizes, Type};
use tinycontainer_policy::{ImageRejected, Lapsed};

/// There is no container of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFound;

/// Why a container cannot be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartError {
    /// There is none of that name.
    NotFound,
    /// It runs already, or is still stopping.
    Running,
    /// Its image would not be taken any more: a token's time is over, or an anchor is gone.
    Lapsed(Lapsed),
}

/// Why a container cannot be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopError {
    /// There is none of that name.
    NotFound,
    /// It does not run.
    NotRunning,
}

/// Why a container cannot be unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnloadError {
    /// There is none of that name.
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

/// Why an image is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageError {
    /// All slots are in use.
    Full,
    /// A size is 0 that must not be, or too large.
    Size,
    /// There is no memory for it now.
    OutOfMemory,
    /// The image is not believed.
    Rejected(ImageRejected),
    /// This device cannot run containers of that type.
    UnsupportedType(Type),
    /// As many images are on their way in as may be at once: [`MAX_SESSIONS`].
    TooManySessions,
    /// A container of that name is loaded, or on its way in.
    DuplicateUid,
    /// A newer version of it has been loaded before, or it is below a floor; see
    /// [`VersionScope`](crate::VersionScope). The lowest version that may still be loaded.
    Downgrade(u32),
    /// Other sizes of data and code were announced than the signed metadata says: these.
    OtherSizes(PartSizes),
    /// More endpoints on which other containers write to it than this device has queues for.
    TooManyQueues,
    /// More bytes than the sizes said.
    TooLong,
    /// Fewer bytes than the sizes said.
    TooShort,
    /// The session made no progress for [`SESSION_TIMEOUT_MS`].
    TimedOut,
    /// The session has failed before; this is not the first error.
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
            Self::Size => "a part of the image is empty that must not be, or is too large",
            Self::OutOfMemory => "there is no memory for the image now",
            Self::Rejected(refused) => return refused.fmt(f),
            Self::UnsupportedType(kind) => {
                return write!(f, "this device cannot run containers of type {}", kind.name());
            }
            Self::TooManySessions => {
                return write!(f, "{MAX_SESSIONS} images are on their way in already, the most at once");
            }
            Self::DuplicateUid => "a container of that name is loaded already, or on its way in",
            Self::Downgrade(lowest) => {
                return write!(
                    f,
                    "version {lowest} is the lowest that may still be loaded: a device never goes back"
                );
            }
            Self::OtherSizes(PartSizes { data, code }) => {
                return write!(
                    f,
                    "other sizes were announced than the signed metadata says: {data} bytes of data, {code} of code"
                );
            }
            Self::TooManyQueues => "more endpoints for messages than this device has queues for",
            Self::TooLong => "more bytes came than were announced",
            Self::TooShort => "fewer bytes came than were announced",
            Self::TimedOut => {
                return write!(f, "nothing of the image came for {} seconds", SESSION_TIMEOUT_MS / 1000);
            }
            Self::Failed => "the loading has failed before",
        })
    }
}

impl core::error::Error for ImageError {}
