//! The numbers a TinyContainer guest and its host share.
//!
//! They are in a separate crate because the guest SDK, the firewall, the runtime adaptors and the tools all need the
//! numbers, and none of these may depend on another. Numbers are permanent and append-only.

#![no_std]
#![forbid(unsafe_code)]

mod numbered;

#[doc(hidden)]
pub use numbered::{c_str, with_nul};

/// The WebAssembly module name under which every native is imported.
pub const IMPORT_MODULE: &str = "env";

numbered_enum! {
    /// A native call that a container may be granted.
    ///
    /// Numbers 1 to 5 are those of the 2024 C implementation; its `logger` had none and needed no right.
    pub enum Syscall: u8 {
        /// `heartbeat() -> i32`: "I am alive".
        Heartbeat = 1 => "heartbeat",
        /// `open(endpoint: u32) -> i32`: a descriptor for an endpoint of the metadata.
        Open = 2 => "open",
        /// `close(fd: i32) -> i32`.
        Close = 3 => "close",
        /// `read(fd: i32, buf: ptr, len: u32) -> i32`: bytes read.
        Read = 4 => "read",
        /// `write(fd: i32, buf: ptr, len: u32) -> i32`: bytes written.
        Write = 5 => "write",
        /// `logger(text: ptr)`: one line of NUL-terminated text.
        Logger = 6 => "logger",
    }
}

impl Syscall {
    /// The bit of this syscall in a mask: number - 1.
    pub const fn bit(self) -> u32 {
        1 << (self as u8 - 1)
    }
}

numbered_enum! {
    /// The type of a container: which runtime its code is for.
    pub enum Type: u8 {
        /// Not specified.
        Undefined = 0 => "undefined",
        /// Machine code.
        Native = 1 => "native",
        /// A shell script.
        Shell = 2 => "shell",
        /// rBPF.
        Bpf = 3 => "bpf",
        /// WebAssembly.
        Wasm = 4 => "wasm",
        /// A Java Card applet.
        JavaCard = 5 => "javacard",
        /// JavaScript.
        JavaScript = 6 => "javascript",
        /// Python.
        Python = 7 => "python",
    }
}

/// A set of syscalls. The empty set is the default: deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Mask(pub u32);

impl Mask {
    /// No syscall at all.
    pub const NONE: Self = Self(0);
    /// Every syscall that is defined.
    pub const ALL: Self = Self(0x3f);

    /// The set of these syscalls.
    pub fn of(calls: &[Syscall]) -> Self {
        Self(calls.iter().fold(0, |mask, call| mask | call.bit()))
    }

    /// Whether `call` is in the set.
    pub const fn has(self, call: Syscall) -> bool {
        self.0 & call.bit() != 0
    }

    /// Whether every syscall of `self` is in `other`.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The syscalls in both sets.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The syscalls in the set, in the order of their numbers.
    pub fn calls(self) -> impl Iterator<Item = Syscall> {
        Syscall::ALL.into_iter().filter(move |call| self.has(*call))
    }
}

numbered_enum! {
    /// The error of a syscall: the negative number that the guest receives.
    pub enum Errno: i32 {
        /// The firewall refused the call, and recorded why. The only error the 2024 guests knew.
        Refused = -1 => "refused",
        /// Nothing to read, or no free space to write, now: try again in a later loop.
        WouldBlock = -2 => "would block",
        /// The peer does not exist, or does not run.
        NoPeer = -3 => "peer gone",
        /// The message does not fit: the queue (on write) or the buffer (on read).
        TooLong = -4 => "too long",
        /// The driver failed.
        Io = -5 => "I/O error",
        /// All of the container's descriptors are in use.
        TooManyOpen = -6 => "too many open",
    }
}

numbered_enum! {
    /// Which way an endpoint may be used, seen from the container: in = it reads, out = it writes.
    pub enum Direction: u8 {
        /// The container reads.
        In = 0 => "in",
        /// The container writes.
        Out = 1 => "out",
        /// Both.
        Both = 2 => "both",
    }
}

impl Direction {
    /// Whether the container may read.
    pub const fn reads(self) -> bool {
        matches!(self, Self::In | Self::Both)
    }

    /// Whether the container may write.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Out | Self::Both)
    }

    /// Whether the right to `other` includes all of `self`.
    pub fn within(self, other: Self) -> bool {
        self == other || other == Self::Both
    }
}

numbered_enum! {
    /// The functions that a container exports, each called by the agent in its state of the life cycle.
    pub enum Hook: u8 {
        /// `start()`: once, before the first loop.
        Start = 0 => "start",
        /// `loop() -> i32`: once in each period; 0 means go on, any other value stops the container.
        Loop = 1 => "loop",
        /// `stop()`: once, after the last loop of a container that has not failed.
        Stop = 2 => "stop",
    }
}

impl Hook {
    /// Whether the hook returns an `i32`. No hook takes parameters.
    pub const fn returns_i32(self) -> bool {
        matches!(self, Self::Loop)
    }
}

/// The memory of a container, in bytes: three limits, none of which can use what another leaves free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// WebAssembly linear memory.
    pub linear_memory: u32,
    /// The interpreter's operand stack.
    pub stack: u32,
    /// What the interpreter itself needs, while it loads and afterwards: the copy of the code, module, instance,
    /// tables.
    pub heap: u32,
}

impl Limits {
    /// The sum of the three, saturating.
    pub const fn total(&self) -> u32 {
        self.linear_memory.saturating_add(self.stack).saturating_add(self.heap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_permanent() {
        // bit = number - 1, as in the 2024 format.
        assert_eq!(Syscall::ALL.map(Syscall::bit), [0x01, 0x02, 0x04, 0x08, 0x10, 0x20]);
        assert_eq!(Errno::ALL.map(|errno| errno as i32), [-1, -2, -3, -4, -5, -6]);
        assert_eq!(Mask::of(&Syscall::ALL), Mask::ALL);
    }

    #[test]
    fn names_go_both_ways() {
        for call in Syscall::ALL {
            assert_eq!(Syscall::from_name(call.name()), Some(call));
        }
        for errno in Errno::ALL {
            assert_eq!(Errno::from_number(errno as i32), Some(errno));
        }
        assert_eq!(Syscall::from_name("reboot"), None);
        assert_eq!(Errno::from_number(0), None);
    }

    #[test]
    fn in_is_what_the_container_reads() {
        assert_eq!(
            Direction::ALL.map(|d| (d.reads(), d.writes())),
            [(true, false), (false, true), (true, true)]
        );
        assert!(Direction::In.within(Direction::Both) && !Direction::Both.within(Direction::In));
        assert!(!Direction::In.within(Direction::Out));
        assert_eq!(Direction::from_number(3), None);
    }

    #[test]
    fn default_is_deny() {
        assert!(Syscall::ALL.iter().all(|call| !Mask::default().has(*call)));
        assert!(!Mask(0x40).within(Mask::ALL), "a bit without a syscall is not granted by ALL");
    }
}
