//! What an operating system, its memory and its drivers must provide.

use core::convert::Infallible;
use core::ops::DerefMut;
use tinycontainer_abi::{Syscall, Type};
use tinycontainer_firewall::Denial;
use tinycontainer_metadata::Access;
use tinycontainer_policy::Device;
use tinycontainer_runtime::{Rate, Runtime};

use crate::status::Stopped;
use crate::versions::VersionRecord;

/// A mutual exclusion that is held only while a closure runs.
pub trait Lock<T> {
    /// A lock around `value`.
    fn new(value: T) -> Self;

    /// Runs `f` while no other thread can. `f` must not take this lock again, nor call a driver or a guest; it may
    /// take another lock of the engine.
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
}

/// A device: the operating system, the memory and the drivers under the engine.
pub trait Platform {
    /// The mutual exclusion.
    type Lock<T>: Lock<T>;
    /// Memory for an image or a queue; dropping it frees it.
    type Buf: DerefMut<Target = [u8]>;
    /// What runs containers: one interpreter, or several.
    type Runtime: Runtime;
    /// The drivers of local and remote endpoints.
    type Drivers: Drivers;

    /// How many bytes of messages may wait at each endpoint that another container writes to.
    const QUEUE_BYTES: usize = 128;

    /// How many bytes of log a container may write at once after a pause: the text given to [`Platform::log`], the
    /// uid, and 3 more for each line. What exceeds this and [`LOG_BYTES_PER_SECOND`](Self::LOG_BYTES_PER_SECOND) is
    /// dropped and counted. A longer line passes when nothing was logged for long enough.
    const LOG_BURST: u32 = 1024;

    /// How many bytes of log a container may write per second on average.
    const LOG_BYTES_PER_SECOND: u32 = 1024;

    /// How many bytes a notice of a refused call, a failed driver or dropped lines counts against the container's
    /// limit of log output; 0 if notices are not limited. The audit records contain a refusal whose notice was
    /// dropped.
    const NOTICE_BYTES: u32 = 64;

    /// What runs containers.
    fn runtime(&self) -> &Self::Runtime;

    /// How many instructions of containers of that type the runtime executes in a millisecond.
    fn rate(&self, kind: Type) -> Rate;

    /// Microseconds of the platform's monotonic clock, which never goes back. The time of a call outside of the engine
    /// is measured by this clock and charged to the container's budget: a coarse clock charges coarsely.
    fn now_us(&self) -> u64;

    /// The drivers.
    fn drivers(&self) -> &Self::Drivers;

    /// Memory of `len` bytes for the container in `slot`, or `None` if there is not enough.
    fn allocate(&self, slot: usize, len: usize) -> Option<Self::Buf>;

    /// The device as the policy needs it for decisions on images: its name, its trust store, the time. A time that is
    /// earlier than one given before counts as that one: the clock of a device does not go back.
    fn device(&self) -> Device<'_>;

    /// The agent of `slot` has something to do and must step. Called without the lock; may be called for an agent that
    /// does not exist.
    fn wake(&self, slot: usize);

    /// Outputs a line that the container logged: bytes from the guest, not checked in any way. The time this takes is
    /// charged to the container's budget, as is that of a [`notice`](Self::notice) during a call.
    fn log(&self, uid: &str, line: &[u8]);

    /// A record of the loaded versions is new or was raised. A platform with persistent storage stores it, one record
    /// for each signer, uid and scope, in place of an earlier one. After a restart it restores all of them, in the
    /// order in which they were last reported; see [`Engine::restore_version`](crate::Engine::restore_version). Called
    /// without the lock, by the thread that has loaded or unloaded an image.
    fn version_seen(&self, record: &VersionRecord) {
        let _ = record;
    }

    /// Reports an event. Called without the lock.
    fn notice(&self, uid: &str, notice: Notice) {
        let _ = (uid, notice);
    }
}

/// An event that a platform may report to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The container's `start()` is about to be called.
    Started,
    /// The container has stopped, and its resources are freed.
    Stopped(Stopped),
    /// The firewall refused a call.
    Refused(Syscall, Denial),
    /// A driver failed, or there is none, for that endpoint.
    DriverFailed(u32, IoError),
    /// The number of lines and notices of the container that were dropped since the last such notice: it produced more
    /// than [`Platform::LOG_BYTES_PER_SECOND`].
    LogDropped(u32),
}

/// Why a driver does not carry out an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IoError {
    /// Nothing to read or no free space to write now: the guest may try again.
    WouldBlock,
    /// There is no driver for such a peer on this device.
    NoPeer,
    /// The device or the network failed.
    Failed,
}

