//! Containers that load, run, exchange messages, trap, stop and unload at random, with images that are refused between them.
//! What is done follows from a seed. On a device in simulated time every run with it is the same; where containers have
//! threads, what they do meanwhile is not.
//!
//! | module | holds |
//! | --- | --- |
//! | [`random`] | numbers that follow from the seed |
//! | [`subject`] | what is soaked: a [`Device`](crate::device::Device) |
//! | [`threads`] | or a host in this process, with a thread for each container |

pub mod random;
pub mod subject;
pub mod threads;

use crate::guests::module;
use crate::soak::random::Random;
use crate::soak::subject::{Seen, Subject};
use anyhow::{Context as _, bail, ensure};
use std::time::{Duration, Instant};
use tinycontainer::metadata::{Bus, Direction, Schedule};
use tinycontainer::{State, StopReason};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{Image, OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, STRANGER, Spec};

/// What was done.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
#[expect(missing_docs, reason = "counts by name")]
pub struct Tally {
    pub actions: u64,
    pub loads: u64,
    pub refused_images: u64,
    pub starts: u64,
    pub stops: u64,
    pub unloads: u64,
    /// Containers that have stopped by themselves, by reason.
    pub traps: u64,
    pub budgets: u64,
    pub finished: u64,
    /// Loops of all containers.
    pub loops: u64,
    /// How often all were unloaded, and memory and descriptors compared with the beginning.
    pub checks: u64,
}

/// An image that may be loaded, and what the device must answer if its uid is free.
struct Candidate {
    uid: String,
    image: Image,
    code: Code,
}

/// Pairs of neighbours that exchange messages, and some that go wrong.
fn candidates(pairs: u32) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut add = |spec: &Spec, signer, code| {
        all.push(Candidate { uid: spec.uid.clone(), image: spec.sign(signer), code });
    };
    let schedule = |spec: &Spec, max_loops| Schedule { period_ms: 5, loop_ms: 5, max_loops, ..spec.schedule };
    for number in 0..pairs {
        let (left, right) = (format!("a.{number}"), format!("b.{number}"));
        let talk = module(
            "(global.set $fd (call $open (i32.const 1))) (global.set $to (call $open (i32.const 2)))",
            "(drop (call $write (global.get $to) (i32.const 0) (i32.const 7)))
             (drop (call $read (global.get $fd) (i32.const 100) (i32.const 64)))
             (drop (call $open (i32.const 9)))
             i32.const 0",
            "(drop (call $close (global.get $fd)))",
        );
        for (uid, peer, signer) in [(&left, &right, PROVIDER_A), (&right, &left, PROVIDER_B)] {
            let mut spec = Spec::new(uid, &talk)
                .endpoint(1, OwnedPeer::Container(peer.clone(), 2), Direction::In)
                .endpoint(2, OwnedPeer::Container(peer.clone(), 1), Direction::Out);
            spec.schedule = schedule(&spec, 200);
            add(&spec, signer, Code::Ok);
        }
        let bodies = [
            "unreachable",
            "(loop $again (br $again)) i32.const 0",
            "i32.const 7",
            "(drop (memory.grow (i32.const 1))) (drop (i32.load (i32.const 70000))) i32.const 0",
        ];
        let body = bodies.get(number as usize % bodies.len()).copied().unwrap_or_default();
        let mut spec = Spec::new(&format!("wrong.{number}"), &module("", body, "")).endpoint(
            1,
            OwnedPeer::Local(Bus::App, number % 6),
            Direction::Both,
        );
        spec.schedule = schedule(&spec, 0);
        add(&spec, OWNER, Code::Ok);
        add(&spec, STRANGER, Code::UnknownKey);
        add(&Spec::new(&left, &talk), PROVIDER_B, Code::OutOfScope);
    }
    all
}

/// Runs for that long of real time, or for so many actions.
///
/// # Errors
/// What was wrong, with the number of the action.
pub fn soak(
    device: &mut impl Subject,
    seed: u64,
    lasts: Duration,
    actions: Option<u64>,
    mut progress: impl FnMut(&Tally, Duration),
) -> anyhow::Result<Tally> {
    let candidates = candidates(u32::from(device.slots()) / 2);
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let empty = device.held();
    // After the first round, since a program's own buffers grow at first.
    let mut flat = None;
    let began = Instant::now();
    let is_over = |tally: &Tally| match actions {
        Some(actions) => tally.actions >= actions,
        None => began.elapsed() >= lasts,
    };
    loop {
        for _ in 0..500 {
            act(device, &candidates, &mut random, &mut tally)
                .with_context(|| format!("action {} of seed {seed}", tally.actions))?;
            if let Some(why) = device.broken() {
                bail!("action {} of seed {seed}: {why}", tally.actions);
            }
        }
        unload_all(device, &mut tally)?;
        let held = device.held();
        ensure!(
            held == empty,
            "action {} of seed {seed}: {held:?} is held, {empty:?} at first",
            tally.actions
        );
        tally.checks += 1;
        if let Some(now) = device.usage() {
            let first = *flat.get_or_insert(now);
            ensure!(
                (now.threads, now.descriptors) == (first.threads, first.descriptors)
                    && now.resident_kib <= first.resident_kib + 1024,
                "action {} of seed {seed}: the process has grown: {now:?}, first {first:?}",
                tally.actions
            );
        }
        progress(&tally, began.elapsed());
        if is_over(&tally) {
            return Ok(tally);
        }
    }
}

