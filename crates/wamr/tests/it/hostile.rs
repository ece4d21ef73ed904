//! Modules made to break the loader: refused or loaded, but nothing else happens.

use proptest::prelude::*;
use tinycontainer_module::check;
use tinycontainer_pool::Account;
use tinycontainer_runtime::{Budget, Hook, Instance as _, Limits, ModuleError, Runtime as _};

use crate::shapes::{SHAPES, worst};
use crate::world::{LIMITS, POOL, Record, World, assemble, guest, world};

const SMALL: Limits = Limits { linear_memory: 65536, stack: 2048, heap: 32768 };

/// A module with something of everything.
fn rich() -> Vec<u8> {
    assemble(&guest(
        r#"(type $t (func (param i32 i64) (result i32)))
           (import "env" "logger" (func $logger (param i32)))
           (import "env" "read" (func $read (param i32 i32 i32) (result i32)))
           (memory 1 2)
           (table 4 8 funcref)
           (elem (i32.const 1) $f $g)
           (global $x (mut i32) (i32.const 7))
           (global (export "__heap_base") i32 (i32.const 1024))
           (data (i32.const 8) "some text\00")
           (func $f (type $t) (i32.add (local.get 0) (i32.wrap_i64 (local.get 1))))
           (func $g (type $t) (local f64 f32 i32)
             (block $out (result i32)
               (loop $again (result i32)
                 (br_if $out (i32.const 3) (i32.eqz (local.get 0)))
                 (drop)
                 (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                 (br_table $again $again (local.get 0))))
             (select (i32.const 1) (local.get 0)))
           (export "memory" (memory 0))"#,
        "(call $logger (i32.const 8))
         (drop (call $read (i32.const 1) (i32.const 64) (i32.const 32)))
         (local.set $a (call_indirect (type $t) (i32.const 5) (i64.const 6) (i32.const 1)))
         (drop (memory.grow (i32.const 1)))
         (memory.fill (i32.const 100) (i32.const 1) (i32.const 100))
         (memory.copy (i32.const 150) (i32.const 100) (i32.const 100))
         (if (result i32) (local.get $a)
           (then (i32.div_u (global.get $x) (local.get $a)))
           (else (i32.load offset=4 (local.get $b))))",
    ))
}

/// Loads it, and if it loads, runs it.
fn survive(world: &World, code: &[u8]) -> Result<(), ModuleError> {
    let loaded = world.wamr.instantiate(Account(1), code, &SMALL);
    let result = loaded.map(|mut instance| {
        for hook in Hook::ALL {
            let outcome = instance.call(hook, Budget(2000), &mut Record::default());
            assert!(outcome.instructions <= 2000);
        }
    });
    assert_eq!(POOL.usage(Account(1)).used, 0);
    result
}

#[test]
fn it_loads_as_it_is() {
    assert_eq!(survive(&world(), &rich()), Ok(()));
}

#[test]
fn every_truncation() {
    let world = world();
    let code = rich();
    let mut loaded = 0;
    for len in 0..code.len() {
        loaded += u32::from(survive(&world, &code[..len]).is_ok());
    }
    // Without the names at the end, and without the data before them.
    assert_eq!(loaded, 2);
}

#[test]
fn every_bit() {
    let world = world();
    let mut code = rich();
    for byte in 0..code.len() {
        for bit in 0..8 {
            code[byte] ^= 1 << bit;
            let _either = survive(&world, &code);
            code[byte] ^= 1 << bit;
        }
    }
}

#[test]
fn every_byte_as_the_extremes() {
    let world = world();
    let mut code = rich();
    for byte in 0..code.len() {
        let was = code[byte];
        for value in [0, 1, 0x0b, 0x40, 0x7f, 0x80, 0xfc, 0xfd, 0xff] {
            code[byte] = value;
            let _either = survive(&world, &code);
        }
        code[byte] = was;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn several_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let world = world();
        let mut code = rich();
        for (index, value) in changes {
            let at = index.index(code.len());
            code[at] = value;
        }
        let _either = survive(&world, &code);
    }

    #[test]
    fn pieces_twice_or_never(from in any::<prop::sample::Index>(), len in 0..40_usize, to in any::<prop::sample::Index>()) {
        let world = world();
        let mut code = rich();
        let from = from.index(code.len());
        let piece: Vec<u8> = code[from..].iter().copied().take(len).collect();
        let to = to.index(code.len());
        code.splice(to..to, piece);
        let _either = survive(&world, &code);
        code.drain(to.min(from)..to.min(from) + len.min(code.len() - to.min(from)));
        let _either = survive(&world, &code);
    }
}

#[test]
fn deep_nesting() {
    let world = world();
    for depth in [10, 1000, 5000, 20_000] {
        for (open, close) in [("block ", "end "), ("loop ", "end "), ("i32.const 1 if ", "end ")] {
            let body = format!("{}{}i32.const 0", open.repeat(depth), close.repeat(depth));
            let code = assemble(&format!(
                r#"(module (func (export "start")) (func (export "stop"))
                     (func (export "loop") (result i32) {body}))"#
            ));
            match survive(&world, &code) {
                Ok(())
                | Err(ModuleError::OverLimit(_) | ModuleError::Excessive(_) | ModuleError::Malformed(_)) => {}
                Err(error) => panic!("{depth}: {error:?}"),
            }
        }
    }
}

