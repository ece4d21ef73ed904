//! Default deny, and everything that is permitted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use tinycontainer_firewall::{
    AuditRecord, AuditRing, ContainerId, Denial, DenyReason, Direction, Full, Grant, Guard, Issuer, Mask,
    Right, Syscall, Table, TooMany,
};

/// The tests' own authority.
#[expect(unsafe_code)]
fn issuer() -> Issuer {
    // SAFETY: no container runs with these grants.
    unsafe { Issuer::new() }
}

fn grant(mask: Mask, rights: &[(u32, Direction)]) -> Grant<4> {
    let issuer = issuer();
    let mut grant = Grant::issue(&issuer, mask);
    for (endpoint, direction) in rights {
        grant.allow(&issuer, Right { endpoint: *endpoint, direction: *direction }).unwrap();
    }
    grant
}

fn denied(reason: DenyReason) -> Denial {
    Denial::new(reason)
}

fn on(endpoint: u32, reason: DenyReason) -> Denial {
    Denial { endpoint: Some(endpoint), reason }
}

fn open<const F: usize>(table: &Table<2, 4>, guard: &mut Guard<u32, F>, endpoint: u32) -> i32 {
    guard.open(table.authorize(guard.id(), endpoint).unwrap(), endpoint).unwrap().raw()
}

#[test]
fn nothing_is_granted_by_default() {
    let mut table = Table::<2, 4>::new();
    let id = table.admit(grant(Mask::NONE, &[])).unwrap();
    let mut guard: Guard<(), 2> = table.guard(id);
    for call in Syscall::ALL {
        assert_eq!(guard.may(call), Err(denied(DenyReason::NotGranted)));
    }
    assert_eq!(guard.read(0), Err(denied(DenyReason::NotGranted)));
    assert_eq!(guard.write(0), Err(denied(DenyReason::NotGranted)));
    assert_eq!(guard.close(0), Err(denied(DenyReason::NotGranted)));
    assert_eq!(table.authorize(id, 0), Err(on(0, DenyReason::NoSuchEndpoint)));
}

#[test]
fn each_syscall_has_its_own_bit() {
    for granted in Syscall::ALL {
        let mut table = Table::<2, 4>::new();
        let id = table.admit(grant(Mask::of(&[granted]), &[])).unwrap();
        let guard: Guard<(), 2> = table.guard(id);
        for call in Syscall::ALL {
            assert_eq!(guard.may(call).is_ok(), call == granted);
        }
    }
}

#[test]
fn in_reads_and_out_writes() {
    let mut table = Table::<2, 4>::new();
    let rights = [(1, Direction::In), (2, Direction::Out), (200, Direction::Both)];
    let id = table.admit(grant(Mask::ALL, &rights)).unwrap();
    let mut guard: Guard<u32, 4> = table.guard(id);
    let [reads, writes, both] = [1, 2, 200].map(|endpoint| open(&table, &mut guard, endpoint));
    assert_eq!(guard.read(reads), Ok((1, &mut 1)));
    assert_eq!(guard.write(reads), Err(on(1, DenyReason::WrongDirection)));
    assert_eq!(guard.write(writes), Ok((2, &mut 2)));
    assert_eq!(guard.read(writes), Err(on(2, DenyReason::WrongDirection)));
    assert_eq!((guard.read(both).is_ok(), guard.write(both).is_ok()), (true, true));
}

#[test]
fn a_descriptor_belongs_to_one_container() {
    let mut table = Table::<2, 4>::new();
    let a = table.admit(grant(Mask::ALL, &[(1, Direction::Both)])).unwrap();
    let b = table.admit(grant(Mask::ALL, &[(1, Direction::Both)])).unwrap();
    let (mut guard_a, mut guard_b): (Guard<u32, 2>, Guard<u32, 2>) = (table.guard(a), table.guard(b));
    let fd = open(&table, &mut guard_a, 1);
    assert_eq!(guard_b.read(fd), Err(denied(DenyReason::NotYours)));
    assert_eq!(guard_b.close(fd), Err(denied(DenyReason::NotYours)));
    assert_eq!(guard_a.read(fd), Ok((1, &mut 1)), "still open for its owner");
    for nonsense in [-1, i32::MIN, i32::MAX, 1 << 30] {
        assert!(guard_a.read(nonsense).is_err());
    }
}

