//! Calls of the C API, with the arguments of the other end: NULL, bytes or numbers, right or wrong.

#![allow(unsafe_code, reason = "calls functions for C")]

use crate::frame::Request;
use crate::protocol::{Fields as _, Function};
use core::ptr::{null, null_mut};
use tinycontainer_capi::functions::{audit, configuration, control, load, status};

/// The most arguments of a function.
const MOST: usize = 6;

/// An argument.
#[derive(Clone, Copy)]
enum Argument<'a> {
    Null,
    Bytes(&'a [u8]),
    Number(u64),
}

struct Arguments<'a> {
    list: [Argument<'a>; MOST],
    next: usize,
}

impl<'a> Arguments<'a> {
    fn read(request: &mut Request<'a>) -> Self {
        let mut list = [Argument::Null; MOST];
        let given = usize::from(request.u8());
        for argument in list.iter_mut().take(given) {
            *argument = match request.u8() {
                1 => Argument::Bytes(request.bytes()),
                2 => Argument::Number(request.u64()),
                _ => Argument::Null,
            };
        }
        Self { list, next: 0 }
    }

    fn next(&mut self) -> Argument<'a> {
        let argument = self.list.get(self.next).copied();
        self.next += 1;
        argument.unwrap_or(Argument::Null)
    }

    fn pointer(&mut self) -> *const u8 {
        if let Argument::Bytes(bytes) = self.next() { bytes.as_ptr() } else { null() }
    }

    /// As a size: a number that is too large for this machine is the largest.
    fn size(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }

    fn number(&mut self) -> u64 {
        if let Argument::Number(number) = self.next() { number } else { 0 }
    }

    /// Where a result is written: NULL, or there is one.
    fn is_null(&mut self) -> bool {
        matches!(self.next(), Argument::Null)
    }
}

/// Calls a function; returns its result.
///
/// # Safety
/// What the header requires of a program: the request has a length only with bytes that are as long, with NULL, or where
/// the function must not use the bytes.
pub(crate) unsafe fn call(function: Function, request: &mut Request<'_>) -> i64 {
    let mut a = Arguments::read(request);
    let a = &mut a;
    // SAFETY: pointers are NULL or to bytes that are as long as the request says, as the caller has promised. Results have
    // space.
    let code = unsafe {
        match function {
            Function::Init => {
                return i64::from(control::tinycontainer_init(
                    a.number() as u8,
                    a.number() as u8,
                    a.number() as u8,
                    null(),
                ));
            }
            Function::Load => {
                load::tinycontainer_load(a.pointer(), a.size(), a.pointer(), a.size(), a.pointer(), a.size())
            }
            Function::Begin => {
                let (metadata, data, code) = (a.size(), a.size(), a.size());
                let mut session = 0;
                let to = if a.is_null() { null_mut() } else { &raw mut session };
                let result = load::tinycontainer_load_begin(metadata, data, code, to);
                return if result as i32 == 0 { i64::from(session) << 16 } else { i64::from(result as i32) };
            }
            Function::Write => load::tinycontainer_load_write(a.number() as u32, a.pointer(), a.size()),
            Function::Finish => load::tinycontainer_load_finish(a.number() as u32),
            Function::Abort => load::tinycontainer_load_abort(a.number() as u32),
            Function::Start => control::tinycontainer_start(a.pointer(), a.size()),
            Function::Stop => control::tinycontainer_stop(a.pointer(), a.size()),
            Function::Unload => control::tinycontainer_unload(a.pointer(), a.size()),
            Function::IsRunning => {
                return i64::from(control::tinycontainer_iscontainerrunning(a.pointer(), a.size()));
            }
            Function::Status => {
                let (uid, len) = (a.pointer(), a.size());
                let mut status = core::mem::MaybeUninit::uninit();
                status::tinycontainer_status(
                    uid,
                    len,
                    if a.is_null() { null_mut() } else { status.as_mut_ptr() },
                )
            }
            Function::StatusAt => {
                let slot = a.number() as u32;
                let mut status = core::mem::MaybeUninit::uninit();
                status::tinycontainer_status_at(
                    slot,
                    if a.is_null() { null_mut() } else { status.as_mut_ptr() },
                )
            }
            Function::Memory => {
                let mut memory = core::mem::MaybeUninit::uninit();
                status::tinycontainer_memory(if a.is_null() { null_mut() } else { memory.as_mut_ptr() })
            }
            Function::Audit => {
                let after = a.number();
                let mut record = core::mem::MaybeUninit::uninit();
                audit::tinycontainer_audit_next(
                    after,
                    if a.is_null() { null_mut() } else { record.as_mut_ptr() },
                )
            }
            // These keep what they are given, so only calls that must fail are offered.
            Function::Trust => configuration::tinycontainer_trust(null(), a.size()),
            Function::Time => configuration::tinycontainer_time(a.number()),
            Function::Driver => configuration::tinycontainer_driver(
                a.number() as u8,
                a.number() as u32,
                a.number() as u32,
                null(),
            ),
            Function::RemoteDriver => configuration::tinycontainer_remote_driver(a.number() as u8, null()),
            Function::Readable => {
                configuration::tinycontainer_readable(a.number() as u32);
                return 0;
            }
        }
    };
    i64::from(code as i32)
}
