//! The functions of the header.
//!
//! Pointers are checked for NULL, sizes for what an object can have. That a pointer which is not NULL
//! leads to that many bytes is the caller's to see to, as always in C.

#![expect(unsafe_code, reason = "called by C, with pointers")]
#![expect(non_camel_case_types, reason = "the operating system's name of its own type")]

use crate::drivers::{self, IoDriver, TableDriver};
use crate::link::calls;
use crate::port::{Memory, Priorities};
use crate::result::{LoadFailure, TinycontainerResult};
use crate::settings;
use crate::types::{ContainerStatus, MemoryStatus, RefusedCall, name};
use core::cell::Cell;
use core::ffi::{CStr, c_char};
use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicU8, Ordering};
use critical_section::Mutex;
use tinycontainer::firewall::{self, Syscall};
use tinycontainer::metadata::is_uid;
use tinycontainer::{Sizes, State, Status, StopReason, Uid};
use tinycontainer_abi::c_text;

use TinycontainerResult as Code;

/// RIOT's thread id.
pub type kernel_pid_t = i16;

const OFF: u8 = 0;
const STARTING: u8 = 1;
const ON: u8 = 2;

/// Whether `tinycontainer_init` has succeeded.
static STATE: AtomicU8 = AtomicU8::new(OFF);

/// Why an image was not taken last.
static LAST: Mutex<Cell<Option<LoadFailure>>> = Mutex::new(Cell::new(None));

/// Starts TinyContainer. As in 2024.
///
/// The priorities are the operating system's: of whoever loads, starts and stops, of whoever serves the
/// containers' calls, and of the containers' threads. `driver` serves the peers on the bus `app`; it is
/// copied. NULL: there is none.
///
/// Returns the id of the controlling thread, 1 or more; or a result code, negated:
/// `-TINYCONTAINER_RESULT_ALREADY_INITIALIZED`, `-TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
/// functions is NULL, `-TINYCONTAINER_RESULT_BAD_ARGUMENT` if there is no such priority, or what the
/// device lacks. After a failure it may be called again.
///
/// # Safety
/// `driver` is NULL or leads to a driver whose functions do as they should.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_init(
    controller_prio: u8,
    service_prio: u8,
    containers_prio: u8,
    driver: *const IoDriver,
) -> kernel_pid_t {
    // SAFETY: NULL or a driver, as the caller has promised; copied here.
    let driver = unsafe { driver.as_ref() }.copied();
    let priorities =
        Priorities { controller: controller_prio, service: service_prio, containers: containers_prio };
    init(priorities, driver).unwrap_or_else(|code| i16::try_from(code as i32).map_or(i16::MIN, |code| -code))
}

fn init(priorities: Priorities, driver: Option<IoDriver>) -> Result<kernel_pid_t, Code> {
    if driver.is_some_and(|driver| !driver.is_whole()) {
        return Err(Code::BadDriver);
    }
    STATE
        .compare_exchange(OFF, STARTING, Ordering::Acquire, Ordering::Relaxed)
        .map_err(|_| Code::AlreadyInitialized)?;
    match calls::init(priorities) {
        Ok(pid) => {
            if let Some(driver) = driver {
                drivers::set_app(driver);
            }
            STATE.store(ON, Ordering::Release);
            Ok(pid.number())
        }
        Err(code) => {
            STATE.store(OFF, Ordering::Release);
            Err(code)
        }
    }
}

/// Takes an image in whole: metadata, data, code. As in 2024. `false`: see `tinycontainer_load_error`.
///
/// # Safety
/// As for `tinycontainer_load`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_loadcontainer(
    metadata: *const u8,
    metadata_len: usize,
    data: *const u8,
    data_len: usize,
    code: *const u8,
    code_len: usize,
) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { tinycontainer_load(metadata, metadata_len, data, data_len, code, code_len) == Code::Ok }
}

/// Starts a loaded container. As in 2024.
///
/// # Safety
/// As for `tinycontainer_start`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_startcontainer(uid: *const u8, uid_len: usize) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { tinycontainer_start(uid, uid_len) == Code::Ok }
}

