//! The budget is exact, and nothing gets round it.

use std::collections::BTreeSet;

use tinycontainer_runtime::{Budget, Hook, Instance as _, Limits, Outcome, Runtime as _, Trap};

use crate::opcodes;
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

/// What `countdown` takes for each time around, in halves of an instruction: fast, the subtraction (which sets the local at
/// once) and the branch, which costs half an instruction more; classic, what is written.
const AROUND_HALVES: u32 = if cfg!(feature = "classic") { 12 } else { 5 };
/// And beside the loop: classic, what is written; fast, the first `local.set`, the result put where it belongs, and the
/// return, less the last branch's half, in all 32 of the 14 bytes that one instruction has.
const BESIDE: u32 = if cfg!(feature = "classic") { 6 } else { 3 };

#[test]
fn a_loop_of_known_count() {
    let (ten, thousand) = (cost(&countdown(10)), cost(&countdown(1000)));
    assert_eq!(thousand - ten, 990 * AROUND_HALVES / 2);
    assert_eq!(ten, 10 * AROUND_HALVES / 2 + BESIDE);
}

#[test]
fn one_less_is_not_enough() {
    let world = world();
    let mut host = Record::default();
    let mut instance = world.load(&countdown(100)).unwrap();
    let needs = 100 * AROUND_HALVES / 2 + BESIDE;
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

/// A guest that counts in a global, `run` times in a straight run, over and over. `stop` calls `heartbeat` as often as that
/// was.
fn counter(run: usize, between: &str) -> String {
    let count = format!("(global.set $n (i32.add (global.get $n) (i32.const 1))) {between} ");
    format!(
        r#"(module (import "env" "heartbeat" (func $beat (result i32)))
             (memory 1) (global $n (mut i32) (i32.const 0))
             (func (export "start"))
             (func (export "loop") (result i32) (loop $l {} (br $l)) unreachable)
             (func (export "stop")
               (block $end (loop $l
                 (br_if $end (i32.eqz (global.get $n)))
                 (drop (call $beat))
                 (global.set $n (i32.sub (global.get $n) (i32.const 1)))
                 (br $l)))))"#,
        count.repeat(run)
    )
}

/// How often it counts within `budget`.
fn counted(text: &str, budget: u32) -> u32 {
    let world = world();
    let mut instance = world.load_on(1, text, &Limits { heap: 1 << 18, ..LIMITS }).unwrap();
    let mut host = Record::default();
    let outcome = instance.call(Hook::Loop, Budget(budget), &mut host);
    assert_eq!(outcome, Outcome { result: Err(Trap::BudgetExhausted), instructions: budget });
    assert_eq!(host.calls.len(), 0);
    assert!(instance.call(Hook::Stop, PLENTY, &mut host).result.is_ok());
    u32::try_from(host.calls.len()).unwrap()
}

#[test]
fn a_budget_is_never_exceeded_by_more_than_one_straight_run() {
    // Once is: read the global, add, write it; classic, the constant too.
    let once = if cfg!(feature = "classic") { 4 } else { 3 };
    for run in [1, 10, 100, 1000] {
        let text = counter(run, "");
        // An instruction more for the branch, and its half.
        let run_costs = u32::try_from(run).unwrap() * once + 2;
        let mut before = 0;
        for budget in
            [0, 1, 2, 3, 5, 10, 30, 31, 32, 33, 34, 35, 100, 299, 300, 301, 302, 303, 2999, 3005, 6100]
        {
            let count = counted(&text, budget);
            assert!(count >= before, "{run} {budget}: {count}, and {before} with less");
            before = count;
            let allowed = if cfg!(feature = "classic") { budget } else { budget + run_costs };
            assert!(count * once <= allowed, "{run} {budget}: {count}");
            // And what the budget is enough for is executed.
            assert!((count + 1) * (once + 3) >= budget.saturating_sub(run_costs), "{run} {budget}: {count}");
        }
    }
}

