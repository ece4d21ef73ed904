//! The life cycle of a container: [`State`], [`Event`] and the function [`State::after`] between them.
//!
//! A state chart crate would add more code than the table below has lines. The table is the only definition;
//! [`TRANSITIONS`], the tests and the diagram in `docs/lifecycle.md` are generated from it.
//!
//! The engine decides and stores why a container stops; [`StopReason`] only lists the reasons, and which of them are
//! faults of the container.

#![no_std]
#![forbid(unsafe_code)]

use core::fmt;
use tinycontainer_abi::{Hook, numbered_enum};

numbered_enum! {
    /// The state of a container.
    pub enum State: u8 {
        /// No container: the slot is free.
        Empty = 0 => "EMPTY",
        /// Provisioning: the metadata is being received; nothing is verified.
        Loading = 1 => "LOADING",
        /// Provisioning: the metadata is verified; data and code are being received.
        Install = 2 => "INSTALL",
        /// Complete and verified; not running.
        Created = 3 => "CREATED",
        /// Running: the runtime instantiates it.
        Startup = 4 => "STARTUP",
        /// Running: in `start()`.
        OnStart = 5 => "ON_START",
        /// Running: waits for its next period.
        Ready = 6 => "READY",
        /// Running: in `loop()`.
        OnLoop = 7 => "ON_LOOP",
        /// Stopping: in `stop()`.
        OnStop = 8 => "ON_STOP",
        /// Stopping: its resources are being freed.
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
    /// An event in the life of a container.
    pub enum Event: u8 {
        /// A provisioning session takes the slot.
        Begin = 0 => "Begin",
        /// The metadata is verified.
        Verify = 1 => "Verify",
        /// Data and code are complete and their digests are verified.
        Install = 2 => "Install",
        /// The provisioning session fails or is dropped.
        Abandon = 3 => "Abandon",
        /// The container is started.
        Start = 4 => "Start",
        /// The runtime has instantiated it.
        Instantiate = 5 => "Instantiate",
        /// The runtime rejects it.
        Reject = 6 => "Reject",
        /// The hook returns and the container goes on.
        Continue = 7 => "Continue",
        /// `loop()` returns a value other than 0: it is done.
        Finish = 8 => "Finish",
        /// The period has elapsed.
        Tick = 9 => "Tick",
        /// It is ended: by a request, its lifetime, its loop count, a missed heartbeat.
        Stop = 10 => "Stop",
        /// The hook traps or exhausts its budget.
        Fault = 11 => "Fault",
        /// The hook makes a native call.
        Call = 12 => "Call",
        /// The native call returns.
        Return = 13 => "Return",
        /// Its resources are freed.
        Finalize = 14 => "Finalize",
        /// The container is unloaded.
        Unload = 15 => "Unload",
    }
}

/// The event cannot happen in this state. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegal {
    /// The state, which has not changed.
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
    // Provisioning. After a failure at any point nothing is left.
    Empty + Begin => Loading,
    Loading + Verify => Install,
    Loading + Abandon => Empty,
    Install + Install => Created,
    Install + Abandon => Empty,
    Created + Unload => Empty,
    // Running. A stop before the runtime has instantiated it has nothing to stop.
    Created + Start => Startup,
    Startup + Instantiate => OnStart,
    Startup + Reject => OnFinalize,
    Startup + Stop => OnFinalize,
    OnStart + Continue => Ready,
    Ready + Tick => OnLoop,
    OnLoop + Continue => Ready,
    OnLoop + Finish => OnStop,
    // A stop requested while a hook runs takes effect in Ready: the budget bounds the wait, and the guest's memory is
    // never left in the middle of a change.
    Ready + Stop => OnStop,
    // After a trap or an exhausted budget no hook is called: there is no ON_STOP.
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
        /// It was requested.
        Requested = 1 => "stop requested",
        /// `loop()` returned that it is done.
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
        /// The runtime rejected it.
        Rejected = 8 => "rejected by the runtime",
    }
}

impl StopReason {
    /// Whether it is a fault of the container.
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Trapped | Self::Budget | Self::Rejected)
    }
}