fn act(
    device: &mut impl Subject,
    candidates: &[Candidate],
    random: &mut Random,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    tally.actions += 1;
    let Some(candidate) = random.one(candidates) else { return Ok(()) };
    let uid = &candidate.uid;
    match random.below(10) {
        0..=2 => load(device, candidate, random, tally)?,
        3..=4 => {
            let seen = device.containers().into_iter().find(|seen| seen.uid == *uid);
            let code = device.start(uid);
            let expected = match &seen {
                None => Code::NotFound,
                Some(seen) if seen.state == State::Created => Code::Ok,
                Some(_) => Code::Running,
            };
            // A container may stop by itself meanwhile.
            let is_expected = code == expected || (code == Code::Ok && !device.is_exact());
            ensure!(is_expected, "start {uid}: {code}, not {expected}");
            tally.starts += u64::from(code == Code::Ok);
        }
        5 => {
            let code = device.stop(uid);
            ensure!(matches!(code, Code::Ok | Code::NotFound | Code::NotRunning), "stop {uid}: {code}");
            tally.stops += u64::from(code == Code::Ok);
        }
        6 => {
            let seen = device.containers().into_iter().find(|seen| seen.uid == *uid);
            let code = device.unload(uid);
            let expected = match &seen {
                None => Code::NotFound,
                Some(seen) if seen.state == State::Created => Code::Ok,
                Some(_) => Code::Running,
            };
            let is_expected = code == expected || (code == Code::Ok && !device.is_exact());
            ensure!(is_expected, "unload {uid}: {code}, not {expected}");
            if let (Some(seen), Code::Ok) = (seen, code) {
                book(&seen, tally);
            }
        }
        _ => device.pass(random),
    }
    Ok(())
}

/// Loads an image whole, or cut off at a random place, or with a byte changed.
fn load(
    device: &mut impl Subject,
    candidate: &Candidate,
    random: &mut Random,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let Candidate { uid, image, code: expected } = candidate;
    let before = device.snapshot();
    let containers = device.containers();
    let loaded = containers.iter().any(|seen| seen.uid == *uid);
    let full = containers.len() >= usize::from(device.slots());
    let mut image = image.clone();
    let changed = random.below(4) == 0;
    if changed {
        let part = if random.below(2) == 0 { &mut image.metadata } else { &mut image.code };
        let at = random.below(part.len() as u64) as usize;
        if let Some(byte) = part.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
    let code = device.load(&image);
    let is_expected = match code {
        Code::Ok => *expected == Code::Ok && !changed && !loaded && !full,
        Code::DuplicateUid => loaded,
        Code::Full => full,
        Code::OutOfMemory => true,
        _ => changed || code == *expected,
    };
    ensure!(is_expected, "load {uid} (changed: {changed}, loaded: {loaded}): {code}");
    if code == Code::Ok {
        tally.loads += 1;
    } else {
        tally.refused_images += 1;
        ensure!(device.snapshot() == before, "a refused image of {uid} ({code}) has changed something");
    }
    Ok(())
}

fn unload_all(device: &mut impl Subject, tally: &mut Tally) -> anyhow::Result<()> {
    for seen in device.containers() {
        device.stop(&seen.uid);
    }
    device.settle();
    for seen in device.containers() {
        let code = device.unload(&seen.uid);
        ensure!(code == Code::Ok, "unload {}: {code}, {seen:?}", seen.uid);
        book(&seen, tally);
    }
    Ok(())
}

fn book(seen: &Seen, tally: &mut Tally) {
    tally.unloads += 1;
    tally.loops += u64::from(seen.loops);
    match seen.last {
        Some(StopReason::Trapped) => tally.traps += 1,
        Some(StopReason::Budget) => tally.budgets += 1,
        Some(StopReason::Finished) => tally.finished += 1,
        _ => {}
    }
}
