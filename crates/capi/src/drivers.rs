//! Drivers written in C, under the engine: the one of 2024, and a table of drivers by peer.

#![expect(unsafe_code, reason = "calls functions of the application")]

use crate::cell::SetOnce;
use crate::result::TinycontainerResult as Code;
use core::ffi::{c_char, c_int, c_void};
use tinycontainer::metadata::{Access, Bus, Peer};
use tinycontainer::{DEFAULT_MAX_TRANSFER, Drivers, IoError};

/// How many entries the driver table has.
pub const TINYCONTAINER_DRIVERS: u32 = 8;

/// What a driver answers when there is nothing to read or no room to write now.
pub const TINYCONTAINER_IO_WOULD_BLOCK: i32 = -2;
/// What a driver answers when the peer is not there.
pub const TINYCONTAINER_IO_NO_PEER: i32 = -3;

/// The longest read or write of the driver of 2024, in bytes: that implementation's buffer.
const APP_MAX_TRANSFER: usize = 256;

/// The application's driver, as in 2024: serves the peers on the bus `app`. All four functions must be
/// there. Containers' threads call them, several at a time, with no lock held. What a container reads or
/// writes comes in pieces of at most 256 bytes, as then. The time that a call takes is charged to the
/// container's budget.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct IoDriver {
    /// Opens the peer of that number; answers a descriptor, or a negative number.
    pub open: Option<unsafe extern "C" fn(peer: u32) -> c_int>,
    /// Closes a descriptor; what it answers is ignored.
    pub close: Option<unsafe extern "C" fn(fd: c_int) -> c_int>,
    /// Reads at most `len` bytes; answers how many, or a negative number.
    pub read: Option<unsafe extern "C" fn(fd: c_int, buf: *mut u8, len: usize) -> c_int>,
    /// Writes; answers how many of the `len` bytes were taken, or a negative number. Must not change
    /// the bytes.
    pub write: Option<unsafe extern "C" fn(fd: c_int, buf: *mut u8, len: usize) -> c_int>,
}

/// A peer that a container opens.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct DriverPeer {
    /// Who opens it: `uid_len` bytes without a NUL at their end, there until `open` returns.
    pub uid: *const c_char,
    /// The length of the name, in bytes.
    pub uid_len: usize,
    /// The unit on the bus.
    pub unit: u32,
    /// The bus: one of `TINYCONTAINER_BUS_...`.
    pub bus: u8,
    /// 0: the container reads; 1: it writes; 2: both.
    pub direction: u8,
}

/// A driver for the table. All four functions must be there; each gets `context` back. Containers'
/// threads call them, several at a time, with no lock held. A negative answer is
/// `TINYCONTAINER_IO_WOULD_BLOCK`, `TINYCONTAINER_IO_NO_PEER`, or any other number for a failure. The time
/// that a call takes is charged to the container's budget; one that would wait for long answers
/// `TINYCONTAINER_IO_WOULD_BLOCK` instead.
#[derive(Debug)]
#[repr(C)]
pub struct TableDriver {
    /// The driver's own.
    pub context: *mut c_void,
    /// Opens a peer; answers a handle, or a negative number.
    pub open: Option<unsafe extern "C" fn(context: *mut c_void, peer: *const DriverPeer) -> c_int>,
    /// Closes a handle; called once for each, at the latest when the container stops.
    pub close: Option<unsafe extern "C" fn(context: *mut c_void, handle: c_int)>,
    /// Reads at most `len` bytes; answers how many, or a negative number.
    pub read:
        Option<unsafe extern "C" fn(context: *mut c_void, handle: c_int, buf: *mut u8, len: usize) -> c_int>,
    /// Writes; answers how many of the `len` bytes were taken, or a negative number.
    pub write: Option<
        unsafe extern "C" fn(context: *mut c_void, handle: c_int, buf: *const u8, len: usize) -> c_int,
    >,
    /// The most bytes that one read or write transfers: `len` is never more. What a container asks for beyond
    /// that is not done, and its call answers the shorter count. 0: 64 bytes. A container's hook can exceed
    /// its budget by one such transfer, so choose what takes a few milliseconds.
    pub max_transfer: usize,
}

// SAFETY: the header says that several threads call at a time; `context` is only ever handed back.
unsafe impl Sync for TableDriver {}

struct Entry {
    bus: Bus,
    first: u32,
    last: u32,
    driver: &'static TableDriver,
}

static APP: SetOnce<IoDriver> = SetOnce::new();
static TABLE: Table = Table::new();

/// The drivers by peer. Entries are only ever added, and read without a lock.
struct Table([SetOnce<Entry>; TINYCONTAINER_DRIVERS as usize]);

impl Table {
    const fn new() -> Self {
        Self([const { SetOnce::new() }; TINYCONTAINER_DRIVERS as usize])
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter_map(SetOnce::value)
    }