#[test]
fn what_takes_long_ends_a_budget_within_a_straight_run() {
    // 32 KiB each: one exceeds the budget, and no second is begun.
    for between in [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 32768))",
        "(memory.copy (i32.const 0) (i32.const 32768) (i32.const 32768))",
    ] {
        let count = counted(&counter(100, between), 2100);
        assert!((1..=3).contains(&count), "{count}");
    }
    // The same of natives: no call that the budget does not suffice for, and all that it does.
    let world = world();
    let (_, host) = world.run(
        r#"(import "env" "heartbeat" (func $beat (result i32)))"#,
        &format!("{} unreachable", "(drop (call $beat)) ".repeat(200)),
        Budget(100),
    );
    assert!((10..=34).contains(&host.calls.len()), "{}", host.calls.len());
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
    let stairs =
        if cfg!(feature = "classic") { [0, 0, 1, 1, 1, 1, 1, 1, 2] } else { [0, 0, 0, 0, 0, 0, 1, 1, 1] };
    assert_eq!(beats[..9], stairs);
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

/// The classic interpreter reads on to find where a block ends, once. (The fast one has looked before it runs.)
#[test]
#[cfg(feature = "classic")]
fn item_04_a_blocks_end_is_searched_once_and_costs_by_its_length() {
    let world = world();
    // What each of three calls of a hundred blocks takes.
    let blocks = |length: usize| {
        let nops = "nop ".repeat(length);
        let all = format!("(if (i32.const 0) (then {nops}))").repeat(100);
        let mut instance = world.load(&guest("", &format!("{all} i32.const 0"))).unwrap();
        [(); 3].map(|()| {
            let outcome = instance.call(Hook::Loop, PLENTY, &mut Record::default());
            assert_eq!(outcome.result, Ok(0));
            outcome.instructions
        })
    };
    let (short, long) = (blocks(0), blocks(160));
    assert!(long[0] >= short[0] + 100 * 160 / 16 * 8, "{short:?} {long:?}");
    for [first, second, third] in [short, long] {
        assert!(first > second, "{first} {second}");
        assert_eq!(second, third);
    }
    assert_eq!(short[1], long[1]);
}

/// More blocks within each other than a `br_table` of bytes can name, entered and left at every depth, with an `if` and
/// its `else` at each.
#[test]
fn item_04_blocks_end_where_they_should() {
    const DEPTH: u32 = 300;
    let targets: String = (0..DEPTH).map(|depth| format!("{depth} ")).collect();
    let mut blocks = format!("(block (br_table {targets} (local.get $a)))");
    for depth in 0..DEPTH {
        // Behind the block that `br_table` leaves with this number.
        let odd = format!("(i32.and (local.get $a) (i32.const {}))", 1 + depth % 2);
        blocks = format!(
            "(block {blocks}
               (if {odd}
                 (then (local.set $b (i32.add (local.get $b) (i32.const {depth}))))
                 (else (local.set $b (i32.xor (local.get $b) (i32.const {}))) (br 1))))",
            depth * 70_000
        );
    }
    let text = guest(
        "",
        &format!(
            "(loop $next {blocks}
               (br_if $next (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 1))) (i32.const {DEPTH}))))
             local.get $b"
        ),
    );
    let mut expected = 0_u32;
    for a in 0..DEPTH {
        for depth in a..DEPTH {
            if a & (1 + depth % 2) == 0 {
                expected ^= depth * 70_000;
            } else {
                expected = expected.wrapping_add(depth);
            }
        }
    }
    let world = world();
    let limits = Limits { stack: 1 << 16, heap: 1 << 20, ..LIMITS };
    let mut instance = world.load_on(1, &text, &limits).unwrap();
    for _ in 0..2 {
        let outcome = instance.call(Hook::Loop, PLENTY, &mut Record::default());
        assert_eq!(outcome.result, Ok(expected.cast_signed()));
    }
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

