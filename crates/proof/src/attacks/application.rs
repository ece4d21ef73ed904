//! A C application that calls wrongly: NULL, sizes and numbers that cannot be, in the wrong order, twice.

use super::attack::{Attack, attack};
use super::craft::good;
use super::trial::{NEIGHBOUR, Outcome, Trial, expect};
use crate::device::Argument::{self, Bytes, Null, Number};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{Image, NOW, PROVIDER_A};

/// The numbers of the console's `calls.rs`.
mod function {
    pub(super) const INIT: u8 = 0;
    pub(super) const LOAD: u8 = 1;
    pub(super) const BEGIN: u8 = 2;
    pub(super) const WRITE: u8 = 3;
    pub(super) const FINISH: u8 = 4;
    pub(super) const ABORT: u8 = 5;
    pub(super) const START: u8 = 6;
    pub(super) const STOP: u8 = 7;
    pub(super) const UNLOAD: u8 = 8;
    pub(super) const IS_RUNNING: u8 = 9;
    pub(super) const STATUS: u8 = 10;
    pub(super) const STATUS_AT: u8 = 11;
    pub(super) const MEMORY: u8 = 12;
    pub(super) const AUDIT: u8 = 13;
    pub(super) const TRUST: u8 = 14;
    pub(super) const TIME: u8 = 15;
    pub(super) const DRIVER: u8 = 16;
    pub(super) const REMOTE_DRIVER: u8 = 17;
    pub(super) const READABLE: u8 = 18;
}

/// The largest size of any machine.
const HUGE: Argument<'_> = Number(u64::MAX);

/// The call has that result, and changes nothing.
fn call(t: &mut Trial<'_>, function: u8, arguments: &[Argument<'_>], code: Code) -> Outcome {
    let before = t.device.snapshot();
    expect(
        &format!("function {function} of {arguments:?}"),
        t.device.call_c(function, arguments),
        code as i64,
    )?;
    expect("the device after that call", t.device.snapshot(), before)
}

/// Each function that takes a uid gives that result.
fn with_uid(t: &mut Trial<'_>, uid: Argument<'_>, len: Argument<'_>, code: Code) -> Outcome {
    for function in [function::START, function::STOP, function::UNLOAD] {
        call(t, function, &[uid, len], code)?;
    }
    call(t, function::STATUS, &[uid, len, Number(1)], code)?;
    expect("whether it runs", t.device.call_c(function::IS_RUNNING, &[uid, len]), 0)
}

fn uid_bytes(t: &mut Trial<'_>, uid: &[u8], code: Code) -> Outcome {
    with_uid(t, Bytes(uid), Number(uid.len() as u64), code)
}