    /// Adds an entry unless it overlaps with another. Check and addition are one step: of two threads with
    /// overlapping entries one succeeds.
    fn add(&self, entry: Entry) -> Result<(), Code> {
        critical_section::with(|_| {
            let overlaps = |other: &Entry| {
                other.bus == entry.bus && other.first <= entry.last && entry.first <= other.last
            };
            if self.entries().any(overlaps) {
                return Err(Code::AlreadySet);
            }
            let free = self.0.iter().find(|place| place.value().is_none()).ok_or(Code::DriverTableFull)?;
            // Nobody else adds one meanwhile.
            free.set(entry).map_err(|_| Code::DriverTableFull)
        })
    }
}

impl IoDriver {
    pub(crate) fn is_complete(&self) -> bool {
        self.open.is_some() && self.close.is_some() && self.read.is_some() && self.write.is_some()
    }
}

/// Sets the driver of 2024. The caller has seen to it that it is the first.
pub(crate) fn set_app(driver: IoDriver) {
    // There is none before: only the one `init` that succeeds comes here.
    let _ = APP.set(driver);
}

/// Adds a driver to the table.
pub(crate) fn add(bus: u8, first: u32, last: u32, driver: &'static TableDriver) -> Result<(), Code> {
    let whole =
        driver.open.is_some() && driver.close.is_some() && driver.read.is_some() && driver.write.is_some();
    if !whole {
        return Err(Code::BadDriver);
    }
    // Its own data is not for a driver to give.
    let bus = Bus::from_number(bus).filter(|bus| *bus != Bus::Data).ok_or(Code::BadArgument)?;
    if first > last {
        return Err(Code::BadArgument);
    }
    TABLE.add(Entry { bus, first, last, driver })
}

fn driver_for(bus: Bus, unit: u32) -> Option<&'static TableDriver> {
    let serves = |entry: &&Entry| entry.bus == bus && (entry.first..=entry.last).contains(&unit);
    TABLE.entries().find(serves).map(|entry| entry.driver)
}

/// The drivers of the application, then those of the platform: `Platform::Drivers` of a platform under
/// the C API. The driver table is asked first, then, for the bus `app`, the driver of 2024, then `D`.
#[derive(Debug, Default)]
pub struct CDrivers<D = NoDrivers>(pub D);

/// An open peer.
#[derive(Debug)]
pub enum Handle<H> {
    /// Of the driver of 2024.
    App(c_int),
    /// Of a driver of the table.
    Table(&'static TableDriver, c_int),
    /// Of the platform's drivers.
    Platform(H),
}

impl<D: Drivers> Drivers for CDrivers<D> {
    type Handle = Handle<D::Handle>;

    fn open(&self, uid: &str, access: &Access<'_>) -> Result<Self::Handle, IoError> {
        let Peer::Local { bus, unit } = access.peer else {
            return self.0.open(uid, access).map(Handle::Platform);
        };
        if let Some(driver) = driver_for(bus, unit) {
            let peer = DriverPeer {
                uid: uid.as_ptr().cast(),
                uid_len: uid.len(),
                unit,
                bus: bus as u8,
                direction: access.direction as u8,
            };
            let open = driver.open.ok_or(IoError::NoPeer)?;
            // SAFETY: the application's function, with what the header promises; `peer` and `uid` outlive it.
            let answer = unsafe { open(driver.context, &raw const peer) };
            return handle(answer).map(|handle| Handle::Table(driver, handle));
        }
        match (bus, APP.value().and_then(|driver| driver.open)) {
            // SAFETY: the application's function, with what the header promises.
            (Bus::App, Some(open)) => match unsafe { open(unit) } {
                fd if fd >= 0 => Ok(Handle::App(fd)),
                _ => Err(IoError::Failed),
            },
            _ => self.0.open(uid, access).map(Handle::Platform),
        }
    }

    fn max_transfer(&self, handle: &Self::Handle) -> usize {
        match handle {
            Handle::App(_) => APP_MAX_TRANSFER,
            Handle::Table(driver, _) => match driver.max_transfer {
                0 => DEFAULT_MAX_TRANSFER,
                most => most,
            },
            Handle::Platform(handle) => self.0.max_transfer(handle),
        }
    }

    fn fixed_ns(&self, handle: &Self::Handle) -> Option<u32> {
        match handle {
            Handle::App(_) | Handle::Table(..) => None,
            Handle::Platform(handle) => self.0.fixed_ns(handle),
        }
    }

