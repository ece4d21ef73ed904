use crate::bench::{Bench, QUIET};
use std::fs;

pub(crate) const SPIN: &str = r#"(module
    (memory 1)
    (global (export "__data_end") i32 (i32.const 16))
    (global (export "__heap_base") i32 (i32.const 16))
    (func (export "start"))
    (func (export "loop") (result i32) (loop $l (br $l)) i32.const 0)
    (func (export "stop")))"#;

/// Writes a byte to its endpoint 2 in its first loop, then is done.
const WRITER: &str = r#"(module
    (import "env" "open" (func $open (param i32) (result i32)))
    (import "env" "write" (func $write (param i32 i32 i32) (result i32)))
    (memory 1)
    (data (i32.const 64) "\ab")
    (global (export "__data_end") i32 (i32.const 80))
    (global (export "__heap_base") i32 (i32.const 80))
    (func (export "start"))
    (func (export "loop") (result i32)
        (call $write (call $open (i32.const 2)) (i32.const 64) (i32.const 1)))
    (func (export "stop")))"#;

pub(crate) fn device<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--trust", "trust.toml", "--device", "here"]].concat()
}

#[test]
fn a_run_ends_with_what_came_out() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let spin = bench.image("a.spin", SPIN, "");
    bench.write("cut.tci", &bench.read(&quiet)[..400]);
    let said = bench.ctl(&device(&["run", "cut.tci", &quiet, &spin, "--for", "500ms", "--json"]));
    assert_eq!(said.code, 1, "one was refused, one faulted: {}", said.all());
    let json = said.json();
    let row = |uid: &str| {
        let rows = json["containers"].as_array().unwrap();
        rows.iter().find(|row| row["uid"] == uid).unwrap_or_else(|| panic!("{uid}: {rows:?}")).clone()
    };
    assert_eq!(row("a.quiet")["reason"], "stop requested");
    assert_eq!(row("a.quiet")["refusals"], row("a.quiet")["loops"], "each loop opens what is not listed");
    assert_eq!(row("a.quiet")["refusals_by_kind"][0]["reason"], "no-such-endpoint");
    assert_eq!(row("a.spin")["reason"], "budget exhausted");
    assert_eq!(row("a.spin")["loops"], 1);
    assert_eq!(json["refused"][0]["image"], "cut.tci");
    assert!(said.err.contains("hello \\u{1b}[31m"), "the guest's escape is made visible: {}", said.err);
    assert_eq!(
        said.err.matches("refused open").count(),
        1,
        "only the first of its kind is shown: {}",
        said.err
    );
}

#[test]
fn it_ends_when_all_have_stopped() {
    let bench = Bench::new();
    let file = bench.container(
        "a.pin",
        WRITER,
        "---[[endpoint]]\nid = 2\ndirection = \"out\"\nlocal = \"gpio:17\"\nauthorization = \"t\"\n",
    );
    bench.good(&[
        "grant",
        "endpoint",
        "--key",
        "owner-TEST.key",
        "--issuer",
        "owner",
        "--container",
        "a.pin",
        "--aud",
        "here",
        "--peer",
        "gpio:17",
        "--direction",
        "out",
        "--for-signer",
        "a-TEST.pub",
        "-o",
        "t",
    ]);
    bench.good(&["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "pin.tci"]);
    fs::create_dir(bench.path("rec")).unwrap();
    bench.write("rec/notes.csv", "another file\n");
    let said = bench.good(&device(&["run", "pin.tci", "--record", "rec", "--json"]));
    let json = said.json();
    assert_eq!(json["containers"][0]["stopped"], "finished: loop() returned 1");
    assert_eq!(json["recorded"]["gpio:17"], serde_json::json!(["ab"]));
    assert!(bench.path("rec/notes.csv").exists(), "what is no recording stays");
    // Each run needs a folder of its own.
    let before = bench.read("rec/gpio-17.csv");
    let said =
        bench.bad(2, &device(&["run", "pin.tci", "--record", "rec"]), "rec/gpio-17.csv is there already");
    assert!(said.err.contains("help:"), "{}", said.err);
    assert_eq!(bench.read("rec/gpio-17.csv"), before);
}

#[test]
fn recording_into_the_folder_of_traces_deletes_nothing() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    fs::create_dir(bench.path("bus")).unwrap();
    let trace = "time_ms,hex\n0,01\n";
    bench.write("bus/i2c-72.csv", trace);
    bench.write("bus/gpio-3.csv", "0,01\n");
    let args = ["run", &quiet, "--bus", "bus", "--record", "bus", "--for", "100ms"];
    let said = bench.bad(2, &device(&args), "never overwrites a file");
    assert!(!said.all().contains("started"), "{}", said.all());
    assert_eq!(bench.read("bus/i2c-72.csv"), trace.as_bytes());
    assert_eq!(bench.read("bus/gpio-3.csv"), b"0,01\n");
}

#[test]
fn a_missing_file_is_named_before_anything_runs() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    for command in [&["run", &quiet, "missing.tci", "--for", "100ms"][..], &["verify", "missing.tci"]] {
        let said = bench.bad(2, &device(command), "cannot open missing.tci");
        assert!(!said.all().contains("refused") && !said.all().contains("started"), "{}", said.all());
    }
}

