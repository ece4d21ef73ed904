//! A hostile module: it has a valid signature, and is made to cost much, or to get around the interpreter's checks.

use super::attack::{Attack, attack};
use super::trial::{MEMORY, Outcome, REJECTED, Trial, expect, hooks, page_guest};
use std::fmt::Write as _;
use tinycontainer::metadata::Limits;
use tinycontainer_testkit::Spec;

/// A module with these fields and hooks that do nothing. Imports come first.
fn fields(fields: &str) -> Spec {
    let text = format!(
        r#"(module {fields}
             (func (export "start")) (func (export "loop") (result i32) i32.const 0) (func (export "stop")))"#
    );
    large(Spec::new("o.x", &text))
}

/// Its limits are as high as the device's ceilings allow.
fn large(spec: Spec) -> Spec {
    Spec { limits: Limits { linear_memory: 65536, stack: 2048, heap: 65536 }, ..spec }
}

/// The runtime rejects the module for that reason, and no hook of it runs.
fn rejected(t: &mut Trial<'_>, spec: &Spec, why: &str) -> Outcome {
    t.stops(spec, REJECTED)?;
    t.stopped(&spec.uid, why)
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("blocks nested 600 deep", &["module-nesting"], |t| {
        let body = format!("{}{}", "block ".repeat(600), "end ".repeat(600));
        rejected(
            t,
            &large(Spec::new("o.x", &tinycontainer_testkit::module(&body, "i32.const 0", ""))),
            "blocks nested",
        )
    }),
    attack("a table of 5,000 elements", &["module-table"], |t| {
        rejected(t, &fields("(table 5000 funcref)"), "table elements")
    }),
    attack("200 exports", &["module-exports"], |t| {
        let mut text = String::from("(func $f)");
        for n in 0..200 {
            let _ = write!(
                text,
                r#"(export "an-export-with-a-rather-long-name-to-pay-for-its-work-{n}" (func $f))"#
            );
        }
        rejected(t, &fields(&text), "exports")
    }),
    attack("40 imports", &["module-imports"], |t| {
        rejected(
            t,
            &fields(&r#"(import "env" "close" (func (param i32) (result i32)))"#.repeat(40)),
            "imports",
        )
    }),
    attack("a branch table that takes the loader long", &["module-work"], |t| {
        let body = format!("(block (br_table {} (i32.const 0)))", "0 ".repeat(450));
        let text = tinycontainer_testkit::module(&body, "i32.const 0", "");
        rejected(t, &large(Spec::new("o.x", &text)), "units of work")
    }),
    attack("many locals in a few bytes", &[], |t| {
        let body = format!("(local {})", "i64 ".repeat(20_000));
        let text = tinycontainer_testkit::module(&body, "i32.const 0", "");
        rejected(t, &large(Spec::new("o.x", &text)), "locals")
    }),
    attack("a native with other parameters", &["module-import-type"], |t| {
        rejected(t, &fields(r#"(import "env" "read" (func (param i32 i32) (result i32)))"#), "env.read")
    }),
    attack("a native with an i64 where an address is", &["module-import-type"], |t| {
        rejected(t, &fields(r#"(import "env" "write" (func (param i32 i64 i32) (result i32)))"#), "env.write")
    }),
    attack("a native of another module", &["module-import-name"], |t| {
        rejected(t, &fields(r#"(import "riot" "close" (func (param i32) (result i32)))"#), "riot.close")
    }),
    attack("a function that the device does not have", &[], |t| {
        rejected(t, &fields(r#"(import "env" "reboot" (func))"#), "env.reboot")
    }),
    attack("memory from outside", &[], |t| {
        rejected(t, &fields(r#"(import "env" "memory" (memory 1))"#), "env.memory")
    }),
    attack("a hook with a parameter", &["module-hook-type"], |t| {
        let text = r#"(module (func (export "start") (param i32))
            (func (export "loop") (result i32) i32.const 0) (func (export "stop")))"#;
        rejected(t, &large(Spec::new("o.x", text)), "start")
    }),
    attack("a hook that returns what is not expected", &["module-hook-type"], |t| {
        let text = r#"(module (func (export "start"))
            (func (export "loop") (result i64) i64.const 0) (func (export "stop")))"#;
        rejected(t, &large(Spec::new("o.x", text)), "loop")
    }),
    attack("a native as a hook, which would run unmetered", &["module-hook-own"], |t| {
        let text = r#"(module (import "env" "heartbeat" (func $h (result i32)))
            (func (export "start")) (export "loop" (func $h)) (func (export "stop")))"#;
        rejected(t, &large(Spec::new("o.x", text)), "loop")
    }),
    attack("a start function, which would run before any check", &["module-start"], |t| {
        rejected(t, &fields("(func $first unreachable) (start $first)"), "start function")
    }),
    attack("constructors that the interpreter would call", &["module-constructors"], |t| {
        rejected(t, &fields(r#"(func (export "__post_instantiate") unreachable)"#), "start function")?;
        t.remove("o.x")?;
        rejected(t, &fields(r#"(func (export "__wasm_call_ctors") unreachable)"#), "start function")
    }),
    attack("a type error", &[], |t| {
        let text = r#"(module (func (export "start"))
            (func (export "loop") (result i32) i64.const 0) (func (export "stop")))"#;
        rejected(t, &large(Spec::new("o.x", text)), "not a module")
    }),
    attack("code that is not WebAssembly", &[], |t| {
        let mut spec = fields("");
        spec.code = b"\x7fELF\x01\x01\x01 and so on".to_vec();
        rejected(t, &spec, "not a module")
    }),
    attack("more memory than its limit", &["memory-initial"], |t| {
        let mut spec = fields("(memory 1)");
        spec.limits.linear_memory = 65535;
        rejected(t, &spec, "linear memory")
    }),
    attack("memory of 4 GiB", &[], |t| rejected(t, &fields("(memory 65536)"), "linear memory")),
    attack("more heap than its limit", &["memory-cap"], |t| {
        let mut spec = hooks("o.x", "", "", "i32.const 0", "");
        spec.limits.heap = 600;
        rejected(t, &spec, "heap")
    }),
    attack("a data segment beyond the memory", &[], |t| {
        rejected(t, &fields(r#"(memory 1) (data (i32.const 65535) "ab")"#), "not a module")
    }),
    attack("memory that grows beyond its limit", &["memory-grow"], |t| {
        let grow = "(local $n i32)
            (loop $l
              (call $note (memory.grow (i32.const 1)))
              (br_if $l (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 4))))";
        // It has all of its 64 KiB.
        let notes = t.notes(&page_guest("o.x", grow))?;
        expect("what memory.grow returned", &notes[..], &[-1, -1, -1, -1])
    }),
    attack("a memory that was shrunk, used beyond its end", &[], |t| {
        let spec = hooks("o.x", "", "", &format!("(i32.load (i32.const {}))", MEMORY - 3), "");
        t.stops(&spec, "trapped: out-of-bounds")
    }),
];
