//! A hostile guest against its neighbours: their queues, descriptors, memory, periods, evidence.

use super::attack::{Attack, attack};
use super::trial::{Outcome, Trial, expect, guest, hooks, page_guest, page_hooks, require};
use crate::device::Unit;
use tinycontainer::firewall::{DenyReason, Direction, Syscall};
use tinycontainer::metadata::{Bus, Priority, Schedule, Wake};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{IDLE, OwnedPeer, PROVIDER_A, Spec};

const REFUSED: i32 = -1;
const WOULD_BLOCK: i32 = -2;
const NO_PEER: i32 = -3;
const TOO_LONG: i32 = -4;
const GO_ON: &str = "(i32.const 0)";
const OPEN: &str = "(global.set $fd (call $open (i32.const 1)))";

fn to(uid: &str, endpoint: u32) -> OwnedPeer {
    OwnedPeer::Container(uid.into(), endpoint)
}

/// A container that opens its endpoint 1 when it starts, does this in its second loop, 100 ms later, and finishes.
fn later(uid: &str, body: &str) -> Spec {
    let second = format!(
        "(global.set $n (i32.add (global.get $n) (i32.const 1)))
         (if (result i32) (i32.lt_u (global.get $n) (i32.const 2))
           (then (i32.const 0))
           (else {body} (call $report) (i32.const 1)))"
    );
    let mut spec = hooks(uid, "(global $n (mut i32) (i32.const 0))", OPEN, &second, "");
    spec.schedule.period_ms = 100;
    spec
}

/// Reads a message, and notes what `read` returned and its first 4 bytes.
const READ: &str = "(call $note (call $read (global.get $fd) (i32.const 200) (i32.const 4)))
    (call $note (i32.load (i32.const 200)))";
const WRITE: &str = "(call $note (call $write (global.get $fd) (i32.const 64) (i32.const 5)))";

/// A reader that lists `o.x:1` as its peer.
fn reader(body: &str) -> Spec {
    later("o.reader", body).endpoint(1, to("o.x", 1), Direction::In)
}

/// The attacker does this after it has opened `o.reader:1`, and reports.
fn writer(body: &str) -> Spec {
    guest("o.x", &format!("{OPEN} {body}")).endpoint(1, to("o.reader", 1), Direction::Out)
}

