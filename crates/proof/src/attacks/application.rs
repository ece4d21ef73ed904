//! A C application that calls wrongly: NULL, sizes and numbers that cannot be, in the wrong order, twice.

use super::attack::{Attack, attack};
use super::craft::good;
use super::trial::{Failure, NEIGHBOUR, Outcome, Trial, expect};
use crate::device::Argument::{self, Bytes, Null, Number};
use crate::device::Function;
use tinycontainer_capi::Code;
use tinycontainer_testkit::{Image, NOW, PROVIDER_A};

/// The largest size of any machine.
const HUGE: Argument<'_> = Number(u64::MAX);

/// The call has that result, and changes nothing.
fn call(t: &mut Trial<'_>, function: Function, arguments: &[Argument<'_>], code: Code) -> Outcome {
    let before = t.device.snapshot();
    let got = t.device.call_c(function, arguments);
    let refused = Code::from_number(got).is_some_and(|got| got != Code::Ok) && code != Code::Ok;
    expect(&format!("{} of {arguments:?}", function.name()), got, code as i64)
        .map_err(|failure| Failure { refused, ..failure })?;
    expect("the device after that call", t.device.snapshot(), before)
}

/// Each function that takes a uid gives that result.
fn with_uid(t: &mut Trial<'_>, uid: Argument<'_>, len: Argument<'_>, code: Code) -> Outcome {
    for function in [Function::Start, Function::Stop, Function::Unload] {
        call(t, function, &[uid, len], code)?;
    }
    call(t, Function::Status, &[uid, len, Number(1)], code)?;
    expect("whether it runs", t.device.call_c(Function::IsRunning, &[uid, len]), 0)
}

fn uid_bytes(t: &mut Trial<'_>, uid: &[u8], code: Code) -> Outcome {
    with_uid(t, Bytes(uid), Number(uid.len() as u64), code)
}

