//! The C API in any order, with arguments that the header allows: NULL, sizes that no object has, numbers of nothing. The
//! results are what the header says, outputs are written only on success and only within their bounds, and in the end all
//! memory is back.

#![allow(unsafe_code)]

use crate::outcome::{Outcome, outcome};
use crate::platform::{sign, store};
use arbitrary::Unstructured;
use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;
use std::ptr::null;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tinycontainer::metadata::Bus;
use tinycontainer::{Direction, State};
use tinycontainer_capi::Code;
use tinycontainer_capi::drivers::IoDriver;
use tinycontainer_capi::functions::audit::tinycontainer_audit_next;
use tinycontainer_capi::functions::configuration::{
    tinycontainer_device, tinycontainer_driver, tinycontainer_readable, tinycontainer_remote_driver,
    tinycontainer_time, tinycontainer_trust,
};
use tinycontainer_capi::functions::control::{
    tinycontainer_init, tinycontainer_start, tinycontainer_stop, tinycontainer_unload,
};
use tinycontainer_capi::functions::load::{
    tinycontainer_load, tinycontainer_load_abort, tinycontainer_load_begin, tinycontainer_load_error,
    tinycontainer_load_finish, tinycontainer_load_write,
};
use tinycontainer_capi::functions::status::{
    tinycontainer_memory, tinycontainer_status, tinycontainer_status_at, tinycontainer_stop_text,
};
use tinycontainer_capi::functions::texts::{tinycontainer_result_text, tinycontainer_state_text};
use tinycontainer_capi::types::{AuditRecord, ContainerStatus, MemoryStatus};
use tinycontainer_capi_posix as _;
use tinycontainer_testkit::{CLASS, IDLE, Image, NOW, OwnedPeer, Spec, module};

const UIDS: [&str; 4] = ["idle", "spin", "trap", "app"];

fn images() -> &'static [Image] {
    static IMAGES: OnceLock<Vec<Image>> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let app = module(
            "",
            "(local $fd i32) (local.set $fd (call $open (i32.const 1)))
             (drop (call $read (local.get $fd) (i32.const 0) (i32.const 300)))
             (drop (call $write (local.get $fd) (i32.const 0) (i32.const 300)))
             (drop (call $open (i32.const 9)))
             (drop (call $close (local.get $fd))) i32.const 0",
            "",
        );
        let specs = [
            Spec { data: vec![7; 50], ..Spec::new("idle", IDLE) },
            Spec::new("spin", &module("", "(loop (br 0)) i32.const 0", "")),
            Spec::new("trap", &module("", "unreachable", "")),
            Spec::new("app", &app).endpoint(1, OwnedPeer::Local(Bus::App, 42), Direction::Both),
        ];
        specs.iter().map(sign).collect()
    })
}

/// A driver that answers with any number: too many bytes, errors that do not exist.
unsafe extern "C" fn driver_open(peer: u32) -> c_int {
    peer as c_int
}

unsafe extern "C" fn driver_close(_: c_int) -> c_int {
    -1
}

unsafe extern "C" fn driver_transfer(_: c_int, buf: *mut u8, len: usize) -> c_int {
    static CALLS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    if len > 0 {
        // SAFETY: the buffer has this many bytes.
        unsafe { buf.add(len - 1).read() };
    }
    let answers = [len as c_int, 0, -2, -3, -1, c_int::MIN, c_int::MAX, len as c_int + 1];
    answers[CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % answers.len()]
}

/// The free memory after the start.
fn start() -> usize {
    static FREE: OnceLock<usize> = OnceLock::new();
    *FREE.get_or_init(|| {
        let driver = IoDriver {
            open: Some(driver_open),
            close: Some(driver_close),
            read: Some(driver_transfer),
            write: Some(driver_transfer),
        };
        let class: &'static CStr = c"class-a";
        assert_eq!(class.to_str(), Ok(CLASS));
        let bad = IoDriver { read: None, ..driver };
        // SAFETY: the store, the name and the driver are what the header asks for.
        unsafe {
            assert_eq!(tinycontainer_load(null(), 0, null(), 0, null(), 0), Code::NotInitialized);
            assert_eq!(tinycontainer_trust(store().as_ptr(), store().len()), Code::Ok);
            assert_eq!(tinycontainer_device(null(), class.as_ptr()), Code::Ok);
            assert_eq!(tinycontainer_init(1, 2, 3, &raw const bad), -(Code::BadDriver as i16));
            assert!(tinycontainer_init(1, 2, 3, &raw const driver) > 0);
            assert_eq!(tinycontainer_init(1, 2, 3, null()), -(Code::AlreadyInitialized as i16));
        }
        assert_eq!(tinycontainer_time(NOW), Code::Ok);
        memory().free
    })
}