#[test]
fn a_closed_descriptor_stays_closed_when_its_place_is_used_again() {
    let mut table = Table::<2, 4>::new();
    let id = table.admit(grant(Mask::ALL, &[(1, Direction::Both)])).unwrap();
    let mut guard: Guard<u32, 1> = table.guard(id);
    let old = open(&table, &mut guard, 1);
    assert_eq!(guard.close(old), Ok(1), "closing before the first read works");
    let new = open(&table, &mut guard, 1);
    assert_ne!(old, new);
    assert_eq!(guard.read(old), Err(denied(DenyReason::NotOpen)));
    assert_eq!(guard.close(old), Err(denied(DenyReason::NotOpen)));
    assert_eq!(guard.read(new), Ok((1, &mut 1)));
}

#[test]
fn descriptors_run_out_but_do_not_wear_out() {
    let mut table = Table::<2, 4>::new();
    let id = table.admit(grant(Mask::ALL, &[(1, Direction::Both)])).unwrap();
    let mut guard: Guard<u32, 2> = table.guard(id);
    let first = open(&table, &mut guard, 1);
    open(&table, &mut guard, 1);
    assert_eq!(guard.has_room(1), Err(on(1, DenyReason::TooManyOpen)));
    let right = table.authorize(id, 1).unwrap();
    assert_eq!(guard.open(right, 9), Err((on(1, DenyReason::TooManyOpen), 9)));
    guard.close(first).unwrap();
    // More opens than there are generations: 2^17.
    for _ in 0..300_000 {
        let fd = open(&table, &mut guard, 1);
        assert!(fd >= 0);
        guard.close(fd).unwrap();
    }
    assert_eq!(guard.drain().count(), 1);
    assert_eq!(guard.drain().count(), 0);
}

#[test]
fn a_used_slot_is_another_container() {
    let mut table = Table::<2, 4>::new();
    let old = table.admit(grant(Mask::ALL, &[(1, Direction::Both)])).unwrap();
    table.remove(old);
    let new = table.admit(grant(Mask::NONE, &[])).unwrap();
    assert_eq!(old.slot(), new.slot());
    assert_ne!(old, new);
    assert!(table.grant(old).is_none());
    assert!(table.authorize(old, 1).is_err());
    assert!(table.guard::<(), 1>(old).may(Syscall::Read).is_err());
    table.remove(old);
    assert!(table.grant(new).is_some(), "removing the old one again does not touch the new one");
}

#[test]
fn a_slot_in_use_is_not_given_to_another() {
    let mut table = Table::<2, 4>::new();
    let first = table.admit_at(1, grant(Mask::ALL, &[(1, Direction::Both)])).unwrap();
    assert_eq!(table.admit_at(1, grant(Mask::NONE, &[])), Err(Full));
    assert_eq!(table.admit_at(2, grant(Mask::NONE, &[])), Err(Full), "there is no such slot");
    assert_eq!(table.grant(first), Some(&grant(Mask::ALL, &[(1, Direction::Both)])), "as before");
    assert_eq!(table.admit(grant(Mask::NONE, &[])).unwrap().slot(), 0, "the free one");
}

#[test]
fn capacities_hold() {
    let mut table = Table::<2, 4>::new();
    assert!(table.admit(grant(Mask::ALL, &[])).is_ok() && table.admit(grant(Mask::ALL, &[])).is_ok());
    assert_eq!(table.admit(grant(Mask::ALL, &[])), Err(Full));
    let issuer = issuer();
    let mut many =
        grant(Mask::ALL, &[(1, Direction::In), (2, Direction::In), (3, Direction::In), (4, Direction::In)]);
    assert_eq!(many.allow(&issuer, Right { endpoint: 5, direction: Direction::In }), Err(TooMany));
}