/// Asks a container to stop. As in 2024.
///
/// # Safety
/// As for `tinycontainer_stop`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_stopcontainer(uid: *const u8, uid_len: usize) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { tinycontainer_stop(uid, uid_len) == Code::Ok }
}

/// Whether a container runs: from its start until all it held was given back. As in 2024.
///
/// # Safety
/// `uid` leads to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_iscontainerrunning(uid: *const u8, uid_len: usize) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { named(uid, uid_len) }.is_ok_and(calls::is_running)
}

/// Takes an image in whole: metadata, data, code. The data may be empty. Nothing of it is kept by
/// reference.
///
/// Returns 0, or why not: see also `tinycontainer_load_error`. Nothing has changed then.
///
/// # Safety
/// Each pointer leads to that many bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load(
    metadata: *const u8,
    metadata_len: usize,
    data: *const u8,
    data_len: usize,
    code: *const u8,
    code_len: usize,
) -> TinycontainerResult {
    let load = || {
        on()?;
        // SAFETY: as the caller has promised.
        let parts =
            unsafe { (bytes(metadata, metadata_len)?, bytes(data, data_len)?, bytes(code, code_len)?) };
        calls::load(parts.0, parts.1, parts.2)
    };
    loaded(load())
}

/// Begins to take an image in piece by piece: `tinycontainer_load_write` with metadata, data and code, in
/// this order, in pieces of any size; then `tinycontainer_load_finish`. The metadata is verified as soon
/// as it is complete. One session is open at a time. One that was not written to for 30 seconds has failed: its
/// next call answers `TINYCONTAINER_RESULT_TIMED_OUT`, and the next session takes its place.
///
/// The sizes are those of the parts, in bytes; `session` gets the session's number, never 0.
///
/// Returns 0, or why not: `TINYCONTAINER_RESULT_BUSY` if another session is open.
///
/// # Safety
/// `session` leads to a place for a number, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load_begin(
    metadata_len: usize,
    data_len: usize,
    code_len: usize,
    session: *mut u32,
) -> TinycontainerResult {
    let begin = || {
        on()?;
        if session.is_null() {
            return Err(Code::NullPointer.into());
        }
        for len in [metadata_len, data_len, code_len] {
            size(len)?;
        }
        let number = calls::begin(Sizes { metadata: metadata_len, data: data_len, code: code_len })?;
        // SAFETY: not NULL, and a place for a number, as the caller has promised.
        unsafe { session.write(number) };
        Ok(())
    };
    loaded(begin())
}

/// Takes the next bytes of an image.
///
/// Returns 0, or the first thing that is wrong: see also `tinycontainer_load_error`. The session is over
/// then, without a trace, unless it is `TINYCONTAINER_RESULT_BUSY` or the caller's own mistake.
///
/// # Safety
/// `bytes` leads to `len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load_write(
    session: u32,
    bytes: *const u8,
    len: usize,
) -> TinycontainerResult {
    let write = || {
        on()?;
        // SAFETY: as the caller has promised.
        let bytes = unsafe { self::bytes(bytes, len) }?;
        calls::write(session, bytes)
    };
    loaded(write())
}

/// Ends a session: the container is loaded.
///
/// Returns 0, or why not: see also `tinycontainer_load_error`. The session is over either way, unless it
/// is `TINYCONTAINER_RESULT_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_load_finish(session: u32) -> TinycontainerResult {
    loaded(on().map_err(Into::into).and_then(|()| calls::finish(session)))
}

/// Ends a session without a trace.
///
/// Returns 0, `TINYCONTAINER_RESULT_NO_SESSION` or `TINYCONTAINER_RESULT_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_load_abort(session: u32) -> TinycontainerResult {
    code(on().and_then(|()| calls::abort(session)))
}

