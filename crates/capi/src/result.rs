//! Result codes. A number never changes its meaning: append, never reuse.

use core::fmt;
use tinycontainer::policy::{ImageRejected, Lapsed};
use tinycontainer::{ImageError, NotFound, StartError, StopError, UnloadError};
use tinycontainer_token::TokenError;

tinycontainer_abi::numbered_enum! {
    /// The result of a call: 0 for success. The other numbers are grouped by cause: below 100 the call itself, from 100
    /// on resources of the device, from 200 on the image, from 300 on its signatures and what its signers may do.
    ///
    /// Numbers are permanent. Later versions may add some: treat an unknown number as a failure.
    pub enum TinycontainerResult: i32 {
        /// Done.
        Ok = 0 => "ok", "done",
        /// `tinycontainer_init` has not been called, or has failed.
        NotInitialized = 1 => "not_initialized", "tinycontainer_init has not been called, or has failed",
        /// `tinycontainer_init` has been called before, or is being called now.
        AlreadyInitialized = 2 => "already_initialized", "tinycontainer_init has been called before",
        /// A pointer is NULL but must not be.
        NullPointer = 3 => "null_pointer", "a pointer is NULL but must not be",
        /// A size is larger than half the address space.
        BadSize = 4 => "bad_size", "a size is too large",
        /// Not a valid uid, which is 1 to 64 of `A-Z a-z 0-9 . _ -`.
        BadUid = 5 => "bad_uid", "not a valid uid, which is 1 to 64 of A-Z a-z 0-9 . _ -",
        /// An argument is out of its range.
        BadArgument = 6 => "bad_argument", "an argument is out of its range",
        /// No container of that uid is loaded, or there is none in that slot.
        NotFound = 7 => "not_found", "no such container is loaded",
        /// The container runs, or is still stopping.
        Running = 8 => "running", "the container runs, or is still stopping",
        /// The container does not run.
        NotRunning = 9 => "not_running", "the container does not run",
        /// Another loading session is open, or is being used right now.
        Busy = 10 => "busy", "another loading session is open",
        /// There is no such loading session, or it is closed.
        NoSession = 11 => "no_session", "there is no such loading session, or it is closed",
        /// A function pointer of the driver is NULL.
        BadDriver = 12 => "bad_driver", "a function pointer of the driver is NULL",
        /// The driver table is full.
        DriverTableFull = 13 => "driver_table_full", "the driver table is full",
        /// The trust anchors cannot be decoded.
        BadTrust = 14 => "bad_trust", "the trust anchors cannot be decoded",
        /// It can be set once, and is set.
        AlreadySet = 15 => "already_set", "it can be set once, and is set",
        /// There is no further audit record, or no slot of that number.
        End = 16 => "end", "there are no more",
        /// The time is earlier than the device's present one: the clock of a device does not go back.
        TimeGoesBack = 17 => "time_goes_back", "the time is earlier than the device's present one",
        /// The loading session timed out: nothing was written to it for 30 seconds, or it was open for 10 minutes.
        TimedOut = 18 => "timed_out", "the loading session timed out",
        /// All slots for containers are in use.
        Full = 100 => "full", "all slots for containers are in use",
        /// There is not enough free memory now.
        OutOfMemory = 101 => "out_of_memory", "there is not enough free memory now",
        /// No thread could be started for the container.
        NoThread = 102 => "no_thread", "no thread could be started for the container",
        /// The runtime does not start on this device.
        RuntimeFailed = 103 => "runtime_failed", "the runtime does not start on this device",
        /// As many images are being loaded as can be at once.
        TooManySessions = 104 => "too_many_sessions", "as many images are being loaded as can be at once",
        /// A part of the image is empty but must not be, or is too large.
        BadImageSize = 200 => "bad_image_size", "a part of the image is empty but must not be, or is too large",
        /// More bytes were written than the session was opened for.
        TooLong = 201 => "too_long", "more bytes were written than the session was opened for",
        /// Fewer bytes were written than the session was opened for.
        TooShort = 202 => "too_short", "fewer bytes were written than the session was opened for",
        /// The metadata is malformed.
        Malformed = 203 => "malformed", "the metadata is malformed",
        /// This device cannot run containers of that type.
        UnsupportedType = 204 => "unsupported_type", "this device cannot run containers of that type",
        /// A container of that uid is loaded or being loaded.
        DuplicateUid = 205 => "duplicate_uid", "a container of that uid is loaded already",
        /// A newer version has been loaded before.
        Downgrade = 206 => "downgrade", "a newer version has been loaded before",
        /// More endpoints for messages than this device has queues for.
        TooManyQueues = 207 => "too_many_queues", "more endpoints for messages than this device has queues for",
        /// More endpoints than this device supports.
        TooManyEndpoints = 208 => "too_many_endpoints", "more endpoints than this device supports",
        /// The image requests more memory than this device gives a container.
        OverLimits = 209 => "over_limits", "the image requests more memory than this device gives a container",
        /// The sizes of data and code differ from those in the signed metadata.
        OtherSizes = 210 => "other_sizes", "the sizes of data and code differ from those in the signed metadata",
        /// A hook may take longer than the device, or the signer's trust anchor, allows.
        HookTooLong = 211 => "hook_too_long", "a hook may take longer than the device or the signer's anchor allows",
        /// The image is not signed.
        Unsigned = 300 => "unsigned", "the image is not signed",
        /// A token is malformed, has claims that do not belong to its use, or is of a kind that is not supported.
        BadToken = 301 => "bad_token", "a token is malformed or not supported",
        /// A token's key is not a trust anchor of this device.
        UnknownKey = 302 => "unknown_key", "a token's key is not a trust anchor of this device",
        /// A signature is invalid.
        BadSignature = 303 => "bad_signature", "a signature is invalid",
        /// A token is for another container, use, signer's image or code, or from another issuer.
        WrongToken = 304 => "wrong_token", "a token is for another container, use, signer's image or code, or from another issuer",
        /// A token is for another device.
        WrongAudience = 305 => "wrong_audience", "a token is for another device",
        /// A token has expired.
        Expired = 306 => "expired", "a token has expired",
        /// A token is not valid yet.
        NotYetValid = 307 => "not_yet_valid", "a token is not valid yet",
        /// A token is valid for a limited time, and this device does not know the time.
        NoClock = 308 => "no_clock", "a token is valid for a limited time, and this device does not know the time",
        /// A part was changed since it was signed.
        BadDigest = 309 => "bad_digest", "a part was changed since it was signed",
        /// A signer's role does not permit this.
        WrongRole = 310 => "wrong_role", "a signer's role does not permit this",
        /// The container is not in a signer's scope.
        OutOfScope = 311 => "out_of_scope", "the container is not in a signer's scope",
        /// A native call was not granted by a signer who may grant it.
        SyscallsNotGranted = 312 => "syscalls_not_granted", "a native call was not granted by a signer who may grant it",
        /// An endpoint was not granted by a signer who may grant it.
        EndpointNotGranted = 313 => "endpoint_not_granted", "an endpoint was not granted by a signer who may grant it",
        /// The signer may not request that priority.
        PriorityNotGranted = 314 => "priority_not_granted", "the signer may not request that priority",
        /// The image is of the 2024 format, which is not accepted here.
        Format2024 = 315 => "format_2024", "the image is of the 2024 format, which is not accepted here",
    }
}

