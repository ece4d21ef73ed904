//! Memory is bounded, zeroed, and comes back.

use tinycontainer_pool::Account;
use tinycontainer_runtime::{Hook, Instance as _, Limits, ModuleError, Runtime as _, Share, Shortage, Trap};

use crate::world::{LIMITS, PLENTY, POOL, Record, guest, world};

#[test]
fn grows_to_the_limit_and_no_further() {
    let world = world();
    let text = guest("(memory 1)", "(memory.grow (i32.const 1))");
    let limits = |linear_memory| Limits { linear_memory, ..LIMITS };
    for (bytes, grown) in [
        (65536, vec![-1, -1]),
        (2 * 65536 - 1, vec![-1]),
        (2 * 65536, vec![1, -1, -1]),
        (3 * 65536, vec![1, 2, -1]),
    ] {
        let mut instance = world.load_on(1, &text, &limits(bytes)).unwrap();
        for pages in grown {
            assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(pages));
        }
    }
    // From nothing, with less than a page allowed.
    let text = guest("(memory 0)", "(memory.grow (i32.const 1))");
    for (bytes, pages) in [(0, -1), (65535, -1), (65536, 0)] {
        let limits = Limits { heap: 1 << 20, ..limits(bytes) };
        let mut instance = world.load_on(1, &text, &limits).unwrap();
        assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(pages));
    }
    // By as much as there can be.
    for pages in [65535_u32, 65536, u32::MAX] {
        let text = guest("(memory 1)", &format!("(memory.grow (i32.const {}))", pages.cast_signed()));
        let mut instance = world.load_on(1, &text, &limits(u32::MAX)).unwrap();
        assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(-1));
    }
}

#[test]
fn growing_is_refused_when_the_pool_is_full() {
    let world = world();
    let text = guest("(memory 1)", "(memory.grow (i32.const 1))");
    let mut instance = world.load_on(1, &text, &Limits { linear_memory: 1 << 20, ..LIMITS }).unwrap();
    POOL.open(Account(2), u32::MAX);
    let rest = POOL.take(Account(2), POOL.largest_free() - 4).unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(-1));
    drop(rest);
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(1));
}

#[test]
fn what_others_left_is_not_seen() {
    let world = world();
    POOL.open(Account(2), u32::MAX);
    POOL.take(Account(2), POOL.largest_free() - 4).unwrap().fill(0xa5);
    // Adds up all of memory, 4 bytes at a time.
    let sum = "(loop $l
        (local.set $b (i32.or (local.get $b) (i32.load (local.get $a))))
        (local.set $a (i32.add (local.get $a) (i32.const 4)))
        (br_if $l (i32.lt_u (local.get $a) (i32.mul (memory.size) (i32.const 65536)))))
      (drop (memory.grow (i32.const 1)))
      (local.get $b)";
    let limits = Limits { linear_memory: 3 * 65536, ..LIMITS };
    let mut instance = world.load_on(1, &guest("(memory 1)", sum), &limits).unwrap();
    for _ in 0..3 {
        assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(0));
    }
}

#[test]
fn contents_survive_growing() {
    let world = world();
    let body = "(i32.store (i32.const 65532) (i32.const 1234))
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.const 65536) (i32.const 1))
        (i32.add (i32.load (i32.const 65532)) (i32.load (i32.const 65536)))";
    let limits = Limits { linear_memory: 2 * 65536, ..LIMITS };
    let mut instance = world.load_on(1, &guest("(memory 1)", body), &limits).unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(1235));
}

#[test]
fn a_page_is_shrunk_to_what_is_used() {
    let world = world();
    let fields = r#"(memory 1) (global $sp (mut i32) (i32.const 256))
        (global (export "__data_end") i32 (i32.const 256))
        (global (export "__heap_base") i32 (i32.const 260))"#;
    let limits = Limits { linear_memory: 264, stack: 512, heap: 4096 };
    let load = |body: &str| world.load_on(1, &guest(fields, body), &limits);
    let run = |body: &str| load(body).unwrap().call(Hook::Loop, PLENTY, &mut Record::default()).result;
    // Rounded up to 8, and the same on every machine.
    assert_eq!(run("(i32.load8_u (i32.const 263))"), Ok(0));
    assert!(run("(i32.load8_u (i32.const 264))").is_err());
    let error = world
        .load_on(1, &guest(fields, "i32.const 0"), &Limits { linear_memory: 263, ..limits })
        .unwrap_err();
    let memory = Shortage { of: Share::LinearMemory, needed: 264, limit: 263 };
    assert_eq!(error, ModuleError::OverLimit(memory));
    let instance = load("i32.const 0").unwrap();
    let used = world.wamr.memory(Account(1));
    assert!(used.used < 4096 && used.used <= used.peak && used.peak < 4096, "{used:?}");
    drop(instance);
}