/// Writes into `text` why an image was not taken last, in a sentence that says which part of it, with a
/// NUL at the end; cut to `size` bytes. Empty if each was taken so far.
///
/// Returns the length of the whole sentence, without the NUL.
///
/// # Safety
/// `text` leads to `size` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_load_error(text: *mut c_char, size: usize) -> usize {
    let last = critical_section::with(|cs| LAST.borrow(cs).get());
    // SAFETY: as the caller has promised.
    let mut text = unsafe { Text::new(text, size) };
    if let Some(last) = last {
        // A `Text` takes everything.
        let _ = write!(text, "{last}");
    }
    text.length
}

/// Starts a loaded container. The device asks again whether it believes the image, by its clock and its trust
/// anchors as they are now.
///
/// Returns 0, or why not: `TINYCONTAINER_RESULT_EXPIRED`, `TINYCONTAINER_RESULT_NOT_YET_VALID`,
/// `TINYCONTAINER_RESULT_NO_CLOCK`, or `TINYCONTAINER_RESULT_UNKNOWN_KEY` if it does not. Nothing has changed then.
///
/// # Safety
/// `uid` leads to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_start(uid: *const u8, uid_len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { named(uid, uid_len) }.and_then(calls::start))
}

/// Asks a container to stop: it does so after the hook that runs now, which its budget bounds. See
/// `tinycontainer_iscontainerrunning`.
///
/// Returns 0, or why not. Nothing has changed then.
///
/// # Safety
/// `uid` leads to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_stop(uid: *const u8, uid_len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { named(uid, uid_len) }.and_then(calls::stop))
}

/// Removes a container that does not run, and gives back all it held.
///
/// Returns 0, or why not: `TINYCONTAINER_RESULT_RUNNING` until it has stopped. Nothing has changed then.
///
/// # Safety
/// `uid` leads to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_unload(uid: *const u8, uid_len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { named(uid, uid_len) }.and_then(calls::unload))
}

/// Shows a container as it is now.
///
/// Returns 0, or why not. `status` is as it was then.
///
/// # Safety
/// `uid` leads to `uid_len` bytes, or is NULL; `status` to a place for a status, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_status(
    uid: *const u8,
    uid_len: usize,
    status: *mut ContainerStatus,
) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    let found = unsafe { named(uid, uid_len) }.and_then(calls::status).map(|found| shown(&found));
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { put(status, found) }))
}

/// Shows the container in a slot as it is now. Slots are counted from 0.
///
/// Returns 0, `TINYCONTAINER_RESULT_NOT_FOUND` if the slot is empty, `TINYCONTAINER_RESULT_END` if there
/// is no such slot: to list all, go on until then.
///
/// # Safety
/// `status` leads to a place for a status, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_status_at(
    slot: u32,
    status: *mut ContainerStatus,
) -> TinycontainerResult {
    let found = on().and_then(|()| {
        let slot = usize::try_from(slot).map_err(|_| Code::End)?;
        Ok(shown(&calls::status_at(slot)?))
    });
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { put(status, found) }))
}

/// Writes into `text` why a container stopped last, in a few words ("trapped: division by zero"), with a
/// NUL at the end; cut to `size` bytes. Empty if it has not stopped, or there is none.
///
/// Returns the length of the whole, without the NUL.
///
/// # Safety
/// `uid` leads to `uid_len` bytes, or is NULL; `text` to `size` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_stop_text(
    uid: *const u8,
    uid_len: usize,
    text: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: as the caller has promised.
    let last = unsafe { named(uid, uid_len) }.and_then(calls::status).ok().and_then(|status| status.last);
    // SAFETY: as the caller has promised.
    let mut text = unsafe { Text::new(text, size) };
    if let Some(last) = last {
        // A `Text` takes everything.
        let _ = write!(text, "{last}");
    }
    text.length
}

/// Shows the memory of all containers.
///
/// Returns 0, or why not.
///
/// # Safety
/// `memory` leads to a place for it, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_memory(memory: *mut MemoryStatus) -> TinycontainerResult {
    let found = on().map(|()| {
        let Memory { total, free, largest } = calls::memory();
        MemoryStatus { total, free, largest }
    });
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { put(memory, found) }))
}