#[test]
fn no_time_is_no_loop() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let said = bench.good(&device(&["run", &quiet, "--for", "0s", "--json"]));
    let row = &said.json()["containers"][0];
    assert_eq!((&row["loops"], &row["state"]), (&0.into(), &"CREATED".into()), "{row}");
    assert!(!said.err.contains("started"), "{}", said.err);
}

#[test]
fn a_refusal_comes_with_the_help_that_verify_prints() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let mut changed = bench.read(&quiet);
    *changed.last_mut().unwrap() ^= 1;
    bench.write("changed.tci", changed);
    for (image, on) in [("changed.tci", "here"), (&quiet, "elsewhere")] {
        let device = ["--trust", "trust.toml", "--device", on];
        let verify = bench.ctl(&[&["verify", image][..], &device].concat());
        let help = verify.all().lines().find(|line| line.contains("help:")).unwrap().trim().to_owned();
        let run = bench.ctl(&[&["run", image, "--for", "100ms"][..], &device].concat());
        assert_eq!((verify.code, run.code), (1, 1), "{}", run.all());
        assert!(run.out.contains(&help), "{help}: {}", run.out);
        let json = bench.ctl(&[&["run", image, "--for", "100ms", "--json"][..], &device].concat()).json();
        assert!(help.ends_with(json["refused"][0]["help"].as_str().unwrap()), "{json}");
    }
}

#[test]
fn expectations_are_compared() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    bench.write("cut.tci", &bench.read(&quiet)[..400]);
    let good = r#"
        [[container]]
        uid = "a.quiet"
        reason = "stop requested"
        min_loops = 2
        min_refusals = 2
        log = ["hello \\u{1b}[31m"]
        refusal = [{ call = "open", endpoint = 9, reason = "no-such-endpoint", min = 2 }]
        [[refused]]
        image = "cut.tci"
        why = "not an image"
        [[recorded]]
        peer = "gpio:17"
        values = []
    "#;
    let run = |expect: &str| {
        bench.write("expect.toml", expect);
        bench.ctl(&device(&["run", "cut.tci", &quiet, "--for", "400ms", "--expect", "expect.toml"]))
    };
    let said = run(good);
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(said.out.contains("as expected"), "{}", said.out);
    for (from, to, deviation) in [
        ("\"stop requested\"", "\"trapped\"", "a.quiet: reason: expected trapped, was stop requested"),
        ("min_loops = 2", "loops = 1", "a.quiet: loops: expected 1, was"),
        ("min = 2", "count = 0", "a.quiet: refused open on 9 (no-such-endpoint): expected 0 times"),
        ("endpoint = 9", "endpoint = 8", "a.quiet: refused open on 9 (no-such-endpoint): expected never"),
        ("hello", "good bye", "a.quiet: expected to log `good bye"),
        ("not an image", "too pretty", "cut.tci: expected to be refused because of `too pretty`"),
        ("values = []", "values = [\"00\"]", "gpio:17: expected to be written [00], was []"),
        ("\"a.quiet\"", "\"a.other\"", "a.quiet: ran, and nothing was expected of it"),
    ] {
        let said = run(&good.replace(from, to));
        assert_eq!(said.code, 1, "{from} -> {to}: {}", said.all());
        assert!(said.err.contains(deviation), "{deviation}: {}", said.err);
    }
    assert_eq!(
        run(&good.replace("\"no-such-endpoint\"", "\"because\"")).code,
        2,
        "a name that cannot come out"
    );
    assert_eq!(run("hat = 1").code, 2);
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_all() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
        .args(device(&["run", &quiet, "--json"]))
        .current_dir(bench.path("."))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["containers"][0]["reason"], "stop requested");
}

