//! Values that several commands take as arguments.

use clap::ValueEnum;
use tinycontainer_abi::{Direction, Syscall};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DirectionArg {
    In,
    Out,
    Both,
}

impl From<DirectionArg> for Direction {
    fn from(direction: DirectionArg) -> Self {
        match direction {
            DirectionArg::In => Self::In,
            DirectionArg::Out => Self::Out,
            DirectionArg::Both => Self::Both,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum CallArg {
    Heartbeat,
    Open,
    Close,
    Read,
    Write,
    Logger,
}

impl From<CallArg> for Syscall {
    fn from(call: CallArg) -> Self {
        match call {
            CallArg::Heartbeat => Self::Heartbeat,
            CallArg::Open => Self::Open,
            CallArg::Close => Self::Close,
            CallArg::Read => Self::Read,
            CallArg::Write => Self::Write,
            CallArg::Logger => Self::Logger,
        }
    }
}