/// Opens a session by the C API.
fn begin(t: &mut Trial<'_>, image: &Image) -> Result<u64, Failure> {
    let sizes = [image.metadata.len() as u64, 0, image.code.len() as u64].map(Number);
    let session = t.device.call_c(Function::Begin, &[sizes[0], sizes[1], sizes[2], Number(1)]) >> 16;
    if session > 0 { Ok(session.cast_unsigned()) } else { Err("no session".into()) }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("initialises twice", &["capi-init-once"], |t| {
        let code = t.device.call_c(Function::Init, &[Number(1); 3]);
        // The functions still work.
        let uid = [Bytes(NEIGHBOUR.as_bytes()), Number(NEIGHBOUR.len() as u64)];
        expect("whether the neighbour runs", t.device.call_c(Function::IsRunning, &uid), 1)?;
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
            call(t, Function::Load, &arguments, Code::NullPointer)?;
        }
        Ok(())
    }),
    attack("sizes that no object has", &["capi-size"], |t| {
        let image = good().sign(PROVIDER_A);
        let (m, c) = (image.metadata.len() as u64, image.code.len() as u64);
        let (metadata, code) = (Bytes(&image.metadata), Bytes(&image.code));
        for arguments in [
            [metadata, HUGE, Null, Number(0), code, Number(c)],
            [Null, HUGE, Null, Number(0), code, Number(c)],
            [metadata, Number(m), Null, HUGE, code, Number(c)],
            [metadata, Number(m), Null, Number(0), Null, HUGE],
        ] {
            call(t, Function::Load, &arguments, Code::BadSize)?;
        }
        call(t, Function::Begin, &[HUGE, Number(0), Number(1), Number(1)], Code::BadSize)?;
        call(t, Function::Begin, &[Number(1), Number(0), HUGE, Number(1)], Code::BadSize)?;
        call(t, Function::Trust, &[HUGE], Code::BadSize)
    }),
    attack("empty parts", &[], |t| {
        call(t, Function::Load, &[Null, Number(0), Null, Number(0), Null, Number(0)], Code::BadImageSize)?;
        call(t, Function::Begin, &[Number(0), Number(0), Number(0), Number(1)], Code::BadImageSize)
    }),
    attack("NULL where a uid is", &["capi-uid-null"], |t| {
        with_uid(t, Null, Number(5), Code::NullPointer)?;
        with_uid(t, Null, Number(0), Code::NullPointer)
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
        call(t, Function::Status, &[Bytes(uid), Number(uid.len() as u64), Null], Code::NullPointer)?;
        call(t, Function::StatusAt, &[Number(0), Null], Code::NullPointer)?;
        call(t, Function::Memory, &[Null], Code::NullPointer)
    }),
    attack("no space for a session's number", &["capi-session-null"], |t| {
        call(t, Function::Begin, &[Number(100), Number(0), Number(1), Null], Code::NullPointer)
    }),
    attack("slots and records that do not exist", &[], |t| {
        call(t, Function::StatusAt, &[Number(5), Number(1)], Code::NotFound)?;
        call(t, Function::StatusAt, &[Number(u64::from(u32::MAX)), Number(1)], Code::End)?;
        call(t, Function::Audit, &[Number(u64::MAX), Number(1)], Code::End)?;
        call(t, Function::Audit, &[Number(0), Null], Code::End)
    }),
    attack("sessions that were not opened", &["capi-session"], |t| {
        for session in [0, 1, 7, u64::from(u32::MAX)].map(Number) {
            call(t, Function::Write, &[session, Bytes(&[1]), Number(1)], Code::NoSession)?;
            call(t, Function::Finish, &[session], Code::NoSession)?;
            call(t, Function::Abort, &[session], Code::NoSession)?;
        }
        // Nor another number while one is open.
        let session = begin(t, &good().sign(PROVIDER_A))?;
        for other in [0, session + 1, u64::from(u32::MAX)].map(Number) {
            call(t, Function::Write, &[other, Bytes(&[1]), Number(1)], Code::NoSession)?;
            call(t, Function::Abort, &[other], Code::NoSession)?;
        }
        expect("aborting it", t.device.call_c(Function::Abort, &[Number(session)]), 0)
    }),
    attack("a session while another is open", &["capi-session-busy"], |t| {
        let session = begin(t, &good().sign(PROVIDER_A))?;
        call(t, Function::Begin, &[Number(100), Number(0), Number(1), Number(1)], Code::Busy)?;
        expect("aborting the first", t.device.call_c(Function::Abort, &[Number(session)]), 0)
    }),
    attack("a session that is used after its end", &[], |t| {
        let image = good().sign(PROVIDER_A);
        let session = begin(t, &image)?;
        let bad = vec![0; image.metadata.len()];
        let write = |bytes| [Number(session), Bytes(bytes), Number(image.metadata.len() as u64)];
        expect("bad metadata", t.device.call_c(Function::Write, &write(&bad)), Code::Malformed as i64)?;
        call(t, Function::Write, &write(&image.metadata), Code::NoSession)?;
        call(t, Function::Finish, &[Number(session)], Code::NoSession)
    }),
    attack("NULL in the middle of a session", &["capi-null"], |t| {
        let image = good().sign(PROVIDER_A);
        let session = begin(t, &image)?;
        call(t, Function::Write, &[Number(session), Null, Number(1)], Code::NullPointer)?;
        call(t, Function::Write, &[Number(session), Null, HUGE], Code::BadSize)?;
        // It goes on.
        for part in [&image.metadata, &image.code] {
            let written = [Number(session), Bytes(part), Number(part.len() as u64)];
            expect("a part", t.device.call_c(Function::Write, &written), 0)?;
        }
        expect("finishing", t.device.call_c(Function::Finish, &[Number(session)]), 0)?;
        t.remove("a.x")
    }),
    attack("NULL as a trust store", &["capi-null"], |t| {
        call(t, Function::Trust, &[Number(9)], Code::NullPointer)?;
        call(t, Function::Trust, &[Number(0)], Code::BadTrust)
    }),
    attack("NULL as a driver", &[], |t| {
        call(t, Function::Driver, &[Number(0), Number(0), Number(9)], Code::NullPointer)?;
        call(t, Function::Driver, &[Number(255), Number(9), Number(0)], Code::NullPointer)?;
        call(t, Function::RemoteDriver, &[Number(0)], Code::NullPointer)
    }),
    attack("a time that goes back", &["capi-time"], |t| {
        expect("the time", t.device.call_c(Function::Time, &[Number(NOW)]), 0)?;
        call(t, Function::Time, &[Number(NOW - 1)], Code::TimeGoesBack)?;
        call(t, Function::Time, &[Number(0)], Code::TimeGoesBack)
    }),
    attack("announces data for descriptors that do not exist", &[], |t| {
        let before = t.device.snapshot();
        for waker in [0, 1, 0x0800, 0xff_ff, 0xff07, 0x1_0000, u64::from(u32::MAX)] {
            t.device.call_c(Function::Readable, &[Number(waker)]);
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
            call(t, Function::Load, &arguments, Code::Malformed)?;
        }
        Ok(())
    }),
];