/// Opens endpoint 1 in `start()`, reads from it in each loop.
pub(crate) const READER: &str = r#"(module
    (import "env" "open" (func $open (param i32) (result i32)))
    (import "env" "read" (func $read (param i32 i32 i32) (result i32)))
    (memory 1)
    (global $fd (mut i32) (i32.const -1))
    (global (export "__data_end") i32 (i32.const 16))
    (global (export "__heap_base") i32 (i32.const 16))
    (func (export "start") (global.set $fd (call $open (i32.const 1))))
    (func (export "loop") (result i32)
        (drop (call $read (global.get $fd) (i32.const 0) (i32.const 4))) i32.const 0)
    (func (export "stop")))"#;

#[test]
fn a_trace_wakes_a_container_that_waits_for_messages() {
    let bench = Bench::new();
    fs::create_dir(bench.path("bus")).unwrap();
    bench.write("bus/i2c-72.csv", "time_ms,hex\n0,01\n1500,02\n3000,03\n");
    let endpoint = "[[endpoint]]\nid = 1\ndirection = \"in\"\nlocal = \"i2c:72\"\n";
    let more = format!("wake = \"message\"\n{endpoint}");
    let image = bench.image("a.reader", READER, &more);
    let shown = bench.good(&["inspect", &image]);
    assert!(shown.out.contains("when there is something to read, at most once every 20 ms"), "{}", shown.out);
    assert_eq!(bench.good(&["inspect", &image, "--json"]).json()["schedule"]["wake"], "message");
    // With a rate the host's speed is not measured first, which may take until the second line on a busy machine.
    let args = ["run", &image, "--bus", "bus", "--for", "5s", "--rate", "100000", "--json"];
    let said = bench.ctl(&device(&args));
    assert_eq!(said.json()["containers"][0]["loops"], 3, "one for each line of the trace: {}", said.all());
    // What only writes is never woken: the author is warned.
    let deaf = bench.container("a.out", READER, &more.replace("\"in\"", "\"out\""));
    let args = ["build", &deaf, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "out.tci"];
    let said = bench.good(&args);
    assert!(said.err.contains("loop() will never run"), "{}", said.err);
    // It must be able to read what it waits for; and a misspelt word is named.
    let file = bench.container("a.deaf", READER, &more);
    let text = String::from_utf8(bench.read(&file)).unwrap();
    for (from, to, said_of) in [
        ("\"read\", ", "", "may not read them"),
        ("wake = \"message\"", "wake = \"mesage\"", "there is no `mesage`: did you mean `message`?"),
    ] {
        bench.write(&file, text.replace(from, to));
        let said = bench.ctl(&[
            "build",
            &file,
            "--key",
            "a-TEST.key",
            "--issuer",
            "a",
            "--aud",
            "here",
            "-o",
            "x.tci",
        ]);
        assert!(said.code != 0 && said.err.contains(said_of), "{}", said.err);
    }
}
