//! Every small world, against a slow specification.
//!
//! A world is two containers, each with any set of syscalls and with two endpoints that are granted in any direction or
//! not at all. In each world both containers open what they can, and make every call with every number that could be a
//! descriptor. What they must get is written here from `README.md` of this crate and `docs/architecture.md`, with lists
//! and sets, and without the types of the crate.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use tinycontainer_firewall::{
    ContainerId, Denial, DenyReason, Direction, Grant, Guard, Issuer, Mask, Right, Syscall, Table,
};

/// The endpoints that the worlds have, and one more number that no container has.
const ENDPOINTS: [u32; 2] = [1, 7];
const NO_ENDPOINT: u32 = 0;

/// The places for descriptors in a guard: one more than endpoints.
const PLACES: usize = 3;

/// What one container is granted: the numbers of its syscalls, and for each endpoint whether it reads and writes, if it
/// has the endpoint at all.
#[derive(Debug, Clone)]
struct Rights {
    syscalls: Vec<u8>,
    endpoints: [Option<(bool, bool)>; 2],
}

impl Rights {
    /// All of them: 64 sets of syscalls, and 4 possibilities for each of two endpoints.
    fn all() -> Vec<Self> {
        let each = [None, Some((true, false)), Some((false, true)), Some((true, true))];
        let mut all = Vec::new();
        for bits in 0..64 {
            for first in each {
                for second in each {
                    let syscalls = (1..=6).filter(|number| bits >> (number - 1) & 1 == 1).collect();
                    all.push(Self { syscalls, endpoints: [first, second] });
                }
            }
        }
        all
    }

    /// The same as the firewall's grant.
    fn grant(&self) -> Grant<2> {
        // SAFETY: no container runs with these grants.
        #[expect(unsafe_code)]
        let issuer = unsafe { Issuer::new() };
        let mask = self.syscalls.iter().fold(0, |mask, number| mask | 1 << (number - 1));
        let mut grant = Grant::issue(&issuer, Mask(mask));
        for (endpoint, right) in ENDPOINTS.into_iter().zip(self.endpoints) {
            let direction = match right {
                None => continue,
                Some((true, false)) => Direction::In,
                Some((false, true)) => Direction::Out,
                Some(_) => Direction::Both,
            };
            grant.allow(&issuer, Right { endpoint, direction }).unwrap();
        }
        grant
    }

    /// Whether it has that endpoint, and may read and write there.
    fn on(&self, endpoint: u32) -> Option<(bool, bool)> {
        let at = ENDPOINTS.iter().position(|known| *known == endpoint)?;
        self.endpoints[at]
    }
}

/// One container by the specification: what it is granted, its slot, and its open descriptors with their endpoints.
struct Expected {
    rights: Rights,
    slot: i32,
    open: BTreeMap<i32, u32>,
}

type Answer = Result<u32, (Option<u32>, DenyReason)>;

impl Expected {
    /// The endpoint that `call` (4 read, 5 write, 3 close) with this number is served by, or why it is denied.
    fn answer(&self, call: u8, fd: i32) -> Answer {
        // What is not granted is denied, before anything about a descriptor can be learned.
        if !self.rights.syscalls.contains(&call) {
            return Err((None, DenyReason::NotGranted));
        }
        let Some(endpoint) = self.open.get(&fd) else {
            // Bits 6 to 13 of a number that is not negative are the slot of the container that may have it.
            let is_own = fd < 0 || fd / 64 % 256 == self.slot;
            return Err((None, if is_own { DenyReason::NotOpen } else { DenyReason::NotYours }));
        };
        let (reads, writes) = self.rights.on(*endpoint).unwrap();
        if (call == 4 && !reads) || (call == 5 && !writes) {
            return Err((Some(*endpoint), DenyReason::WrongDirection));
        }
        Ok(*endpoint)
    }
}

fn denial(denial: Denial) -> (Option<u32>, DenyReason) {
    (denial.endpoint, denial.reason)
}

/// Makes a read and a write with each of these numbers and compares them with the specification.
fn compare(guard: &mut Guard<u32, PLACES>, expected: &Expected, numbers: impl Iterator<Item = i32>) {
    for fd in numbers {
        for call in [4, 5] {
            let answer = if call == 4 { guard.read(fd) } else { guard.write(fd) };
            let answer = answer.map(|(endpoint, target)| {
                assert_eq!(endpoint, *target, "the target is that of the endpoint");
                endpoint
            });
            assert_eq!(
                answer.map_err(denial),
                expected.answer(call, fd),
                "{call} {fd} {:?}",
                expected.rights
            );
        }
        // A close that must be denied; the others are closed one by one at the end.
        let closes = expected.answer(3, fd);
        if closes.is_err() {
            assert_eq!(guard.close(fd).map_err(denial), closes);
        }
    }
}

