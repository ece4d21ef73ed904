//! Result codes. A number never changes its meaning: append, never reuse.

use crate::text::text;
use core::ffi::CStr;
use core::fmt;
use tinycontainer::policy::{ImageRejected, Lapsed};
use tinycontainer::{ImageError, NotFound, StartError, StopError, UnloadError};
use tinycontainer_token::TokenError;

/// How a call ended. 0 is good; the rest says who is to blame: below 100 the caller, from 100 on the
/// device's means, from 200 on the image, from 300 on what its signers may do.
///
/// Numbers are permanent. New ones may come: take an unknown one for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum TinycontainerResult {
    /// Done.
    Ok = 0,
    /// `tinycontainer_init` has not been called, or has failed.
    NotInitialized = 1,
    /// `tinycontainer_init` has been called before, or is being called now.
    AlreadyInitialized = 2,
    /// A pointer is NULL that must not be.
    NullPointer = 3,
    /// A size is 0 that must not be, or larger than half the address space.
    BadSize = 4,
    /// That cannot be a uid: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    BadUid = 5,
    /// An argument is out of its range.
    BadArgument = 6,
    /// No container of that name is loaded; or there is none in that slot.
    NotFound = 7,
    /// The container runs, or is still stopping.
    Running = 8,
    /// The container does not run.
    NotRunning = 9,
    /// Another loading session is open, or is being used right now.
    Busy = 10,
    /// That loading session is over, or never was.
    NoSession = 11,
    /// A function pointer of the driver is NULL.
    BadDriver = 12,
    /// The driver table is full.
    DriverTableFull = 13,
    /// The trust store is not one.
    BadTrust = 14,
    /// It can be set once, and has been.
    AlreadySet = 15,
    /// There is nothing more: no refusal after that one, no slot of that number.
    End = 16,
    /// The time is earlier than the device's present one: the clock of a device does not go back.
    TimeGoesBack = 17,
    /// The loading session is over: nothing of the image came for 30 seconds.
    TimedOut = 18,
    /// All slots for containers are in use.
    Full = 100,
    /// There is no memory for it now.
    OutOfMemory = 101,
    /// There is no thread for the container.
    NoThread = 102,
    /// The interpreter does not start on this device.
    RuntimeFailed = 103,
    /// As many images are on their way in as may be at once.
    TooManySessions = 104,
    /// A part of the image is empty that must not be, or is too large.
    BadImageSize = 200,
    /// More bytes came than were announced.
    TooLong = 201,
    /// Fewer bytes came than were announced.
    TooShort = 202,
    /// The metadata is not of the format.
    Malformed = 203,
    /// This device cannot run containers of that type.
    UnsupportedType = 204,
    /// A container of that name is loaded, or on its way in.
    DuplicateUid = 205,
    /// A newer version has been loaded before.
    Downgrade = 206,
    /// More endpoints for messages than this device has queues for.
    TooManyQueues = 207,
    /// More endpoints than this device takes.
    TooManyEndpoints = 208,
    /// More memory asked for than this device gives a container.
    OverLimits = 209,
    /// Other sizes of data and code were announced than the signed metadata says.
    OtherSizes = 210,
    /// A hook may take longer than the device, or the signer's trust anchor, allows.
    HookTooLong = 211,
    /// The image is not signed.
    Unsigned = 300,
    /// A token is malformed, has claims other than its use takes, or is of a kind that is not supported.
    BadToken = 301,
    /// A token names a key that is no trust anchor here.
    UnknownKey = 302,
    /// A signature does not hold.
    BadSignature = 303,
    /// A token is about another container, another use, another signer's image or other code, or from somebody else.
    WrongToken = 304,
    /// A token is for another device.
    WrongAudience = 305,
    /// A token's time is over.
    Expired = 306,
    /// A token's time has not come.
    NotYetValid = 307,
    /// A token is valid for a time only, and this device does not know the time.
    NoClock = 308,
    /// A part was changed since it was signed.
    BadDigest = 309,
    /// A signer's role does not include this.
    WrongRole = 310,
    /// The container is not in a signer's scope.
    OutOfScope = 311,
    /// Nobody who may has granted the syscalls.
    SyscallsNotGranted = 312,
    /// Nobody who may has granted an endpoint.
    EndpointNotGranted = 313,
    /// The signer may not ask for that priority.
    PriorityNotGranted = 314,
    /// The image is of the 2024 format, which is not accepted here.
    Format2024 = 315,
}