#[test]
fn the_ring_keeps_the_last_and_counts_all() {
    let mut table = Table::<2, 4>::new();
    let id = table.admit(grant(Mask::NONE, &[])).unwrap();
    let mut ring = AuditRing::<3>::new();
    assert_eq!(ring.iter().count(), 0);
    for at in 0..5 {
        ring.record(at, id, Syscall::Open, on(9, DenyReason::NoSuchEndpoint));
    }
    assert_eq!(ring.total(), 5);
    assert_eq!(ring.iter().map(|r| (r.at_ms, r.number)).collect::<Vec<_>>(), [(2, 3), (3, 4), (4, 5)]);
}

#[test]
fn item_12_a_flooder_pushes_out_its_own_refusals() {
    let mut table = Table::<3, 4>::new();
    let [victim, other, flooder] = std::array::from_fn(|_| table.admit(grant(Mask::NONE, &[])).unwrap());
    let mut ring = AuditRing::<4>::new();
    let denial = on(9, DenyReason::NoSuchEndpoint);
    for id in [victim, other, victim] {
        assert_eq!(ring.record(0, id, Syscall::Open, denial), None);
    }
    for _ in 0..1000 {
        ring.record(1, flooder, Syscall::Open, denial);
    }
    let kept = |ring: &AuditRing<4>| ring.iter().map(|r| (r.number, r.container)).collect::<Vec<_>>();
    // The victim had the most once, and lost one; from then on the flooder loses its own.
    assert_eq!(kept(&ring), [(2, other), (3, victim), (1002, flooder), (1003, flooder)]);
    assert_eq!((ring.total(), ring.dropped()), (1003, 999));
    assert_eq!(ring.iter().map(|r| r.dropped).collect::<Vec<_>>(), [1, 1, 999, 999]);
    // The entries of an unloaded container are replaced first; until then they stay.
    ring.retire(victim);
    assert_eq!(kept(&ring).len(), 4);
    assert_eq!(ring.record(2, flooder, Syscall::Open, denial), Some(victim));
    assert_eq!(ring.record(2, flooder, Syscall::Open, denial), Some(flooder));
    assert_eq!(kept(&ring).first(), Some(&(2, other)));
}

#[test]
fn a_slots_descriptors_have_their_places() {
    // As many as a guard can have, in the last slot of the largest table.
    let mut table = Table::<256, 1>::new();
    let both = |issuer: &Issuer| {
        let mut grant = Grant::issue(issuer, Mask::ALL);
        grant.allow(issuer, Right { endpoint: 1, direction: Direction::Both }).unwrap();
        grant
    };
    let ids: Vec<ContainerId> = (0..256).map(|_| table.admit(both(&issuer())).unwrap()).collect();
    let [first, last] = [ids[0], ids[255]];
    assert_eq!((first.slot(), last.slot()), (0, 255));
    assert_eq!(table.admit(both(&issuer())), Err(Full));
    let mut guard: Guard<u8, 64> = table.guard(last);
    let fds: Vec<i32> = (0..64)
        .map(|place| {
            guard.has_room(1).unwrap();
            guard.open(table.authorize(last, 1).unwrap(), place).unwrap().raw()
        })
        .collect();
    assert!(guard.has_room(1).is_err());
    let mut other: Guard<u8, 64> = table.guard(first);
    for (place, fd) in fds.iter().enumerate() {
        assert!(*fd >= 0);
        assert_eq!(usize::from(Guard::<u8, 64>::place(*fd)), place);
        assert_eq!(guard.read(*fd), Ok((1, &mut (place as u8))));
        assert_eq!(other.read(*fd), Err(denied(DenyReason::NotYours)));
    }
    // Any number has a place less than 64, also those that no guard made.
    for fd in [-1, i32::MIN, i32::MAX, 64, 63] {
        assert_eq!(Guard::<u8, 64>::place(fd), (fd & 63) as u8);
    }
    // The middle one closed is the one that is opened next.
    guard.close(fds[31]).unwrap();
    let again = guard.open(table.authorize(last, 1).unwrap(), 99).unwrap().raw();
    assert_eq!(Guard::<u8, 64>::place(again), 31);
    assert_eq!(guard.read(fds[31]), Err(denied(DenyReason::NotOpen)));
}