use TinycontainerResult as Code;

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Code {}

impl From<NotFound> for Code {
    fn from(_: NotFound) -> Self {
        Self::NotFound
    }
}

impl From<StartError> for Code {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NotFound => Self::NotFound,
            StartError::Running => Self::Running,
            StartError::Lapsed(Lapsed::Expired(_)) => Self::Expired,
            StartError::Lapsed(Lapsed::NotYetValid(_)) => Self::NotYetValid,
            StartError::Lapsed(Lapsed::NoClock) => Self::NoClock,
            StartError::Lapsed(Lapsed::AnchorGone) => Self::UnknownKey,
        }
    }
}

impl From<StopError> for Code {
    fn from(error: StopError) -> Self {
        match error {
            StopError::NotFound => Self::NotFound,
            StopError::NotRunning => Self::NotRunning,
        }
    }
}

impl From<UnloadError> for Code {
    fn from(error: UnloadError) -> Self {
        match error {
            UnloadError::NotFound => Self::NotFound,
            UnloadError::Running => Self::Running,
        }
    }
}

impl From<ImageError> for Code {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Full => Self::Full,
            ImageError::Size => Self::BadImageSize,
            ImageError::OutOfMemory => Self::OutOfMemory,
            ImageError::Rejected(rejected) => rejected.into(),
            ImageError::UnsupportedType(_) => Self::UnsupportedType,
            ImageError::TooManySessions => Self::TooManySessions,
            ImageError::TimedOut => Self::TimedOut,
            ImageError::DuplicateUid => Self::DuplicateUid,
            ImageError::Downgrade(_) => Self::Downgrade,
            ImageError::TooManyQueues => Self::TooManyQueues,
            ImageError::OtherSizes(_) => Self::OtherSizes,
            ImageError::TooLong => Self::TooLong,
            ImageError::TooShort => Self::TooShort,
            ImageError::Failed => Self::NoSession,
        }
    }
}

