//! Empty loops of containers whose agents run on threads of their own: loops per second of one thread, and of two at
//! once. Two at least 1.6 times one, for agents share no lock.
//!
//! `cargo bench -p tinycontainer --bench agents`
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::Barrier;
use std::time::Instant;
use tinycontainer::{Next, State};
use tinycontainer_testkit::{IDLE, PROVIDER_A, Spec};

/// The number of loops that are timed together.
const LOOPS: u32 = 200_000;

fn main() {
    let (rounds, loops) = if std::env::args().any(|arg| arg == "--bench") { (21, LOOPS) } else { (1, 10) };
    let engine = common::engine();
    for uid in ["a.one", "a.two"] {
        let mut spec = Spec::new(uid, IDLE);
        spec.schedule.period_ms = 0;
        spec.schedule.max_loops = 0;
        spec.schedule.lifetime_ms = 0;
        spec.schedule.heartbeat_ms = 0;
        common::load(&engine, &spec.sign(PROVIDER_A)).unwrap();
        engine.start(uid).unwrap();
    }
    let (mut one, mut two, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let turn = Barrier::new(3);
    std::thread::scope(|scope| {
        for slot in 0..2 {
            let (engine, turn) = (&engine, &turn);
            scope.spawn(move || {
                let mut agent = engine.agent(slot).unwrap();
                while engine.status_of(slot).unwrap().state != State::Ready {
                    assert_eq!(agent.step(0), Next::Now);
                }
                for _ in 0..rounds {
                    // First the agent alone, then both.
                    for runs in [slot == 0, true] {
                        turn.wait();
                        if runs {
                            // Two steps each: until it is due, and the hook.
                            (0..2 * loops).for_each(|_| assert_eq!(agent.step(0), Next::Now));
                        }
                        turn.wait();
                    }
                }
            });
        }
        for _ in 0..rounds {
            let speed = [1, 2].map(|threads| {
                turn.wait();
                let start = Instant::now();
                turn.wait();
                f64::from(threads * loops) / start.elapsed().as_secs_f64() / 1e6
            });
            one.push(speed[0]);
            two.push(speed[1]);
            ratios.push(speed[1] / speed[0]);
        }
    });
    assert_eq!(engine.status_of(1).unwrap().counters.loops, rounds * loops);
    println!("empty loops, median of {rounds}");
    println!("one thread               {:8.2} M/s", median(&mut one));
    println!("two threads              {:8.2} M/s", median(&mut two));
    println!("ratio                    {:8.2}   (at least 1.6)", median(&mut ratios));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