/// Opens a session by the C API.
fn begin(t: &mut Trial<'_>, image: &Image) -> Result<u64, String> {
    let sizes = [image.metadata.len() as u64, 0, image.code.len() as u64].map(Number);
    let session = t.device.call_c(function::BEGIN, &[sizes[0], sizes[1], sizes[2], Number(1)]) >> 16;
    if session > 0 { Ok(session.cast_unsigned()) } else { Err("no session".into()) }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("initialises twice", &["capi-init-once"], |t| {
        let code = t.device.call_c(function::INIT, &[Number(1); 3]);
        expect("initialising again", code, -(Code::AlreadyInitialized as i64))
    }),
    attack("NULL where an image's parts are", &["capi-null"], |t| {
        let image = good().sign(PROVIDER_A);
        let (m, c) = (image.metadata.len() as u64, image.code.len() as u64);
        let (metadata, code) = (Bytes(&image.metadata), Bytes(&image.code));
        for arguments in [
            [Null, Number(m), Null, Number(0), code, Number(c)],
            [metadata, Number(m), Null, Number(1), code, Number(c)],
            [metadata, Number(m), Null, Number(0), Null, Number(c)],
        ] {
            call(t, function::LOAD, &arguments, Code::NullPointer)?;
        }
        Ok(())
    }),
    attack("sizes that no object has", &["capi-size"], |t| {
        let image = good().sign(PROVIDER_A);
        let (m, c) = (image.metadata.len() as u64, image.code.len() as u64);
        let (metadata, code) = (Bytes(&image.metadata), Bytes(&image.code));
        for arguments in [
            [Null, HUGE, Null, Number(0), code, Number(c)],
            [metadata, Number(m), Null, HUGE, code, Number(c)],
            [metadata, Number(m), Null, Number(0), Null, HUGE],
        ] {
            call(t, function::LOAD, &arguments, Code::BadSize)?;
        }
        call(t, function::BEGIN, &[HUGE, Number(0), Number(1), Number(1)], Code::BadSize)?;
        call(t, function::BEGIN, &[Number(1), Number(0), HUGE, Number(1)], Code::BadSize)?;
        call(t, function::TRUST, &[HUGE], Code::BadSize)
    }),
    attack("empty parts", &[], |t| {
        call(t, function::LOAD, &[Null, Number(0), Null, Number(0), Null, Number(0)], Code::BadImageSize)?;
        call(t, function::BEGIN, &[Number(0), Number(0), Number(0), Number(1)], Code::BadImageSize)
    }),
    attack("NULL where a uid is", &["capi-uid-null"], |t| {
        with_uid(t, Null, Number(0), Code::NullPointer)?;
        with_uid(t, Null, Number(5), Code::NullPointer)
    }),
    attack("a uid of a length that it does not have", &["capi-uid-length"], |t| {
        // Not read: there are too many.
        with_uid(t, Bytes(b"a.x"), HUGE, Code::BadUid)?;
        with_uid(t, Bytes(b"a.x"), Number(u64::from(u32::MAX)), Code::BadUid)?;
        with_uid(t, Bytes(b"a.x"), Number(0), Code::BadUid)
    }),
    attack("uids that cannot be", &["capi-uid-characters"], |t| {
        uid_bytes(t, b"o.neighbour ", Code::BadUid)?;
        uid_bytes(t, b"\0", Code::BadUid)?;
        uid_bytes(t, &[0xff, 0xfe], Code::BadUid)?;
        uid_bytes(t, "\u{1f4a3}".as_bytes(), Code::BadUid)?;
        uid_bytes(t, &[b'a'; 65], Code::BadUid)?;
        uid_bytes(t, &[b'a'; 64], Code::NotFound)
    }),
    attack("no space for a result", &["capi-result"], |t| {
        let uid = NEIGHBOUR.as_bytes();
        call(t, function::STATUS, &[Bytes(uid), Number(uid.len() as u64), Null], Code::NullPointer)?;
        call(t, function::STATUS_AT, &[Number(0), Null], Code::NullPointer)?;
        call(t, function::MEMORY, &[Null], Code::NullPointer)
    }),
    attack("no space for a session's number", &["capi-session-null"], |t| {
        call(t, function::BEGIN, &[Number(100), Number(0), Number(1), Null], Code::NullPointer)
    }),
    attack("slots and records that do not exist", &[], |t| {
        call(t, function::STATUS_AT, &[Number(5), Number(1)], Code::NotFound)?;
        call(t, function::STATUS_AT, &[Number(u64::from(u32::MAX)), Number(1)], Code::End)?;
        call(t, function::AUDIT, &[Number(u64::MAX), Number(1)], Code::End)?;
        call(t, function::AUDIT, &[Number(0), Null], Code::End)
    }),
    attack("sessions that were not opened", &["capi-session"], |t| {
        for session in [0, 1, 7, u64::from(u32::MAX)].map(Number) {
            call(t, function::WRITE, &[session, Bytes(&[1]), Number(1)], Code::NoSession)?;
            call(t, function::FINISH, &[session], Code::NoSession)?;
            call(t, function::ABORT, &[session], Code::NoSession)?;
        }
        // Nor another number while one is open.
        let session = begin(t, &good().sign(PROVIDER_A))?;
        for other in [0, session + 1, u64::from(u32::MAX)].map(Number) {
            call(t, function::WRITE, &[other, Bytes(&[1]), Number(1)], Code::NoSession)?;
            call(t, function::ABORT, &[other], Code::NoSession)?;
        }
        expect("aborting it", t.device.call_c(function::ABORT, &[Number(session)]), 0)
    }),
    attack("a session while another is open", &["capi-session-busy"], |t| {
        let session = begin(t, &good().sign(PROVIDER_A))?;
        call(t, function::BEGIN, &[Number(100), Number(0), Number(1), Number(1)], Code::Busy)?;
        expect("aborting the first", t.device.call_c(function::ABORT, &[Number(session)]), 0)
    }),
    attack("a session that is used after its end", &[], |t| {
        let image = good().sign(PROVIDER_A);
        let session = begin(t, &image)?;
        let bad = vec![0; image.metadata.len()];
        let write = |bytes| [Number(session), Bytes(bytes), Number(image.metadata.len() as u64)];
        expect("bad metadata", t.device.call_c(function::WRITE, &write(&bad)), Code::Malformed as i64)?;
        call(t, function::WRITE, &write(&image.metadata), Code::NoSession)?;
        call(t, function::FINISH, &[Number(session)], Code::NoSession)
    }),
    attack("NULL in the middle of a session", &["capi-null"], |t| {
        let image = good().sign(PROVIDER_A);
        let session = begin(t, &image)?;
        call(t, function::WRITE, &[Number(session), Null, Number(1)], Code::NullPointer)?;
        call(t, function::WRITE, &[Number(session), Null, HUGE], Code::BadSize)?;
        // It goes on.
        for part in [&image.metadata, &image.code] {
            let written = [Number(session), Bytes(part), Number(part.len() as u64)];
            expect("a part", t.device.call_c(function::WRITE, &written), 0)?;
        }
        expect("finishing", t.device.call_c(function::FINISH, &[Number(session)]), 0)?;
        t.remove("a.x")
    }),
    attack("NULL as a trust store", &["capi-null"], |t| {
        call(t, function::TRUST, &[Number(9)], Code::NullPointer)?;
        call(t, function::TRUST, &[Number(0)], Code::BadTrust)
    }),
    attack("NULL as a driver", &[], |t| {
        call(t, function::DRIVER, &[Number(0), Number(0), Number(9)], Code::NullPointer)?;
        call(t, function::DRIVER, &[Number(255), Number(9), Number(0)], Code::NullPointer)?;
        call(t, function::REMOTE_DRIVER, &[Number(0)], Code::NullPointer)
    }),
    attack("a time that goes back", &["capi-time"], |t| {
        expect("the time", t.device.call_c(function::TIME, &[Number(NOW)]), 0)?;
        call(t, function::TIME, &[Number(NOW - 1)], Code::TimeGoesBack)?;
        call(t, function::TIME, &[Number(0)], Code::TimeGoesBack)
    }),
    attack("announces data for descriptors that do not exist", &[], |t| {
        let before = t.device.snapshot();
        for waker in [0, 1, 0x0800, 0xff_ff, 0xff07, 0x1_0000, u64::from(u32::MAX)] {
            t.device.call_c(function::READABLE, &[Number(waker)]);
        }
        expect("the device after that", t.device.snapshot(), before)?;
        t.run(50);
        Ok(())
    }),
    attack("metadata cut at many places, by the C API", &[], |t| {
        let image = good().sign(PROVIDER_A);
        let code = Bytes(&image.code);
        for len in (1..image.metadata.len()).step_by(11) {
            let metadata = &image.metadata[..len];
            let arguments =
                [Bytes(metadata), Number(len as u64), Null, Number(0), code, Number(image.code.len() as u64)];
            call(t, function::LOAD, &arguments, Code::Malformed)?;
        }
        Ok(())
    }),
];
