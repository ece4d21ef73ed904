//! A hostile guest, in each of its hooks.

use super::attack::{Attack, attack};
use super::trial::{MEMORY, Outcome, REPORT, Trial, expect, guest, hooks, page_guest, require};
use crate::device::Unit;
use tinycontainer::firewall::{DenyReason, Direction, Mask, Syscall};
use tinycontainer::metadata::{Bus, Schedule};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{OwnedPeer, Spec};

const REFUSED: i32 = -1;
const TOO_MANY_OPEN: i32 = -6;
const GO_ON: &str = "(i32.const 0)";
const SPIN: &str = "(loop $l (br $l))";

/// The unit that a guest may use at endpoint 1.
const UNIT: Unit = Unit::App(1);

/// Adds it.
fn with_unit(spec: Spec, direction: Direction) -> Spec {
    spec.endpoint(1, OwnedPeer::Local(Bus::App, 1), direction)
}

/// Opens endpoint 1; the descriptor is in `$fd`.
const OPEN: &str = "(global.set $fd (call $open (i32.const 1)))";

/// A note of what a call returns.
fn note(call: &str) -> String {
    format!("(call $note {call})")
}

/// A guest whose first loop makes these calls after opening unit 1, and notes what they return.
fn calls(direction: Direction, calls: &[&str]) -> Spec {
    let body: String = calls.iter().map(|call| note(call)).collect();
    with_unit(guest("o.x", &format!("{OPEN} {body}")), direction)
}

/// The unit to which it has access was written nothing.
fn nothing_written(t: &mut Trial<'_>) -> Outcome {
    expect("what was written to the unit", t.device.written(UNIT), vec![])
}

/// A guest that makes a call without end in its loop. Each call costs at least so many instructions of the budget.
fn endless(t: &mut Trial<'_>, spec: &Spec, least: u64) -> Outcome {
    t.stops(spec, "budget exhausted")?;
    let status = t.status("o.x")?;
    let (calls, instructions) = (u64::from(status.counters.calls), status.counters.instructions);
    require(
        &format!("{calls} calls for {instructions} instructions"),
        calls > 1 && calls * least <= instructions,
    )
}

fn loop_of(call: &str) -> Spec {
    with_unit(hooks("o.x", "", OPEN, &format!("(loop $l {call} (br $l)) {GO_ON}"), ""), Direction::Both)
}

/// A guest that does this in one of its hooks; stop() is called after one loop.
fn in_hook(hook: &str, body: &str) -> Spec {
    let of = |name| if name == hook { body } else { "" };
    let mut spec = hooks("o.x", "", of("start"), &format!("{} {GO_ON}", of("loop")), of("stop"));
    spec.schedule.max_loops = 1;
    spec
}

/// Refused calls in that hook: each is recorded, and nothing else happens.
fn refused_in(t: &mut Trial<'_>, hook: &str) -> Outcome {
    let mut spec = in_hook(hook, "(drop (call $heartbeat)) (drop (call $open (i32.const 7)))");
    spec.syscalls = Mask(Mask::ALL.0 & !Syscall::Heartbeat.bit());
    t.stops(&spec, "loop count reached")?;
    t.audited(
        "o.x",
        &[(Syscall::Heartbeat, DenyReason::NotGranted), (Syscall::Open, DenyReason::NoSuchEndpoint)],
    )
}

/// A guest whose stop() says so in its log, which has failed in another hook.
fn failed_before_stop(t: &mut Trial<'_>, start: &str, loop_: &str, reason: &str) -> Outcome {
    t.stops(&hooks("o.x", "", start, loop_, "(call $logger (i32.const 64))"), reason)?;
    expect("what stop() logged", t.device.log(), vec![])
}