fn memory() -> MemoryStatus {
    let mut memory = MaybeUninit::uninit();
    // SAFETY: memory for the status, which is written on success.
    unsafe {
        assert_eq!(tinycontainer_memory(memory.as_mut_ptr()), Code::Ok);
        memory.assume_init()
    }
}

/// A pointer and a length that the header allows: to those bytes; NULL; a length of nothing, or of no object.
struct Bytes(*const u8, usize);

impl Bytes {
    fn of(bytes: &'static [u8], input: &mut Unstructured<'_>) -> Self {
        match input.arbitrary::<u8>().unwrap_or(0) {
            1 => Self(null(), bytes.len()),
            2 => Self(null(), 0),
            3 => Self(bytes.as_ptr(), 0),
            4 => Self(bytes.as_ptr(), usize::MAX),
            5 => Self(null(), isize::MAX as usize),
            6 if !bytes.is_empty() => Self(bytes.as_ptr(), bytes.len() - 1),
            _ => Self(bytes.as_ptr(), bytes.len()),
        }
    }
}

fn uid(input: &mut Unstructured<'_>) -> (Bytes, Option<&'static str>) {
    let choice = input.arbitrary::<u8>().unwrap_or(0);
    if let Some(uid) = UIDS.get(usize::from(choice)) {
        return (Bytes(uid.as_ptr(), uid.len()), Some(uid));
    }
    let other: &[u8] = [b"other" as &[u8], b"", b"a b", b"idle\0", &[b'a'; 64], &[b'a'; 65], b"\xff"]
        [usize::from(choice % 7)];
    let bytes = Bytes::of(other, input);
    (bytes, None)
}

/// What a container's status says.
fn status(uid: &str) -> Result<ContainerStatus, Code> {
    let mut status = MaybeUninit::<ContainerStatus>::uninit();
    // SAFETY: the uid and memory for the status, which is written on success.
    match unsafe { tinycontainer_status(uid.as_ptr(), uid.len(), status.as_mut_ptr()) } {
        // SAFETY: it was written.
        Code::Ok => Ok(unsafe { status.assume_init() }),
        code => Err(code),
    }
}

fn check_status(status: &ContainerStatus) {
    assert!(State::from_number(status.state).is_some());
    assert!(status.uid.contains(&0));
    assert_eq!(status.running, State::from_number(status.state).unwrap().is_running());
    assert!(status.memory_used <= status.memory_peak);
}

/// Calls a function that writes a text into a buffer of exactly `size` bytes, which may be NULL.
fn text(size: usize, is_null: bool, write: impl FnOnce(*mut c_char, usize) -> usize) {
    let mut buffer: Box<[c_char]> = vec![0x55; size].into();
    let length = write(if is_null { std::ptr::null_mut() } else { buffer.as_mut_ptr() }, size);
    if !is_null && size > 0 {
        let end = buffer.iter().position(|byte| *byte == 0).expect("no NUL within the size");
        assert_eq!(end, length.min(size - 1));
    }
}

fn load(input: &mut Unstructured<'_>) -> Code {
    let which = usize::from(input.arbitrary::<u8>().unwrap_or(0)) % images().len();
    let Image { metadata, data, code } = &images()[which];
    let parts = [metadata, data, code].map(|part| Bytes::of(part, input));
    let [Bytes(a, a_len), Bytes(b, b_len), Bytes(c, c_len)] = parts;
    // SAFETY: each pointer is NULL or has that many bytes, or the length is one that no object has.
    let result = unsafe { tinycontainer_load(a, a_len, b, b_len, c, c_len) };
    if result == Code::Ok {
        assert!(status(UIDS[which]).is_ok());
    }
    result
}

