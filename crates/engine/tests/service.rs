//! What a running container can access, and what it cannot.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{TestEngine, assert_nothing_held, engine, load, load_and_start, settle};
use std::fmt::Write as _;
use tinycontainer::firewall::{Denial, DenyReason as Why};
use tinycontainer::metadata::{Bus, Schedule, Scheme};
use tinycontainer::{Direction, Errno, IoError, Mask, Notice, Syscall};
use tinycontainer_testkit::{OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, Spec, module};

/// A container whose loop makes one call after the other, a call a loop, and logs each result as
/// 4 bytes of hex digits, low nibble first, offset so that -1 is legible: see [`results`].
fn script(calls: &[&str]) -> String {
    let mut body = String::from("(local $r i32)");
    for (n, call) in calls.iter().enumerate() {
        write!(body, "(if (i32.eq (global.get $n) (i32.const {n})) (then (local.set $r {call})))").unwrap();
    }
    body.push_str(
        "(global.set $n (i32.add (global.get $n) (i32.const 1)))
         (i32.store (i32.const 0) (local.get $r))
         (drop (call $write (global.get $report) (i32.const 0) (i32.const 4)))
         i32.const 0",
    );
    module("(global.set $report (call $open (i32.const 1000)))", &body, "").replace(
        "(memory 1)",
        "(memory 1) (global $n (mut i32) (i32.const 0)) (global $report (mut i32) (i32.const 0))
         (global $fd (mut i32) (i32.const 0)) (data (i32.const 64) \"hello\\00\")",
    )
}

/// A container of the owner with that script. Endpoint 1000 receives the results.
fn scripted(uid: &str, calls: &[&str]) -> Spec {
    let mut spec = Spec::new(uid, &script(calls));
    spec.schedule =
        Schedule { period_ms: 0, max_loops: u32::try_from(calls.len()).unwrap(), ..spec.schedule };
    spec.endpoint(1000, OwnedPeer::Local(Bus::App, 1000), Direction::Out)
}

/// Runs it to its end; returns the result of each call.
fn results(engine: &TestEngine, spec: &Spec) -> Vec<i32> {
    let mut spec = spec.clone();
    spec.endpoints.sort_by_key(|(id, ..)| *id);
    load_and_start(engine, &spec, OWNER);
    let slot = engine.status(&spec.uid).unwrap().slot;
    settle(&mut engine.agent(slot).unwrap(), 0);
    reported(engine)
}

/// What was reported since the last call.
fn reported(engine: &TestEngine) -> Vec<i32> {
    let mut script = engine.platform().drivers.script();
    let mut numbers = Vec::new();
    script.asked.retain(|asked| {
        let Some(bytes) = asked.strip_prefix("write [").and_then(|rest| rest.strip_suffix("] to app:1000"))
        else {
            return true;
        };
        let bytes: Vec<u8> = bytes.split(", ").map(|byte| byte.parse().unwrap()).collect();
        numbers.push(i32::from_le_bytes(bytes.try_into().unwrap()));
        false
    });
    numbers
}

const REFUSED: i32 = Errno::Refused as i32;
const WOULD_BLOCK: i32 = Errno::WouldBlock as i32;
const PEER_GONE: i32 = Errno::NoPeer as i32;
const TOO_LONG: i32 = Errno::TooLong as i32;

fn refusals(engine: &TestEngine) -> Vec<(Syscall, Option<u32>, Why)> {
    let mut out = Vec::new();
    let mut after = 0;
    while let Some((refusal, uid)) = engine.refusal_after(after) {
        assert!(uid.is_some());
        after = refusal.number;
        out.push((refusal.call, refusal.denial.endpoint, refusal.denial.reason));
    }
    out
}

/// Opens that endpoint and keeps the descriptor.
fn open(endpoint: u32) -> String {
    format!(
        "(block (result i32) (global.set $fd (call $open (i32.const {endpoint}))) (i32.lt_s (global.get $fd) (i32.const 0)))"
    )
}

#[test]
fn a_driver_is_reached_only_as_granted() {
    let engine = engine();
    {
        let mut script = engine.platform().drivers.script();
        script.answers.push_back(Ok(vec![7, 8]));
        script.answers.push_back(Err(IoError::WouldBlock));
        script.answers.push_back(Err(IoError::Failed));
        script.answers.push_back(Ok(vec![0; 500]));
    }
    let spec = scripted(
        "x",
        &[
            &open(3),
            "(call $read (global.get $fd) (i32.const 100) (i32.const 8))",
            "(i32.load16_u (i32.const 100))",
            "(call $read (global.get $fd) (i32.const 100) (i32.const 8))",
            "(call $read (global.get $fd) (i32.const 100) (i32.const 8))",
            "(call $read (global.get $fd) (i32.const 100) (i32.const 8))",
            "(call $write (global.get $fd) (i32.const 64) (i32.const 5))",
            "(call $close (global.get $fd))",
            "(call $read (global.get $fd) (i32.const 100) (i32.const 8))",
            "(call $open (i32.const 9))",
        ],
    )
    .endpoint(3, OwnedPeer::Local(Bus::I2c, 72), Direction::In);
    let io = Errno::Io as i32;
    assert_eq!(
        results(&engine, &spec),
        // The last read is of a driver that reports more than fits: it is not trusted.
        [0, 2, 0x0807, WOULD_BLOCK, io, io, REFUSED, 0, REFUSED, REFUSED]
    );
    assert_eq!(
        refusals(&engine),
        [
            (Syscall::Write, Some(3), Why::WrongDirection),
            (Syscall::Read, None, Why::NotOpen),
            (Syscall::Open, Some(9), Why::NoSuchEndpoint),
        ]
    );
    let counters = engine.status("x").unwrap().counters;
    // Ten of the script, ten reports, one open for the reports. Two of the ten were not calls.
    assert_eq!((counters.calls, counters.refusals), (20, 3));
    assert_eq!(engine.platform().drivers.script().open_handles, 0, "what was left open is closed at the end");
    engine.unload("x").unwrap();
    assert_nothing_held(&engine);
}

#[test]
fn each_native_needs_its_bit() {
    let text = "(block (result i32) (call $logger (i32.const 64)) i32.const 0)";
    let calls = [
        (Syscall::Heartbeat, "(call $heartbeat)"),
        (Syscall::Close, "(call $close (global.get $fd))"),
        (Syscall::Read, "(call $read (global.get $fd) (i32.const 100) (i32.const 8))"),
        (Syscall::Logger, text),
    ];
    for (call, text) in calls {
        let engine = engine();
        let mut spec = scripted("x", &[text]);
        spec.syscalls = Mask(Mask::ALL.0 & !call.bit());
        let answer = if call == Syscall::Logger { 0 } else { REFUSED };
        assert_eq!(results(&engine, &spec), [answer]);
        assert_eq!(refusals(&engine), [(call, None, Why::NotGranted)]);
        assert!(engine.platform().log.lock().unwrap().is_empty());
        let noticed = engine.platform().notices.lock().unwrap().clone();
        assert!(noticed.contains(&("x".into(), Notice::Refused(call, Denial::new(Why::NotGranted)))));
    }
    // Without `open` or `write` the script could not report its results: the refusals suffice.
    for call in [Syscall::Open, Syscall::Write] {
        let engine = engine();
        let mut spec = scripted("x", &["(call $heartbeat)"]);
        spec.syscalls = Mask(Mask::ALL.0 & !call.bit());
        results(&engine, &spec);
        assert!(refusals(&engine).iter().any(|(c, _, why)| *c == call && *why == Why::NotGranted));
        assert!(engine.platform().drivers.script().asked.iter().all(|asked| !asked.starts_with("write")));
    }
}

#[test]
fn bad_pointers_are_refused_and_nothing_is_asked_of_the_driver() {
    let engine = engine();
    let spec = scripted(
        "x",
        &[
            &open(3),
            "(call $read (global.get $fd) (i32.const 65530) (i32.const 7))",
            "(call $read (global.get $fd) (i32.const -4) (i32.const 8))",
            "(call $write (global.get $fd) (i32.const 0) (i32.const -1))",
            "(block (result i32) (call $logger (i32.const 70000)) i32.const 0)",
        ],
    )
    .endpoint(3, OwnedPeer::Local(Bus::I2c, 72), Direction::Both);
    assert_eq!(results(&engine, &spec), [0, REFUSED, REFUSED, REFUSED, 0]);
    let bad = |call| (call, None, Why::BadPointer);
    assert_eq!(
        refusals(&engine),
        [bad(Syscall::Read), bad(Syscall::Read), bad(Syscall::Write), bad(Syscall::Logger)]
    );
    let asked = engine.platform().drivers.script().asked.clone();
    assert!(
        !asked
            .iter()
            .any(|asked| asked.contains("i2c:72") && !asked.contains("open") && !asked.contains("close"))
    );
}

#[test]
fn a_long_write_is_just_a_long_write() {
    // `write(fd, buf, 600)` overflowed a buffer of 256 bytes in the 2024 implementation.
    let engine = engine();
    engine.platform().drivers.script().max_transfer = Some(1024);
    let spec = scripted("x", &[&open(3), "(call $write (global.get $fd) (i32.const 0) (i32.const 600))"])
        .endpoint(3, OwnedPeer::Local(Bus::Uart, 1), Direction::Out);
    assert_eq!(results(&engine, &spec), [0, 600]);
}

#[test]
fn descriptors_run_out_and_come_back() {
    let engine = engine();
    // One is for the report.
    let mut calls: Vec<String> = (0..7).map(|_| open(3)).collect();
    calls.push("(call $open (i32.const 3))".into());
    calls.push("(call $close (global.get $fd))".into());
    calls.push(open(3));
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let spec = scripted("x", &calls).endpoint(3, OwnedPeer::Local(Bus::Uart, 1), Direction::Both);
    assert_eq!(results(&engine, &spec), [0, 0, 0, 0, 0, 0, 0, Errno::TooManyOpen as i32, 0, 0]);
    assert_eq!(refusals(&engine), [(Syscall::Open, Some(3), Why::TooManyOpen)]);
    assert_eq!(engine.platform().drivers.script().open_handles, 0);
}

#[test]
fn a_remote_peer_without_a_driver_is_gone() {
    let engine = engine();
    let spec = scripted("x", &["(call $open (i32.const 3))"]).endpoint(
        3,
        OwnedPeer::Remote(Scheme::Coap, "host.example:5683".into()),
        Direction::Both,
    );
    assert_eq!(results(&engine, &spec), [PEER_GONE]);
    let noticed = engine.platform().notices.lock().unwrap().clone();
    assert!(noticed.contains(&("x".into(), Notice::DriverFailed(3, IoError::NoPeer))));
    assert_eq!(engine.refusals(), 0, "the firewall has refused nothing");
}

#[test]
fn own_data_can_be_read_piece_by_piece() {
    let engine = engine();
    let read = "(call $read (global.get $fd) (i32.const 100) (i32.const 4))";
    let mut spec = scripted("a.x", &[&open(3), read, "(i32.load (i32.const 100))", read, read]).endpoint(
        3,
        OwnedPeer::Local(Bus::Data, 0),
        Direction::In,
    );
    spec.data = b"abcdef".to_vec();
    assert_eq!(results(&engine, &spec), [0, 4, i32::from_le_bytes(*b"abcd"), 2, 0]);
    // Read-only, and only for its own signer: no other token is needed, and none helps.
    let engine = common::engine();
    let spec = Spec::new("a.y", &module("", "i32.const 0", "")).endpoint(
        3,
        OwnedPeer::Local(Bus::Data, 0),
        Direction::In,
    );
    load(&engine, &spec.sign(PROVIDER_A)).unwrap();
    for direction in [Direction::Out, Direction::Both] {
        let spec = Spec::new("a.z", &module("", "i32.const 0", "")).endpoint(
            3,
            OwnedPeer::Local(Bus::Data, 0),
            direction,
        );
        assert!(load(&engine, &spec.sign(PROVIDER_A)).is_err());
    }
}

#[test]
fn data_is_copied_in_pieces_without_the_lock_between_them() {
    let data: Vec<u8> = (0..600_u32).map(|at| (at * 7 + at / 256) as u8).collect();
    let read = |len| format!("(call $read (global.get $fd) (i32.const 1000) (i32.const {len}))");
    let byte = |at: i32| format!("(i32.load8_u (i32.const {}))", 1000 + at);
    // How often the lock is taken for one read of that length, and for reads of which each takes it once.
    let locks = |calls: &[String]| {
        let calls: Vec<_> = [open(3)].iter().chain(calls).map(String::clone).collect();
        let calls: Vec<_> = calls.iter().map(String::as_str).collect();
        let engine = engine();
        let mut spec = scripted("a.x", &calls).endpoint(3, OwnedPeer::Local(Bus::Data, 0), Direction::In);
        spec.data = data.clone();
        common::LOCKED.set(0);
        let results = results(&engine, &spec);
        (results, common::LOCKED.get())
    };
    let (results, once) = locks(&[read(1)]);
    assert_eq!(results, [0, 1]);
    for (len, pieces) in [(0, 0), (127, 1), (128, 1), (129, 2), (599, 5), (600, 5), (601, 5), (60_000, 5)] {
        let (results, locked) = locks(&[read(len)]);
        assert_eq!(results, [0, len.min(600)], "all of it, as before");
        assert_eq!(locked, once - 1 + pieces, "{len} bytes");
    }
    let at = [0, 127, 128, 255, 256, 383, 512, 599];
    let calls: Vec<_> = [read(1), read(64_000)].into_iter().chain(at.map(|at| byte(at - 1))).collect();
    let (results, _) = locks(&calls);
    assert_eq!(results[1..3], [1, 599]);
    // Before what was read the memory is empty.
    assert_eq!(results[3], 0);
    for (at, byte) in at.iter().zip(&results[3..]).skip(1) {
        assert_eq!(*byte, i32::from(data[*at as usize]), "byte {at}");
    }
}

// --- Containers that communicate ---------------------------------------------------------------

fn to(uid: &str, endpoint: u32) -> OwnedPeer {
    OwnedPeer::Container(uid.into(), endpoint)
}

#[test]
fn messages_go_from_one_to_the_other_and_keep_their_bounds() {
    let engine = engine();
    let write = |len| format!("(call $write (global.get $fd) (i32.const 64) (i32.const {len}))");
    let read = |len| format!("(call $read (global.get $fd) (i32.const 100) (i32.const {len}))");
    let (w5, w0, w60, w63) = (write(5), write(0), write(60), write(63));
    let mut writer = scripted("writer", &[&open(1), &w5, &w5, &w0, &w63, &w60, &w5]).endpoint(
        1,
        to("reader", 2),
        Direction::Out,
    );
    let (r3, r9) = (read(3), read(9));
    let mut reader =
        scripted("reader", &[&open(2), &r9, &r3, &r9, "(i32.load8_u (i32.const 104))", &r9, &r9, &write(1)])
            .endpoint(2, to("writer", 1), Direction::In);
    for spec in [&mut writer, &mut reader] {
        spec.endpoints.sort_by_key(|(id, ..)| *id);
        spec.schedule.period_ms = 1;
        load_and_start(&engine, spec, OWNER);
    }
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    // Without a reader first; then the reader's queue of 64 bytes fills: 7 + 7 + 2 bytes.
    settle(&mut agents[0], 0);
    assert_eq!(reported(&engine), [0]);
    settle(&mut agents[1], 0);
    assert_eq!(reported(&engine), [0]);
    for now in 1..6 {
        settle(&mut agents[0], now);
    }
    assert_eq!(reported(&engine), [5, 5, 0, TOO_LONG, WOULD_BLOCK], "a full queue affects the writer only");
    for now in 1..9 {
        settle(&mut agents[1], now);
    }
    assert_eq!(
        reported(&engine),
        // A message that does not fit the buffer stays, and is returned whole the next time.
        [5, TOO_LONG, 5, i32::from(b'o'), 0, WOULD_BLOCK, REFUSED]
    );
    settle(&mut agents[0], 9);
    assert_eq!(reported(&engine), [PEER_GONE], "the reader has made all its loops: it has stopped");
    assert_eq!(refusals(&engine), [(Syscall::Write, Some(2), Why::WrongDirection)]);
}

#[test]
fn both_ends_must_list_each_other() {
    let write = "(call $write (global.get $fd) (i32.const 64) (i32.const 5))";
    let peers = [
        ("nobody lists the writer", None, REFUSED),
        ("another is listed", Some((to("other", 1), Direction::In)), REFUSED),
        ("another endpoint is listed", Some((to("writer", 7), Direction::In)), REFUSED),
        ("the reader does not read", Some((to("writer", 1), Direction::Out)), REFUSED),
        ("all is well", Some((to("writer", 1), Direction::In)), 5),
    ];
    for (what, listed, answer) in peers {
        let engine = engine();
        let mut reader = Spec::new("reader", &module("", "i32.const 0", ""));
        if let Some((peer, direction)) = listed {
            reader = reader.endpoint(2, peer, direction);
        }
        load_and_start(&engine, &reader, OWNER);
        settle(&mut engine.agent(0).unwrap(), 0);
        engine.start("reader").unwrap();
        let mut agent = engine.agent(0).unwrap();
        settle(&mut agent, 0);
        let writer = scripted("writer", &[&open(1), write]).endpoint(1, to("reader", 2), Direction::Out);
        assert_eq!(results(&engine, &writer), [0, answer], "{what}");
        let not_mutual = (Syscall::Write, Some(1), Why::NotMutual);
        assert_eq!(refusals(&engine), if answer < 0 { vec![not_mutual] } else { vec![] }, "{what}");
    }
    // No container with that uid: `NoPeer`, which is not a refusal.
    let engine = engine();
    let writer = scripted("writer", &[&open(1), write]).endpoint(1, to("reader", 2), Direction::Out);
    assert_eq!(results(&engine, &writer), [0, PEER_GONE]);
    assert_eq!(engine.refusals(), 0);
}

#[test]
fn whoever_takes_a_slot_does_not_take_an_identity() {
    // Writer and reader communicate; the reader is replaced by an impostor in the same slot, with the same endpoint
    // number and another uid. The writer's open descriptor does not reach it.
    let engine = engine();
    let write = "(call $write (global.get $fd) (i32.const 64) (i32.const 5))";
    let mut writer =
        scripted("writer", &[&open(1), write, write, write]).endpoint(1, to("reader", 2), Direction::Out);
    writer.endpoints.sort_by_key(|(id, ..)| *id);
    writer.schedule.period_ms = 1;
    let idle = module("", "i32.const 0", "");
    let reader = |uid: &str| Spec::new(uid, &idle).endpoint(2, to("writer", 1), Direction::In);
    load_and_start(&engine, &writer, OWNER);
    load_and_start(&engine, &reader("reader"), OWNER);
    let mut agents = [engine.agent(0).unwrap(), engine.agent(1).unwrap()];
    settle(&mut agents[1], 0);
    for now in 0..2 {
        settle(&mut agents[0], now);
    }
    assert_eq!(reported(&engine), [0, 5]);
    engine.stop("reader").unwrap();
    settle(&mut agents[1], 1);
    engine.unload("reader").unwrap();
    load_and_start(&engine, &reader("impostor"), OWNER);
    assert_eq!(engine.status("impostor").unwrap().slot, 1);
    settle(&mut agents[1], 1);
    settle(&mut agents[0], 2);
    assert_eq!(reported(&engine), [PEER_GONE]);
    // The real one, back in another slot, is found again.
    load_and_start(&engine, &reader("reader"), OWNER);
    let mut third = engine.agent(2).unwrap();
    settle(&mut third, 2);
    settle(&mut agents[0], 3);
    assert_eq!(reported(&engine), [5]);
}

#[test]
fn a_container_peer_outside_of_scope_needs_its_owner() {
    // B may reach containers, but A's signer need not authorize it: both ends must list each other instead. A signer whose
    // anchor permits no containers needs a token.
    let engine = engine();
    let idle = module("", "i32.const 0", "");
    let spec = Spec::new("b.x", &idle).endpoint(1, to("a.y", 1), Direction::Out);
    load(&engine, &spec.sign(PROVIDER_B)).unwrap();
}

#[test]
fn the_ring_of_refusals_stays_small_and_the_count_goes_on() {
    let engine = engine();
    let bad = "(call $open (i32.const 9))";
    let calls = vec![bad; 40];
    results(&engine, &scripted("x", &calls));
    assert_eq!(engine.refusals(), 40);
    assert_eq!(refusals(&engine).len(), tinycontainer::MAX_REFUSALS);
    assert_eq!(engine.status("x").unwrap().counters.refusals, 40);
    assert_eq!(engine.refusal_after(0).unwrap().0.number, 25, "the oldest that is left");
    // An unloaded container has no name any more, and not that of another.
    engine.unload("x").unwrap();
    load(&engine, &scripted("y", &[bad]).sign(OWNER)).unwrap();
    assert_eq!(engine.refusal_after(0).unwrap().1, None);
}

#[test]
fn item_12_a_container_does_not_erase_the_evidence_of_another() {
    let engine = engine();
    results(&engine, &scripted("quiet", &["(call $open (i32.const 9))"; 3]));
    // Refusals until its budget ends.
    let flood = module("", "(loop $l (drop (call $open (i32.const 7))) br $l) unreachable", "");
    load_and_start(&engine, &Spec::new("flood", &flood), OWNER);
    settle(&mut engine.agent(1).unwrap(), 0);
    let counters = |uid| engine.status(uid).unwrap().counters;
    let flooded = counters("flood").refusals;
    assert!(flooded > 2 * tinycontainer::MAX_REFUSALS as u32, "{flooded}");
    let mut kept: Vec<(u64, String, u64)> = Vec::new();
    while let Some((refusal, uid)) = engine.refusal_after(kept.last().map_or(0, |(number, ..)| *number)) {
        kept.push((refusal.number, uid.unwrap().to_string(), refusal.dropped));
    }
    assert_eq!(kept.len(), tinycontainer::MAX_REFUSALS);
    let quiet: Vec<_> = kept.iter().filter(|(_, uid, _)| uid == "quiet").map(|(n, ..)| *n).collect();
    assert_eq!(quiet, [1, 2, 3]);
    assert_eq!((counters("quiet").dropped, counters("quiet").refusals), (0, 3));
    assert_eq!(u64::from(counters("flood").dropped), engine.refusals_dropped());
    assert_eq!(u64::from(flooded) + 3 - kept.len() as u64, engine.refusals_dropped());
    assert_eq!(kept.last().unwrap().2, engine.refusals_dropped());
}

#[test]
fn calling_does_not_stretch_a_budget() {
    // Natives cost about what the host executes for them: a loop of calls ends after far fewer rounds than a loop of
    // arithmetic, and a refused call costs as much.
    let rounds = |call: &str, mask: Mask| {
        let engine = engine();
        let body = format!("(loop $l (drop {call}) br $l) unreachable");
        let mut spec = Spec::new("x", &module("", &body, "")).endpoint(1, to("nobody", 1), Direction::Out);
        spec.syscalls = mask;
        load_and_start(&engine, &spec, OWNER);
        settle(&mut engine.agent(0).unwrap(), 0);
        let status = engine.status("x").unwrap();
        assert_eq!(status.last.unwrap().reason, tinycontainer::StopReason::Budget);
        status.counters.calls
    };
    // The budget of a loop is 10 ms, 100,000 instructions.
    for (call, mask, most) in [
        ("(call $heartbeat)", Mask::ALL, 5000),
        ("(call $open (i32.const 1))", Mask::NONE, 200),
        ("(call $open (i32.const 7))", Mask::ALL, 50),
        ("(call $write (i32.const 0) (i32.const 0) (i32.const 4))", Mask::ALL, 200),
        ("(block (result i32) (call $logger (i32.const 0)) (i32.const 0))", Mask::ALL, 200),
    ] {
        let calls = rounds(call, mask);
        assert!((2..=most).contains(&calls), "{call}: {calls} calls");
    }
    // A missing peer is searched for each time.
    let engine = engine();
    let body = "(loop $l (drop (call $write (local.get $fd) (i32.const 0) (i32.const 4))) br $l) unreachable";
    let body = format!("(local $fd i32) (local.set $fd (call $open (i32.const 1))) {body}");
    let spec = Spec::new("x", &module("", &body, "")).endpoint(1, to("nobody", 1), Direction::Out);
    load_and_start(&engine, &spec, OWNER);
    settle(&mut engine.agent(0).unwrap(), 0);
    let calls = engine.status("x").unwrap().counters.calls;
    assert!((2..=60).contains(&calls), "{calls}");
}