use TinycontainerResult as Code;

impl Code {
    /// Every code, in the order of the numbers.
    pub const ALL: [Self; 52] = [
        Self::Ok,
        Self::NotInitialized,
        Self::AlreadyInitialized,
        Self::NullPointer,
        Self::BadSize,
        Self::BadUid,
        Self::BadArgument,
        Self::NotFound,
        Self::Running,
        Self::NotRunning,
        Self::Busy,
        Self::NoSession,
        Self::BadDriver,
        Self::DriverTableFull,
        Self::BadTrust,
        Self::AlreadySet,
        Self::End,
        Self::TimeGoesBack,
        Self::TimedOut,
        Self::Full,
        Self::OutOfMemory,
        Self::NoThread,
        Self::RuntimeFailed,
        Self::TooManySessions,
        Self::BadImageSize,
        Self::TooLong,
        Self::TooShort,
        Self::Malformed,
        Self::UnsupportedType,
        Self::DuplicateUid,
        Self::Downgrade,
        Self::TooManyQueues,
        Self::TooManyEndpoints,
        Self::OverLimits,
        Self::OtherSizes,
        Self::HookTooLong,
        Self::Unsigned,
        Self::BadToken,
        Self::UnknownKey,
        Self::BadSignature,
        Self::WrongToken,
        Self::WrongAudience,
        Self::Expired,
        Self::NotYetValid,
        Self::NoClock,
        Self::BadDigest,
        Self::WrongRole,
        Self::OutOfScope,
        Self::SyscallsNotGranted,
        Self::EndpointNotGranted,
        Self::PriorityNotGranted,
        Self::Format2024,
    ];

