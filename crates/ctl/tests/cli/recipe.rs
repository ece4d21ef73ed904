//! `container.toml`: defaults, mistakes, and the memory that is measured.

use crate::bench::{Bench, QUIET};

const BUILD: [&str; 8] = ["--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"];

fn build<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["build", file], &BUILD[..], more].concat()
}

fn shortest(bench: &Bench, uid: &str, wat: &str, more: &str) -> String {
    bench.write(&format!("{uid}.wasm"), wat::parse_str(wat).unwrap());
    let file = format!("{uid}.toml");
    bench.write(&file, format!("uid = \"{uid}\"\nversion = 1\n[build]\nwasm = \"{uid}.wasm\"\n{more}"));
    file
}

#[test]
fn three_lines_are_enough() {
    let bench = Bench::new();
    let file = shortest(&bench, "a.short", QUIET, "");
    let said = bench.good(&build(&file, &["--trust", "trust.toml", "--device", "here"]));
    assert!(said.out.contains("syscalls: open, logger (those that the code calls)"), "{}", said.out);
    assert!(said.out.contains("accepted by here"), "{}", said.out);
    assert!(said.err.is_empty(), "{}", said.err);
    let report = bench.good(&["inspect", "x.tci", "--json"]).json();
    assert_eq!(report["schedule"]["period_ms"], 1000);
    assert_eq!(report["schedule"]["loop_ms"], 100);
    assert_eq!(report["limits"]["linear_memory_bytes"], 80);
    // What was measured is enough to run.
    let run = ["run", "x.tci", "--trust", "trust.toml", "--device", "here", "--for", "300ms", "--json"];
    assert_eq!(bench.good(&run).json()["containers"][0]["reason"], "stop requested");
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_places() {
    let bench = Bench::new();
    let text = "uid = \"a b\"\nverson = 1\nsyscalls = [\"open\", \"raed\"]\n[build]\nc = \"main.c\"\n\
                [schedule]\nperiod_ms = -1\npriority = \"hihg\"\n[[endpoint]]\nid = 1\ndirecton = \"in\"\nlocal = \"i2d:1\"\n";
    bench.write("bad.toml", text);
    let said = bench.bad(2, &build("bad.toml", &[]), "things are wrong");
    for line in [
        "bad.toml:1:7: uid: 1 to 64 of",
        "bad.toml:1:1: version is missing",
        "bad.toml:2:1: there is no key `verson`: did you mean `version`?",
        "bad.toml:3:21: syscalls: there is no syscall `raed`: did you mean `read`?",
        "bad.toml:5:5: [build] c: must be a list of texts, as in [\"one\", \"two\"], not a text",
        "bad.toml:7:13: [schedule] period_ms: must be a whole number from 0 to 4294967295, not -1",
        "bad.toml:8:12: [schedule] priority: there is no priority `hihg`: did you mean `high`?",
        "[[endpoint]] direction is missing",
        "bad.toml:11:1: [[endpoint]] there is no key `directon`: did you mean `direction`?",
    ] {
        assert!(said.err.contains(line), "`{line}` is not in: {}", said.err);
    }
    for version in ["0", "-1"] {
        bench.write("bad.toml", format!("uid = \"a\"\nversion = {version}\nbuild.wasm = \"a.wasm\"\n"));
        let says =
            format!("bad.toml:2:11: version: must be a whole number from 1 to 4294967295, not {version}");
        bench.bad(2, &build("bad.toml", &[]), &says);
    }
    let remote = "uid = \"a\"\nversion = 1\nbuild.wasm = \"a.wasm\"\n[[endpoint]]\nid = 1\ndirection = \"in\"\nremote = \"coap:x\"\n";
    bench.write("bad.toml", remote);
    bench.bad(2, &build("bad.toml", &[]), "write SCHEME://HOST or SCHEME://HOST:PORT without a path");
    // What TOML does not take has a place too.
    bench.write("bad.toml", "uid = \"a\nversion = 1\n");
    bench.bad(2, &build("bad.toml", &[]), "bad.toml:1:");
}

/// Calls itself so many times deep as its loop was called, with a wide frame.
const DEEP: &str = r#"(module
    (memory 1)
    (global (export "__data_end") i32 (i32.const 16))
    (global (export "__heap_base") i32 (i32.const 16))
    (func $deep (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
            (else (call $deep (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "start") (drop (call $deep (i32.const 20))))
    (func (export "loop") (result i32) (call $deep (i32.const 20)))
    (func (export "stop")))"#;

#[test]
fn memory_is_measured_and_too_little_is_said() {
    let bench = Bench::new();
    let run = |uid: &str| {
        let args = ["run", "x.tci", "--trust", "trust.toml", "--device", "here", "--for", "1200ms", "--json"];
        let said = bench.ctl(&args);
        let row = said.json()["containers"][0].clone();
        assert_eq!(row["uid"], uid);
        row
    };
    let file = shortest(&bench, "a.deep", DEEP, "");
    let said = bench.good(&build(&file, &[]));
    assert!(said.out.contains("(measured, with a margin)"), "{}", said.out);
    let stack = bench.good(&["inspect", "x.tci", "--json"]).json()["limits"]["stack_bytes"].as_u64().unwrap();
    assert!((1500..30_000).contains(&stack), "{stack}");
    assert_eq!(run("a.deep")["reason"], "stop requested");

    let file = shortest(&bench, "a.deep", DEEP, "[limits]\nstack = 512\nheap = 1024\n");
    let said = bench.good(&build(&file, &[]));
    assert!(said.err.contains("[limits] stack = 512: the module needs"), "{}", said.err);
    assert!(said.err.contains("[limits] heap = 1024: the module needs"), "{}", said.err);
    // With that heap it does not start, as was said; with that stack it traps.
    let file = shortest(&bench, "a.deep", DEEP, "[limits]\nstack = 512\n");
    let said = bench.good(&build(&file, &[]));
    assert!(said.err.contains("stack = 512") && !said.err.contains("heap ="), "{}", said.err);
    assert_eq!(run("a.deep")["stopped"], "trapped: stack overflow");
    let file = shortest(&bench, "a.deep", DEEP, "[limits]\nlinear_memory = 8\n");
    bench.bad(2, &build(&file, &[]), "set linear_memory = 16");
}

/// Reads into a large buffer, and traps after it.
const LARGE: &str = r#"(module
    (import "env" "read" (func $read (param i32 i32 i32) (result i32)))
    (memory 1)
    (global (export "__data_end") i32 (i32.const 4096))
    (global (export "__heap_base") i32 (i32.const 4096))
    (func (export "start") (drop (call $read (i32.const 1) (i32.const 0) (i32.const 4096))) unreachable)
    (func (export "loop") (result i32) (loop $l (br $l)) i32.const 0)
    (func (export "stop")))"#;

#[test]
fn a_module_that_traps_or_does_not_end_is_measured_too() {
    let bench = Bench::new();
    let file = shortest(&bench, "a.large", LARGE, "");
    let said = bench.good(&build(&file, &[]));
    assert!(said.out.contains("linear memory: 4096 of 4096 bytes"), "{}", said.out);
    let file = shortest(&bench, "a.large", &LARGE.replace("unreachable", ""), "");
    bench.good(&build(&file, &[]));
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let bench = Bench::new();
    for (more, warning) in [
        ("[schedule]\nperiod_ms = 5\nloop_ms = 10\n", "loop_ms = 10 is more than period_ms = 5"),
        ("[schedule]\nperiod_ms = 0\n", "period_ms = 0: loop() runs again at once"),
        ("[schedule]\nloop_ms = 2000\n", "is more than the 1000 ms"),
    ] {
        let file = shortest(&bench, "a.warned", QUIET, more);
        let said = bench.good(&build(&file, &[]));
        assert!(said.err.contains(warning), "{warning}: {}", said.err);
    }
    let file = shortest(&bench, "a.warned", QUIET, "");
    let all = String::from_utf8(bench.read(&file)).unwrap();
    bench.write(&file, format!("syscalls = [\"open\", \"logger\", \"read\"]\n{all}"));
    let said = bench.good(&build(&file, &[]));
    assert!(said.err.contains("`syscalls` asks for read, which the code never calls"), "{}", said.err);
}

#[test]
fn build_writes_nothing_that_its_device_refuses() {
    let bench = Bench::new();
    let file = shortest(&bench, "b.other", QUIET, "");
    let said = bench.ctl(&build(&file, &["--trust", "trust.toml", "--device", "here"]));
    assert_ne!(said.code, 0, "{}", said.all());
    assert!(said.err.contains("here would refuse it") && said.err.contains("scope"), "{}", said.err);
    assert!(said.err.contains("help:"), "{}", said.err);
    assert!(!bench.path("x.tci").exists());
    // A device that it is not for.
    let file = shortest(&bench, "a.other", QUIET, "");
    let said = bench.ctl(&build(&file, &["--trust", "trust.toml", "--device", "there"]));
    assert!(said.code != 0 && said.err.contains("for another device"), "{}", said.err);
}
