//! The guest's calls of its host, and the pointers it hands over.

use tinycontainer_runtime::{Errno, Hook, Instance as _};

use crate::world::{PLENTY, Record, World, guest, world};

const IMPORTS: &str = r#"
    (import "env" "logger" (func $logger (param i32)))
    (import "env" "heartbeat" (func $heartbeat (result i32)))
    (import "env" "open" (func $open (param i32) (result i32)))
    (import "env" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "env" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "env" "close" (func $close (param i32) (result i32)))"#;

fn run(world: &World, fields: &str, body: &str) -> (i32, Record) {
    let (outcome, host) = world.run(&format!("{IMPORTS} {fields}"), body, PLENTY);
    (outcome.result.unwrap(), host)
}

#[test]
fn each_arrives() {
    let world = world();
    let (result, host) = run(
        &world,
        r#"(memory 1) (data (i32.const 16) "hello\00rest")"#,
        "(call $logger (i32.const 16))
         (if (call $heartbeat) (then unreachable))
         (local.set $a (call $open (i32.const 200)))
         (if (i32.ne (call $write (local.get $a) (i32.const 16) (i32.const 5)) (i32.const 5))
           (then unreachable))
         (if (i32.ne (call $read (local.get $a) (i32.const 32) (i32.const 9)) (i32.const 5))
           (then unreachable))
         (if (call $close (local.get $a)) (then unreachable))
         (i32.load8_u (i32.const 36))",
    );
    assert_eq!(result, i32::from(b'o'));
    assert_eq!(host.calls, ["logger hello", "heartbeat", "open 200", "write 7 5", "read 7 9", "close 7"]);
}

#[test]
fn errors_are_the_negative_numbers_of_the_abi() {
    let world = world();
    assert_eq!(run(&world, "", "(call $open (i32.const 99))").0, Errno::Refused as i32);
    let body = "(call $write (i32.const 13) (i32.const 0) (i32.const 1))";
    assert_eq!(run(&world, "(memory 1)", body).0, Errno::NoPeer as i32);
}

#[test]
fn a_host_that_claims_too_much_is_not_believed() {
    let world = world();
    let body = "(call $read (i32.const 13) (i32.const 0) (i32.const 4))";
    assert_eq!(run(&world, "(memory 1)", body).0, 4);
}

#[test]
fn ranges() {
    let world = world();
    for (address, len, good) in [
        (65535_u32, 1_u32, true),
        (65536, 0, true),
        (0, 65536, true),
        (0, 0, true),
        (65536, 1, false),
        (65535, 2, false),
        (65537, 0, false),
        (0, 65537, false),
        (0, u32::MAX, false),
        (1, u32::MAX, false),
        (u32::MAX, 1, false),
        (u32::MAX, 2, false),
        (u32::MAX, u32::MAX, false),
        (0xffff_0000, 0x10000, false),
        (0xffff_0000, 0x10001, false),
        (0x8000_0000, 0x8000_0000, false),
    ] {
        for (native, name) in [("read", "Read"), ("write", "Write")] {
            let body = format!(
                "(call ${native} (i32.const 3) (i32.const {}) (i32.const {}))",
                address.cast_signed(),
                len.cast_signed()
            );
            let (result, host) = run(&world, "(memory 1)", &body);
            if good {
                assert_eq!(host.calls, [format!("{native} 3 {len}")]);
            } else {
                assert_eq!(host.calls, [format!("bad pointer {name} {address} {len}")]);
                assert_eq!(result, Errno::TooLong as i32);
            }
        }
    }
}

#[test]
fn without_memory_only_nothing_is_given() {
    let world = world();
    let body = "(call $read (i32.const 3) (i32.const 0) (i32.const 0))";
    assert_eq!(run(&world, "", body).1.calls, ["read 3 0"]);
    let body = "(call $write (i32.const 3) (i32.const 0) (i32.const 1))";
    assert_eq!(run(&world, "", body).1.calls, ["bad pointer Write 0 1"]);
    let body = "(call $logger (i32.const 0)) i32.const 0";
    assert_eq!(run(&world, "", body).1.calls, ["bad pointer Logger 0 0"]);
    assert_eq!(run(&world, "(memory 0)", body).1.calls, ["bad pointer Logger 0 0"]);
}

#[test]
fn ranges_follow_the_memory_that_grew() {
    let world = world();
    let text = guest(
        &format!("{IMPORTS} (memory 1)"),
        "(local.set $a (call $read (i32.const 3) (i32.const 65536) (i32.const 1)))
         (drop (memory.grow (i32.const 1)))
         (i32.add (i32.mul (local.get $a) (i32.const 100))
           (call $read (i32.const 3) (i32.const 131071) (i32.const 1)))",
    );
    let limits = tinycontainer_runtime::Limits { linear_memory: 1 << 17, ..crate::world::LIMITS };
    let mut host = Record { bytes: vec![9], ..Record::default() };
    let mut instance = world.load_on(1, &text, &limits).unwrap();
    let outcome = instance.call(Hook::Loop, PLENTY, &mut host);
    assert_eq!(outcome.result, Ok(Errno::TooLong as i32 * 100 + 1));
    assert_eq!(host.calls, ["bad pointer Read 65536 1", "read 3 1"]);
}

#[test]
fn texts() {
    let world = world();
    let log = |fields: &str, address: u32| {
        let body = format!("(call $logger (i32.const {})) i32.const 0", address.cast_signed());
        let (_, mut host) = run(&world, fields, &body);
        assert_eq!(host.calls.len(), 1);
        host.calls.remove(0)
    };
    let filled = format!(r#"(memory 1) (data (i32.const 65000) "{}")"#, "x".repeat(536));
    assert_eq!(log("(memory 1)", 0), "logger ");
    assert_eq!(log("(memory 1)", 65535), "logger ");
    assert_eq!(log("(memory 1)", 65536), "bad pointer Logger 65536 0");
    assert_eq!(log("(memory 1)", u32::MAX), "bad pointer Logger 4294967295 0");
    assert_eq!(log(&filled, 65000), format!("logger {}", "x".repeat(256)));
    assert_eq!(log(&filled, 65280), format!("logger {}", "x".repeat(256)));
    assert_eq!(log(&filled, 65281), "bad pointer Logger 65281 255");
    assert_eq!(log(&filled, 65535), "bad pointer Logger 65535 1");
}
