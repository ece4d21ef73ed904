//! Drivers written in C: the one of 2024, and a table of drivers for local and remote peers.

#![expect(unsafe_code, reason = "calls functions of the application")]

use crate::cell::OnceCell;
use crate::result::TinycontainerResult as Code;
use crate::types::{TINYCONTAINER_BUS_NONE, TINYCONTAINER_SCHEME_NONE};
use core::ffi::{c_char, c_int, c_void};
use tinycontainer::metadata::{Access, Bus, Peer, Scheme};
use tinycontainer::{DEFAULT_MAX_TRANSFER, Drivers, IoError, NoDrivers, Waker};

/// How many drivers can be added with `tinycontainer_driver` and `tinycontainer_remote_driver`.
pub const TINYCONTAINER_DRIVERS: u32 = 8;

/// What a driver returns when there is nothing to read, or nothing can be written, now.
pub const TINYCONTAINER_IO_WOULD_BLOCK: i32 = -2;
/// What a driver returns when there is no such peer, or no connection to it.
pub const TINYCONTAINER_IO_NO_PEER: i32 = -3;

/// The longest read or write of the driver of 2024, in bytes: the size of that implementation's buffer.
const APP_MAX_TRANSFER: usize = 256;

/// The application's driver, as in 2024: serves the peers on the bus `app`. None of the functions may be NULL.
/// Containers' threads call them, several at a time, with no lock held. `len` is at most 256 bytes, as in 2024: what
/// a container reads or writes beyond that is cut, and its call returns the shorter count. The time that a call takes
/// is charged to the container's budget.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct IoDriver {
    /// Opens the peer of that number; returns a descriptor, or a negative number.
    pub open: Option<unsafe extern "C" fn(peer: u32) -> c_int>,
    /// Closes a descriptor; the result is ignored.
    pub close: Option<unsafe extern "C" fn(fd: c_int) -> c_int>,
    /// Reads at most `len` bytes; returns how many, or a negative number.
    pub read: Option<unsafe extern "C" fn(fd: c_int, buf: *mut u8, len: usize) -> c_int>,
    /// Writes; returns how many of the `len` bytes were taken, or a negative number. Must not change
    /// the bytes.
    pub write: Option<unsafe extern "C" fn(fd: c_int, buf: *mut u8, len: usize) -> c_int>,
}

/// A peer that a container opens. The struct and what it points to are valid until `open` returns: copy what is
/// needed later. Later versions may add fields at the end.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct DriverPeer {
    /// The container's uid: `uid_len` bytes of ASCII, without a NUL at the end.
    pub uid: *const c_char,
    /// The length of the uid, 1 to 64 bytes.
    pub uid_len: usize,
    /// A local peer's unit on its bus. 0 for a remote peer.
    pub unit: u32,
    /// A local peer's bus: one of `TINYCONTAINER_BUS_...`. `TINYCONTAINER_BUS_NONE` for a remote peer.
    pub bus: u8,
    /// 0: the container reads; 1: it writes; 2: both.
    pub direction: u8,
    /// A remote peer's scheme: one of `TINYCONTAINER_SCHEME_...`. `TINYCONTAINER_SCHEME_NONE` for a local peer.
    pub scheme: u8,
    /// A remote peer's authority: host and, if given, `:` and port (RFC 3986, section 3.2), as it is in the container's
    /// metadata: `authority_len` bytes of ASCII, without a NUL at the end. NULL for a local peer.
    pub authority: *const c_char,
    /// The length of the authority, 1 to 128 bytes. 0 for a local peer.
    pub authority_len: usize,
}

impl DriverPeer {
    /// The peer as the C driver sees it. It points into `uid` and `access`. `None`: drivers do not serve such peers.
    fn new(uid: &str, access: &Access<'_>) -> Option<Self> {
        let none = Self {
            uid: uid.as_ptr().cast(),
            uid_len: uid.len(),
            unit: 0,
            bus: TINYCONTAINER_BUS_NONE,
            direction: access.direction as u8,
            scheme: TINYCONTAINER_SCHEME_NONE,
            authority: core::ptr::null(),
            authority_len: 0,
        };
        match access.peer {
            Peer::Local { bus, unit } => Some(Self { bus: bus as u8, unit, ..none }),
            Peer::Remote { scheme, authority } => Some(Self {
                scheme: scheme as u8,
                authority: authority.as_ptr().cast(),
                authority_len: authority.len(),
                ..none
            }),
            Peer::Container { .. } | Peer::RemoteUnaddressed { .. } => None,
        }
    }
}