#[test]
fn what_wakes_a_container_is_what_it_may_read() {
    let rights = [(1, Direction::In), (2, Direction::Out), (3, Direction::Both)];
    for (mask, expected) in [
        (Mask::ALL, &[(0, 1, 1), (2, 3, 3)][..]),
        (Mask::of(&[Syscall::Read]), &[(0, 1, 1), (2, 3, 3)]),
        (Mask(Mask::ALL.0 & !Mask::of(&[Syscall::Read]).0), &[]),
        (Mask::NONE, &[]),
    ] {
        let mut table = Table::<2, 4>::new();
        let id = table.admit(grant(mask, &rights)).unwrap();
        let mut guard: Guard<u32, 4> = table.guard(id);
        assert_eq!(guard.readable().count(), 0, "nothing is open");
        let fds = [1, 2, 3].map(|endpoint| open(&table, &mut guard, endpoint));
        let readable: Vec<_> =
            guard.readable().map(|(place, endpoint, target)| (place, endpoint, *target)).collect();
        assert_eq!(readable, expected);
        if guard.close(fds[0]).is_ok() {
            assert!(guard.readable().all(|(place, ..)| place == 2), "closed");
        }
    }
}

#[test]
fn each_reason_has_its_own_text() {
    let texts: HashSet<String> = DenyReason::ALL.iter().map(DenyReason::to_string).collect();
    assert_eq!(texts.len(), DenyReason::ALL.len());
    assert_eq!(DenyReason::NotGranted.to_string(), "the syscall is not granted to it");
}

#[test]
fn a_refusal_is_recorded_with_all_its_facts() {
    let mut table = Table::<2, 4>::new();
    let [one, other] = [0, 1].map(|_| table.admit(grant(Mask::NONE, &[])).unwrap());
    let mut ring = AuditRing::<2>::new();
    ring.record(7, one, Syscall::Open, on(0, DenyReason::NoSuchEndpoint));
    ring.record(9, other, Syscall::Read, denied(DenyReason::NotYours));
    let record = |at_ms, number, container, call, denial| AuditRecord {
        at_ms,
        number,
        dropped: 0,
        container,
        call,
        denial,
    };
    // Endpoint 0 is not the same as none.
    assert_eq!(
        ring.iter().collect::<Vec<_>>(),
        [
            record(7, 1, one, Syscall::Open, on(0, DenyReason::NoSuchEndpoint)),
            record(9, 2, other, Syscall::Read, denied(DenyReason::NotYours)),
        ]
    );
    assert_eq!((ring.total(), ring.dropped()), (2, 0));
}

/// The model of the ring: a list for each container.
#[derive(Default)]
struct NaiveRing {
    entries: HashMap<ContainerId, Vec<u64>>,
    retired: Vec<ContainerId>,
    total: u64,
}

impl NaiveRing {
    fn record(&mut self, who: ContainerId, places: usize) {
        self.total += 1;
        if self.entries.values().map(Vec::len).sum::<usize>() == places {
            let oldest_of = |ids: &[ContainerId]| {
                let oldest = |id: &ContainerId| self.entries.get(id).and_then(|list| list.first().copied());
                ids.iter().filter(|id| oldest(id).is_some()).min_by_key(|id| oldest(id)).copied()
            };
            let most = self.entries.values().map(Vec::len).max().unwrap();
            let all: Vec<_> = self.entries.keys().copied().collect();
            let greediest: Vec<_> = all.iter().copied().filter(|id| self.entries[id].len() == most).collect();
            let giver = oldest_of(&self.retired)
                .or_else(|| greediest.contains(&who).then_some(who))
                .or_else(|| oldest_of(&greediest));
            self.entries.get_mut(&giver.unwrap()).unwrap().remove(0);
        }
        self.entries.entry(who).or_default().push(self.total);
    }
}

