//! What is accepted, and what is said of what is not.

use super::*;

const LIMITS: Limits = Limits { linear_memory: 65536, stack: 1, heap: 1 };
const HOOKS: &str = "(func (export \"start\")) (func (export \"stop\")) \
                     (func (export \"loop\") (result i32) i32.const 0)";

fn refused(text: &str) -> String {
    check(&wat::parse_str(text).unwrap(), &LIMITS).unwrap_err().to_string()
}

#[test]
fn what_fits() {
    let text = format!(
        "(module (import \"env\" \"open\" (func (param i32) (result i32))) (memory 1) {HOOKS}
         (global (export \"__data_end\") i32 i32.const 520) (global (export \"__heap_base\") i32 i32.const 530))"
    );
    let module = check(&wat::parse_str(text).unwrap(), &LIMITS).unwrap();
    assert_eq!(module, Module { imports: Mask(2), memory: 536, whole_pages: None, above_ceiling: None });
    let none = check(&wat::parse_str(format!("(module {HOOKS})")).unwrap(), &LIMITS).unwrap();
    assert_eq!(none.memory, 0);
}

#[test]
fn defect_03_all_that_devices_execute_is_taken() {
    for body in [
        "i32.const 0 i32.extend8_s drop i64.const 0 i64.extend32_s drop",
        "f64.const 1e99 i32.trunc_sat_f64_s drop f32.const 1 i64.trunc_sat_f32_u drop",
        "i32.const 0 i32.const 1 i32.const 2 memory.fill i32.const 0 i32.const 1 i32.const 2 memory.copy",
        "call $two i32.add drop i32.const 1 block (param i32) (result i32 i32) i32.const 2 end i32.add drop",
    ] {
        let text = format!(
            "(module (memory 1) (func $two (result i32 i32) i32.const 1 i32.const 2) {HOOKS} (func {body}))"
        );
        let checked = check(&wat::parse_str(text).unwrap(), &LIMITS);
        assert!(checked.is_ok(), "{body}: {checked:?}");
    }
}

#[test]
fn what_no_device_executes_is_named_with_the_way_out() {
    for (module, part) in [
        (
            "(memory 1) (data $d \"a\") (func i32.const 0 i32.const 0 i32.const 0 memory.init $d)",
            "passive segments",
        ),
        ("(func (param externref))", "-mno-reference-types"),
        ("(func (param v128))", "-mno-simd128"),
        ("(func $f return_call $f)", "-mno-tail-call"),
    ] {
        let error =
            check(&wat::parse_str(format!("(module {module} {HOOKS})")).unwrap(), &LIMITS).unwrap_err();
        let help = crate::text::error::help(&error).unwrap();
        assert!(help.contains(part) && help.contains("lime1"), "{module}: {error}: {help}");
    }
}

#[test]
fn item_03_what_a_device_would_not_load_is_said() {
    let (blocks, values) = ("block end ".repeat(1000), ("i32.const 0 ".repeat(200), "drop ".repeat(200)));
    let work = refused(&format!("(module {HOOKS} (func {} {blocks} {}))", values.0, values.1));
    assert!(work.contains("units of work to load, and its size allows"), "{work}");
    let deep = format!("(module {HOOKS} (func {} {}))", "block ".repeat(513), "end ".repeat(513));
    assert_eq!(refused(&deep), "the code has 513 blocks nested in each other, and a device takes 512");
}

#[test]
fn what_does_not_fit_is_said() {
    let module = |more: &str| refused(&format!("(module {more} {HOOKS})"));
    assert!(refused("(module (func (export \"start\")))").contains("does not export `loop`"));
    assert!(
        refused("(module (func (export \"start\") (result i32) i32.const 0))").contains("not as `start()`")
    );
    assert!(module("(import \"env\" \"reboot\" (func))").contains("`env.reboot`, which no device has"));
    assert!(module("(import \"wasi\" \"open\" (func))").contains("`wasi.open`"));
    assert!(module("(import \"env\" \"open\" (func))").contains("other parameters"));
    assert!(module("(memory 2)").contains("needs 131072 bytes"));
    for entry in ENTRIES {
        assert!(module(&format!("(func (export \"{entry}\"))")).contains("which no device calls"), "{entry}");
    }
    assert!(module("(func (export \"__wasm_call_ctors\"))").contains("before any check"));
    assert!(module("(func $f) (start $f)").contains("start function"));
    assert!(check(b"\0asm", &LIMITS).is_err() && check(b"", &LIMITS).is_err());
}
