//! The budget is exact, and nothing gets round it.

use tinycontainer_runtime::{Budget, Hook, Instance as _, Outcome, Runtime as _, Trap};

use crate::world::{LIMITS, PLENTY, Record, guest, world};

/// Counts down from `n`: `n` times the same instructions.
fn countdown(n: u32) -> String {
    guest(
        "",
        &format!(
            "(local.set $a (i32.const {n}))
             (loop $l
               (local.set $a (i32.sub (local.get $a) (i32.const 1)))
               (br_if $l (local.get $a)))
             i32.const 0"
        ),
    )
}

fn cost(text: &str) -> u32 {
    let world = world();
    let mut instance = world.load(text).unwrap();
    let outcome = instance.call(Hook::Loop, PLENTY, &mut Record::default());
    assert_eq!(outcome.result, Ok(0));
    outcome.instructions
}

/// What `countdown` takes for each time around: fast, the subtraction (which sets the local at once) and the branch;
/// classic, what is written.
const AROUND: u32 = if cfg!(feature = "classic") { 6 } else { 2 };
/// And beside the loop: fast, the first `local.set`, the result put where it belongs, and the return.
const BESIDE: u32 = if cfg!(feature = "classic") { 6 } else { 3 };

#[test]
fn a_loop_of_known_count() {
    let (ten, thousand) = (cost(&countdown(10)), cost(&countdown(1000)));
    assert_eq!(thousand - ten, 990 * AROUND);
    assert_eq!(ten, 10 * AROUND + BESIDE);
}

#[test]
fn one_less_is_not_enough() {
    let world = world();
    let mut host = Record::default();
    let mut instance = world.load(&countdown(100)).unwrap();
    let needs = 100 * AROUND + BESIDE;
    for (budget, result) in [
        (needs, Ok(0)),
        (needs + 1, Ok(0)),
        (u32::MAX, Ok(0)),
        (needs - 1, Err(Trap::BudgetExhausted)),
        (1, Err(Trap::BudgetExhausted)),
        (0, Err(Trap::BudgetExhausted)),
    ] {
        let outcome = instance.call(Hook::Loop, Budget(budget), &mut host);
        assert_eq!(outcome, Outcome { result, instructions: budget.min(needs) }, "{budget}");
    }
}

#[test]
fn side_effects_stop_where_the_budget_does() {
    // One beat for each time around. Which budgets are enough for how many must be a staircase.
    let world = world();
    let text = guest(
        r#"(import "env" "heartbeat" (func $beat (result i32)))"#,
        "(loop $l (drop (call $beat)) (br $l)) unreachable",
    );
    let mut instance = world.load(&text).unwrap();
    let beats: Vec<usize> = (0..30)
        .map(|budget| {
            let mut host = Record::default();
            let outcome = instance.call(Hook::Loop, Budget(budget), &mut host);
            assert_eq!(outcome, Outcome { result: Err(Trap::BudgetExhausted), instructions: budget });
            host.calls.len()
        })
        .collect();
    let stairs = if cfg!(feature = "classic") { [0, 0, 1, 1, 1, 2] } else { [0, 1, 1, 2, 2, 3] };
    assert_eq!(beats[..6], stairs);
    assert!(beats.is_sorted_by(|a, b| b - a <= 1));
}

#[test]
fn every_loop_ends() {
    let world = world();
    for (fields, body) in [
        ("", "(loop $l (br $l)) unreachable"),
        ("", "(loop $l (br_if $l (i32.const 1))) unreachable"),
        ("", "(loop $l (br_table $l $l (i32.const 0))) unreachable"),
        ("", "(loop $l (if (i32.eqz (local.get $a)) (then (br $l)))) unreachable"),
        ("", "(loop $l block block br 2 end end) unreachable"),
        ("", "(loop $l nop nop (br $l)) unreachable"),
        ("(func $f)", "(loop $l call $f (br $l)) unreachable"),
        (
            "(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f)",
            "(loop $l (call_indirect (type $t) (i32.const 0)) (br $l)) unreachable",
        ),
        (
            r#"(import "env" "heartbeat" (func $b (result i32)))"#,
            "(loop $l (drop (call $b)) (br $l)) unreachable",
        ),
        ("(memory 1)", "(loop $l (drop (memory.grow (i32.const 0))) (br $l)) unreachable"),
        ("(memory 1)", "(loop $l (drop (memory.grow (i32.const 99))) (br $l)) unreachable"),
    ] {
        let (outcome, _) = world.run(fields, body, Budget(50_000));
        assert_eq!(outcome, Outcome { result: Err(Trap::BudgetExhausted), instructions: 50_000 }, "{body}");
    }
}

