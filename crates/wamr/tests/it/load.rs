//! What is refused before anything of the guest runs, and why.

use tinycontainer_pool::Account;
use tinycontainer_runtime::{Export, Hook, Instance as _, Limits, ModuleError, Name, Runtime as _, Share};

use crate::world::{LIMITS, PLENTY, POOL, Record, assemble, guest, world};

fn refused(text: &str) -> ModuleError {
    world().load(text).expect_err("this must not load")
}

#[test]
fn a_guest_without_anything_runs() {
    let world = world();
    let mut host = Record::default();
    let mut instance = world.load(&guest("", "i32.const 5")).unwrap();
    assert_eq!(instance.call(Hook::Start, PLENTY, &mut host).result, Ok(0));
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut host).result, Ok(5));
    assert_eq!(instance.call(Hook::Stop, PLENTY, &mut host).result, Ok(0));
    assert!(host.calls.is_empty());
}

#[test]
fn malformed() {
    let world = world();
    for code in [&b""[..], b"\0", b"\0asm", b"\0asm\x01\0\0", b"\x7fELF\x01\0\0\0", b"\0aot\x06\0\0\0"] {
        let error = world.wamr.instantiate(Account(1), code, &LIMITS).unwrap_err();
        assert!(matches!(error, ModuleError::Malformed(_)), "{error:?}");
    }
    // Well-formed, but a type error.
    let error = world.load(&guest("", "i64.const 5")).unwrap_err();
    assert!(matches!(error, ModuleError::Malformed(_)), "{error:?}");
    assert_eq!(
        world.wamr.instantiate(Account(1), b"\0asm", &LIMITS).unwrap_err(),
        ModuleError::Malformed(Name::new(b"unexpected end"))
    );
}

