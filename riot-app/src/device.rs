//! What the Makefile names is compiled in, and installed when the device starts: trust store, names, the policy for the 2024
//! format (`module/tinycontainer/device.c`).

#![expect(unsafe_code, reason = "calls C, and is called by it")]

use tinycontainer_capi::{Code, settings};

unsafe extern "C" {
    safe fn tinycontainer_install_device() -> bool;
}

/// Installs it, where the application has set nothing itself.
pub(crate) fn install() -> Result<(), Code> {
    if tinycontainer_install_device() { Ok(()) } else { Err(Code::BadTrust) }
}

/// Sets the trust anchors, unless the application has.
///
/// # Safety
/// `cbor` points to `len` bytes that never change.
#[unsafe(no_mangle)]
unsafe extern "C" fn tinycontainer_default_trust(cbor: *const u8, len: usize) -> bool {
    // SAFETY: as the caller has promised.
    let store = unsafe { core::slice::from_raw_parts(cbor, len) };
    settings::default_trust(store).is_ok()
}

/// Sets the device's name and class, each of 0 bytes if there is none, unless the application has.
///
/// # Safety
/// Each pointer points to that many bytes of UTF-8 that never change.
#[unsafe(no_mangle)]
unsafe extern "C" fn tinycontainer_default_names(
    name: *const u8,
    name_len: usize,
    class: *const u8,
    class_len: usize,
) {
    // SAFETY: as the caller has promised.
    let text =
        |start, len| unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(start, len)) };
    let (name, class) = (text(name, name_len), text(class, class_len));
    settings::default_names(
        Some(name).filter(|name| !name.is_empty()),
        Some(class).filter(|class| !class.is_empty()),
    );
}
