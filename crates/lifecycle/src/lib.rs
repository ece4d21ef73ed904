//! The life of a container: [`State`], [`Event`] and the function [`State::after`] between them.
//!
//! A state chart crate would bring more code than the table below has lines. The table is the one
//! definition; [`TRANSITIONS`], the tests and the diagram in `docs/lifecycle.md` come from it.
//!
//! Reasons for stopping are the engine's to decide and keep; [`StopReason`] only says which kinds there
//! are and which of them are the container's own fault.

#![no_std]
#![forbid(unsafe_code)]

use core::fmt;
use tinycontainer_abi::{Hook, numbered_enum};

numbered_enum! {
    /// Where a container is in its life.
    pub enum State: u8 {
        /// No container: the slot is free.
        Empty = 0 => "EMPTY",
        /// Provisioning: the metadata is coming in; nothing is known to be true.
        Loading = 1 => "LOADING",
        /// Provisioning: the metadata is verified; data and code are coming in.
        Install = 2 => "INSTALL",
        /// Complete and verified; not running.
        Created = 3 => "CREATED",
        /// Running: being made ready by the runtime.
        Startup = 4 => "STARTUP",
        /// Running: in `start()`.
        OnStart = 5 => "ON_START",
        /// Running: waits for its next period.
        Ready = 6 => "READY",
        /// Running: in `loop()`.
        OnLoop = 7 => "ON_LOOP",
        /// Stopping: in `stop()`.
        OnStop = 8 => "ON_STOP",
        /// Stopping: what it holds is being given back.
        OnFinalize = 9 => "ON_FINALIZE",
        /// In a native call made by `start()`.
        SyscallInStart = 10 => "SYSCALL",
        /// In a native call made by `loop()`.
        SyscallInLoop = 11 => "SYSCALL",
        /// In a native call made by `stop()`.
        SyscallInStop = 12 => "SYSCALL",
    }
}

numbered_enum! {
    /// What happens to a container.
    pub enum Event: u8 {
        /// A provisioning session takes the slot.
        Begin = 0 => "Begin",
        /// The metadata is verified.
        Verify = 1 => "Verify",
        /// Data and code are complete and have their digests.
        Install = 2 => "Install",
        /// The provisioning session fails or is dropped.
        Abandon = 3 => "Abandon",
        /// Somebody starts the container.
        Start = 4 => "Start",
        /// The runtime has made it ready.
        Instantiate = 5 => "Instantiate",
        /// The runtime cannot make it ready.
        Reject = 6 => "Reject",
        /// The hook returns and the container goes on.
        Continue = 7 => "Continue",
        /// `loop()` returns that it is done.
        Finish = 8 => "Finish",
        /// The period has elapsed.
        Tick = 9 => "Tick",
        /// Somebody or something ends it: a request, its lifetime, its loop count, a missed heartbeat.
        Stop = 10 => "Stop",
        /// The hook traps or exhausts its budget.
        Fault = 11 => "Fault",
        /// The hook makes a native call.
        Call = 12 => "Call",
        /// The native call returns.
        Return = 13 => "Return",
        /// All it held is given back.
        Finalize = 14 => "Finalize",
        /// Somebody removes the container.
        Unload = 15 => "Unload",
    }
}

/// The event cannot happen in this state. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegal {
    /// The state it was and is in.
    pub state: State,
    /// The event that was refused.
    pub event: Event,
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} cannot happen in state {:?}", self.event, self.state)
    }
}

impl core::error::Error for Illegal {}

macro_rules! transitions {
    ($($from:ident + $event:ident => $to:ident,)+) => {
        /// Every legal transition: from, event, to.
        pub const TRANSITIONS: &[(State, Event, State)] =
            &[$((State::$from, Event::$event, State::$to),)+];

        impl State {
            /// The state that follows when `event` happens in this one.
            ///
            /// # Errors
            /// [`Illegal`] if the event cannot happen in this state.
            pub const fn after(self, event: Event) -> Result<Self, Illegal> {
                match (self, event) {
                    $((Self::$from, Event::$event) => Ok(Self::$to),)+
                    (state, event) => Err(Illegal { state, event }),
                }
            }
        }
    };
}

transitions! {
    // Provisioning. A failure at any point leaves no trace.
    Empty + Begin => Loading,
    Loading + Verify => Install,
    Loading + Abandon => Empty,
    Install + Install => Created,
    Install + Abandon => Empty,
    Created + Unload => Empty,
    // Running. A stop before the runtime is done has nothing to stop.
    Created + Start => Startup,
    Startup + Instantiate => OnStart,
    Startup + Reject => OnFinalize,
    Startup + Stop => OnFinalize,
    OnStart + Continue => Ready,
    Ready + Tick => OnLoop,
    OnLoop + Continue => Ready,
    OnLoop + Finish => OnStop,
    // A stop that comes while a hook runs is noted by the engine and happens in Ready: the budget
    // bounds the wait, and the guest's memory is never seen half written.
    Ready + Stop => OnStop,
    // Who trapped or overran is not called again: there is no ON_STOP.
    OnStart + Fault => OnFinalize,
    OnLoop + Fault => OnFinalize,
    OnStop + Fault => OnFinalize,
    OnStop + Continue => OnFinalize,
    OnFinalize + Finalize => Created,
    // Native calls, from each hook.
    OnStart + Call => SyscallInStart,
    SyscallInStart + Return => OnStart,
    OnLoop + Call => SyscallInLoop,
    SyscallInLoop + Return => OnLoop,
    OnStop + Call => SyscallInStop,
    SyscallInStop + Return => OnStop,
}

impl State {
    /// Whether the container runs or is stopping: between Start and Finalize.
    pub const fn is_running(self) -> bool {
        !matches!(self, Self::Empty | Self::Loading | Self::Install | Self::Created)
    }

    /// Whether there is a container: its provisioning is over.
    pub const fn is_loaded(self) -> bool {
        !matches!(self, Self::Empty | Self::Loading | Self::Install)
    }

    /// The hook that runs in this state, if one does.
    pub const fn hook(self) -> Option<Hook> {
        match self {
            Self::OnStart | Self::SyscallInStart => Some(Hook::Start),
            Self::OnLoop | Self::SyscallInLoop => Some(Hook::Loop),
            Self::OnStop | Self::SyscallInStop => Some(Hook::Stop),
            _ => None,
        }
    }
}

numbered_enum! {
    /// Why a container stopped.
    pub enum StopReason: u8 {
        /// Somebody asked for it.
        Requested = 1 => "stop requested",
        /// `loop()` said it was done.
        Finished = 2 => "finished",
        /// It has made all its loops.
        LoopCount = 3 => "loop count reached",
        /// Its lifetime is over.
        Lifetime = 4 => "lifetime over",
        /// It did not call `heartbeat()` in time.
        Heartbeat = 5 => "heartbeat missed",
        /// A hook trapped.
        Trapped = 6 => "trapped",
        /// A hook exhausted its budget.
        Budget = 7 => "budget exhausted",
        /// The runtime would not take it.
        Rejected = 8 => "rejected by the runtime",
    }
}

impl StopReason {
    /// Whether the container did something wrong.
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Trapped | Self::Budget | Self::Rejected)
    }
}
