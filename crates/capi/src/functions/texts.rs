//! Numbers as texts.

use crate::result::TinycontainerResult as Code;
use core::ffi::{CStr, c_char};
use tinycontainer::firewall::{DenyReason, Syscall};
use tinycontainer::{State, StopReason};
use tinycontainer_abi::c_text;

/// A result code as a sentence. Never NULL, and valid for ever; so for all functions of this kind.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_result_text(result: i32) -> *const c_char {
    text_or_unknown(Code::from_number(result).map(Code::c_text))
}

/// The name of a state (`state` of `tinycontainer_status_t`). Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_state_text(state: u8) -> *const c_char {
    text_or_unknown(State::from_number(state).map(State::c_name))
}

/// Why a container stopped (`reason` of `tinycontainer_status_t`), in a few words. Never NULL; empty for 0.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_stop_reason_text(reason: u8) -> *const c_char {
    let text =
        if reason == 0 { Some(c_text!("")) } else { StopReason::from_number(reason).map(StopReason::c_name) };
    text_or_unknown(text)
}

/// The name of a native call (`call` of `tinycontainer_audit_record_t`). Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_call_text(call: u8) -> *const c_char {
    text_or_unknown(Syscall::from_number(call).map(Syscall::c_name))
}

/// Why a call was refused (`reason` of `tinycontainer_audit_record_t`), as a sentence that can follow "because".
/// Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tinycontainer_deny_reason_text(reason: u8) -> *const c_char {
    text_or_unknown(DenyReason::from_number(reason).map(DenyReason::c_text))
}

fn text_or_unknown(text: Option<&'static CStr>) -> *const c_char {
    text.unwrap_or(c_text!("unknown")).as_ptr()
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
            assert_eq!(read(tinycontainer_stop_reason_text(reason as u8)), reason.name());
        }
        for call in Syscall::ALL {
            assert_eq!(read(tinycontainer_call_text(call as u8)), call.name());
        }
        for reason in DenyReason::ALL {
            assert_eq!(read(tinycontainer_deny_reason_text(reason as u8)), reason.text());
        }
        for invalid in [99, 255] {
            assert_eq!(read(tinycontainer_state_text(invalid)), "unknown");
            assert_eq!(read(tinycontainer_stop_reason_text(invalid)), "unknown");
            assert_eq!(read(tinycontainer_call_text(invalid)), "unknown");
            assert_eq!(read(tinycontainer_deny_reason_text(invalid)), "unknown");
        }
        assert_eq!(read(tinycontainer_stop_reason_text(0)), "");
        assert_eq!(read(tinycontainer_result_text(7)), "no such container is loaded");
        assert_eq!(read(tinycontainer_result_text(-7)), "unknown");
    }
}
