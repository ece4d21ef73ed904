//! Trust anchors, names, time, drivers.

use super::arguments::{bytes, code, initialized, string};
use crate::drivers::{self, TableDriver};
use crate::link::calls;
use crate::result::{TinycontainerResult, TinycontainerResult as Code};
use crate::settings;
#[cfg(feature = "accept-2024")]
use crate::types::ContainerLimits;
use core::ffi::c_char;
use tinycontainer::Waker;

/// Sets the trust anchors: the file that `tinycontainerctl trust` writes. Before the first call they are
/// those of the platform's own store, which `tinycontainer_init` installs if there is one (under RIOT it
/// is that of `TINYCONTAINER_TRUST` in the Makefile); otherwise there are none, and no image is loaded.
/// May be called before `tinycontainer_init`. A later call replaces the anchors, for images loaded and
/// containers started from then on.
///
/// `cbor` is not copied and must never change: make it `static const`.
///
/// Returns 0, or `TINYCONTAINER_RESULT_BAD_TRUST`. Nothing has changed then.
///
/// # Safety
/// `cbor` points to `len` bytes that never change, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_trust(cbor: *const u8, len: usize) -> TinycontainerResult {
    // SAFETY: as the caller has promised.
    code(unsafe { bytes(cbor, len) }.and_then(settings::set_trust))
}

/// Sets the device's name and class: the audiences that a token may have. Each is NULL for none, or 1 to
/// 64 bytes that are not copied and must never change. Once, before the first image. What is not set when
/// `tinycontainer_init` is called is what the platform has (under RIOT `TINYCONTAINER_DEVICE` and
/// `TINYCONTAINER_CLASS`).
///
/// Returns 0, `TINYCONTAINER_RESULT_BAD_ARGUMENT`, or `TINYCONTAINER_RESULT_ALREADY_SET`.
///
/// # Safety
/// Each points to a string that ends with a NUL and never changes, or is NULL.
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

/// Accepts images of the 2024 format, whose signatures bind to no container, device, use or time. Without
/// this call they are refused. Once, before the first of them. Under RIOT `TINYCONTAINER_2024` in the
/// Makefile can do it, and a program that calls this function itself needs
/// `CONFIG_TINYCONTAINER_ACCEPT_2024`.
///
/// `cbor` is a file that `tinycontainerctl trust` writes, with one anchor: its key (Ed25519) is the one
/// that the images are signed with, and its scope is what their containers may do at most: uids, calls,
/// endpoints (with the role `endpoints`), durations of hooks. It is not one of the trust anchors, so it
/// signs nothing else. It is not copied and must never change: make it `static const`. `limits` is the
/// memory that each container gets, since the format does not say it; the device's own limits hold for it
/// too.
///
/// Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_TRUST` if `cbor` cannot be
/// decoded, `TINYCONTAINER_RESULT_BAD_ARGUMENT` if it has not exactly one anchor with an Ed25519 key, or
/// `TINYCONTAINER_RESULT_ALREADY_SET`.
///
/// # Safety
/// `cbor` points to `len` bytes that never change, or is NULL; `limits` to limits, or is NULL.
#[cfg(feature = "accept-2024")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_accept_2024(
    cbor: *const u8,
    len: usize,
    limits: *const ContainerLimits,
) -> TinycontainerResult {
    let set = || {
        // SAFETY: as the caller has promised.
        let (store, limits) = unsafe { (bytes(cbor, len)?, limits.as_ref()) };
        let limits = limits.ok_or(Code::NullPointer)?;
        settings::set_2024(store, limits.into())
    };
    code(set())
}

/// Sets the time, in seconds since 1970. It is continued by the device's own clock.
///
/// Returns 0, `TINYCONTAINER_RESULT_NOT_INITIALIZED`, or `TINYCONTAINER_RESULT_TIME_GOES_BACK` if it is earlier
/// than the device's present time: nothing has changed then.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_time(seconds: u64) -> TinycontainerResult {
    code(initialized().and_then(|()| settings::set_time(seconds)))
}

/// Sets a function that returns the time, in seconds since 1970, or 0 if it is not known. It is called while
/// an image is loaded and when a container is started. If it returns an earlier time than before, the later
/// one counts. NULL: none; a host uses its own clock then, and a device does not know the time.
///
/// While the time is not known, images with a token that is valid for a limited time are not loaded.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_clock(clock: Option<extern "C" fn() -> u64>) {
    settings::set_clock(clock);
}

/// Adds a driver for the units `first` to `last` of a bus, one of `TINYCONTAINER_BUS_...`. It takes precedence
/// over the driver given to `tinycontainer_init` and over the platform's own. May be called before
/// `tinycontainer_init`. Up to `TINYCONTAINER_DRIVERS` drivers can be added, those of schemes included.
///
/// `driver` is not copied and must never change: make it `static const`.
///
/// Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
/// functions is NULL, `TINYCONTAINER_RESULT_BAD_ARGUMENT`, `TINYCONTAINER_RESULT_ALREADY_SET` if one of the
/// units has a driver already, or `TINYCONTAINER_RESULT_DRIVER_TABLE_FULL`.
///
/// # Safety
/// `driver` is NULL or points to a driver that never changes, and whose functions do what
/// `tinycontainer_driver_t` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_driver(
    bus: u8,
    first: u32,
    last: u32,
    driver: *const TableDriver,
) -> TinycontainerResult {
    // SAFETY: NULL or a driver that never changes, as the caller has promised.
    let driver = unsafe { driver.as_ref() }.ok_or(Code::NullPointer);
    code(driver.and_then(|driver| drivers::add_local(bus, first, last, driver)))
}

/// Adds a driver for the remote peers of a scheme, one of `TINYCONTAINER_SCHEME_...`. The scheme and authority
/// of each peer are in the `tinycontainer_peer_t` that its `open` receives. Only peers that the container was
/// granted are opened. The driver takes precedence over the platform's own. May be called before
/// `tinycontainer_init`.
///
/// `driver` is not copied and must never change: make it `static const`.
///
/// Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
/// functions is NULL, `TINYCONTAINER_RESULT_BAD_ARGUMENT` if there is no such scheme,
/// `TINYCONTAINER_RESULT_ALREADY_SET` if the scheme has a driver already, or
/// `TINYCONTAINER_RESULT_DRIVER_TABLE_FULL`.
///
/// # Safety
/// As for `tinycontainer_driver`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_remote_driver(
    scheme: u8,
    driver: *const TableDriver,
) -> TinycontainerResult {
    // SAFETY: NULL or a driver that never changes, as the caller has promised.
    let driver = unsafe { driver.as_ref() }.ok_or(Code::NullPointer);
    code(driver.and_then(|driver| drivers::add_remote(scheme, driver)))
}

/// A driver has data for the descriptor that `watch` gave it this number for: its container's `loop()` runs, now or at
/// the end of its period. May be called by an interrupt, and by a driver's own functions. A number of a descriptor that
/// was closed meanwhile has no effect, as any other that `watch` did not give.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_readable(waker: u32) {
    calls::readable(Waker::from_bits(waker));
}