fn step(input: &mut Unstructured<'_>, session: &mut u32) -> Code {
    let op: u8 = input.arbitrary().unwrap_or(0);
    match op % 20 {
        0 | 1 => load(input),
        2 => {
            let sizes = [0, 1, 2].map(|_| match input.arbitrary::<u8>().unwrap_or(0) {
                255 => usize::MAX,
                254 => isize::MAX as usize,
                253 => 1 << 20,
                252 => 4097,
                other => usize::from(other),
            });
            let mut number = 0xa5a5_a5a5;
            // SAFETY: memory for a number.
            let code = unsafe { tinycontainer_load_begin(sizes[0], sizes[1], sizes[2], &raw mut number) };
            if code == Code::Ok {
                assert_ne!(number, 0);
                *session = number;
            } else {
                assert_eq!(number, 0xa5a5_a5a5);
            }
            code
        }
        3 => {
            let image = &images()[usize::from(op) % images().len()];
            let (sizes, mut number) = ([image.metadata.len(), image.data.len(), image.code.len()], *session);
            // SAFETY: memory for a number.
            let code = unsafe { tinycontainer_load_begin(sizes[0], sizes[1], sizes[2], &raw mut number) };
            *session = number;
            let whole = [&image.metadata[..], &image.data, &image.code].concat();
            let end = input.int_in_range(0..=whole.len()).unwrap_or(0);
            if code == Code::Ok {
                let whole: Box<[u8]> = whole[..whole.len() - end].into();
                // SAFETY: the bytes of the image.
                unsafe { tinycontainer_load_write(number, whole.as_ptr(), whole.len()) };
            }
            code
        }
        4 => {
            let number = if op < 128 { *session } else { input.arbitrary().unwrap_or(0) };
            let Bytes(bytes, len) = Bytes::of(&images()[usize::from(op) % images().len()].metadata, input);
            // SAFETY: as in `load`.
            unsafe { tinycontainer_load_write(number, bytes, len) }
        }
        5 => tinycontainer_load_finish(if op < 128 { *session } else { input.arbitrary().unwrap_or(0) }),
        6 => tinycontainer_load_abort(if op < 128 { *session } else { input.arbitrary().unwrap_or(0) }),
        7..=9 => {
            let (Bytes(pointer, len), _) = uid(input);
            // SAFETY: as in `load`.
            unsafe { tinycontainer_start(pointer, len) }
        }
        10 => {
            let (Bytes(pointer, len), _) = uid(input);
            // SAFETY: as in `load`.
            unsafe { tinycontainer_stop(pointer, len) }
        }
        11 => {
            let (Bytes(pointer, len), name) = uid(input);
            // SAFETY: as in `load`.
            let code = unsafe { tinycontainer_unload(pointer, len) };
            if let (Code::Ok, Some(name)) = (code, name) {
                assert_eq!(status(name), Err(Code::NotFound));
            }
            code
        }
        12 => {
            let (Bytes(pointer, len), name) = uid(input);
            if let Some(name) = name {
                return status(name).map_or_else(
                    |code| code,
                    |status| {
                        check_status(&status);
                        Code::Ok
                    },
                );
            }
            // SAFETY: as in `load`; the status may be NULL.
            unsafe { tinycontainer_status(pointer, len, std::ptr::null_mut()) }
        }
        13 => {
            let mut status = MaybeUninit::<ContainerStatus>::uninit();
            let slot = u32::from(input.arbitrary::<u8>().unwrap_or(0));
            let slot = if slot == 255 { u32::MAX } else { slot };
            // SAFETY: memory for the status, which is written on success.
            let code = unsafe { tinycontainer_status_at(slot, status.as_mut_ptr()) };
            if code == Code::Ok {
                // SAFETY: it was written.
                check_status(unsafe { status.assume_init_ref() });
            }
            code
        }
        14 => {
            let (Bytes(pointer, len), _) = uid(input);
            let size = usize::from(input.arbitrary::<u8>().unwrap_or(0));
            // SAFETY: as in `load`; the buffer has its size.
            text(size, op > 200, |text, size| unsafe { tinycontainer_stop_text(pointer, len, text, size) });
            Code::Ok
        }
        15 => {
            let size = usize::from(input.arbitrary::<u8>().unwrap_or(0));
            // SAFETY: the buffer has its size.
            text(size, op > 200, |text, size| unsafe { tinycontainer_load_error(text, size) });
            Code::Ok
        }
        16 => {
            let mut record = MaybeUninit::<AuditRecord>::uninit();
            let after: u64 = input.arbitrary().unwrap_or(0);
            // SAFETY: memory for the record, which is written on success.
            let code = unsafe { tinycontainer_audit_next(after, record.as_mut_ptr()) };
            if code == Code::Ok {
                // SAFETY: it was written.
                assert!(unsafe { record.assume_init_ref() }.number > after);
            }
            code
        }
        17 => {
            // The clock does not go back.
            let code = tinycontainer_time(NOW - u64::from(op));
            assert_eq!(code, if op == 0 { Code::Ok } else { Code::TimeGoesBack });
            code
        }
        18 => {
            tinycontainer_readable(input.arbitrary().unwrap_or(0));
            let number: i32 = input.arbitrary().unwrap_or(0);
            // SAFETY: the texts are static.
            let text = unsafe { CStr::from_ptr(tinycontainer_result_text(number)) };
            assert_eq!(text.to_bytes() == b"unknown", Code::from_number(number).is_none());
            // SAFETY: the texts are static.
            assert!(!unsafe { CStr::from_ptr(tinycontainer_state_text(op)) }.is_empty());
            Code::Ok
        }
        _ => {
            let choice = input.arbitrary().unwrap_or(0);
            // SAFETY: a driver may be NULL, a trust store too.
            unsafe {
                assert_eq!(tinycontainer_driver(choice, 0, 9, null()), Code::NullPointer);
                assert_eq!(tinycontainer_remote_driver(choice, null()), Code::NullPointer);
                assert_ne!(tinycontainer_trust(null(), usize::from(choice)), Code::Ok);
                assert_eq!(tinycontainer_trust(store().as_ptr(), store().len() - 1), Code::BadTrust);
                tinycontainer_trust(store().as_ptr(), store().len())
            }
        }
    }
}