/// What a container may make at all, and what it may read.
fn compare_rights(guard: &Guard<u32, PLACES>, expected: &Expected) {
    for call in Syscall::ALL {
        let granted = expected.rights.syscalls.contains(&(call as u8));
        let answer = if granted { Ok(()) } else { Err((None, DenyReason::NotGranted)) };
        assert_eq!(guard.may(call).map_err(denial), answer);
    }
    let readable: Vec<u32> = guard.readable().map(|(_, endpoint, _)| endpoint).collect();
    let may =
        |endpoint: &u32| expected.answer(4, *expected.open.iter().find(|open| open.1 == endpoint).unwrap().0);
    let expected: Vec<u32> =
        expected.open.values().copied().filter(|endpoint| may(endpoint).is_ok()).collect();
    assert_eq!(readable, expected);
}

/// Opens what the container may open, and compares what it may not.
fn open_all(table: &Table<2, 2>, id: ContainerId, guard: &mut Guard<u32, PLACES>, expected: &mut Expected) {
    for endpoint in [NO_ENDPOINT, ENDPOINTS[0], ENDPOINTS[1]] {
        let right = table.authorize(id, endpoint);
        let directions = right.map(|right| {
            assert_eq!(right.endpoint, endpoint);
            (right.direction != Direction::Out, right.direction != Direction::In)
        });
        let none = Err((Some(endpoint), DenyReason::NoSuchEndpoint));
        assert_eq!(directions.map_err(denial), expected.rights.on(endpoint).map_or(none, Ok));
        if let Ok(right) = right {
            assert_eq!(guard.has_room(endpoint), Ok(()));
            let fd = guard.open(right, endpoint).unwrap().raw();
            assert!(expected.open.insert(fd, endpoint).is_none(), "a number of its own");
        }
    }
}

/// One world, from admitting both containers to unloading one of them.
fn world(slots: [(&Rights, usize); 2], numbers: impl Iterator<Item = i32> + Clone) {
    let mut table = Table::<2, 2>::new();
    let ids = slots.map(|(rights, slot)| table.admit_at(slot, rights.grant()).unwrap());
    let mut expected = slots.map(|(rights, slot)| Expected {
        rights: rights.clone(),
        slot: slot as i32,
        open: BTreeMap::new(),
    });
    let mut guards: [Guard<u32, PLACES>; 2] = ids.map(|id| table.guard(id));
    for who in 0..2 {
        open_all(&table, ids[who], &mut guards[who], &mut expected[who]);
    }
    for who in 0..2 {
        compare_rights(&guards[who], &expected[who]);
        compare(&mut guards[who], &expected[who], numbers.clone());
    }
    // Each closes its descriptors, and has them no more.
    for who in 0..2 {
        for fd in expected[who].open.keys().copied().collect::<Vec<_>>() {
            let closes = expected[who].answer(3, fd);
            assert_eq!(guards[who].close(fd).map_err(denial), closes);
            if closes.is_ok() {
                expected[who].open.remove(&fd);
                assert_eq!(guards[who].close(fd).map_err(denial), expected[who].answer(3, fd));
            }
            compare(&mut guards[who], &expected[who], [fd].into_iter());
        }
    }
    // One is unloaded, and the other takes its slot: with the id of the first nothing can be opened.
    table.remove(ids[0]);
    let again = table.admit_at(slots[0].1, slots[1].0.grant()).unwrap();
    assert_ne!(again, ids[0]);
    for endpoint in ENDPOINTS {
        let none = Err((Some(endpoint), DenyReason::NoSuchEndpoint));
        assert_eq!(table.authorize(ids[0], endpoint).map(|_| ()).map_err(denial), none);
        let right = |id| table.authorize(id, endpoint).map(|right| right.direction).map_err(denial);
        assert_eq!(right(again), right(ids[1]));
    }
    let guard: Guard<(), 1> = table.guard(ids[0]);
    assert!(Syscall::ALL.into_iter().all(|call| guard.may(call).is_err()));
}

/// Numbers with each place of a guard and one more, each slot of the table and one more, and the first generations.
fn near() -> impl Iterator<Item = i32> + Clone {
    let parts = (0..4).flat_map(|generation| (0..3).map(move |slot| (generation, slot)));
    let numbers = parts.flat_map(|(generation, slot)| {
        (0..=PLACES as i32).map(move |place| generation << 14 | slot << 6 | place)
    });
    [-1, i32::MIN, i32::MAX].into_iter().chain(numbers)
}

#[test]
fn in_every_world_each_call_gets_what_the_specification_says() {
    let all = Rights::all();
    assert_eq!(all.len(), 1024);
    // The second container has all syscalls, and every combination of endpoints.
    let others: Vec<&Rights> = all.iter().filter(|rights| rights.syscalls.len() == 6).collect();
    assert_eq!(others.len(), 16);
    let mut worlds = 0;
    for first in &all {
        for second in &others {
            for slots in [[0, 1], [1, 0]] {
                world([(first, slots[0]), (second, slots[1])], near());
                worlds += 1;
            }
        }
    }
    assert_eq!(worlds, 32_768);
}

#[test]
fn every_number_up_to_the_last_that_can_be_open_is_judged_as_specified() {
    let all = Rights::all();
    let with = |syscalls| all.iter().filter(move |rights| rights.syscalls.len() == syscalls);
    // No world makes more than 3 generations.
    let last = 4 << 14;
    for first in with(6) {
        for second in with(6).filter(|rights| rights.endpoints == [Some((true, true)); 2]) {
            world([(first, 0), (second, 1)], -1..=last);
        }
    }
}