/// Shows the refusal with the lowest number above `after`. Begin with 0, go on with the number of the
/// last one shown. The device keeps the last ones only, a share for each container: one that is refused often
/// pushes out its own.
///
/// Returns 0, or `TINYCONTAINER_RESULT_END` if there is none.
///
/// # Safety
/// `refusal` leads to a place for a refusal, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_refusal_next(
    after: u64,
    refusal: *mut RefusedCall,
) -> TinycontainerResult {
    let found = on().and_then(|()| {
        let (refusal, uid) = calls::refusal_after(after).ok_or(Code::End)?;
        Ok(RefusedCall {
            number: refusal.number,
            endpoint: refusal.denial.endpoint.unwrap_or(0),
            at_ms: refusal.at_ms,
            uid: name(&uid.unwrap_or_default()),
            call: refusal.call as u8,
            reason: refusal.denial.reason as u8,
            has_endpoint: refusal.denial.endpoint.is_some(),
            dropped: refusal.dropped,
        })
    });
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { put(refusal, found) }))
}

/// Sets whom the device believes: the file that `tinycontainerctl trust` makes. Until then it believes
/// whom the platform's own store says, if it has one; else nobody, and takes no image. May be called before `tinycontainer_init`; a later store takes the place of
/// an earlier one, for images that come then.
///
/// `cbor` must stay where and as it is for ever: make it `static const`.
///
/// Returns 0, or `TINYCONTAINER_RESULT_BAD_TRUST`. Nothing has changed then.
///
/// # Safety
/// `cbor` leads to `len` bytes that stay as they are, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_trust(cbor: *const u8, len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { bytes(cbor, len) }.and_then(settings::set_trust))
}

/// Sets what the device is called, and its class: what a token's audience may be. Each may be NULL for
/// none, else 1 to 64 characters that stay where and as they are for ever. Once, before the first image.
///
/// Returns 0, `TINYCONTAINER_RESULT_BAD_ARGUMENT`, or `TINYCONTAINER_RESULT_ALREADY_SET`.
///
/// # Safety
/// Each leads to a string that ends with a NUL and stays as it is, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_device(
    device_name: *const c_char,
    device_class: *const c_char,
) -> TinycontainerResult {
    let set = || {
        // SAFETY: as the caller has promised.
        let (name, class) = unsafe { (string(device_name)?, string(device_class)?) };
        settings::set_names(name, class)
    };
    code(set())
}

/// Tells the device the time, in seconds since 1970. It goes on from there with the device's own clock.
///
/// Returns 0, `TINYCONTAINER_RESULT_NOT_INITIALIZED`, or `TINYCONTAINER_RESULT_TIME_GOES_BACK` if it is earlier
/// than the device's present time: nothing has changed then.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_time(seconds: u64) -> TinycontainerResult {
    code(on().and_then(|()| settings::set_time(seconds)))
}

/// Sets a clock to be asked for the time: it answers seconds since 1970, or 0 if it does not know. It is
/// called while an image is loaded and when a container is started. An answer that is earlier than one before
/// counts as that one. NULL: none; then a host asks its own, and a device does not know.
///
/// Without a time, images with tokens that are valid for a time only are not taken.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_clock(clock: Option<extern "C" fn() -> u64>) {
    settings::set_clock(clock);
}

/// Adds a driver for the units `first` to `last` of a bus, one of `TINYCONTAINER_BUS_...`. It is asked
/// before the driver given to `tinycontainer_init` and before the platform's own. May be called before
/// `tinycontainer_init`.
///
/// `driver` must stay where and as it is for ever: make it `static const`.
///
/// Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
/// functions is NULL, `TINYCONTAINER_RESULT_BAD_ARGUMENT`, `TINYCONTAINER_RESULT_ALREADY_SET` if one of the
/// units has a driver in the table, or `TINYCONTAINER_RESULT_DRIVER_TABLE_FULL`.
///
/// # Safety
/// `driver` is NULL or leads to a driver that stays as it is, and whose functions do as they should.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_driver(
    bus: u8,
    first: u32,
    last: u32,
    driver: *const TableDriver,
) -> TinycontainerResult {
    // SAFETY: NULL or a driver that stays, as the caller has promised.
    let driver = unsafe { driver.as_ref() }.ok_or(Code::NullPointer);
    code(driver.and_then(|driver| drivers::add(bus, first, last, driver)))
}