    /// The code of that number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as i32 == number)
    }

    /// The code as a sentence.
    pub const fn text(self) -> &'static CStr {
        match self {
            Self::Ok => text!("done"),
            Self::NotInitialized => text!("tinycontainer_init has not been called, or has failed"),
            Self::AlreadyInitialized => text!("tinycontainer_init has been called before"),
            Self::NullPointer => text!("a pointer is NULL that must not be"),
            Self::BadSize => text!("a size is 0 that must not be, or is too large"),
            Self::BadUid => text!("that cannot be a uid: 1 to 64 of A-Z a-z 0-9 . _ -"),
            Self::BadArgument => text!("an argument is out of its range"),
            Self::NotFound => text!("no such container is loaded"),
            Self::Running => text!("the container runs, or is still stopping"),
            Self::NotRunning => text!("the container does not run"),
            Self::Busy => text!("another loading session is open"),
            Self::NoSession => text!("that loading session is over, or never was"),
            Self::BadDriver => text!("a function pointer of the driver is NULL"),
            Self::DriverTableFull => text!("the driver table is full"),
            Self::BadTrust => text!("the trust store is not one"),
            Self::AlreadySet => text!("it can be set once, and has been"),
            Self::End => text!("there is nothing more"),
            Self::TimedOut => text!("the loading session is over: nothing of the image came for too long"),
            Self::TimeGoesBack => text!("the time is earlier than the device's present one"),
            Self::Full => text!("all slots for containers are in use"),
            Self::OutOfMemory => text!("there is no memory for it now"),
            Self::NoThread => text!("there is no thread for the container"),
            Self::RuntimeFailed => text!("the interpreter does not start on this device"),
            Self::TooManySessions => text!("as many images are on their way in as may be at once"),
            Self::BadImageSize => text!("a part of the image is empty that must not be, or is too large"),
            Self::TooLong => text!("more bytes came than were announced"),
            Self::TooShort => text!("fewer bytes came than were announced"),
            Self::Malformed => text!("the metadata is malformed"),
            Self::UnsupportedType => text!("this device cannot run containers of that type"),
            Self::DuplicateUid => text!("a container of that name is loaded already"),
            Self::Downgrade => text!("a newer version has been loaded before"),
            Self::TooManyQueues => text!("more endpoints for messages than this device has queues for"),
            Self::TooManyEndpoints => text!("more endpoints than this device takes"),
            Self::OverLimits => text!("more memory asked for than this device gives a container"),
            Self::OtherSizes => text!("other sizes were announced than the signed metadata says"),
            Self::HookTooLong => {
                text!("a hook may take longer than the device or the signer's anchor allows")
            }
            Self::Unsigned => text!("the image is not signed"),
            Self::BadToken => text!("a token is malformed or not supported"),
            Self::UnknownKey => text!("a token names a key that is no trust anchor here"),
            Self::BadSignature => text!("a signature does not hold"),
            Self::WrongToken => {
                text!("a token is about another container, use, signer or code, or from somebody else")
            }
            Self::WrongAudience => text!("a token is for another device"),
            Self::Expired => text!("a token's time is over"),
            Self::NotYetValid => text!("a token's time has not come"),
            Self::NoClock => {
                text!("a token is valid for a time only, and this device does not know the time")
            }
            Self::BadDigest => text!("a part was changed since it was signed"),
            Self::WrongRole => text!("a signer's role does not include this"),
            Self::OutOfScope => text!("the container is not in a signer's scope"),
            Self::SyscallsNotGranted => text!("nobody who may has granted the syscalls"),
            Self::EndpointNotGranted => text!("nobody who may has granted an endpoint"),
            Self::PriorityNotGranted => text!("the signer may not ask for that priority"),
            Self::Format2024 => text!("the image is of the 2024 format, which is not accepted here"),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().to_str().unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_permanent() {
        let pinned = [
            (Code::Ok, 0),
            (Code::NotInitialized, 1),
            (Code::AlreadyInitialized, 2),
            (Code::NullPointer, 3),
            (Code::BadSize, 4),
            (Code::BadUid, 5),
            (Code::BadArgument, 6),
            (Code::NotFound, 7),
            (Code::Running, 8),
            (Code::NotRunning, 9),
            (Code::Busy, 10),
            (Code::NoSession, 11),
            (Code::BadDriver, 12),
            (Code::DriverTableFull, 13),
            (Code::BadTrust, 14),
            (Code::AlreadySet, 15),
            (Code::End, 16),
            (Code::TimeGoesBack, 17),
            (Code::TimedOut, 18),
            (Code::Full, 100),
            (Code::OutOfMemory, 101),
            (Code::NoThread, 102),
            (Code::RuntimeFailed, 103),
            (Code::TooManySessions, 104),
            (Code::BadImageSize, 200),
            (Code::TooLong, 201),
            (Code::TooShort, 202),
            (Code::Malformed, 203),
            (Code::UnsupportedType, 204),
            (Code::DuplicateUid, 205),
            (Code::Downgrade, 206),
            (Code::TooManyQueues, 207),
            (Code::TooManyEndpoints, 208),
            (Code::OverLimits, 209),
            (Code::OtherSizes, 210),
            (Code::HookTooLong, 211),
            (Code::Unsigned, 300),
            (Code::BadToken, 301),
            (Code::UnknownKey, 302),
            (Code::BadSignature, 303),
            (Code::WrongToken, 304),
            (Code::WrongAudience, 305),
            (Code::Expired, 306),
            (Code::NotYetValid, 307),
            (Code::NoClock, 308),
            (Code::BadDigest, 309),
            (Code::WrongRole, 310),
            (Code::OutOfScope, 311),
            (Code::SyscallsNotGranted, 312),
            (Code::EndpointNotGranted, 313),
            (Code::PriorityNotGranted, 314),
            (Code::Format2024, 315),
        ];
        assert_eq!(pinned.len(), Code::ALL.len());
        for ((code, number), listed) in pinned.into_iter().zip(Code::ALL) {
            assert_eq!((code, code as i32), (listed, number));
            assert_eq!(Code::from_number(number), Some(code));
        }
        assert_eq!(Code::from_number(-1), None);
    }
}
