//! Starting TinyContainer; starting, stopping and unloading containers.

use super::arguments::{OFF, ON, STARTING, STATE, code, uid};
use crate::drivers::{self, IoDriver};
use crate::link::calls;
use crate::port::Priorities;
use crate::result::{TinycontainerResult, TinycontainerResult as Code};
use core::sync::atomic::Ordering;

/// RIOT's thread id.
#[expect(non_camel_case_types, reason = "the operating system's name of its own type")]
pub type kernel_pid_t = i16;

/// Starts TinyContainer. As in 2024.
///
/// The priorities are the operating system's: of the thread that loads, starts and stops containers, of a
/// thread that serves their calls (reserved: no platform has one), and of the containers' threads.
/// `driver` serves the peers on the bus `app`; it is copied. NULL: there is none.
///
/// Returns the id of the controller's thread, 1 or more; or a result code, negated:
/// `-TINYCONTAINER_RESULT_ALREADY_INITIALIZED`, `-TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
/// functions is NULL, `-TINYCONTAINER_RESULT_BAD_ARGUMENT` if there is no such priority, or what the
/// device lacks. After a failure it may be called again.
///
/// # Safety
/// `driver` is NULL or points to a driver whose functions do what `tinycontainer_io_driver_t` says.
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
    if driver.is_some_and(|driver| !driver.is_complete()) {
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

/// Starts a loaded container. As in 2024. `false`: it was not started.
///
/// # Safety
/// As for `tinycontainer_start`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_startcontainer(uid: *const u8, uid_len: usize) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { tinycontainer_start(uid, uid_len) == Code::Ok }
}

/// Asks a container to stop. As in 2024. `false`: it was not asked.
///
/// # Safety
/// As for `tinycontainer_stop`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_stopcontainer(uid: *const u8, uid_len: usize) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { tinycontainer_stop(uid, uid_len) == Code::Ok }
}

/// Whether a container runs: from its start until all that it held while running is released. As in 2024.
///
/// # Safety
/// `uid` points to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_iscontainerrunning(uid: *const u8, uid_len: usize) -> bool {
    // SAFETY: as the caller has promised.
    unsafe { self::uid(uid, uid_len) }.is_ok_and(calls::is_running)
}

/// Starts a loaded container. The device checks again that it trusts the image, by its present time and
/// trust anchors.
///
/// Returns 0, or why it was not started: `TINYCONTAINER_RESULT_EXPIRED`,
/// `TINYCONTAINER_RESULT_NOT_YET_VALID`, `TINYCONTAINER_RESULT_NO_CLOCK` or
/// `TINYCONTAINER_RESULT_UNKNOWN_KEY` if the image is no longer trusted. Nothing has changed then.
///
/// # Safety
/// `uid` points to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_start(uid: *const u8, uid_len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { self::uid(uid, uid_len) }.and_then(calls::start))
}

/// Asks a container to stop. It stops when the hook that runs now returns, whose time its budget limits. See
/// `tinycontainer_iscontainerrunning`.
///
/// Returns 0, or why it was not asked. Nothing has changed then.
///
/// # Safety
/// `uid` points to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_stop(uid: *const u8, uid_len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { self::uid(uid, uid_len) }.and_then(calls::stop))
}

/// Removes a container that does not run, and frees its memory.
///
/// Returns 0, or why it was not removed: `TINYCONTAINER_RESULT_RUNNING` until it has stopped. Nothing has changed
/// then.
///
/// # Safety
/// `uid` points to `uid_len` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_unload(uid: *const u8, uid_len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { self::uid(uid, uid_len) }.and_then(calls::unload))
}
