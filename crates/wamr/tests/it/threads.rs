//! Many containers on many threads at once.

use tinycontainer_pool::Account;
use tinycontainer_runtime::{Budget, Hook, Instance as _, Runtime as _, Trap};

use crate::world::{LIMITS, OWN, PLENTY, POOL, Record, assemble, guest, world};

#[test]
fn eight_threads_at_once() {
    let world = world();
    let own = POOL.usage(OWN).used;
    let code = assemble(&guest(
        r#"(import "env" "open" (func $open (param i32) (result i32)))
           (memory 1) (global $g (mut i32) (i32.const 0))"#,
        "(drop (call $open (global.get $g)))
         (global.set $g (i32.add (global.get $g) (i32.const 1)))
         (local.set $a (i32.const 1000))
         (loop $l
           (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
           (local.set $a (i32.sub (local.get $a) (i32.const 1)))
           (br_if $l (local.get $a)))
         (i32.load (i32.const 64))",
    ));
    std::thread::scope(|scope| {
        for account in 1..=8 {
            let (wamr, code) = (world.wamr, &code);
            scope.spawn(move || {
                for _ in 0..20 {
                    let mut host = Record::default();
                    let mut instance = wamr.instantiate(Account(account), code, &LIMITS).unwrap();
                    let mut instructions = None;
                    for round in 1..=10 {
                        let outcome = instance.call(Hook::Loop, PLENTY, &mut host);
                        assert_eq!(outcome.result, Ok(round * 1000));
                        assert_eq!(*instructions.get_or_insert(outcome.instructions), outcome.instructions);
                    }
                    let outcome = instance.call(Hook::Loop, Budget(50), &mut host);
                    assert_eq!(outcome.result, Err(Trap::BudgetExhausted));
                    assert_eq!(host.calls.len(), 11);
                    assert_eq!(host.calls[10], "open 10");
                    drop(instance);
                    assert_eq!(wamr.memory(Account(account)).used, 0);
                }
            });
        }
    });
    assert_eq!(POOL.usage(OWN).used, own);
}

#[test]
fn an_instance_moves_between_threads() {
    let world = world();
    let mut instance = world
        .load(&guest(
            "(memory 1)",
            "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
             (if (i32.eq (memory.grow (i32.const 1)) (i32.const 99)) (then unreachable))
             (i32.load (i32.const 0))",
        ))
        .unwrap();
    for round in 1..=5 {
        instance = std::thread::spawn(move || {
            let outcome = instance.call(Hook::Loop, PLENTY, &mut Record::default());
            assert_eq!(outcome.result, Ok(round));
            instance
        })
        .join()
        .unwrap();
    }
    // Dropped on a thread where nothing was ever booked.
    std::thread::spawn(move || drop(instance)).join().unwrap();
}
