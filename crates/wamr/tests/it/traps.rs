//! Each trap, and that a trap harms nobody but its guest.

use tinycontainer_runtime::{Hook, Instance as _, Trap};

use crate::world::{PLENTY, Record, guest, world};

#[test]
fn each_has_its_name() {
    let world = world();
    let table = "(type $t (func)) (type $u (func (param i32))) (table 3 funcref) \
                 (elem (i32.const 0) $f) (func $f)";
    for (fields, body, trap) in [
        ("", "unreachable", Trap::Unreachable),
        ("(memory 1)", "(i32.load (i32.const 65533))", Trap::OutOfBounds),
        ("(memory 1)", "(i32.load offset=4294967295 (i32.const -1))", Trap::OutOfBounds),
        ("(memory 1)", "(i32.store8 (i32.const 65536) (i32.const 0)) i32.const 0", Trap::OutOfBounds),
        ("(memory 0)", "(i32.load8_u (i32.const 0))", Trap::OutOfBounds),
        (
            "(memory 1)",
            "(memory.fill (i32.const 1) (i32.const 0) (i32.const 65536)) i32.const 0",
            Trap::OutOfBounds,
        ),
        (
            "(memory 1)",
            "(memory.copy (i32.const 0) (i32.const -1) (i32.const 2)) i32.const 0",
            Trap::OutOfBounds,
        ),
        ("", "(i32.div_u (i32.const 1) (local.get $a))", Trap::DivideByZero),
        ("", "(i32.rem_s (i32.const 1) (local.get $a))", Trap::DivideByZero),
        (
            "",
            "(i32.div_s (i32.const -2147483648) (i32.sub (local.get $a) (i32.const 1)))",
            Trap::IntegerOverflow,
        ),
        ("", "(i32.trunc_f32_s (f32.const 1e20))", Trap::IntegerOverflow),
        ("", "(i32.trunc_f64_u (f64.const nan))", Trap::IntegerOverflow),
        (table, "(call_indirect (type $t) (i32.const 3)) i32.const 0", Trap::IndirectCall),
        (table, "(call_indirect (type $t) (i32.const -1)) i32.const 0", Trap::IndirectCall),
        (table, "(call_indirect (type $t) (i32.const 1)) i32.const 0", Trap::IndirectCall),
        (table, "(call_indirect (type $u) (i32.const 0) (i32.const 0)) i32.const 0", Trap::IndirectCall),
        ("(func $f (result i32) call $f)", "call $f", Trap::StackOverflow),
        ("", "(loop $l (br $l)) unreachable", Trap::BudgetExhausted),
    ] {
        let (outcome, _) = world.run(fields, body, PLENTY);
        assert_eq!(outcome.result, Err(trap), "{body}");
        assert_eq!(outcome.instructions == PLENTY.0, trap == Trap::BudgetExhausted, "{body}");
    }
}

#[test]
fn another_hook_can_be_called_after_one() {
    let world = world();
    let mut host = Record::default();
    let mut instance = world
        .load(&guest(
            "(func $f (result i32) call $f) (global $g (mut i32) (i32.const 0))",
            "(if (result i32) (global.get $g) (then (i32.const 3))
               (else (global.set $g (i32.const 1)) call $f))",
        ))
        .unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut host).result, Err(Trap::StackOverflow));
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut host).result, Ok(3));
}

#[test]
fn recursion_ends_in_every_size_of_stack() {
    let world = world();
    for stack in (0..600).step_by(4).chain([4096, 10_000]) {
        let limits = tinycontainer_runtime::Limits { stack, ..crate::world::LIMITS };
        for body in ["call $f", "i32.const 1"] {
            let text = guest(
                "(func $f (param i32 i64 i32) (result i32) (local i64 i64)
                 (call $f (i32.const 1) (i64.const 2) (i32.const 3)))",
                &body.replace("call $f", "(call $f (i32.const 1) (i64.const 2) (i32.const 3))"),
            );
            let mut instance = world.load_on(1, &text, &limits).unwrap();
            let result = instance.call(Hook::Loop, PLENTY, &mut Record::default()).result;
            assert!(matches!(result, Err(Trap::StackOverflow) | Ok(1)), "{stack}: {result:?}");
        }
    }
}