#[test]
fn the_smallest_heap_that_is_enough() {
    // With every byte less, loading is refused for the limit, and nothing is left behind.
    let world = world();
    let text = guest(
        r#"(import "env" "read" (func (param i32 i32 i32) (result i32)))
           (memory 0) (table 2 funcref) (elem (i32.const 0) $f) (func $f) (data "x")"#,
        "i32.const 0",
    )
    .replace(r#"(data "x")"#, "");
    let mut enough = 0;
    for heap in (0..8192).step_by(8) {
        match world.load_on(1, &text, &Limits { linear_memory: 0, stack: 256, heap }) {
            Ok(_) => enough = heap,
            Err(error) => {
                let ModuleError::OverLimit(Shortage { of: Share::Heap, needed, limit }) = error else {
                    panic!("{heap}: {error:?}");
                };
                assert!(needed > limit && limit == heap, "{heap}: {error:?}");
                assert_eq!(enough, 0, "{heap} was not enough, but less was");
            }
        }
        assert_eq!(POOL.usage(Account(1)).used, 0);
    }
    assert!(enough > 0);
}

#[test]
fn what_is_booked_beside_it_stays() {
    let world = world();
    POOL.open(Account(3), 10_000);
    let image = POOL.take(Account(3), 500).unwrap();
    let limits = Limits { linear_memory: 0, stack: 512, heap: 8192 };
    let instance = world.load_on(3, &guest("", "i32.const 0"), &limits).unwrap();
    assert!(world.wamr.memory(Account(3)).used > 1000);
    drop(instance);
    assert_eq!(world.wamr.memory(Account(3)).used, 504);
    assert_eq!(POOL.cap(Account(3)), 10_000);
    drop(image);
}

/// A guest that needs some linear memory, and more heap than 4 KiB.
fn needs_heap() -> String {
    let sum: String = (0..400).map(|n| format!("i32.const {n} i32.add ")).collect();
    guest(&format!("(memory 1) (func (param i32) (result i32) local.get 0 {sum})"), "i32.const 0")
}

/// The least heap with which a guest loads, to 8 bytes.
fn least_heap(text: &str, limits: &Limits) -> u32 {
    let world = world();
    let loads = |heap| world.load_on(1, text, &Limits { heap, ..*limits }).is_ok();
    let heap = (0..1 << 15).map(|eighths| eighths * 8).find(|heap| loads(*heap));
    heap.expect("256 KiB are enough")
}

#[test]
fn item_11_the_heap_does_not_take_what_memory_leaves() {
    let limits = Limits { linear_memory: 65536, stack: 512, heap: 0 };
    let heap = least_heap(&needs_heap(), &limits);
    let world = world();
    // As much more linear memory as there may be, none of which the guest has.
    for linear_memory in [65536, 2 * 65536, 16 * 65536] {
        let short = Limits { linear_memory, heap: heap - 8, ..limits };
        let error = world.load_on(1, &needs_heap(), &short).unwrap_err();
        let ModuleError::OverLimit(Shortage { of: Share::Heap, needed, limit }) = error else {
            panic!("{error:?}");
        };
        assert!(limit == heap - 8 && (heap..heap + 64).contains(&needed), "{heap}: {error:?}");
        assert!(error.to_string().contains(&format!("at least {needed} bytes of heap")), "{error}");
        assert!(world.load_on(1, &needs_heap(), &Limits { heap, ..short }).is_ok());
    }
}

#[test]
fn item_11_the_heap_does_not_take_what_the_stack_leaves() {
    // What the loader needs for a moment only is of the heap too, not of a stack that is not there yet.
    let deep = format!("{} {}", "block ".repeat(150), "end ".repeat(150));
    let text = guest("(memory 0)", &format!("{deep} i32.const 0"));
    let limits = Limits { linear_memory: 0, stack: 512, heap: 0 };
    let heap = least_heap(&text, &limits);
    let world = world();
    let error = world.load_on(1, &text, &Limits { heap: heap - 8, stack: 1 << 20, ..limits }).unwrap_err();
    assert!(matches!(error, ModuleError::OverLimit(Shortage { of: Share::Heap, .. })), "{error:?}");
    assert!(world.load_on(1, &text, &Limits { heap, stack: 1 << 20, ..limits }).is_ok());
}

#[test]
fn item_11_the_stack_does_not_take_what_the_heap_leaves() {
    let world = world();
    // Calls itself 100 times.
    let text = guest(
        "(func $f (param i32) (result i32)
           (if (result i32) (local.get 0)
             (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
             (else (i32.const 0))))",
        "(call $f (i32.const 100))",
    );
    let run = |stack| {
        let limits = Limits { linear_memory: 1 << 20, stack, heap: 1 << 20 };
        world.load_on(1, &text, &limits).unwrap().call(Hook::Loop, PLENTY, &mut Record::default()).result
    };
    assert_eq!(run(16384), Ok(100));
    assert_eq!(run(1024), Err(Trap::StackOverflow));
}

#[test]
fn item_11_memory_does_not_take_what_the_heap_leaves() {
    let world = world();
    let limits = |linear_memory| Limits { linear_memory, stack: 512, heap: 1 << 20 };
    let error = world.load_on(1, &guest("(memory 2)", "i32.const 0"), &limits(65536)).unwrap_err();
    let needed = Shortage { of: Share::LinearMemory, needed: 2 * 65536, limit: 65536 };
    assert_eq!(error, ModuleError::OverLimit(needed));
    assert_eq!(
        error.to_string(),
        "the code needs 131072 bytes of linear memory, and its metadata allows 65536"
    );
    let grows = guest("(memory 1)", "(memory.grow (i32.const 1))");
    let mut instance = world.load_on(1, &grows, &limits(2 * 65536 - 1)).unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(-1));
    drop(instance);
    // And it gets all of its own, though the heap has nothing left.
    let tight = Limits { linear_memory: 2 * 65536, stack: 512, heap: 0 };
    drop(world);
    let tight = Limits { heap: least_heap(&grows, &tight), ..tight };
    let world = crate::world::world();
    let mut instance = world.load_on(1, &grows, &tight).unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(1));
}