/// A guest without that syscall; what it does with it is refused.
fn without(t: &mut Trial<'_>, call: Syscall, body: &str) -> Outcome {
    let mut spec = in_hook("loop", &format!("{OPEN} {body}"));
    spec = with_unit(spec, Direction::Both);
    spec.syscalls = Mask(Mask::ALL.0 & !call.bit());
    t.stops(&spec, "loop count reached")?;
    nothing_written(t)?;
    t.audited("o.x", &[(call, DenyReason::NotGranted)])
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("spins in start()", &[], |t| t.stops(&in_hook("start", SPIN), "budget exhausted")),
    attack("spins in loop()", &[], |t| t.stops(&in_hook("loop", SPIN), "budget exhausted")),
    attack("spins in stop()", &["life-reason"], |t| t.stops(&in_hook("stop", SPIN), "loop count reached")),
    attack("counts to a million in a loop of 10 ms", &["meter"], |t| {
        let count = "(local $n i32) (loop $l
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000000))))";
        t.stops(&hooks("o.x", "", "", &format!("{count} {GO_ON}"), ""), "budget exhausted")
    }),
    attack("traps in start(), and hopes for stop()", &["life-fault-start"], |t| {
        failed_before_stop(t, "unreachable", GO_ON, "trapped: unreachable")
    }),
    attack("traps in loop(), and hopes for stop()", &["life-fault"], |t| {
        failed_before_stop(t, "", "unreachable", "trapped: unreachable")
    }),
    attack("exhausts its budget, and hopes for stop()", &["life-fault"], |t| {
        failed_before_stop(t, "", "(loop $l (br $l)) unreachable", "budget exhausted")
    }),
    attack("traps in stop(), to hide why it was called", &["life-reason"], |t| {
        t.stops(&in_hook("stop", "unreachable"), "loop count reached")
    }),
    attack("makes refused calls in start()", &["fw-mask", "fw-record"], |t| refused_in(t, "start")),
    attack("makes refused calls in loop()", &["fw-mask", "fw-record"], |t| refused_in(t, "loop")),
    attack("makes refused calls in stop()", &["fw-mask", "fw-record"], |t| refused_in(t, "stop")),
    attack("logs without the syscall", &["fw-mask"], |t| {
        without(t, Syscall::Logger, "(call $logger (i32.const 64))")
    }),
    attack("writes without the syscall", &["fw-mask"], |t| {
        without(t, Syscall::Write, "(drop (call $write (global.get $fd) (i32.const 64) (i32.const 5)))")
    }),
    attack("reads without the syscall", &["fw-mask"], |t| {
        without(t, Syscall::Read, "(drop (call $read (global.get $fd) (i32.const 64) (i32.const 5)))")
    }),
    attack("opens without the syscall", &["fw-mask"], |t| without(t, Syscall::Open, "")),
    attack("closes without the syscall", &["fw-mask"], |t| {
        without(t, Syscall::Close, "(drop (call $close (global.get $fd)))")
    }),
    attack("opens endpoints that it was not granted", &["fw-endpoint", "fw-record"], |t| {
        let open = |endpoint: i64| format!("(call $open (i32.const {endpoint}))");
        let opens = [0, 2, 999, REPORT as i64 + 1, -1].map(open);
        let notes = t.notes(&calls(Direction::In, &opens.each_ref().map(String::as_str)))?;
        expect("descriptors", notes, vec![REFUSED; 5])?;
        t.audited("o.x", &[(Syscall::Open, DenyReason::NoSuchEndpoint); 5])
    }),
    attack("writes to an endpoint to read", &["fw-write"], |t| {
        let write = "(call $write (global.get $fd) (i32.const 64) (i32.const 5))";
        expect("notes", t.notes(&calls(Direction::In, &[write]))?, vec![REFUSED])?;
        nothing_written(t)?;
        t.audited("o.x", &[(Syscall::Write, DenyReason::WrongDirection)])
    }),
    attack("reads from an endpoint to write", &["fw-read"], |t| {
        t.device.feed(UNIT, b"secret");
        let read = "(call $read (global.get $fd) (i32.const 100) (i32.const 5))";
        expect(
            "notes",
            t.notes(&calls(Direction::Out, &[read, "(i32.load (i32.const 100))"]))?,
            vec![REFUSED, 0],
        )?;
        t.audited("o.x", &[(Syscall::Read, DenyReason::WrongDirection)])
    }),
    attack("uses a descriptor of another slot", &["fw-own"], |t| {
        let write = "(call $write (i32.xor (global.get $fd) (i32.const 64)) (i32.const 64) (i32.const 5))";
        expect("notes", t.notes(&calls(Direction::Out, &[write]))?, vec![REFUSED])?;
        nothing_written(t)?;
        t.audited("o.x", &[(Syscall::Write, DenyReason::NotYours)])
    }),
    attack("closes a descriptor of another slot", &["fw-close"], |t| {
        let close = "(call $close (i32.xor (global.get $fd) (i32.const 64)))";
        expect(
            "notes",
            t.notes(&calls(Direction::Out, &[close, "(call $close (global.get $fd))"]))?,
            vec![REFUSED, 0],
        )?;
        t.audited("o.x", &[(Syscall::Close, DenyReason::NotYours)])
    }),
    attack("uses a descriptor after it has closed it", &["fw-closed"], |t| {
        // Another is open at its place.
        let reopen = "(block (result i32) (drop (call $open (i32.const 1))) (i32.const 0))";
        let write = "(call $write (global.get $fd) (i32.const 64) (i32.const 5))";
        let notes =
            t.notes(&calls(Direction::Out, &["(call $close (global.get $fd))", write, reopen, write]))?;
        expect("notes", notes, vec![0, REFUSED, 0, REFUSED])?;
        nothing_written(t)?;
        t.audited("o.x", &[(Syscall::Write, DenyReason::NotOpen); 2])
    }),
    attack("uses descriptors that were never opened", &[], |t| {
        let read = |fd: i32| format!("(call $read (i32.const {fd}) (i32.const 100) (i32.const 5))");
        let reads = [-1, i32::MIN, i32::MAX, 63].map(read);
        let notes = t.notes(&calls(Direction::In, &reads.each_ref().map(String::as_str)))?;
        expect("notes", notes, vec![REFUSED; 4])?;
        let audit = t.device.audit();
        require(
            &format!("{audit:?}"),
            audit.len() == 4 && audit.iter().all(|refusal| refusal.call == Syscall::Read),
        )
    }),
    attack("opens more descriptors than it may, and closes none", &[], |t| {
        let opens = note("(call $open (i32.const 1))").repeat(9);
        // One is closed again, for the report.
        let close = "(drop (call $close (global.get $fd)))";
        let spec = with_unit(guest("o.x", &format!("{OPEN} {opens} {close}")), Direction::Out);
        let notes = t.notes(&spec)?;
        let is_refused = notes.ends_with(&[TOO_MANY_OPEN, TOO_MANY_OPEN]);
        require(&format!("{notes:?}"), notes.len() == 9 && notes[6] > 0 && is_refused)?;
        t.audited("o.x", &[(Syscall::Open, DenyReason::TooManyOpen); 2])
    }),
    attack("reads into memory that is not its own", &["native-range"], |t| {
        t.device.feed(UNIT, &[0x41; 64]);
        let read = |address: i64, len: i64| {
            format!("(call $read (global.get $fd) (i32.const {address}) (i32.const {len}))")
        };
        let end = i64::from(MEMORY);
        let reads = [read(end - 4, 8), read(end, 1), read(-4, 8), read(0, -1), read(1 << 20, 4)];
        let notes = t.notes(&calls(Direction::In, &reads.each_ref().map(String::as_str)))?;
        expect("notes", notes, vec![REFUSED; 5])?;
        t.audited("o.x", &[(Syscall::Read, DenyReason::BadPointer); 5])
    }),
    attack("writes memory that is not its own", &["native-range"], |t| {
        let write = |address: i64, len: i64| {
            format!("(call $write (global.get $fd) (i32.const {address}) (i32.const {len}))")
        };
        let end = i64::from(MEMORY);
        let writes = [write(end - 4, 8), write(end + 1, 0), write(-1, 2), write(64, -64), write(-64, 64)];
        let notes = t.notes(&calls(Direction::Out, &writes.each_ref().map(String::as_str)))?;
        expect("notes", notes, vec![REFUSED; 5])?;
        nothing_written(t)?;
        t.audited("o.x", &[(Syscall::Write, DenyReason::BadPointer); 5])
    }),
    attack("logs a text that does not end in its memory", &["native-text"], |t| {
        let log =
            "(memory.fill (i32.const 1000) (i32.const 65) (i32.const 24)) (call $logger (i32.const 1000))";
        t.stops(&in_hook("loop", log), "loop count reached")?;
        expect("log", t.device.log(), vec![])?;
        t.audited("o.x", &[(Syscall::Logger, DenyReason::BadPointer)])
    }),
    attack("logs a text beyond its memory", &[], |t| {
        t.stops(
            &in_hook("loop", "(call $logger (i32.const -1)) (call $logger (i32.const 1025))"),
            "loop count reached",
        )?;
        expect("log", t.device.log(), vec![])?;
        t.audited("o.x", &[(Syscall::Logger, DenyReason::BadPointer); 2])
    }),
    attack("logs a line of 600 bytes", &["native-text-length"], |t| {
        let log =
            "(memory.fill (i32.const 100) (i32.const 65) (i32.const 600)) (call $logger (i32.const 100))";
        t.stops(&in_hook("start", log), "loop count reached")?;
        let lines: Vec<usize> = t.device.log().iter().map(|(_, line)| line.len()).collect();
        expect("lengths of the lines", lines, vec![256])
    }),
    attack("logs without end", &["call-log-limit"], |t| {
        // 40 lines in each loop, each counted as 5 bytes, the uid's 3, and 3.
        let log = "(local $n i32) (loop $l (call $logger (i32.const 64))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 40))))";
        let mut spec = hooks("o.x", "", "", &format!("{log} {GO_ON}"), "");
        spec.schedule = Schedule { loop_ms: 100, period_ms: 200, max_loops: 10, ..spec.schedule };
        t.start(&spec)?;
        t.run(2500);
        t.stopped("o.x", "loop count reached")?;
        let bytes: usize = t.device.log().iter().map(|(uid, line)| uid.len() + line.len() + 3).sum();
        // A burst, and 1,024 bytes in each of two seconds; 400 lines would be 4,400.
        require(&format!("{bytes} bytes were logged"), bytes <= 1024 + 2 * 1024 + 512)?;
        let status = t.status("o.x")?;
        require("the lines that were dropped are counted", status.counters.log_dropped > 50)
    }),
    attack("calls without end", &["call-cost", "native-cost"], |t| {
        endless(t, &loop_of("(drop (call $heartbeat))"), 20)
    }),
    attack("opens and closes without end", &["call-cost-search", "native-cost"], |t| {
        // Two calls, one of them a search.
        endless(t, &loop_of("(drop (call $close (call $open (i32.const 1))))"), 1000)
    }),
    attack("makes refused calls without end", &["call-cost-refusal"], |t| {
        endless(t, &loop_of("(drop (call $close (i32.const -1)))"), 500)?;
        require("refused calls are recorded", !t.device.audit().is_empty())
    }),
    attack("sends messages without end", &["call-cost-message"], |t| {
        let reader = hooks("o.reader", "", "", GO_ON, "").endpoint(
            2,
            OwnedPeer::Container("o.x".into(), 1),
            Direction::In,
        );
        t.start(&reader)?;
        t.run(30);
        let send = format!(
            "(loop $l (drop (call $write (global.get $fd) (i32.const 64) (i32.const 5))) (br $l)) {GO_ON}"
        );
        let spec = hooks("o.x", "", OPEN, &send, "");
        endless(t, &spec.endpoint(1, OwnedPeer::Container("o.reader".into(), 2), Direction::Out), 200)
    }),
    attack("logs without end in one loop", &["call-cost-line"], |t| {
        endless(t, &loop_of("(call $logger (i32.const 64))"), 500)?;
        t.device.log();
        Ok(())
    }),
    attack("writes to a slow device", &["call-driver-time"], |t| {
        t.device.driver(4000, false);
        let spec = loop_of("(drop (call $write (global.get $fd) (i32.const 64) (i32.const 1)))");
        t.stops(&spec, "budget exhausted")?;
        // 10 ms allow three of 4 ms, the last of which exceeds them.
        let written = t.device.written(UNIT).len();
        require(&format!("{written} writes of 4 ms in 10 ms"), (1..=3).contains(&written))
    }),
    attack("reads from a slow device", &["call-driver-time-read"], |t| {
        t.device.driver(4000, false);
        t.device.feed(UNIT, &[7; 200]);
        t.stops(
            &loop_of("(drop (call $read (global.get $fd) (i32.const 100) (i32.const 1)))"),
            "budget exhausted",
        )?;
        let calls = t.status("o.x")?.counters.calls;
        require(&format!("{calls} calls of 4 ms in 10 ms"), (2..=5).contains(&calls))
    }),
    attack("writes more at once than the driver takes", &["call-transfer"], |t| {
        let write = "(call $write (global.get $fd) (i32.const 0) (i32.const 700))";
        expect("notes", t.notes(&calls(Direction::Out, &[write]))?, vec![64])?;
        expect("bytes written", t.device.written(UNIT).len(), 64)
    }),
    attack("uses a device that fails", &[], |t| {
        t.device.driver(0, true);
        let spec = in_hook(
            "loop",
            &format!("{OPEN} (drop (call $write (global.get $fd) (i32.const 64) (i32.const 5)))"),
        );
        t.stops(&with_unit(spec, Direction::Out), "loop count reached")?;
        t.device.driver(0, false);
        nothing_written(t)
    }),
    attack("fills memory without end", &["meter-bytes"], |t| {
        // 200 times 64 KiB in 10 ms; the instructions that say so are few.
        let fill = "(local $n i32) (loop $l
            (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200))))";
        t.stops(&page_guest("o.x", fill), "budget exhausted")
    }),
    attack("calls itself without end", &[], |t| {
        t.stops(
            &hooks("o.x", "(func $f (call $f))", "", &format!("(call $f) {GO_ON}"), ""),
            "trapped: stack overflow",
        )
    }),
    attack("reads beyond its memory", &[], |t| {
        t.stops(
            &hooks("o.x", "", "", "(i32.load (i32.const 1 ))(drop) (i32.load (i32.const -1))", ""),
            "trapped: out-of-bounds",
        )
    }),
    attack("divides by zero", &[], |t| {
        t.stops(
            &hooks("o.x", "", "", "(i32.div_u (i32.const 1) (global.get $fd))", ""),
            "trapped: division by zero",
        )
    }),
    attack("misses its heartbeat", &["life-heartbeat"], |t| {
        let mut spec = hooks("o.x", "", "", GO_ON, "");
        spec.schedule.heartbeat_ms = 100;
        t.stops(&spec, "heartbeat missed")
    }),
    attack("outlives its lifetime", &["life-lifetime"], |t| {
        let mut spec = hooks("o.x", "", "", GO_ON, "");
        spec.schedule.lifetime_ms = 100;
        t.stops(&spec, "lifetime over")
    }),
    attack("makes more loops than it may", &["life-loops"], |t| {
        let mut spec = hooks("o.x", "", "", GO_ON, "");
        spec.schedule.max_loops = 3;
        t.stops(&spec, "loop count reached")?;
        expect("loops", t.status("o.x")?.counters.loops, 3)
    }),
    attack("does not want to stop", &["life-stop"], |t| {
        t.start(&hooks("o.x", "", "", GO_ON, "(call $logger (i32.const 64))"))?;
        t.run(100);
        expect("stopping it", t.device.stop("o.x"), Code::Ok)?;
        t.run(50);
        t.stopped("o.x", "stop requested")?;
        expect("what stop() logged", t.device.log(), vec![("o.x".into(), b"hello".to_vec())])
    }),
    attack("spins whenever it may, until it is stopped", &["life-stop"], |t| {
        // As much of its budget as it may use without a fault.
        let busy = "(local $n i32) (loop $l
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 500))))";
        let mut spec = hooks("o.x", "", "", &format!("{busy} {GO_ON}"), SPIN);
        spec.schedule.period_ms = 11;
        t.start(&spec)?;
        t.run(500);
        expect("stopping it", t.device.stop("o.x"), Code::Ok)?;
        t.run(50);
        t.stopped("o.x", "stop requested")
    }),
    attack("loops more often than its period", &["life-period-timed"], |t| {
        t.start(&hooks("o.x", "", "", GO_ON, ""))?;
        t.run(400);
        let loops = t.status("o.x")?.counters.loops;
        require(&format!("{loops} loops in 400 ms of 20 ms"), (19..=22).contains(&loops))
    }),
];