/// A driver to be added with `tinycontainer_driver` or `tinycontainer_remote_driver`. None of the functions may be
/// NULL; each receives `context`. Containers' threads call them, several at a time, with no lock held. A negative
/// result is `TINYCONTAINER_IO_WOULD_BLOCK`, `TINYCONTAINER_IO_NO_PEER`, or any other number for a failure. The time
/// that a call takes is charged to the container's budget: a call must not wait for long, but return
/// `TINYCONTAINER_IO_WOULD_BLOCK`.
#[derive(Debug)]
#[repr(C)]
pub struct TableDriver {
    /// The driver's own pointer; NULL is allowed.
    pub context: *mut c_void,
    /// Opens a peer; returns a handle, or a negative number.
    pub open: Option<unsafe extern "C" fn(context: *mut c_void, peer: *const DriverPeer) -> c_int>,
    /// Closes a handle. Called once for each, at the latest when the container stops.
    pub close: Option<unsafe extern "C" fn(context: *mut c_void, handle: c_int)>,
    /// Reads at most `len` bytes; returns how many, or a negative number.
    pub read:
        Option<unsafe extern "C" fn(context: *mut c_void, handle: c_int, buf: *mut u8, len: usize) -> c_int>,
    /// Writes; returns how many of the `len` bytes were taken, or a negative number.
    pub write: Option<
        unsafe extern "C" fn(context: *mut c_void, handle: c_int, buf: *const u8, len: usize) -> c_int,
    >,
    /// The most bytes that one read or write transfers: `len` is never more. What a container reads or writes beyond
    /// that is cut, and its call returns the shorter count. 0: 64 bytes. A container's hook can exceed its budget by
    /// one such transfer: choose what takes a few milliseconds, or the longest message of a peer whose messages cannot
    /// be cut.
    pub max_transfer: usize,
    /// NULL is allowed: the driver wakes no container. Called once after `open`, before anything else, for a container
    /// that is woken by what arrives and may read from the peer. From then on, until `close` is called for the handle,
    /// the driver calls `tinycontainer_readable(waker)` whenever data has arrived: here, if there is some already, and
    /// in `read`, if it leaves some.
    pub watch: Option<unsafe extern "C" fn(context: *mut c_void, handle: c_int, waker: u32)>,
}

impl TableDriver {
    fn is_complete(&self) -> bool {
        self.open.is_some() && self.close.is_some() && self.read.is_some() && self.write.is_some()
    }
}

// SAFETY: the header says that several threads call at a time; `context` is only passed to the driver's functions.
unsafe impl Sync for TableDriver {}

/// The peers that a driver of the table serves.
#[derive(Clone, Copy)]
enum Served {
    /// Units of a bus, from the first to the last.
    Local(Bus, u32, u32),
    /// All peers of a scheme.
    Remote(Scheme),
}

impl Served {
    fn includes(self, peer: &Peer<'_>) -> bool {
        match (self, peer) {
            (Self::Local(bus, first, last), Peer::Local { bus: other, unit }) => {
                bus == *other && (first..=last).contains(unit)
            }
            (Self::Remote(scheme), Peer::Remote { scheme: other, .. }) => scheme == *other,
            _ => false,
        }
    }

    fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Local(bus, first, last), Self::Local(other, other_first, other_last)) => {
                bus == other && first <= other_last && other_first <= last
            }
            (Self::Remote(scheme), Self::Remote(other)) => scheme == other,
            _ => false,
        }
    }
}

struct Entry {
    served: Served,
    driver: &'static TableDriver,
}

static APP: OnceCell<IoDriver> = OnceCell::new();
static TABLE: Table = Table::new();

/// The drivers of the application. Entries are only ever added, and read without a lock.
struct Table([OnceCell<Entry>; TINYCONTAINER_DRIVERS as usize]);