#[test]
fn unknown_imports() {
    for (field, name) in [
        (r#"(import "env" "reboot" (func))"#, "env.reboot"),
        (r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#, "wasi_snapshot_preview1.fd_write"),
        (r#"(import "" "read" (func))"#, ".read"),
        (r#"(import "env" "" (func))"#, "env."),
        (r#"(import "env" "memory" (memory 1))"#, "env.memory"),
        (r#"(import "env" "table" (table 1 funcref))"#, "env.table"),
        (r#"(import "env" "global" (global i32))"#, "env.global"),
    ] {
        assert_eq!(
            refused(&guest(field, "i32.const 0")),
            ModuleError::UnknownImport(Name::new(name.as_bytes()))
        );
    }
}

#[test]
fn wrong_imports() {
    for field in [
        r#"(import "env" "read" (func (param i32 i32) (result i32)))"#,
        r#"(import "env" "read" (func (param i32 i32 i32)))"#,
        r#"(import "env" "read" (func (param i32 i32 i64) (result i32)))"#,
        r#"(import "env" "read" (func (param i32 i32 i32) (result i32 i32)))"#,
        r#"(import "env" "read" (memory 1))"#,
    ] {
        let read = ModuleError::WrongImport(Name::new(b"env.read"));
        assert_eq!(refused(&guest(field, "i32.const 0")), read, "{field}");
    }
    assert_eq!(
        refused(&guest(r#"(import "env" "logger" (func (param i32) (result i32)))"#, "i32.const 0")),
        ModuleError::WrongImport(Name::new(b"env.logger"))
    );
}

#[test]
fn hooks() {
    let start = r#"(func (export "start"))"#;
    let run = r#"(func (export "loop") (result i32) i32.const 0)"#;
    let stop = r#"(func (export "stop"))"#;
    let with = |hooks: [&str; 3]| format!("(module {})", hooks.concat());
    assert_eq!(refused(&with(["", run, stop])), ModuleError::Hook(Hook::Start, Export::Missing));
    assert_eq!(refused(&with([start, "", stop])), ModuleError::Hook(Hook::Loop, Export::Missing));
    assert_eq!(refused(&with([start, run, ""])), ModuleError::Hook(Hook::Stop, Export::Missing));
    for wrong in [
        r#"(func (export "start") (result i32) i32.const 0)"#,
        r#"(func (export "start") (param i32))"#,
        r#"(memory (export "start") 1)"#,
        r#"(global (export "start") i32 (i32.const 0))"#,
    ] {
        assert_eq!(
            refused(&with([wrong, run, stop])),
            ModuleError::Hook(Hook::Start, Export::WrongType),
            "{wrong}"
        );
    }
    for wrong in [
        r#"(func (export "loop"))"#,
        r#"(func (export "loop") (result i64) i64.const 0)"#,
        r#"(func (export "loop") (result i32 i32) i32.const 0 i32.const 0)"#,
        r#"(func (export "loop") (param i32) (result i32) i32.const 0)"#,
    ] {
        assert_eq!(
            refused(&with([start, wrong, stop])),
            ModuleError::Hook(Hook::Loop, Export::WrongType),
            "{wrong}"
        );
    }
    assert_eq!(
        refused(&with([start, run, r#"(func (export "stop") (param i32))"#])),
        ModuleError::Hook(Hook::Stop, Export::WrongType)
    );
}

#[test]
fn a_hook_may_not_be_an_imported_function() {
    // It would run without the interpreter, which counts.
    assert_eq!(
        refused(
            r#"(module (import "env" "heartbeat" (func $h (result i32)))
                 (func (export "start")) (func (export "stop")) (export "loop" (func $h)))"#
        ),
        ModuleError::Hook(Hook::Loop, Export::WrongType)
    );
}

#[test]
fn nothing_runs_by_itself() {
    assert_eq!(
        refused(&guest("(func $first unreachable) (start $first)", "i32.const 0")),
        ModuleError::StartFunction
    );
    for name in ["__post_instantiate", "__wasm_call_ctors"] {
        assert_eq!(
            refused(&guest(&format!(r#"(func (export "{name}") unreachable)"#), "i32.const 0")),
            ModuleError::StartFunction
        );
    }
}

#[test]
fn a_start_function_that_is_a_native_is_refused_too() {
    assert_eq!(
        refused(&guest(
            r#"(import "env" "logger" (func $l (param i32))) (func $f) (start $f)"#,
            "i32.const 0"
        )),
        ModuleError::StartFunction
    );
}

#[test]
fn segments_that_do_not_fit() {
    for field in [
        r#"(memory 1) (data (i32.const 65536) "x")"#,
        r#"(memory 1) (data (i32.const -1) "x")"#,
        "(table 1 funcref) (elem (i32.const 1) $f) (func $f)",
    ] {
        let error = refused(&guest(field, "i32.const 0"));
        assert!(matches!(error, ModuleError::Malformed(_)), "{field}: {error:?}");
    }
}

#[test]
fn over_limits() {
    let world = world();
    let text = guest("(memory 1)", "i32.const 0");
    let over = |text: &str, limits: Limits| match world.load_on(1, text, &limits) {
        Ok(_) => None,
        Err(ModuleError::OverLimit(shortage)) => {
            assert!(shortage.needed > shortage.limit, "{shortage:?}");
            Some(shortage.of)
        }
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(over(&text, LIMITS), None);
    assert_eq!(over(&text, Limits { linear_memory: 65535, ..LIMITS }), Some(Share::LinearMemory));
    assert_eq!(over(&text, Limits { heap: 100, ..LIMITS }), Some(Share::Heap));
    assert_eq!(over(&text, Limits::default()), Some(Share::Heap));
    for pages in [2, 65535, 65536] {
        let text = guest(&format!("(memory {pages})"), "i32.const 0");
        assert_eq!(over(&text, LIMITS), Some(Share::LinearMemory), "{pages}");
        let grows = guest(&format!("(memory {pages})"), "i32.const 0 memory.grow");
        assert_eq!(over(&grows, LIMITS), Some(Share::LinearMemory), "{pages}");
    }
    // Also if the limits are as high as they go.
    let highest = Limits { linear_memory: u32::MAX, stack: 4096, heap: u32::MAX };
    for pages in [65535, 65536] {
        let text = guest(&format!("(memory {pages})"), "i32.const 0");
        assert!(matches!(world.load_on(1, &text, &highest), Err(ModuleError::OverLimit(_))), "{pages}");
    }
}

#[test]
fn the_pool_may_be_full() {
    let world = world();
    POOL.open(Account(2), u32::MAX);
    let rest = POOL.take(Account(2), POOL.largest_free() - 4 - 2048).unwrap();
    let error = world.load(&guest("(memory 1)", "i32.const 0")).unwrap_err();
    assert_eq!(error, ModuleError::OutOfMemory);
    drop(rest);
    assert!(world.load(&guest("(memory 1)", "i32.const 0")).is_ok());
}

#[test]
fn a_hundred_times_from_the_same_bytes() {
    let world = world();
    let code = assemble(&guest(
        r#"(import "env" "open" (func $open (param i32) (result i32)))
           (memory 1) (data (i32.const 0) "\05") (global $g (mut i32) (i32.const 3))"#,
        "(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
         (global.set $g (i32.add (global.get $g) (i32.const 1)))
         (i32.add (i32.load8_u (i32.const 0)) (global.get $g))",
    ));
    let before = code.clone();
    let mut peak = None;
    for _ in 0..100 {
        let mut instance = world.wamr.instantiate(Account(1), &code, &LIMITS).unwrap();
        assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(10));
        assert_eq!(instance.call(Hook::Loop, PLENTY, &mut Record::default()).result, Ok(12));
        let now = world.wamr.memory(Account(1));
        assert_eq!(*peak.get_or_insert(now), now);
        drop(instance);
        assert_eq!(world.wamr.memory(Account(1)).used, 0);
    }
    assert_eq!(code, before);
}

#[test]
fn what_compilers_emit_loads() {
    // Sign extension, mutable globals, memory.copy and memory.fill, several values, saturating
    // conversions, and call_indirect with the table's index in five bytes.
    let world = world();
    let mut code = assemble(&guest(
        r#"(type $t (func (result i32))) (table 1 funcref) (elem (i32.const 0) $f)
           (func $f (result i32) i32.const 9)
           (memory 1) (global (export "g") (mut i32) (i32.const 0))"#,
        "(memory.fill (i32.const 8) (i32.const 7) (i32.const 16))
         (memory.copy (i32.const 9) (i32.const 8) (i32.const 16))
         (drop (i32.extend8_s (i32.const 5))) (drop (i32.trunc_sat_f32_s (f32.const 1)))
         (call_indirect (type $t) (i32.const 0))",
    ));
    let mut host = Record::default();
    let mut instance = world.wamr.instantiate(Account(1), &code, &LIMITS).unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut host).result, Ok(9));
    drop(instance);
    // `11 type 00`, padded as linkers do. Two enclosing lengths, of body and section, grow by 4.
    let at = code.windows(2).rposition(|pair| pair == [0x11, 0]).unwrap();
    code.splice(at + 2..=at + 2, [0x80, 0x80, 0x80, 0x80, 0]);
    let body =
        at - (0..at).rev().map(|i| at - i).find(|n| usize::from(code[at - n]) + at - n == at + 3).unwrap();
    code[body] += 4;
    let section = code.windows(2).position(|pair| pair[0] == 10 && usize::from(pair[1]) > 40).unwrap();
    code[section + 1] += 4;
    let mut instance = world.wamr.instantiate(Account(1), &code, &LIMITS).unwrap();
    assert_eq!(instance.call(Hook::Loop, PLENTY, &mut host).result, Ok(9));
}