#[test]
fn calls_that_fan_out_end() {
    // 2^36 calls, never more than 36 deep.
    let mut fields = String::from("(func $f0)");
    for n in 1..36 {
        fields += &format!("(func $f{n} call $f{} call $f{})", n - 1, n - 1);
    }
    let world = world();
    let (outcome, _) = world.run(&fields, "call $f35 i32.const 0", Budget(100_000));
    assert_eq!(outcome.result, Err(Trap::BudgetExhausted));
    assert_eq!(outcome.instructions, 100_000);
}

#[test]
fn many_bytes_at_once_cost_more() {
    let world = world();
    let run = |body: &str| {
        let (outcome, _) = world.run("(memory 1)", &format!("{body} i32.const 0"), PLENTY);
        assert_eq!(outcome.result, Ok(0));
        outcome.instructions
    };
    let nothing = run("(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))");
    let all = run("(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))");
    assert_eq!(all - nothing, 65536 / 16);
    let nothing = run("(memory.copy (i32.const 0) (i32.const 1) (i32.const 15))");
    let half = run("(memory.copy (i32.const 0) (i32.const 1) (i32.const 32768))");
    assert_eq!(half - nothing, 32768 / 16);
    // More than there is left: done once, and then it is over.
    let (outcome, _) = world.run(
        "(memory 1)",
        "(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)) unreachable",
        Budget(100),
    );
    assert_eq!(outcome, Outcome { result: Err(Trap::BudgetExhausted), instructions: 100 });
    // Locals are cleared at each call, constants copied.
    let locals = format!("(func $f (local {}))", "i64 ".repeat(200));
    let (outcome, _) = world.run(&locals, "call $f i32.const 0", PLENTY);
    assert!(outcome.instructions >= 200 * 8 / 16, "{outcome:?}");
}

/// The classic interpreter reads on to find where a block ends, and remembers a few ends only. (The fast one has
/// looked before it runs.)
#[test]
#[cfg(feature = "classic")]
fn looking_for_a_blocks_end_costs_by_its_length() {
    let blocks = |count: usize, length: usize| {
        let nops = "nop ".repeat(length);
        let all = format!("(if (i32.const 0) (then {nops}))").repeat(count);
        let twice = format!(
            "(local.set $a (i32.const 2))
             (loop $l {all} (br_if $l (local.tee $a (i32.sub (local.get $a) (i32.const 1))))) i32.const 0"
        );
        cost(&guest("", &twice))
    };
    // More blocks than it remembers: each is looked for each time.
    let (short, long) = (blocks(100, 0), blocks(100, 160));
    assert!(long >= short + 2 * 100 * 10 * 9 / 10, "{short} {long}");
}

#[test]
fn a_wide_call_costs_by_its_width() {
    let call = |width: usize| {
        let (params, zeros) = ("i32 ".repeat(width), "(i32.const 0) ".repeat(width));
        let body = format!(
            "(local.set $a (i32.const 100))
             (loop $l (call $wide {zeros})
               (br_if $l (local.tee $a (i32.sub (local.get $a) (i32.const 1))))) i32.const 0"
        );
        cost(&guest(&format!("(func $wide (param {params}))"), &body))
    };
    // Half an instruction for each parameter, once around for each of a hundred calls.
    assert!(call(64) >= call(0) + 100 * 32);
    let give = |width: usize| {
        let (results, zeros) = ("i32 ".repeat(width), "(i32.const 0) ".repeat(width));
        let drops = "drop ".repeat(width);
        let body = format!(
            "(local.set $a (i32.const 100))
             (loop $l (call $wide) {drops}
               (br_if $l (local.tee $a (i32.sub (local.get $a) (i32.const 1))))) i32.const 0"
        );
        cost(&guest(&format!("(func $wide (result {results}) {zeros})"), &body))
    };
    assert!(give(64) >= give(1) + 100 * 32);
}

#[test]
fn calibration_measures() {
    let world = world();
    let clock = std::time::Instant::now();
    let now_us = || clock.elapsed().as_micros() as u64;
    let rate = world.wamr.calibrate(&now_us, 1).unwrap();
    assert!(rate.instructions_per_ms > 1000, "{rate:?}");
    assert_eq!(world.wamr.memory(tinycontainer_pool::Account(1)).used, 0);
    // A clock that stands still, and one that runs backwards.
    assert!(world.wamr.calibrate(&|| 0, 1000).unwrap().instructions_per_ms >= 1);
    let backwards = std::cell::Cell::new(u64::MAX);
    let now_us = || {
        backwards.set(backwards.get() - 1_000_000);
        backwards.get()
    };
    assert!(world.wamr.calibrate(&now_us, 1).unwrap().instructions_per_ms >= 1);
    let _unused = LIMITS;
}