impl From<ImageRejected> for Code {
    fn from(rejected: ImageRejected) -> Self {
        match rejected {
            ImageRejected::Malformed(_) => Self::Malformed,
            ImageRejected::Token(_, error) => error.into(),
            ImageRejected::Digest(_) | ImageRejected::Unproven(_) => Self::BadDigest,
            ImageRejected::Role(_) | ImageRejected::SignerRole(_) => Self::WrongRole,
            ImageRejected::Container(_) => Self::OutOfScope,
            ImageRejected::Syscalls(_) => Self::SyscallsNotGranted,
            ImageRejected::Unauthorized(_) | ImageRejected::OtherAccess(_) | ImageRejected::Reach(_) => {
                Self::EndpointNotGranted
            }
            ImageRejected::Priority(_) => Self::PriorityNotGranted,
            ImageRejected::Limits => Self::OverLimits,
            ImageRejected::Size(..) => Self::BadImageSize,
            ImageRejected::Duration { .. } => Self::HookTooLong,
            ImageRejected::OtherSigner(_) | ImageRejected::OtherCode(_) => Self::WrongToken,
            ImageRejected::TooManyEndpoints => Self::TooManyEndpoints,
            ImageRejected::Year2024 => Self::Format2024,
            ImageRejected::Unsigned => Self::Unsigned,
        }
    }
}

impl From<TokenError> for Code {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Malformed(_)
            | TokenError::UnsupportedMessage(_)
            | TokenError::NoCwtTag
            | TokenError::NoCoseTag
            | TokenError::NoAlgorithm
            | TokenError::UnprotectedAlgorithm
            | TokenError::Critical
            | TokenError::NoKeyId
            | TokenError::WrongAlgorithm(_)
            | TokenError::Missing(_)
            | TokenError::Misplaced(_)
            | TokenError::Unbound => Self::BadToken,
            TokenError::UnknownKey => Self::UnknownKey,
            TokenError::BadSignature => Self::BadSignature,
            TokenError::WrongSubject | TokenError::WrongIssuer | TokenError::WrongUse(_) => Self::WrongToken,
            TokenError::WrongAudience => Self::WrongAudience,
            TokenError::Expired => Self::Expired,
            TokenError::NotYetValid => Self::NotYetValid,
            TokenError::NoClock => Self::NoClock,
        }
    }
}

/// Why an image was not loaded, with the part that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFailure {
    /// An error of the engine.
    Load(ImageError),
    /// Any other.
    Other(Code),
}

impl LoadFailure {
    /// The code.
    pub fn code(self) -> Code {
        match self {
            Self::Load(error) => error.into(),
            Self::Other(code) => code,
        }
    }
}

impl From<ImageError> for LoadFailure {
    fn from(error: ImageError) -> Self {
        Self::Load(error)
    }
}

impl From<Code> for LoadFailure {
    fn from(code: Code) -> Self {
        Self::Other(code)
    }
}

impl fmt::Display for LoadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::Other(code) => code.fmt(f),
        }
    }
}