/// The result of that number as a sentence, for example `tinycontainer_result_text(result)`. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_result_text(result: i32) -> *const c_char {
    text_or_unknown(Code::from_number(result).map(Code::c_text))
}

/// The state of that number as its name. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_state_text(state: u8) -> *const c_char {
    text_or_unknown(State::from_number(state).map(State::c_name))
}

/// The reason of that number for which a container stopped, in a few words. Never NULL; empty for 0.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_reason_text(reason: u8) -> *const c_char {
    let text =
        if reason == 0 { Some(c_text!("")) } else { StopReason::from_number(reason).map(StopReason::c_name) };
    text_or_unknown(text)
}

/// The name of the native call of that number. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_call_text(call: u8) -> *const c_char {
    text_or_unknown(Syscall::from_number(call).map(Syscall::c_name))
}

/// Why a call was refused, by number, as a sentence to follow "because". Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_refusal_text(reason: u8) -> *const c_char {
    text_or_unknown(firewall::DenyReason::from_number(reason).map(firewall::DenyReason::c_text))
}

fn text_or_unknown(text: Option<&'static CStr>) -> *const c_char {
    text.unwrap_or(c_text!("unknown")).as_ptr()
}

fn on() -> Result<(), Code> {
    if STATE.load(Ordering::Acquire) == ON { Ok(()) } else { Err(Code::NotInitialized) }
}

fn code(result: Result<(), Code>) -> Code {
    result.err().unwrap_or(Code::Ok)
}

/// The code; what is wrong is kept to be told.
fn loaded(result: Result<(), LoadFailure>) -> Code {
    let Err(failure) = result else { return Code::Ok };
    critical_section::with(|cs| LAST.borrow(cs).set(Some(failure)));
    failure.code()
}

/// A size that an object can have. A negative one was made huge on its way here.
fn size(len: usize) -> Result<usize, Code> {
    if isize::try_from(len).is_ok() { Ok(len) } else { Err(Code::BadSize) }
}

/// The bytes behind a pointer. NULL is good for none of them.
///
/// # Safety
/// `pointer` is NULL or leads to `len` bytes that stay as they are for `'a`.
unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], Code> {
    match size(len)? {
        0 => Ok(&[]),
        _ if pointer.is_null() => Err(Code::NullPointer),
        // SAFETY: not NULL, no larger than an object can be, and that many bytes, as the caller promises.
        len => Ok(unsafe { core::slice::from_raw_parts(pointer, len) }),
    }
}

/// A uid, after `init` only.
///
/// # Safety
/// As for [`bytes`].
unsafe fn named<'a>(uid: *const u8, len: usize) -> Result<&'a str, Code> {
    on()?;
    if uid.is_null() {
        return Err(Code::NullPointer);
    }
    // Looked at before the pointer is followed: what is too long is not read at all.
    if !(1..=tinycontainer::metadata::MAX_UID).contains(&len) {
        return Err(Code::BadUid);
    }
    // SAFETY: as the caller has promised.
    let uid = unsafe { bytes(uid, len) }?;
    if !is_uid(uid) {
        return Err(Code::BadUid);
    }
    core::str::from_utf8(uid).map_err(|_| Code::BadUid)
}