impl Table {
    const fn new() -> Self {
        Self([const { OnceCell::new() }; TINYCONTAINER_DRIVERS as usize])
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter_map(OnceCell::value)
    }

    /// Adds an entry, unless another serves one of its peers. Check and addition are one step: of two threads that add
    /// overlapping entries, one succeeds.
    fn add(&self, entry: Entry) -> Result<(), Code> {
        critical_section::with(|_| {
            if self.entries().any(|other| other.served.overlaps(entry.served)) {
                return Err(Code::AlreadySet);
            }
            let free = self.0.iter().find(|place| place.value().is_none()).ok_or(Code::DriverTableFull)?;
            // No other thread adds one meanwhile.
            free.set(entry).map_err(|_| Code::DriverTableFull)
        })
    }

    fn driver_for(&self, peer: &Peer<'_>) -> Option<&'static TableDriver> {
        self.entries().find(|entry| entry.served.includes(peer)).map(|entry| entry.driver)
    }
}

impl IoDriver {
    pub(crate) fn is_complete(&self) -> bool {
        self.open.is_some() && self.close.is_some() && self.read.is_some() && self.write.is_some()
    }
}

/// Sets the driver of 2024. Called once.
pub(crate) fn set_app(driver: IoDriver) {
    // Not set before: `init` succeeds once.
    let _ = APP.set(driver);
}

/// Adds a driver for units of a bus.
pub(crate) fn add_local(bus: u8, first: u32, last: u32, driver: &'static TableDriver) -> Result<(), Code> {
    // A container's own data has no driver.
    let bus = Bus::from_number(bus).filter(|bus| *bus != Bus::Data);
    add(bus.filter(|_| first <= last).map(|bus| Served::Local(bus, first, last)), driver)
}

/// Adds a driver for the remote peers of a scheme.
pub(crate) fn add_remote(scheme: u8, driver: &'static TableDriver) -> Result<(), Code> {
    add(Scheme::from_number(scheme).map(Served::Remote), driver)
}

fn add(served: Option<Served>, driver: &'static TableDriver) -> Result<(), Code> {
    if !driver.is_complete() {
        return Err(Code::BadDriver);
    }
    TABLE.add(Entry { served: served.ok_or(Code::BadArgument)?, driver })
}

/// The drivers of the application, then those of the platform: `Platform::Drivers` of a platform with the C API. A peer
/// is opened by its driver in the table, or else, on the bus `app`, by the driver of 2024, or else by `D`.
#[derive(Debug, Default)]
pub struct CDrivers<D = NoDrivers>(pub D);

/// An open peer.
#[derive(Debug)]
pub enum Handle<H> {
    /// A descriptor of the driver of 2024.
    App(c_int),
    /// A handle of a driver of the table.
    Table(&'static TableDriver, c_int),
    /// A handle of the platform's drivers.
    Platform(H),
}

impl<D: Drivers> Drivers for CDrivers<D> {
    type Handle = Handle<D::Handle>;