    fn read(&self, handle: &mut Self::Handle, buf: &mut [u8]) -> Result<usize, IoError> {
        match handle {
            Handle::App(fd) => {
                let read = APP.value().and_then(|driver| driver.read).ok_or(IoError::NoPeer)?;
                // SAFETY: `buf` may be written over its whole length, and nobody else has it meanwhile.
                count(unsafe { read(*fd, buf.as_mut_ptr(), buf.len()) }, buf.len(), |_| IoError::Failed)
            }
            Handle::Table(driver, handle) => {
                let read = driver.read.ok_or(IoError::NoPeer)?;
                // SAFETY: as above.
                let answer = unsafe { read(driver.context, *handle, buf.as_mut_ptr(), buf.len()) };
                count(answer, buf.len(), failure)
            }
            Handle::Platform(handle) => self.0.read(handle, buf),
        }
    }

    fn write(&self, handle: &mut Self::Handle, buf: &[u8]) -> Result<usize, IoError> {
        match handle {
            Handle::App(fd) => {
                let write = APP.value().and_then(|driver| driver.write).ok_or(IoError::NoPeer)?;
                // SAFETY: `buf` may be read over its whole length. The pointer is not const because it
                // was not in 2024; the header says that the bytes must not be changed.
                let answer = unsafe { write(*fd, buf.as_ptr().cast_mut(), buf.len()) };
                count(answer, buf.len(), |_| IoError::Failed)
            }
            Handle::Table(driver, handle) => {
                let write = driver.write.ok_or(IoError::NoPeer)?;
                // SAFETY: `buf` may be read over its whole length.
                let answer = unsafe { write(driver.context, *handle, buf.as_ptr(), buf.len()) };
                count(answer, buf.len(), failure)
            }
            Handle::Platform(handle) => self.0.write(handle, buf),
        }
    }

    fn close(&self, handle: Self::Handle) {
        match handle {
            Handle::App(fd) => {
                if let Some(close) = APP.value().and_then(|driver| driver.close) {
                    // SAFETY: a descriptor that its `open` gave, closed once: the handle is gone now.
                    unsafe { close(fd) };
                }
            }
            Handle::Table(driver, handle) => {
                if let Some(close) = driver.close {
                    // SAFETY: as above.
                    unsafe { close(driver.context, handle) };
                }
            }
            Handle::Platform(handle) => self.0.close(handle),
        }
    }
}

fn handle(answer: c_int) -> Result<c_int, IoError> {
    if answer < 0 { Err(failure(answer)) } else { Ok(answer) }
}

/// How many bytes, if that can be true of a buffer of `most` bytes.
fn count(answer: c_int, most: usize, failure: impl FnOnce(c_int) -> IoError) -> Result<usize, IoError> {
    match usize::try_from(answer) {
        Ok(count) if count <= most => Ok(count),
        Ok(_) => Err(IoError::Failed),
        Err(_) => Err(failure(answer)),
    }
}

fn failure(answer: c_int) -> IoError {
    match answer {
        TINYCONTAINER_IO_WOULD_BLOCK => IoError::WouldBlock,
        TINYCONTAINER_IO_NO_PEER => IoError::NoPeer,
        _ => IoError::Failed,
    }
}

/// No driver for anything: for a platform that has none of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDrivers;

/// What [`NoDrivers`] never opens.
#[derive(Debug)]
pub enum Never {}

impl Drivers for NoDrivers {
    type Handle = Never;

    fn open(&self, _uid: &str, _access: &Access<'_>) -> Result<Never, IoError> {
        Err(IoError::NoPeer)
    }

    fn read(&self, handle: &mut Never, _buf: &mut [u8]) -> Result<usize, IoError> {
        match *handle {}
    }

    fn write(&self, handle: &mut Never, _buf: &[u8]) -> Result<usize, IoError> {
        match *handle {}
    }

    fn close(&self, handle: Never) {
        match handle {}
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    static NONE: TableDriver = TableDriver {
        context: core::ptr::null_mut(),
        open: None,
        close: None,
        read: None,
        write: None,
        max_transfer: 0,
    };

    #[test]
    fn item_14_of_overlapping_drivers_one_is_added() {
        const THREADS: u32 = 4;
        for round in 0..2000 {
            let (table, barrier) = (Table::new(), Barrier::new(THREADS as usize));
            let added = thread::scope(|scope| {
                let adders: [_; THREADS as usize] = core::array::from_fn(|n| {
                    let (table, barrier) = (&table, &barrier);
                    scope.spawn(move || {
                        let first = n as u32;
                        barrier.wait();
                        table.add(Entry { bus: Bus::I2c, first, last: THREADS, driver: &NONE })
                    })
                });
                adders.map(|adder| adder.join().unwrap())
            });
            let done = added.iter().filter(|added| added.is_ok()).count();
            assert_eq!((done, table.entries().count()), (1, 1), "round {round}: {added:?}");
            assert!(added.iter().all(|added| matches!(added, Ok(()) | Err(Code::AlreadySet))));
        }
    }
}