/// Identifies an open descriptor of a container for [`Engine::readable`](crate::Engine::readable).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Waker {
    pub(crate) slot: u8,
    /// The index of the container's open descriptor, less than [`MAX_OPEN`](crate::MAX_OPEN).
    pub(crate) place: u8,
    /// Distinguishes the descriptor from earlier ones with the same index. Wraps around after 32,768 of them.
    pub(crate) generation: u16,
}

impl Waker {
    /// As a number, for drivers in C.
    pub const fn to_bits(self) -> u32 {
        let [low, high] = self.generation.to_le_bytes();
        u32::from_le_bytes([self.slot, self.place, low, high])
    }

    /// From [`to_bits`](Self::to_bits). Any number is accepted: one that names no open descriptor wakes nothing.
    pub const fn from_bits(bits: u32) -> Self {
        let [slot, place, low, high] = bits.to_le_bytes();
        Self { slot, place, generation: u16::from_le_bytes([low, high]) }
    }
}

/// The longest read or write of a driver that does not set [`Drivers::max_transfer`], in bytes: 6 ms of I2C at 100
/// kHz.
pub const DEFAULT_MAX_TRANSFER: usize = 64;

/// The drivers of local and remote endpoints. The firewall has authorized each access before a driver is called.
///
/// No call may block for longer than the bus takes for [`max_transfer`](Self::max_transfer) bytes; what takes longer
/// returns [`IoError::WouldBlock`]. A hook may exceed its budget by one such call, since a driver is not interrupted:
/// the time of each call is charged to the budget when it returns.
pub trait Drivers {
    /// An open peer.
    type Handle;

    /// Opens a peer for a container.
    ///
    /// # Errors
    /// [`IoError::NoPeer`] if there is none for it.
    fn open(&self, uid: &str, access: &Access<'_>) -> Result<Self::Handle, IoError>;

    /// The most bytes that one read or write of this peer transfers, at least 1. A guest's longer buffer is cut to it
    /// before the driver is called, and the guest receives the number of bytes transferred, as from POSIX `read` and
    /// `write`. Set it to what the bus transfers in a few milliseconds, or to the longest message of a peer whose
    /// messages cannot be divided.
    fn max_transfer(&self, handle: &Self::Handle) -> usize {
        let _ = handle;
        DEFAULT_MAX_TRANSFER
    }

    /// For a peer whose reads and writes never wait (a pin, memory): the most nanoseconds that one takes. They are
    /// charged instead of the measured time, which saves reading the clock twice. `None`: each call is measured.
    fn fixed_ns(&self, handle: &Self::Handle) -> Option<u32> {
        let _ = handle;
        None
    }

    /// Called after [`open`](Self::open), before anything else, for a container that is woken by arriving data
    /// ([`Wake::Message`](tinycontainer_metadata::Wake)) and may read from the peer. A driver that is notified of data
    /// calls [`Engine::readable`](crate::Engine::readable) with `waker` whenever data has arrived, at once if there is
    /// some already, and in `read` if some is left. It does so until the handle is closed. A driver that does nothing
    /// here never wakes a container.
    fn watch(&self, handle: &mut Self::Handle, waker: Waker) {
        let _ = (handle, waker);
    }

    /// Reads at most `buf.len()` bytes; returns how many.
    ///
    /// # Errors
    /// [`IoError`]; nothing was read then.
    fn read(&self, handle: &mut Self::Handle, buf: &mut [u8]) -> Result<usize, IoError>;

    /// Writes; returns how many bytes of `buf` were taken.
    ///
    /// # Errors
    /// [`IoError`]; nothing was written then.
    fn write(&self, handle: &mut Self::Handle, buf: &[u8]) -> Result<usize, IoError>;

    /// Closes a peer. Called once for each handle, at the latest when the container stops.
    fn close(&self, handle: Self::Handle);
}

/// No driver for any peer: for a platform without drivers.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDrivers;

impl Drivers for NoDrivers {
    /// A handle that does not exist: no peer is ever opened.
    type Handle = Infallible;

    fn open(&self, _uid: &str, _access: &Access<'_>) -> Result<Infallible, IoError> {
        Err(IoError::NoPeer)
    }

    fn read(&self, handle: &mut Infallible, _buf: &mut [u8]) -> Result<usize, IoError> {
        match *handle {}
    }

    fn write(&self, handle: &mut Infallible, _buf: &[u8]) -> Result<usize, IoError> {
        match *handle {}
    }

    fn close(&self, handle: Infallible) {
        match handle {}
    }
}