/// Every opcode of the specification's first version, of sign extension and of saturating truncation, `memory.copy` and
/// `memory.fill`: what `wamr.settings` enables.
fn enabled_opcodes() -> BTreeSet<&'static str> {
    let mut opcodes = BTreeSet::from(["MemoryCopy", "MemoryFill"]);
    macro_rules! collect {
        ($(@$proposal:ident $opcode:ident $({ $($field:ident: $type:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
            $(if matches!(stringify!($proposal), "mvp" | "sign_extension" | "saturating_float_to_int") {
                opcodes.insert(stringify!($opcode));
            })*
        };
    }
    wasmparser::for_each_operator!(collect);
    opcodes
}

#[test]
fn item_05_the_bench_executes_every_opcode() {
    let mut measured = BTreeSet::new();
    let world = world();
    for case in opcodes::cases() {
        if !measured.insert(case.opcode) {
            continue;
        }
        let case = case.repeats(2);
        let text = case.module(1);
        let code = crate::world::assemble(&text);
        let mut executed = 0_u64;
        for payload in wasmparser::Parser::new(0).parse_all(&code) {
            let Ok(wasmparser::Payload::CodeSectionEntry(body)) = payload else { continue };
            for operator in body.get_operators_reader().unwrap() {
                let name = format!("{:?}", operator.unwrap());
                executed += u64::from(name.split([' ', '{']).next() == Some(case.opcode));
            }
        }
        // A callee has its `return` once, and the text format writes `end` and `else` itself.
        assert!(executed >= case.executions(1) || case.opcode == "Return", "{} {executed}", case.opcode);
        let limits = Limits { stack: 16384, heap: 1 << 20, ..LIMITS };
        let mut instance = world.load_on(1, &text, &limits).unwrap();
        let outcome = instance.call(Hook::Loop, PLENTY, &mut Record::default());
        assert_eq!(outcome.result, Ok(0), "{}", case.opcode);
    }
    assert_eq!(measured, enabled_opcodes());
}

#[test]
fn item_05_bits_are_counted_right() {
    let world = world();
    let mut values: Vec<u64> = (0..64).map(|bit| 1 << bit).collect();
    values.extend([0, u64::MAX, 0x8000_0001, 0x5555_5555_5555_5555, 0x0123_4567_89ab_cdef, 0xffff_ffff]);
    let mut checks = String::new();
    for value in values {
        let half = value as u32;
        for (name, expected) in
            [("clz", half.leading_zeros()), ("ctz", half.trailing_zeros()), ("popcnt", half.count_ones())]
        {
            checks += &format!("(br_if 0 (i32.ne (i32.{name} (i32.const {half})) (i32.const {expected})))");
        }
        for (name, expected) in
            [("clz", value.leading_zeros()), ("ctz", value.trailing_zeros()), ("popcnt", value.count_ones())]
        {
            checks += &format!("(br_if 0 (i64.ne (i64.{name} (i64.const {value})) (i64.const {expected})))");
        }
    }
    let body = format!("(block {checks} (return (i32.const 1))) i32.const 0");
    let (outcome, _) = world.run("", &body, PLENTY);
    assert_eq!(outcome.result, Ok(1));
}

/// What a hundred repetitions of `body` cost more than a hundred of `other`.
fn difference(fields: &str, locals: &str, body: &str, other: &str) -> i64 {
    let run = |body: &str| {
        let world = world();
        let text = format!("{locals} {} i32.const 0", body.repeat(100));
        let (outcome, _) = world.run(fields, &text, PLENTY);
        assert_eq!(outcome.result, Ok(0));
        i64::from(outcome.instructions)
    };
    run(body) - run(other)
}

/// What a hundred instructions of the fast interpreter take that have so many bytes and this price together. Rounding may
/// add one.
fn hundred(bytes: i64, price: i64) -> std::ops::RangeInclusive<i64> {
    let all = 100 * (bytes + 14 * price) / 14;
    all - 1..=all + 1
}

/// The prices of a host: `wamr-sys/c/price.h`.
#[test]
fn item_05_an_instruction_that_costs_more_takes_more_of_the_budget() {
    let classic = cfg!(feature = "classic");
    // A call, and the end of the called function.
    let call = difference("(func $f)", "", "call $f ", "");
    assert!(if classic { call == 500 } else { hundred(12 + 8, 4).contains(&call) }, "{call}");
    let indirect = difference(
        "(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f)",
        "",
        "(call_indirect (type $t) (i32.const 0)) ",
        "",
    );
    assert!(if classic { indirect == 600 } else { hundred(18 + 8, 5).contains(&indirect) }, "{indirect}");
    let sat = "(drop (i64.trunc_sat_f64_s (f64.const 1.5)))";
    let plain = "(drop (i64.reinterpret_f64 (f64.const 1.5)))";
    let saturating = difference("", "", sat, plain);
    // Fast: its second byte too.
    assert!(if classic { saturating == 200 } else { hundred(1, 2).contains(&saturating) }, "{saturating}");
    assert_eq!(difference("", "", &sat.replace("trunc_sat", "trunc"), plain), 200);
    let table = format!("(block (br_table {} (i32.const 3)))", "0 ".repeat(20));
    let branch = "(block (br_if 0 (i32.const 3)))";
    // So many tables in so few bytes are refused: what a module may cost to load grows with its length.
    let longer = format!("(memory 1) (data (i32.const 0) \"{}\")", "x".repeat(6000));
    if classic {
        // The search for the block's end reads on over the entries.
        assert!(difference(&longer, "", &table, branch) >= 100 * 20 / 2);
        let block = difference("", "", "(block br 0)", "(block nop)");
        assert!(block >= 100 * 12, "{block}");
    } else {
        let table = difference(&longer, "", &table, branch);
        assert!(hundred(4, 6).contains(&table), "{table}");
        let value = difference("", "", "(drop (block (result i32) (br 0 (i32.const 1))))", "(block br 0)");
        assert!(value >= 100, "{value}");
        let division = "(drop (i64.div_u (i64.const 9) (i64.const 2)))";
        assert_eq!(difference("", "", division, "(drop (i64.mul (i64.const 9) (i64.const 2)))"), 100);
    }
    let grow = difference(
        "(memory 1)",
        "",
        "(drop (memory.grow (i32.const 99)))",
        "(drop (i32.eqz (i32.const 99)))",
    );
    assert_eq!(grow, 200);
}

#[test]
fn item_05_subnormal_numbers_cost_more_and_others_do_not() {
    // Fast: 32, and 31 where the quick one's exponents are such that it is not found out at once.
    let dear = if cfg!(feature = "classic") { 2398..=2402 } else { 3098..=3202 };
    // The smallest normal numbers of both kinds, and about half of them.
    for (kind, normal, subnormal) in [("f32", "0x1p-126", "0x1p-127"), ("f64", "0x1p-1022", "0x1p-1023")] {
        let mul = |x: &str, y: &str| format!("(drop ({kind}.mul ({kind}.const {x}) ({kind}.const {y})))");
        let div = |x: &str, y: &str| format!("(drop ({kind}.div ({kind}.const {x}) ({kind}.const {y})))");
        let sqrt = |x: &str| format!("(drop ({kind}.sqrt ({kind}.const {x})))");
        for (slow, quick) in [
            (mul(subnormal, "1.5"), mul(normal, "1.5")),
            (mul("1.5", subnormal), mul("1.5", normal)),
            (mul(normal, "0.5"), mul(normal, "1")),
            (div(subnormal, "1.5"), div(normal, "0.25")),
            (div("1.5", subnormal), div("1.5", normal)),
            (div(normal, "2"), div("0", subnormal)),
            (mul(subnormal, subnormal), mul(subnormal, "0")),
            (mul(subnormal, "inf"), mul("nan", "inf")),
            (sqrt(subnormal), sqrt(normal)),
            (sqrt(subnormal), sqrt("0")),
            (sqrt(subnormal), sqrt("-1")),
        ] {
            // A constant more or less is copied when the function is called.
            let more = difference("", "", &slow, &quick);
            assert!(dear.contains(&more), "{more} {slow} {quick}");
        }
    }
}

/// A price is taken before the work, so the budget ends with the instruction that it does not suffice for.
#[test]
fn item_05_a_price_above_the_budget_ends_it_there() {
    let world = world();
    let text = "(global $done (export \"done\") (mut i32) (i32.const 0)) (func $f)";
    let body = "(loop $l (call $f) (br $l)) unreachable";
    for budget in 0..40 {
        let (outcome, _) = world.run(text, body, Budget(budget));
        assert_eq!(outcome, Outcome { result: Err(Trap::BudgetExhausted), instructions: budget });
    }
}

#[test]
fn item_05_a_memory_that_grows_costs_by_its_size() {
    let world = world();
    let limits = Limits { linear_memory: 3 << 16, ..LIMITS };
    let grow = |pages: u32| {
        let text = guest("(memory 1)", &format!("(memory.grow (i32.const {pages}))"));
        let mut instance = world.load_on(1, &text, &limits).unwrap();
        let outcome = instance.call(Hook::Loop, PLENTY, &mut Record::default());
        assert_eq!(outcome.result, Ok(1));
        outcome.instructions
    };
    assert_eq!(grow(2) - grow(0), (3 << 16) / 16);
}