/// A string of 1 to 64 characters that ends with a NUL; `None` for NULL.
///
/// # Safety
/// `start` is NULL or leads to a string that ends with a NUL, or has more than 64 bytes, and stays as it is.
unsafe fn string(start: *const c_char) -> Result<Option<&'static str>, Code> {
    const MOST: usize = 64;
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: no byte behind the NUL, or the 65th, is looked at.
    let len = (0..=MOST).find(|at| unsafe { *start.add(*at) } == 0).ok_or(Code::BadArgument)?;
    if len == 0 {
        return Err(Code::BadArgument);
    }
    // SAFETY: that many bytes were looked at just now, and stay as they are.
    let bytes = unsafe { core::slice::from_raw_parts(start.cast::<u8>(), len) };
    core::str::from_utf8(bytes).map(Some).map_err(|_| Code::BadArgument)
}

/// Gives a value to the caller.
///
/// # Safety
/// `place` is NULL or a place for a `T`.
unsafe fn put<T>(place: *mut T, value: T) -> Result<(), Code> {
    if place.is_null() {
        return Err(Code::NullPointer);
    }
    // SAFETY: not NULL, and a place for a `T`, as the caller has promised.
    unsafe { place.write(value) };
    Ok(())
}

fn shown(status: &Status) -> ContainerStatus {
    let counters = &status.counters;
    let uid: &Uid = &status.uid;
    ContainerStatus {
        uid: name(uid),
        state: status.state as u8,
        reason: status.last.map_or(0, |last| last.reason as u8),
        running: status.state.is_running(),
        slot: u32::try_from(status.slot).unwrap_or(u32::MAX),
        version: status.version,
        starts: counters.starts,
        loops: counters.loops,
        missed: counters.missed,
        calls: counters.calls,
        refusals: counters.refusals,
        instructions: counters.instructions,
        image_bytes: status.image_bytes,
        memory_used: status.memory.used,
        memory_peak: status.memory.peak,
        dropped: counters.dropped,
    }
}

/// A buffer of the caller's: takes what fits, counts the rest, and ends with a NUL.
struct Text {
    at: *mut c_char,
    room: usize,
    length: usize,
}

impl Text {
    /// # Safety
    /// `at` is NULL or leads to `size` bytes, for as long as this lives.
    unsafe fn new(at: *mut c_char, size: usize) -> Self {
        let room = if at.is_null() || isize::try_from(size).is_err() { 0 } else { size };
        let text = Self { at, room, length: 0 };
        if room > 0 {
            // SAFETY: there is room for one byte at least.
            unsafe { at.write(0) };
        }
        text
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for byte in part.bytes() {
            // The last byte is the NUL's.
            if self.length.saturating_add(1) < self.room {
                // SAFETY: `length + 1` is below `room`: both places are in the buffer.
                unsafe {
                    self.at.add(self.length).write(byte as c_char);
                    self.at.add(self.length + 1).write(0);
                }
            }
            self.length = self.length.saturating_add(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: *const c_char) -> &'static str {
        // SAFETY: all texts of this module are static.
        unsafe { CStr::from_ptr(text) }.to_str().unwrap()
    }

    #[test]
    fn texts_are_those_of_the_engine() {
        for state in State::ALL {
            assert_eq!(read(tinycontainer_state_text(state as u8)), state.name());
        }
        for reason in StopReason::ALL {
            assert_eq!(read(tinycontainer_reason_text(reason as u8)), reason.name());
        }
        for call in Syscall::ALL {
            assert_eq!(read(tinycontainer_call_text(call as u8)), call.name());
        }
        for reason in firewall::DenyReason::ALL {
            assert_eq!(read(tinycontainer_refusal_text(reason as u8)), reason.text());
        }
        for rubbish in [99, 255] {
            assert_eq!(read(tinycontainer_state_text(rubbish)), "unknown");
            assert_eq!(read(tinycontainer_reason_text(rubbish)), "unknown");
            assert_eq!(read(tinycontainer_call_text(rubbish)), "unknown");
            assert_eq!(read(tinycontainer_refusal_text(rubbish)), "unknown");
        }
        assert_eq!(read(tinycontainer_reason_text(0)), "");
        assert_eq!(read(tinycontainer_result_text(7)), "no such container is loaded");
        assert_eq!(read(tinycontainer_result_text(-7)), "unknown");
    }
}
