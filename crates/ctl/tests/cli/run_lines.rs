//! What `run` shows: which lines, how, and the table at the end; what a device with less memory or speed would do.

use crate::bench::{Bench, QUIET, ctl_with};
use crate::run::{SPIN, device};

/// Executes some 7,000 instructions in each loop.
pub(crate) const BUSY: &str = r#"(module
    (memory 1)
    (global (export "__data_end") i32 (i32.const 16))
    (global (export "__heap_base") i32 (i32.const 16))
    (func (export "start"))
    (func (export "loop") (result i32) (local $i i32)
        (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 2000)))) i32.const 0)
    (func (export "stop")))"#;

#[test]
fn a_stream_of_json_has_an_object_in_each_line() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let said = bench.good(&device(&["run", &quiet, "--for", "300ms", "--log-format", "json"]));
    let lines: Vec<serde_json::Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let of =
        |event: &str| lines.iter().find(|line| line["event"] == event).unwrap_or_else(|| panic!("{event}"));
    assert_eq!(of("loaded")["uid"], "a.quiet");
    assert_eq!(of("log")["text"], "hello \\u{1b}[31m");
    assert_eq!(of("call_refused")["errno"], "TC_REFUSED");
    assert_eq!(of("call_refused")["endpoint"], 9);
    assert_eq!(of("stopped")["reason"], "stop requested");
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["uid"]), (&"end".into(), &serde_json::Value::Null));
    assert_eq!(last["containers"][0]["state"], "STOPPED");
    let times: Vec<_> = lines.iter().map(|line| line["at_us"].as_u64().unwrap()).collect();
    assert!(times.last() > times.first(), "{times:?}");
}

#[test]
fn only_some_are_shown_and_all_are_in_the_table() {
    let bench = Bench::new();
    let (quiet, spin) = (bench.image("a.quiet", QUIET, ""), bench.image("a.spin", SPIN, ""));
    let said = bench.ctl(&device(&["run", &quiet, &spin, "--for", "300ms", "--only", "a.quiet"]));
    let (lines, table) = said.out.split_once("\n\n").unwrap();
    assert!(lines.contains("a.quiet") && !lines.contains("a.spin"), "{lines}");
    assert!(table.contains("a.spin"), "{table}");
    assert!(lines.contains("it gets TC_REFUSED (-1)"), "errno has a name: {lines}");
    let said = bench.good(&device(&["run", &quiet, "--for", "0s", "--only", "nosuch,a.quiet"]));
    assert!(said.out.contains("warning: --only nosuch: no such container is loaded"), "{}", said.out);
    assert_eq!(said.out.matches("warning").count(), 1, "{}", said.out);
}

#[test]
fn lines_have_the_time_that_is_asked_for() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let first = |stamps: &str| {
        let said = bench.good(&device(&["run", &quiet, "--for", "500ms", "--timestamps", stamps]));
        said.out.lines().find(|line| line.contains("started")).unwrap().to_owned()
    };
    assert!(first("none").starts_with("a.quiet started"), "{}", first("none"));
    assert!(first("run").trim_start().starts_with("0."), "{}", first("run"));
    assert!(first("utc").starts_with("20") && first("utc").contains("Z a.quiet"), "{}", first("utc"));
}

