//! A guest that calls `read` of 32 bytes through WAMR, the firewall and a driver that does nothing, against an
//! ordinary native of WAMR's that does nothing; in one run, alternating. At most 1.25 times the time for a driver that
//! never waits, as pins and virtual devices do; for any other driver the clock is read before and after the call,
//! which is measured too.
//!
//! `cargo bench -p tinycontainer --bench guest_call`
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

#[path = "../../wamr/benches/bare/mod.rs"]
mod bare;
#[path = "../tests/common/mod.rs"]
mod common;

use bare::{Bare, CALLS, guest};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tinycontainer::metadata::{Access, Bus};
use tinycontainer::policy::Device;
use tinycontainer::runtime::{Rate, Type};
use tinycontainer::{Direction, Drivers, Engine, IoError, Next, Platform, State};
use tinycontainer_testkit::{OWNER, OwnedPeer, Spec};

/// A driver that writes nothing into the buffer and returns its length; and the `fixed_ns` that it declares.
struct Null(Option<u32>);

impl Drivers for Null {
    type Handle = ();
    fn fixed_ns(&self, (): &()) -> Option<u32> {
        self.0
    }
    fn open(&self, _: &str, _: &Access<'_>) -> Result<(), IoError> {
        Ok(())
    }
    fn read(&self, (): &mut (), buf: &mut [u8]) -> Result<usize, IoError> {
        Ok(std::hint::black_box(buf).len())
    }
    fn write(&self, (): &mut (), buf: &[u8]) -> Result<usize, IoError> {
        Ok(buf.len())
    }
    fn close(&self, (): ()) {}
}

/// The tests' platform, with that driver, a real clock, and a rate that lets the loop end.
struct Bench(common::TestPlatform, Null);

impl Platform for Bench {
    type Lock<T> = common::StdLock<T>;
    type Buf = common::Counted;
    type Runtime = common::SharedWamr;
    type Drivers = Null;

    fn runtime(&self) -> &common::SharedWamr {
        self.0.runtime()
    }
    fn rate(&self, _: Type) -> Rate {
        Rate { instructions_per_ms: 500_000 }
    }
    fn now_us(&self) -> u64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed().as_micros() as u64
    }
    fn drivers(&self) -> &Null {
        &self.1
    }
    fn allocate(&self, slot: usize, len: usize) -> Option<common::Counted> {
        self.0.allocate(slot, len)
    }
    fn device(&self) -> Device<'_> {
        self.0.device()
    }
    fn wake(&self, _: usize) {}
    fn log(&self, _: &str, _: &[u8]) {}
}

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 201 } else { 1 };
    println!("once around the guest's loop, median of {rounds}");
    println!("a driver that never waits (at most 1.25)");
    let [never_waits, timed] = [Some(300), None]
        .map(|fixed_ns| Engine::<Bench, 1>::new(Bench(common::TestPlatform::new(), Null(fixed_ns))));
    // The first platform has started WAMR.
    let bare = Bare::load();
    compare(&never_waits, &bare, rounds);
    println!("a driver that is timed");
    compare(&timed, &bare, rounds);
}

fn compare(engine: &Engine<Bench, 1>, bare: &Bare, rounds: u32) {
    let start = "(global.set $fd (call $open (i32.const 1)))";
    let text = guest_text(start);
    let mut spec = Spec::new("guest", &text).endpoint(1, OwnedPeer::Local(Bus::App, 1), Direction::Both);
    spec.schedule.period_ms = 0;
    spec.schedule.loop_ms = 4000;
    let image = spec.sign(OWNER);
    let mut loading = engine.begin(common::sizes(&image)).unwrap();
    [&image.metadata, &image.code].into_iter().for_each(|part| loading.write(part).unwrap());
    loading.finish().unwrap();
    engine.start("guest").unwrap();
    let mut agent = engine.agent(0).unwrap();
    let (mut ns, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
    for _ in 0..rounds {
        while engine.status("guest").unwrap().state != State::OnLoop {
            assert_eq!(agent.step(0), Next::Now);
        }
        let before = Instant::now();
        assert_eq!(bare.run(), 32 * CALLS);
        let between = Instant::now();
        let next = agent.step(0);
        let after = Instant::now();
        assert_eq!(next, Next::Now);
        let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(CALLS);
        ns[0].push(each(between - before));
        ns[1].push(each(after - between));
        ratios.push((after - between).as_secs_f64() / (between - before).as_secs_f64());
    }
    let status = engine.status("guest").unwrap();
    assert_eq!((status.counters.calls, status.counters.refusals), (rounds * CALLS + 1, 0), "{status:?}");
    println!("an ordinary native of WAMR's        {:6.1} ns", median(&mut ns[0]));
    println!("through the firewall to a driver    {:6.1} ns", median(&mut ns[1]));
    println!("ratio, median of each round's       {:6.3}", median(&mut ratios));
}

/// The bench's guest, with `open` imported; a sum that is not 0 must not end the container.
fn guest_text(start: &str) -> String {
    guest("env", "(global.get $fd)", start)
        .replace("(memory 1)", r#"(import "env" "open" (func $open (param i32) (result i32))) (memory 1)"#)
        .replace("(local.get $sum)))", "(i32.ne (local.get $sum) (i32.const 3200000))))")
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
