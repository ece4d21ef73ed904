//! Result codes. A number never changes its meaning: append, never reuse.

use core::fmt;
use tinycontainer::policy::{ImageRejected, Lapsed};
use tinycontainer::{ImageError, NotFound, StartError, StopError, UnloadError};
use tinycontainer_token::TokenError;

tinycontainer_abi::numbered_enum! {
    /// How a call ended. 0 is good; the rest says who is to blame: below 100 the caller, from 100 on the
    /// device's means, from 200 on the image, from 300 on what its signers may do.
    ///
    /// Numbers are permanent. New ones may come: take an unknown one for a failure.
    pub enum TinycontainerResult: i32 {
        /// Done.
        Ok = 0 => "ok", "done",
        /// `tinycontainer_init` has not been called, or has failed.
        NotInitialized = 1 => "not_initialized", "tinycontainer_init has not been called, or has failed",
        /// `tinycontainer_init` has been called before, or is being called now.
        AlreadyInitialized = 2 => "already_initialized", "tinycontainer_init has been called before",
        /// A pointer is NULL that must not be.
        NullPointer = 3 => "null_pointer", "a pointer is NULL that must not be",
        /// A size is 0 that must not be, or larger than half the address space.
        BadSize = 4 => "bad_size", "a size is 0 that must not be, or is too large",
        /// That cannot be a uid: 1 to 64 of `A-Z a-z 0-9 . _ -`.
        BadUid = 5 => "bad_uid", "that cannot be a uid: 1 to 64 of A-Z a-z 0-9 . _ -",
        /// An argument is out of its range.
        BadArgument = 6 => "bad_argument", "an argument is out of its range",
        /// No container of that name is loaded; or there is none in that slot.
        NotFound = 7 => "not_found", "no such container is loaded",
        /// The container runs, or is still stopping.
        Running = 8 => "running", "the container runs, or is still stopping",
        /// The container does not run.
        NotRunning = 9 => "not_running", "the container does not run",
        /// Another loading session is open, or is being used right now.
        Busy = 10 => "busy", "another loading session is open",
        /// That loading session is over, or never was.
        NoSession = 11 => "no_session", "that loading session is over, or never was",
        /// A function pointer of the driver is NULL.
        BadDriver = 12 => "bad_driver", "a function pointer of the driver is NULL",
        /// The driver table is full.
        DriverTableFull = 13 => "driver_table_full", "the driver table is full",
        /// The trust store is not one.
        BadTrust = 14 => "bad_trust", "the trust store is not one",
        /// It can be set once, and has been.
        AlreadySet = 15 => "already_set", "it can be set once, and has been",
        /// There is nothing more: no refusal after that one, no slot of that number.
        End = 16 => "end", "there is nothing more",
        /// The time is earlier than the device's present one: the clock of a device does not go back.
        TimeGoesBack = 17 => "time_goes_back", "the time is earlier than the device's present one",
        /// The loading session is over: nothing of the image came for 30 seconds.
        TimedOut = 18 => "timed_out", "the loading session is over: nothing of the image came for too long",
        /// All slots for containers are in use.
        Full = 100 => "full", "all slots for containers are in use",
        /// There is no memory for it now.
        OutOfMemory = 101 => "out_of_memory", "there is no memory for it now",
        /// There is no thread for the container.
        NoThread = 102 => "no_thread", "there is no thread for the container",
        /// The interpreter does not start on this device.
        RuntimeFailed = 103 => "runtime_failed", "the interpreter does not start on this device",
        /// As many images are on their way in as may be at once.
        TooManySessions = 104 => "too_many_sessions", "as many images are on their way in as may be at once",
        /// A part of the image is empty that must not be, or is too large.
        BadImageSize = 200 => "bad_image_size", "a part of the image is empty that must not be, or is too large",
        /// More bytes came than were announced.
        TooLong = 201 => "too_long", "more bytes came than were announced",
        /// Fewer bytes came than were announced.
        TooShort = 202 => "too_short", "fewer bytes came than were announced",
        /// The metadata is not of the format.
        Malformed = 203 => "malformed", "the metadata is malformed",
        /// This device cannot run containers of that type.
        UnsupportedType = 204 => "unsupported_type", "this device cannot run containers of that type",
        /// A container of that name is loaded, or on its way in.
        DuplicateUid = 205 => "duplicate_uid", "a container of that name is loaded already",
        /// A newer version has been loaded before.
        Downgrade = 206 => "downgrade", "a newer version has been loaded before",
        /// More endpoints for messages than this device has queues for.
        TooManyQueues = 207 => "too_many_queues", "more endpoints for messages than this device has queues for",
        /// More endpoints than this device takes.
        TooManyEndpoints = 208 => "too_many_endpoints", "more endpoints than this device takes",
        /// More memory asked for than this device gives a container.
        OverLimits = 209 => "over_limits", "more memory asked for than this device gives a container",
        /// Other sizes of data and code were announced than the signed metadata says.
        OtherSizes = 210 => "other_sizes", "other sizes were announced than the signed metadata says",
        /// A hook may take longer than the device, or the signer's trust anchor, allows.
        HookTooLong = 211 => "hook_too_long", "a hook may take longer than the device or the signer's anchor allows",
        /// The image is not signed.
        Unsigned = 300 => "unsigned", "the image is not signed",
        /// A token is malformed, has claims other than its use takes, or is of a kind that is not supported.
        BadToken = 301 => "bad_token", "a token is malformed or not supported",
        /// A token names a key that is no trust anchor here.
        UnknownKey = 302 => "unknown_key", "a token names a key that is no trust anchor here",
        /// A signature does not hold.
        BadSignature = 303 => "bad_signature", "a signature does not hold",
        /// A token is about another container, another use, another signer's image or other code, or from somebody else.
        WrongToken = 304 => "wrong_token", "a token is about another container, use, signer or code, or from somebody else",
        /// A token is for another device.
        WrongAudience = 305 => "wrong_audience", "a token is for another device",
        /// A token's time is over.
        Expired = 306 => "expired", "a token's time is over",
        /// A token's time has not come.
        NotYetValid = 307 => "not_yet_valid", "a token's time has not come",
        /// A token is valid for a time only, and this device does not know the time.
        NoClock = 308 => "no_clock", "a token is valid for a time only, and this device does not know the time",
        /// A part was changed since it was signed.
        BadDigest = 309 => "bad_digest", "a part was changed since it was signed",
        /// A signer's role does not include this.
        WrongRole = 310 => "wrong_role", "a signer's role does not include this",
        /// The container is not in a signer's scope.
        OutOfScope = 311 => "out_of_scope", "the container is not in a signer's scope",
        /// Nobody who may has granted the syscalls.
        SyscallsNotGranted = 312 => "syscalls_not_granted", "nobody who may has granted the syscalls",
        /// Nobody who may has granted an endpoint.
        EndpointNotGranted = 313 => "endpoint_not_granted", "nobody who may has granted an endpoint",
        /// The signer may not ask for that priority.
        PriorityNotGranted = 314 => "priority_not_granted", "the signer may not ask for that priority",
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
            ImageError::Rejected(refused) => refused.into(),
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
    fn from(refused: ImageRejected) -> Self {
        match refused {
            ImageRejected::Malformed(_) => Self::Malformed,
            ImageRejected::Token(_, refusal) => refusal.into(),
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
    fn from(refusal: TokenError) -> Self {
        match refusal {
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

/// Why an image was not taken, in a form that still says which part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFailure {
    /// The engine's reason.
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