#[test]
fn counts_that_promise_too_much() {
    // A section of each kind that says it has 2^32 - 1 entries, or 2^28.
    let world = world();
    for section in 0..14 {
        for count in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xff, 0xff, 0xff, 0x7f]] {
            let mut code = b"\0asm\x01\0\0\0".to_vec();
            code.push(section);
            code.push(count.len() as u8 + 2);
            code.extend(count);
            code.extend([0, 0]);
            assert!(survive(&world, &code).is_err());
        }
    }
    // A function with 2^32 - 1 locals, and one with as many as WAMR takes.
    for locals in ["\\ff\\ff\\ff\\ff\\0f", "\\ff\\ff\\03"] {
        let code = assemble(&guest("(func $f (local i32))", "call $f i32.const 0"));
        let mut text: Vec<u8> = code.clone();
        let at = text.windows(4).position(|bytes| bytes == [4, 1, 1, 0x7f]).unwrap();
        let bytes: Vec<u8> = locals
            .split('\\')
            .filter(|hex| !hex.is_empty())
            .map(|hex| u8::from_str_radix(hex, 16).unwrap())
            .collect();
        let more = bytes.len() as u8 - 1;
        text.splice(at + 2..at + 3, bytes);
        text[at] += more;
        let section = text.windows(1).position(|byte| byte == [10]).unwrap();
        text[section + 1] += more;
        let _either = survive(&world, &text);
    }
}

#[test]
fn item_03_the_loader_does_not_see_what_would_keep_it_busy() {
    let world = world();
    let large = Limits { heap: 3 << 20, ..LIMITS };
    for (name, n) in [
        ("values-and-blocks-200", 16_000),
        ("values-and-local-set", 20_000),
        ("values-kept-anew", 200),
        ("exports", 1000),
        ("types", 1000),
        ("nesting", 5000),
        ("functions", 10_000),
        ("locals", 32_000),
        ("br-table", 50_000),
    ] {
        let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap();
        let error = world.wamr.instantiate(Account(1), &(shape.build)(n), &large).unwrap_err();
        assert!(matches!(error, ModuleError::Excessive(_)), "{name}: {error:?}");
        assert!(error.to_string().contains("the code "), "{error}");
        assert_eq!(world.wamr.memory(Account(1)).used, 0, "{name}");
    }
}

#[test]
fn item_03_the_worst_that_is_accepted_gives_all_memory_back() {
    let world = world();
    let large = Limits { heap: 3 << 20, ..LIMITS };
    let mut started = 0;
    for shape in &SHAPES {
        let (module, _) = worst(shape, 1 << 14, |module| check(module).is_ok());
        match world.wamr.instantiate(Account(1), &module, &large) {
            Ok(instance) => {
                drop(instance);
                started += 1;
            }
            // For some WAMR has limits of its own.
            Err(error) => assert!(matches!(error, ModuleError::Malformed(_)), "{}: {error:?}", shape.name),
        }
        assert_eq!(world.wamr.memory(Account(1)).used, 0, "{}", shape.name);
    }
    assert!(started > SHAPES.len() / 2, "{started} of {} could be started", SHAPES.len());
}