/// A reader with that peer gets nothing from the attacker, whose call is refused.
fn not_mutual(t: &mut Trial<'_>, peer: OwnedPeer, direction: Direction) -> Outcome {
    let mut victim = hooks("o.reader", "", "", GO_ON, "");
    victim.schedule.period_ms = 100;
    t.start(&victim.endpoint(1, peer, direction))?;
    t.run(20);
    expect("notes", t.notes(&writer(WRITE))?, vec![REFUSED])?;
    t.audited("o.x", &[(Syscall::Write, DenyReason::NotMutual)])
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("floods a neighbour's queue", &["queue-full"], |t| {
        t.start(&reader(&READ.repeat(3)))?;
        t.run(20);
        // 60 messages, each with its number; the queue has space for 21.
        let flood = "(local $n i32) (loop $l
            (i32.store (i32.const 300) (local.get $n))
            (global.set $at (i32.const 768))
            (call $note (call $write (global.get $fd) (i32.const 300) (i32.const 4)))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 60))))";
        let text = flood.replacen("(local $n i32)", "", 1);
        let mut spec =
            hooks("o.x", "", OPEN, &format!("(local $n i32) {text} (call $report) (i32.const 1)"), "");
        spec = spec.endpoint(1, to("o.reader", 1), Direction::Out);
        t.start(&spec)?;
        t.run(40);
        t.stopped("o.x", "finished")?;
        expect("the last of 60 messages", t.reported(), vec![WOULD_BLOCK])?;
        t.run(100);
        t.stopped("o.reader", "finished")?;
        expect("what the reader got", t.reported(), vec![4, 0, 4, 1, 4, 2])
    }),
    attack("sends a message longer than the queue", &[], |t| {
        t.start(&reader(READ))?;
        t.run(20);
        let write = "(call $note (call $write (global.get $fd) (i32.const 64) (i32.const 700)))";
        expect("notes", t.notes(&writer(write))?, vec![TOO_LONG, WOULD_BLOCK, 0])
    }),
    attack("writes to a neighbour that lists another container", &["fw-mutual"], |t| {
        not_mutual(t, to("o.friend", 1), Direction::In)
    }),
    attack("writes to a neighbour that lists another of its endpoints", &["fw-mutual"], |t| {
        not_mutual(t, to("o.x", 2), Direction::In)
    }),
    attack("writes to an endpoint of a neighbour that is no container's", &["fw-mutual"], |t| {
        not_mutual(t, OwnedPeer::Local(Bus::App, 2), Direction::In)
    }),
    attack("writes to a neighbour that only writes", &["fw-mutual"], |t| {
        not_mutual(t, to("o.x", 1), Direction::Out)
    }),
    attack("reads what was sent to a neighbour", &[], |t| {
        // It lists the writer as the reader does; the writer does not list it.
        t.start(&later("o.reader", READ).endpoint(1, to("o.writer", 1), Direction::In))?;
        let mut spy = later("o.x", READ).endpoint(1, to("o.writer", 1), Direction::In);
        spy.schedule.period_ms = 60;
        t.start(&spy)?;
        t.run(20);
        let send =
            guest("o.writer", &format!("{OPEN} {WRITE}")).endpoint(1, to("o.reader", 1), Direction::Out);
        t.start(&send)?;
        t.run(20);
        expect("the writer's note", t.reported(), vec![5])?;
        t.run(50);
        expect("what the spy got", t.reported(), vec![WOULD_BLOCK, 0])?;
        t.run(60);
        // A message that does not fit a buffer of 4 bytes stays whole.
        expect("what the reader got", t.reported(), vec![TOO_LONG, 0])
    }),
    attack("takes the slot of a container with which another communicates", &["fw-identity"], |t| {
        let mut victim = hooks("o.writer", "", OPEN, &format!("{WRITE} (call $report) {GO_ON}"), "");
        victim.schedule.period_ms = 100;
        let idle = |uid: &str| {
            let mut spec = hooks(uid, "", "", GO_ON, "").endpoint(1, to("o.writer", 1), Direction::In);
            spec.schedule.period_ms = 100;
            spec
        };
        t.start(&idle("o.reader"))?;
        t.run(20);
        t.start(&victim.endpoint(1, to("o.reader", 1), Direction::Out))?;
        t.run(50);
        expect("before", t.reported(), vec![5])?;
        let slot = t.status("o.reader")?.slot;
        t.remove("o.reader")?;
        t.reported();
        t.start(&idle("o.x"))?;
        expect("the slot", t.status("o.x")?.slot, slot)?;
        t.run(150);
        let notes = t.reported();
        require(
            &format!("the writer's notes: {notes:?}"),
            !notes.is_empty() && notes.iter().all(|note| *note == NO_PEER),
        )
    }),
    attack("sends to a neighbour that does not run", &["queue-runs"], |t| {
        t.load(&reader(READ))?;
        expect("notes", t.notes(&writer(WRITE))?, vec![NO_PEER])
    }),
    attack("leaves messages for a neighbour's next run", &["queue-cleared"], |t| {
        t.start(&reader(READ))?;
        t.run(20);
        expect("notes", t.notes_in(&writer(WRITE), 30)?, vec![5])?;
        expect("stopping the reader", t.device.stop("o.reader"), Code::Ok)?;
        t.run(20);
        t.stopped("o.reader", "stop requested")?;
        expect("starting it again", t.device.start("o.reader"), Code::Ok)?;
        t.run(200);
        expect("what it got", t.reported(), vec![WOULD_BLOCK, 0])
    }),
    attack(
        "makes refused calls to displace a neighbour's from the record",
        &["fw-share", "fw-record"],
        |t| {
            // Cheap enough to be made more often than there are records.
            let refused = "(drop (call $close (i32.const -1)))";
            t.stops(&guest("o.victim", &refused.repeat(3)), "finished")?;
            t.stops(
                &hooks("o.x", "", "", &format!("(loop $l {refused} (br $l)) {GO_ON}"), ""),
                "budget exhausted",
            )?;
            let audit = t.device.audit();
            let of_victim = audit.iter().filter(|refusal| refusal.uid == "o.victim").count();
            expect("the victim's records", of_victim, 3)?;
            require("the attacker's records", audit.len() > 3)
        },
    ),
    attack("keeps a neighbour awake by messages", &["life-period"], |t| {
        let drain = "(loop $l (br_if $l (i32.ge_s (call $read (global.get $fd) (i32.const 200) (i32.const 16)) (i32.const 0))))";
        let mut sleeper = hooks("o.reader", "", OPEN, &format!("{drain} {GO_ON}"), "");
        sleeper.schedule = Schedule { period_ms: 100, wake: Wake::Message, ..sleeper.schedule };
        t.start(&sleeper.endpoint(1, to("o.x", 1), Direction::In))?;
        t.run(20);
        let send = "(drop (call $write (global.get $fd) (i32.const 64) (i32.const 5)))";
        let mut spec = hooks("o.x", "", OPEN, &format!("{send} {GO_ON}"), "");
        spec.schedule.period_ms = 10;
        t.start(&spec.endpoint(1, to("o.reader", 1), Direction::Out))?;
        t.run(500);
        let loops = t.status("o.reader")?.counters.loops;
        require(&format!("{loops} loops in 500 ms of 100 ms"), (4..=6).contains(&loops))
    }),
    attack("uses the number of a neighbour's descriptor", &["fw-own"], |t| {
        let mut victim =
            hooks("o.victim", "", OPEN, &format!("(call $note (global.get $fd)) (call $report) {GO_ON}"), "");
        victim.schedule.period_ms = 3000;
        t.start(&victim.endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::Both))?;
        t.run(20);
        let notes = t.reported();
        let [fd] = notes[..] else { return Err(format!("the victim's descriptor: {notes:?}").into()) };
        let write = format!("(call $note (call $write (i32.const {fd}) (i32.const 64) (i32.const 5)))");
        let spec = guest("o.x", &format!("{OPEN} {write}"));
        expect(
            "notes",
            t.notes(&spec.endpoint(1, OwnedPeer::Local(Bus::App, 2), Direction::Both))?,
            vec![REFUSED],
        )?;
        t.audited("o.x", &[(Syscall::Write, DenyReason::NotYours)])
    }),
    attack("opens an endpoint that a neighbour has", &["fw-endpoint"], |t| {
        let mut victim = hooks("o.victim", "", OPEN, GO_ON, "");
        victim.schedule.period_ms = 100;
        t.start(&victim.endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::Both))?;
        t.run(20);
        expect("notes", t.notes(&guest("o.x", "(call $note (call $open (i32.const 1)))"))?, vec![REFUSED])?;
        t.audited("o.x", &[(Syscall::Open, DenyReason::NoSuchEndpoint)])
    }),
    attack("looks in its memory for what another has left", &["memory-zeroed"], |t| {
        let every = |body: &str| {
            format!(
                "(loop $l {body} (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 128))) (i32.const 65000))))"
            )
        };
        let leave = every("(i32.store (i32.add (local.get $n) (i32.const 4)) (i32.const 0x5ec4e7))");
        let start = format!("(local $n i32) (local.set $n (i32.const 1024)) {leave}");
        t.stops(&page_hooks("o.victim", "", &start, "(i32.const 1)", ""), "finished")?;
        t.remove("o.victim")?;
        let look = every(
            "(local.set $found (i32.or (local.get $found) (i32.load (i32.add (local.get $n) (i32.const 4)))))",
        );
        let spy = format!(
            "(local $n i32) (local $found i32) (local.set $n (i32.const 1024)) {look} (call $note (local.get $found))"
        );
        expect("what it found", t.notes(&page_guest("o.x", &spy))?, vec![0])
    }),
    attack("uses all of its budget in each loop beside a periodic neighbour", &[], |t| {
        // 12 ms would be needed for all of them, so only the budget of 10 ms ends it; it is started again and again.
        let mut spec = hooks("o.x", "", "", &format!("(loop $l (br $l)) {GO_ON}"), "");
        spec.schedule.period_ms = 10;
        t.start(&spec)?;
        for _ in 0..20 {
            t.run(50);
            t.stopped("o.x", "budget exhausted")?;
            expect("starting it again", t.device.start("o.x"), Code::Ok)?;
        }
        t.run(50);
        Ok(())
    }),
    attack("loops as often as it may beside a periodic neighbour", &[], |t| {
        let mut spec = hooks("o.x", "", "", GO_ON, "");
        spec.schedule.period_ms = 0;
        t.start(&spec)?;
        t.run(150);
        require("it runs", t.status("o.x")?.counters.loops > 100)
    }),
    attack("lets an urgent container end its turn each time", &["loop-turns"], |t| {
        // Whenever one of these has used some milliseconds, the urgent one is due. Were the turn to begin behind that
        // each time, the neighbour would wait until all of these make a short step, one after another: 2^5 rounds.
        let mut urgent = hooks("o.urgent", "", "", GO_ON, "");
        urgent.schedule = Schedule { priority: Priority::High, period_ms: 3, ..urgent.schedule };
        t.start(&urgent)?;
        t.device.driver(3000, false);
        let write = "(drop (call $write (global.get $fd) (i32.const 64) (i32.const 1)))";
        for n in 0..5 {
            let mut busy = hooks(&format!("o.x{n}"), "", OPEN, &format!("{write} {GO_ON}"), "");
            busy.schedule.period_ms = 0;
            t.start(&busy.endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::Out))?;
        }
        t.run(900);
        let written = t.device.written(Unit::App(1)).len();
        require(&format!("{written} writes of 3 ms in 900 ms"), written > 50)?;
        let loops = t.status("o.urgent")?.counters.loops;
        require(&format!("{loops} loops of the urgent one"), loops > 50)?;
        for n in 0..5 {
            t.remove(&format!("o.x{n}"))?;
        }
        t.device.written(Unit::App(1));
        Ok(())
    }),
    attack("is always due, beside one of lower priority that is asked to stop", &["loop-stop"], |t| {
        let mut low = hooks("o.low", "", "", GO_ON, "");
        low.schedule = Schedule { priority: Priority::Low, period_ms: 10, ..low.schedule };
        t.start(&low)?;
        t.run(50);
        t.device.driver(3000, false);
        let write = "(drop (call $write (global.get $fd) (i32.const 64) (i32.const 1)))";
        let mut busy = hooks("o.busy", "", OPEN, &format!("{write} {GO_ON}"), "");
        busy.schedule.period_ms = 0;
        t.start(&busy.endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::Out))?;
        t.run(100);
        expect("stopping it", t.device.stop("o.low"), Code::Ok)?;
        t.run(50);
        t.stopped("o.low", "stop requested")?;
        t.remove("o.busy")?;
        t.device.written(Unit::App(1));
        Ok(())
    }),
    attack("logs without end beside a neighbour that logs a line", &[], |t| {
        let mut victim = hooks("o.victim", "", "", &format!("(call $logger (i32.const 64)) {GO_ON}"), "");
        victim.schedule = Schedule { period_ms: 100, max_loops: 5, ..victim.schedule };
        t.start(&victim)?;
        t.stops(
            &hooks("o.x", "", "", &format!("(loop $l (call $logger (i32.const 64)) (br $l)) {GO_ON}"), ""),
            "budget exhausted",
        )?;
        t.run(200);
        let lines = t.device.log().iter().filter(|(uid, _)| uid == "o.victim").count();
        expect("the victim's lines", lines, 5)
    }),
    attack("images that take all memory", &[], |t| {
        let bytes = t.device.pool_bytes() as usize / 4 - 3000;
        let image =
            |n: usize| Spec { data: vec![7; bytes], ..Spec::new(&format!("a.{n}"), IDLE) }.sign(PROVIDER_A);
        let mut loaded = 0;
        while t.device.load(&image(loaded)) == Code::Ok {
            loaded += 1;
        }
        require(&format!("{loaded} images"), (3..=4).contains(&loaded))?;
        t.refused(&image(loaded), Code::OutOfMemory)
    }),
    attack("images that take all slots", &[], |t| {
        let image = |n: u8| Spec::new(&format!("a.{n}"), IDLE).sign(PROVIDER_A);
        let slots = t.device.slots();
        for n in 1..slots {
            t.accepted(&image(n))?;
        }
        t.refused(&image(slots), Code::Full)
    }),
    attack("writes to the pin of a neighbour", &["fw-endpoint"], |t| {
        let mut victim = hooks("o.victim", "", OPEN, GO_ON, "");
        victim.schedule.period_ms = 100;
        t.start(&victim.endpoint(1, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out))?;
        t.run(20);
        let body = format!("{OPEN} {WRITE}");
        expect("notes", t.notes(&guest("o.x", &body))?, vec![REFUSED])?;
        expect("what was written to the pin", t.device.written(Unit::Pin), vec![])?;
        t.audited(
            "o.x",
            &[(Syscall::Open, DenyReason::NoSuchEndpoint), (Syscall::Write, DenyReason::NotOpen)],
        )
    }),
];