/// Stops and unloads all containers.
fn clean_up(session: u32) {
    let _ = tinycontainer_load_abort(session);
    for uid in UIDS {
        // SAFETY: the uid.
        unsafe { tinycontainer_stop(uid.as_ptr(), uid.len()) };
        let patience = Instant::now() + Duration::from_secs(10);
        while status(uid).is_ok_and(|status| status.running) {
            assert!(Instant::now() < patience, "{uid} does not stop");
            std::thread::yield_now();
        }
        // SAFETY: the uid.
        let code = unsafe { tinycontainer_unload(uid.as_ptr(), uid.len()) };
        assert!(matches!(code, Code::Ok | Code::NotFound));
    }
}

pub(crate) fn run(input: &[u8]) -> Outcome {
    let free = start();
    let mut input = Unstructured::new(input);
    let mut session = 0;
    let mut codes = BTreeSet::new();
    for _ in 0..60 {
        if input.is_empty() {
            break;
        }
        codes.insert(step(&mut input, &mut session) as i32);
    }
    clean_up(session);
    assert_eq!(memory().free, free, "memory is still allocated");
    // What depends on the speed of the containers' threads does not count.
    codes.retain(|code| ![Code::Running as i32, Code::NotRunning as i32, Code::Ok as i32].contains(code));
    let codes: Vec<_> = codes.into_iter().filter_map(Code::from_number).collect();
    outcome(&codes.last())
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let load = |which: u8| vec![0, which, 0, 0, 0];
    let by_uid = |op: u8, which: u8| vec![op, which];
    let life = |which: u8| {
        [
            load(which),
            by_uid(7, which),
            by_uid(12, which),
            vec![14, which, 40],
            by_uid(10, which),
            by_uid(11, which),
            vec![16, 0],
        ]
        .concat()
    };
    let session = [
        vec![3, 0, 0],
        vec![5],
        vec![2, 9, 9, 9],
        vec![4, 0],
        vec![6],
        vec![15, 60],
        vec![13, 0],
        vec![13, 255],
    ]
    .concat();
    let bad = [
        vec![0, 0, 1, 0, 0],
        vec![0, 0, 4, 0, 0],
        vec![0, 0, 6, 0, 0],
        vec![7, 9, 0],
        vec![7, 10, 1],
        vec![17],
        vec![18, 0, 0],
        vec![19, 3],
    ]
    .concat();
    vec![life(0), life(1), life(2), life(3), session, bad]
}