#[test]
fn the_table_explains_itself_and_fits() {
    let bench = Bench::new();
    let (quiet, spin) = (bench.image("a.quiet", QUIET, ""), bench.image("a.spin", SPIN, ""));
    bench.write("cut.tci", &bench.read(&quiet)[..400]);
    let args = device(&["run", &quiet, &spin, "cut.tci", "--for", "300ms", "--timestamps", "none"]);
    for columns in ["60", "400"] {
        let said = ctl_with(&bench.path("."), &args, &[("COLUMNS", columns)]);
        let (_, table) = said.out.split_once("\n\n").unwrap();
        for part in
            ["STOPPED: stop requested", "STOPPED: budget exhausted", "instructions per loop", "of limit"]
        {
            assert!(table.contains(part), "{columns}: {part}: {table}");
        }
        assert!(!table.contains("CREATED"), "{table}");
        let longest = table.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= columns.parse().unwrap(), "{columns}: {longest}: {table}");
    }
    let row = bench.ctl(&[&args[..], &["--json"]].concat()).json()["containers"][0].clone();
    let spread = &row["instructions_per_loop"];
    let of = |key: &str| spread[key].as_u64().unwrap();
    assert!(of("min") > 0 && of("min") <= of("median") && of("median") <= of("max"), "{row}");
    assert_eq!(row["memory_limit_bytes"], 1024 + 1024 + 16384);
    assert!(row["memory_peak_bytes"].as_u64().unwrap() <= 1024 + 1024 + 16384, "{row}");
}

#[test]
fn a_fault_has_a_line_of_help_after_the_table() {
    let bench = Bench::new();
    let hook = |code: &str| SPIN.replace("(loop $l (br $l))", code);
    for (uid, wat, parts) in [
        (
            "a.spin",
            SPIN.to_owned(),
            &["loop() was ended after ", "loop_ms = 200 allows ", "raise `loop_ms`"][..],
        ),
        ("a.panic", hook("unreachable"), &["trapped: unreachable executed", "in loop(): ", "a panic"]),
        ("a.far", hook("(drop (i32.load (i32.const 999999)))"), &["in loop(): an address outside"]),
        (
            "a.zero",
            hook("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
            &["divided a whole number by zero"],
        ),
    ] {
        let image = bench.image(uid, &wat, "");
        let said = bench.ctl(&device(&["run", &image]));
        assert_eq!(said.code, 1, "{}", said.all());
        let (_, table) = said.out.split_once("\n\n").unwrap();
        assert!(parts.iter().all(|part| table.contains(part)), "{uid}: {parts:?}: {table}");
        assert_eq!(table.matches("help:").count(), 1, "{table}");
    }
}

#[test]
fn help_fits_a_narrow_terminal() {
    let bench = Bench::new();
    for command in ["keygen", "trust", "build", "grant", "inspect", "verify", "explain", "run"] {
        let said = ctl_with(&bench.path("."), &[command, "--help"], &[("COLUMNS", "60")]);
        // The usage is one line, which clap does not break.
        let lines = said.out.lines().filter(|line| !line.starts_with("Usage:"));
        let longest = lines.max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= 60, "{command}: {longest}");
    }
}

#[test]
fn a_device_with_less_memory_or_speed_can_be_tried() {
    let bench = Bench::new();
    let file = bench.container("a.busy", BUSY, "");
    let text = String::from_utf8(bench.read(&file)).unwrap();
    bench.write(
        &file,
        text.replace("period_ms = 20", "period_ms = 5").replace("loop_ms = 200", "loop_ms = 10"),
    );
    bench.good(&["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "busy.tci"]);
    let run = |more: &[&str]| {
        bench.ctl(&device(&[&["run", "busy.tci", "--for", "2s", "--json"][..], more].concat()))
    };
    // 1,000 per ms: the loop takes some 7 ms of its 5.
    let row = run(&["--rate", "1000"]).json()["containers"][0].clone();
    assert!(row["missed"].as_u64().unwrap() > 0, "{row}");
    assert!(row["loops"].as_u64().unwrap() > 1, "{row}");
    // 100 per ms: the budget of 10 ms is not enough.
    assert_eq!(run(&["--rate", "100"]).json()["containers"][0]["reason"], "budget exhausted");
    let said = run(&["--pool", "64KB"]);
    assert!(said.json()["containers"][0]["loops"].as_u64().unwrap() > 0, "{}", said.all());
    assert_eq!(run(&["--pool", "1KB"]).code, 2);
    assert_eq!(run(&["--pool", "64XB"]).code, 2);
}