proptest! {
    #[test]
    fn item_12_the_ring_behaves_like_a_list_for_each_container(
        steps in prop::collection::vec((0..5usize, 0..40u8), 0..200),
    ) {
        const PLACES: usize = 6;
        let mut table = Table::<5, 4>::new();
        let mut ids: [ContainerId; 5] = std::array::from_fn(|_| table.admit(grant(Mask::NONE, &[])).unwrap());
        let mut ring = AuditRing::<PLACES>::new();
        let mut naive = NaiveRing::default();
        for (who, what) in steps {
            if what == 0 {
                // Unloaded, and another one loaded in its place.
                ring.retire(ids[who]);
                naive.retired.push(ids[who]);
                table.remove(ids[who]);
                ids[who] = table.admit_at(who, grant(Mask::NONE, &[])).unwrap();
            } else {
                ring.record(u64::from(what), ids[who], Syscall::Open, Denial::new(DenyReason::NotGranted));
                naive.record(ids[who], PLACES);
            }
            let mut expected: Vec<_> = naive
                .entries
                .iter()
                .flat_map(|(id, numbers)| numbers.iter().map(|number| (*number, *id)))
                .collect();
            expected.sort_by_key(|(number, _)| *number);
            prop_assert_eq!(ring.iter().map(|r| (r.number, r.container)).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!((ring.total(), ring.dropped()), (naive.total, naive.total - expected.len() as u64));
            for (refusal, kept_before) in ring.iter().zip(0..) {
                prop_assert_eq!(refusal.dropped, refusal.number - 1 - kept_before);
            }
        }
    }

    /// A guard compared with a model that is a map, under any sequence of opens, closes and guesses.
    #[test]
    fn descriptors_behave_like_a_map(steps in prop::collection::vec((0..3u8, any::<u16>(), any::<bool>()), 0..200)) {
        let mut table = Table::<2, 4>::new();
        let rights = [(1, Direction::In), (2, Direction::Out), (3, Direction::Both)];
        let ids: [ContainerId; 2] = std::array::from_fn(|_| table.admit(grant(Mask::ALL, &rights)).unwrap());
        let mut guards: [Guard<u32, 3>; 2] = ids.map(|id| table.guard(id));
        let mut model: HashMap<i32, (usize, u32)> = HashMap::new();
        let mut ever: Vec<i32> = vec![0];
        for (what, number, second) in steps {
            let who = usize::from(second);
            let guard = &mut guards[who];
            let mine = model.values().filter(|(owner, _)| *owner == who).count();
            let fd = ever[usize::from(number) % ever.len()];
            let known = model.get(&fd).filter(|(owner, _)| *owner == who).map(|(_, endpoint)| *endpoint);
            match what {
                0 => {
                    let endpoint = u32::from(number % 3) + 1;
                    let opened = guard.open(table.authorize(ids[who], endpoint).unwrap(), endpoint);
                    prop_assert_eq!(opened.is_ok(), mine < 3);
                    if let Ok(fd) = opened {
                        prop_assert!(model.insert(fd.raw(), (who, endpoint)).is_none());
                        ever.push(fd.raw());
                    }
                }
                1 => {
                    prop_assert_eq!(guard.close(fd).ok(), known);
                    if known.is_some() {
                        model.remove(&fd);
                    }
                }
                _ => {
                    prop_assert_eq!(guard.read(fd).ok().map(|(_, target)| *target), known.filter(|endpoint| *endpoint != 2));
                    prop_assert_eq!(guard.write(fd).ok().map(|(_, target)| *target), known.filter(|endpoint| *endpoint != 1));
                }
            }
        }
    }
}
