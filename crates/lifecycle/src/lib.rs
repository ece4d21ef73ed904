//! The life of a container: [`State`], [`Event`] and the function [`State::after`] between them.
//!
//! A state chart crate would bring more code than the table below has lines. The table is the one
//! definition; [`TRANSITIONS`], the tests and the diagram in `docs/lifecycle.md` come from it.
//!
//! Reasons for stopping are the engine's to decide and keep; [`Reason`] only says which kinds there
//! are and which of them are the container's own fault.

#![no_std]
#![forbid(unsafe_code)]

use core::fmt;
use tinycontainer_abi::Hook;

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// No container: the slot is free.
    Empty = 0,
    /// Provisioning: the metadata is coming in; nothing is known to be true.
    Loading = 1,
    /// Provisioning: the metadata is verified; data and code are coming in.
    Install = 2,
    /// Complete and verified; not running.
    Created = 3,
    /// Running: being made ready by the runtime.
    Startup = 4,
    /// Running: in `start()`.
    OnStart = 5,
    /// Running: waits for its next period.
    Ready = 6,
    /// Running: in `loop()`.
    OnLoop = 7,
    /// Stopping: in `stop()`.
    OnStop = 8,
    /// Stopping: what it holds is being given back.
    OnFinalize = 9,
    /// In a native call made by `start()`.
    SyscallInStart = 10,
    /// In a native call made by `loop()`.
    SyscallInLoop = 11,
    /// In a native call made by `stop()`.
    SyscallInStop = 12,
}

/// What happens to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A provisioning session takes the slot.
    Begin,
    /// The metadata is verified.
    Verify,
    /// Data and code are complete and have their digests.
    Install,
    /// The provisioning session fails or is dropped.
    Abandon,
    /// Somebody starts the container.
    Start,
    /// The runtime has made it ready.
    Instantiate,
    /// The runtime cannot make it ready.
    Reject,
    /// The hook returns and the container goes on.
    Continue,
    /// `loop()` returns that it is done.
    Finish,
    /// The period has elapsed.
    Tick,
    /// Somebody or something ends it: a request, its lifetime, its loop count, a missed heartbeat.
    Stop,
    /// The hook traps or exhausts its budget.
    Fault,
    /// The hook makes a native call.
    Call,
    /// The native call returns.
    Return,
    /// All it held is given back.
    Finalize,
    /// Somebody removes the container.
    Unload,
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
    /// Every state, in the order of its number.
    pub const ALL: [Self; 13] = [
        Self::Empty,
        Self::Loading,
        Self::Install,
        Self::Created,
        Self::Startup,
        Self::OnStart,
        Self::Ready,
        Self::OnLoop,
        Self::OnStop,
        Self::OnFinalize,
        Self::SyscallInStart,
        Self::SyscallInLoop,
        Self::SyscallInStop,
    ];

    /// The state of that number: the other way round from `as u8`.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

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

    /// The name that people are shown, as in the founding document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::Loading => "LOADING",
            Self::Install => "INSTALL",
            Self::Created => "CREATED",
            Self::Startup => "STARTUP",
            Self::OnStart => "ON_START",
            Self::Ready => "READY",
            Self::OnLoop => "ON_LOOP",
            Self::OnStop => "ON_STOP",
            Self::OnFinalize => "ON_FINALIZE",
            Self::SyscallInStart | Self::SyscallInLoop | Self::SyscallInStop => "SYSCALL",
        }
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 16] = [
        Self::Begin,
        Self::Verify,
        Self::Install,
        Self::Abandon,
        Self::Start,
        Self::Instantiate,
        Self::Reject,
        Self::Continue,
        Self::Finish,
        Self::Tick,
        Self::Stop,
        Self::Fault,
        Self::Call,
        Self::Return,
        Self::Finalize,
        Self::Unload,
    ];
}

/// Why a container stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// Somebody asked for it.
    Requested = 1,
    /// `loop()` said it was done.
    Finished = 2,
    /// It has made all its loops.
    LoopCount = 3,
    /// Its lifetime is over.
    Lifetime = 4,
    /// It did not call `heartbeat()` in time.
    Heartbeat = 5,
    /// A hook trapped.
    Trapped = 6,
    /// A hook exhausted its budget.
    Budget = 7,
    /// The runtime would not take it.
    Rejected = 8,
}

impl Reason {
    /// Whether the container did something wrong.
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Trapped | Self::Budget | Self::Rejected)
    }

    /// The reason as people are shown it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "stop requested",
            Self::Finished => "finished",
            Self::LoopCount => "loop count reached",
            Self::Lifetime => "lifetime over",
            Self::Heartbeat => "heartbeat missed",
            Self::Trapped => "trapped",
            Self::Budget => "budget exhausted",
            Self::Rejected => "rejected by the runtime",
        }
    }
}
