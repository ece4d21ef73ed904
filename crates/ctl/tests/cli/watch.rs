//! `run --watch`: what changes is loaded again, the others run on.

use crate::bench::{Bench, QUIET};
use crate::run::device;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    seen: Vec<serde_json::Value>,
}

impl Running {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
            .args(args)
            .args(["--log-format", "json", "--for", "120s"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new() }
    }

    /// Ctrl-C; returns the result.
    fn interrupt(&mut self) -> serde_json::Value {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let end = self.wait_for("end", "");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        end
    }

    /// Reads until there is an event of that kind of that container. Ends when the program ends.
    fn wait_for(&mut self, event: &str, uid: &str) -> serde_json::Value {
        loop {
            let line =
                self.lines.next().unwrap_or_else(|| panic!("no {event} of {uid}: {:?}", self.seen)).unwrap();
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            self.seen.push(value.clone());
            if value["event"] == event && (uid.is_empty() || value["uid"] == uid) {
                return value;
            }
        }
    }

    /// Every line so far is in the order in which it happened.
    fn events(&self, uid: &str) -> Vec<&str> {
        self.seen
            .iter()
            .filter(|value| value["uid"] == uid)
            .map(|value| value["event"].as_str().unwrap())
            .collect()
    }

    fn count(&self, event: &str, uid: &str) -> usize {
        self.seen.iter().filter(|value| value["event"] == event && value["uid"] == uid).count()
    }
}

#[test]
fn what_changes_is_loaded_again_and_the_others_run_on() {
    let bench = Bench::new();
    let (one, two) = (bench.image("a.one", QUIET, ""), bench.image("a.two", QUIET, ""));
    let mut running = Running::start(&bench.path("."), &device(&["run", &one, &two, "--watch"]));
    running.wait_for("log", "a.two");

    bench.image("a.one", &QUIET.replace("hello", "HELLO"), "");
    running.wait_for("unloaded", "a.one");
    running.wait_for("loaded", "a.one");
    let order: Vec<_> = running.events("a.one").into_iter().filter(|event| event.ends_with("ed")).collect();
    let expected = ["loaded", "started", "call_refused", "stopped", "unloaded", "loaded"];
    assert_eq!(order, expected);
    assert_eq!(running.wait_for("log", "a.one")["text"], "HELLO \\u{1b}[31m");

    // An image that is refused is named, and the next one is loaded.
    let good = bench.read(&one);
    bench.write(&one, &good[..300]);
    running.wait_for("image_refused", "");
    bench.write(&one, &good);
    running.wait_for("started", "a.one");

    let end = running.interrupt();
    assert_eq!((running.count("started", "a.two"), running.count("stopped", "a.two")), (1, 1));
    assert_eq!(end["containers"].as_array().unwrap().len(), 2, "{end}");
}

#[test]
fn a_changed_source_is_built_and_what_does_not_build_changes_nothing() {
    if !crate::fixtures::can_compile() {
        return;
    }
    let bench = Bench::new();
    bench.good(&["new", "one", "--lang", "c"]);
    let mut running = Running::start(&bench.path("one"), &["run", "--watch"]);
    running.wait_for("started", "one");
    let source = String::from_utf8(bench.read("one/main.c")).unwrap();
    bench.write("one/main.c", format!("{source}\nthis is not C\n"));
    while !running.wait_for("message", "")["text"].as_str().unwrap().contains("could not be built") {}
    assert_eq!(running.count("stopped", "one"), 0);
    bench.write("one/main.c", source.replacen("tc_log(\"", "tc_log(\"changed ", 1));
    running.wait_for("unloaded", "one");
    running.wait_for("started", "one");
    running.interrupt();
}

#[test]
fn what_is_no_source_and_the_same_image_change_nothing() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("one")).unwrap();
    let toml = bench.container("a.one", QUIET, "");
    std::fs::rename(bench.path(&toml), bench.path("one/container.toml")).unwrap();
    std::fs::rename(bench.path("a.one.wasm"), bench.path("one/a.one.wasm")).unwrap();
    let settings = "key = \"../a-TEST.key\"\nissuer = \"a\"\naudience = \"here\"\ntrust = \"../trust.toml\"\ndevice = \"here\"\n";
    bench.write("one/tinycontainer.toml", settings);
    let two = bench.image("a.two", QUIET, "");
    let mut running = Running::start(&bench.path("."), &["run", "one", &two, "--watch"]);
    running.wait_for("log", "a.two");
    for (name, text) in [("one/README.md", "x"), ("one/run.log", "y"), ("one/notes.tci", "z")] {
        bench.write(name, text);
    }
    let same = bench.read(&two);
    bench.write(&two, same);
    // What comes after these is the source alone.
    bench.write("one/a.one.wasm", wat::parse_str(QUIET.replace("hello", "HELLO")).unwrap());
    running.wait_for("unloaded", "a.one");
    running.wait_for("started", "a.one");
    let builds = running
        .seen
        .iter()
        .filter(|line| line["text"].as_str().is_some_and(|text| text.starts_with("building")));
    assert_eq!(builds.count(), 1, "{:?}", running.seen);
    assert_eq!(running.count("loaded", "a.two"), 1);
    running.interrupt();
}

#[test]
fn a_first_build_that_fails_is_waited_for() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("one")).unwrap();
    let toml = bench.container("a.one", QUIET, "");
    std::fs::rename(bench.path("a.one.wasm"), bench.path("one/a.one.wasm")).unwrap();
    let recipe = String::from_utf8(bench.read(&toml)).unwrap();
    bench.write("one/container.toml", format!("{recipe}\nthis is no TOML"));
    bench.write("one/tinycontainer.toml", "key = \"../a-TEST.key\"\nissuer = \"a\"\naudience = \"here\"\n");
    let two = bench.image("a.two", QUIET, "");
    let mut running = Running::start(&bench.path("."), &device(&["run", "one", &two, "--watch"]));
    running.wait_for("started", "a.two");
    bench.write("one/container.toml", recipe);
    running.wait_for("started", "a.one");
    running.interrupt();
}