    fn open(&self, uid: &str, access: &Access<'_>) -> Result<Self::Handle, IoError> {
        if let Some(driver) = TABLE.driver_for(&access.peer)
            && let (Some(open), Some(peer)) = (driver.open, DriverPeer::new(uid, access))
        {
            // SAFETY: the application's function, with what the header promises; `peer`, `uid` and `access` outlive it.
            let result = unsafe { open(driver.context, &raw const peer) };
            return handle(result).map(|handle| Handle::Table(driver, handle));
        }
        match (access.peer, APP.value().and_then(|driver| driver.open)) {
            // SAFETY: the application's function, with what the header promises.
            (Peer::Local { bus: Bus::App, unit }, Some(open)) => match unsafe { open(unit) } {
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

    fn watch(&self, handle: &mut Self::Handle, waker: Waker) {
        match handle {
            Handle::App(_) => (),
            Handle::Table(driver, handle) => {
                if let Some(watch) = driver.watch {
                    // SAFETY: the application's function, with what the header promises.
                    unsafe { watch(driver.context, *handle, waker.to_bits()) };
                }
            }
            Handle::Platform(handle) => self.0.watch(handle, waker),
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
                // SAFETY: `buf` may be written over its whole length, and no other code uses it during the call.
                count(unsafe { read(*fd, buf.as_mut_ptr(), buf.len()) }, buf.len(), |_| IoError::Failed)
            }
            Handle::Table(driver, handle) => {
                let read = driver.read.ok_or(IoError::NoPeer)?;
                // SAFETY: as above.
                let result = unsafe { read(driver.context, *handle, buf.as_mut_ptr(), buf.len()) };
                count(result, buf.len(), failure)
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
                let result = unsafe { write(*fd, buf.as_ptr().cast_mut(), buf.len()) };
                count(result, buf.len(), |_| IoError::Failed)
            }
            Handle::Table(driver, handle) => {
                let write = driver.write.ok_or(IoError::NoPeer)?;
                // SAFETY: `buf` may be read over its whole length.
                let result = unsafe { write(driver.context, *handle, buf.as_ptr(), buf.len()) };
                count(result, buf.len(), failure)
            }
            Handle::Platform(handle) => self.0.write(handle, buf),
        }
    }

    fn close(&self, handle: Self::Handle) {
        match handle {
            Handle::App(fd) => {
                if let Some(close) = APP.value().and_then(|driver| driver.close) {
                    // SAFETY: a descriptor that its `open` returned, closed once: the handle is gone now.
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

fn handle(result: c_int) -> Result<c_int, IoError> {
    if result < 0 { Err(failure(result)) } else { Ok(result) }
}

/// The number of bytes, if it is possible for a buffer of `most` bytes.
fn count(result: c_int, most: usize, failure: impl FnOnce(c_int) -> IoError) -> Result<usize, IoError> {
    match usize::try_from(result) {
        Ok(count) if count <= most => Ok(count),
        Ok(_) => Err(IoError::Failed),
        Err(_) => Err(failure(result)),
    }
}

fn failure(result: c_int) -> IoError {
    match result {
        TINYCONTAINER_IO_WOULD_BLOCK => IoError::WouldBlock,
        TINYCONTAINER_IO_NO_PEER => IoError::NoPeer,
        _ => IoError::Failed,
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
        watch: None,
    };

    #[test]
    fn item_14_of_overlapping_drivers_one_is_added() {
        const THREADS: u32 = 4;
        for round in 0..if cfg!(miri) { 10 } else { 2000 } {
            let (table, barrier) = (Table::new(), Barrier::new(THREADS as usize));
            let added = thread::scope(|scope| {
                let adders: [_; THREADS as usize] = core::array::from_fn(|n| {
                    let (table, barrier) = (&table, &barrier);
                    scope.spawn(move || {
                        let first = n as u32;
                        barrier.wait();
                        table.add(Entry { served: Served::Local(Bus::I2c, first, THREADS), driver: &NONE })
                    })
                });
                adders.map(|adder| adder.join().unwrap())
            });
            let done = added.iter().filter(|added| added.is_ok()).count();
            assert_eq!((done, table.entries().count()), (1, 1), "round {round}: {added:?}");
            assert!(added.iter().all(|added| matches!(added, Ok(()) | Err(Code::AlreadySet))));
        }
    }

    /// A driver as an application writes it in C: its context points to what it has stored.
    struct Device {
        uid: std::string::String,
        authority: std::string::String,
        unit: u32,
        written: std::vec::Vec<u8>,
    }

    type Context = std::sync::Mutex<Device>;

    /// # Safety
    /// As the header promises a driver.
    unsafe fn device<'a>(context: *mut c_void) -> std::sync::MutexGuard<'a, Device> {
        // SAFETY: the context of `TableDriver` below.
        unsafe { &*context.cast::<Context>() }.lock().unwrap()
    }

    /// # Safety
    /// `at` is NULL or points to `len` bytes of UTF-8.
    unsafe fn text(at: *const c_char, len: usize) -> std::string::String {
        if at.is_null() {
            return std::string::String::new();
        }
        // SAFETY: as the caller has promised.
        let bytes = unsafe { core::slice::from_raw_parts(at.cast::<u8>(), len) };
        std::string::String::from_utf8(bytes.to_vec()).unwrap()
    }

    unsafe extern "C" fn open_device(context: *mut c_void, peer: *const DriverPeer) -> c_int {
        // SAFETY: what the header promises of both.
        unsafe {
            let (mut device, peer) = (device(context), &*peer);
            device.uid = text(peer.uid, peer.uid_len);
            device.authority = text(peer.authority, peer.authority_len);
            device.unit = peer.unit;
        }
        7
    }

    unsafe extern "C" fn close_device(context: *mut c_void, handle: c_int) {
        assert_eq!(handle, 7);
        // SAFETY: what the header promises.
        unsafe { device(context) }.written.clear();
    }

    unsafe extern "C" fn read_device(_: *mut c_void, _: c_int, buf: *mut u8, len: usize) -> c_int {
        // SAFETY: the whole of the buffer, as the header allows.
        unsafe { buf.write_bytes(0x5a, len) };
        // More than fits, for one length.
        if len == 3 { 4 } else { len as c_int }
    }

    unsafe extern "C" fn write_device(context: *mut c_void, _: c_int, buf: *const u8, len: usize) -> c_int {
        match len {
            1 => return TINYCONTAINER_IO_WOULD_BLOCK,
            2 => return TINYCONTAINER_IO_NO_PEER,
            3 => return -77,
            _ => (),
        }
        // SAFETY: the whole of the buffer, as the header allows.
        unsafe { device(context).written.extend_from_slice(core::slice::from_raw_parts(buf, len)) };
        len as c_int
    }

    #[test]
    fn a_driver_in_c_gets_what_the_header_promises() {
        let context: &'static Context = std::boxed::Box::leak(std::boxed::Box::new(Context::new(Device {
            uid: std::string::String::new(),
            authority: std::string::String::new(),
            unit: 0,
            written: std::vec::Vec::new(),
        })));
        let driver: &'static TableDriver = std::boxed::Box::leak(std::boxed::Box::new(TableDriver {
            context: core::ptr::from_ref(context).cast_mut().cast(),
            open: Some(open_device),
            close: Some(close_device),
            read: Some(read_device),
            write: Some(write_device),
            max_transfer: 0,
            watch: None,
        }));
        add_local(Bus::Spi as u8, 5, 6, driver).unwrap();
        add_remote(Scheme::Coap as u8, driver).unwrap();
        assert_eq!(add_local(Bus::Data as u8, 0, 0, driver), Err(Code::BadArgument));
        assert_eq!(add_local(Bus::I2c as u8, 2, 1, driver), Err(Code::BadArgument));
        assert_eq!(add_remote(255, driver), Err(Code::BadArgument));

        let drivers = CDrivers(NoDrivers);
        let open =
            |peer| drivers.open("some.uid", &Access { peer, direction: tinycontainer_abi::Direction::Both });
        assert!(matches!(open(Peer::Local { bus: Bus::Spi, unit: 7 }), Err(IoError::NoPeer)));
        let local = open(Peer::Local { bus: Bus::Spi, unit: 6 }).unwrap();
        {
            let device = context.lock().unwrap();
            assert_eq!((&*device.uid, &*device.authority, device.unit), ("some.uid", "", 6));
        }
        drivers.close(local);
        let authority = std::string::String::from("host:5683");
        let mut remote = open(Peer::Remote { scheme: Scheme::Coap, authority: &authority }).unwrap();
        drop(authority);
        assert_eq!(context.lock().unwrap().authority, "host:5683");

        let mut buf = [0; 4];
        assert_eq!(drivers.read(&mut remote, &mut buf), Ok(4));
        assert_eq!(buf, [0x5a; 4]);
        assert_eq!(
            drivers.read(&mut remote, &mut buf[..3]),
            Err(IoError::Failed),
            "more than the buffer has"
        );
        assert_eq!(drivers.write(&mut remote, &[1, 2, 3, 4]), Ok(4));
        assert_eq!(context.lock().unwrap().written, [1, 2, 3, 4]);
        assert_eq!(drivers.write(&mut remote, &[0; 1]), Err(IoError::WouldBlock));
        assert_eq!(drivers.write(&mut remote, &[0; 2]), Err(IoError::NoPeer));
        assert_eq!(drivers.write(&mut remote, &[0; 3]), Err(IoError::Failed));
        drivers.close(remote);
        assert!(context.lock().unwrap().written.is_empty());
    }
}
