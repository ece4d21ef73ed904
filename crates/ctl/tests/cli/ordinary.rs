//! Guests in Rust and C by the SDK: ordinary functions, which `build` takes and which compute what they must; the example of
//! `docs/guest.md`.

use crate::bench::Bench;
use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

#[path = "../guests/ordinary.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "what authors of guests write"
)]
mod functions;

const INPUTS: [u32; 5] = [0, 37, 999, 65_535, 123_456_789];

const RUST_MANIFEST: &str = "[workspace]\n[package]\nname = \"ordinary\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                             [lib]\npath = \"lib.rs\"\ncrate-type = [\"cdylib\"]\n\
                             [dependencies]\ntinycontainer-guest = { path = \"GUEST\" }\n";

fn recipe(uid: &str, build: &str) -> String {
    format!(
        "uid = \"{uid}\"\nversion = 1\ntype = \"wasm\"\n\
         [build]\n{build}\nshadow_stack = 2048\n\
         [limits]\nlinear_memory = 65536\nstack = 4096\nheap = 65536\n\
         [schedule]\nstart_ms = 20\nperiod_ms = 200\nloop_ms = 100\nstop_ms = 20\nmax_loops = 0\nlifetime_ms = 0\n\
         heartbeat_ms = 0\npriority = \"normal\"\n"
    )
}

/// The lines that a container logs for an input.
fn lines(input: u32) -> Vec<String> {
    let hex = |functions: &[fn(u32) -> u32]| {
        functions.iter().fold(String::new(), |mut line, function| {
            write!(line, "{:08x}", function(input)).unwrap();
            line
        })
    };
    functions::FUNCTIONS.chunks(28).map(hex).collect()
}

/// Whether the compilers are there. CI must have them.
fn can_compile() -> bool {
    let clang = Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(clang || env::var_os("CI").is_none(), "there is no clang: scripts/setup installs it");
    if !clang {
        eprintln!("SKIPPED: there is no clang");
    }
    clang
}

fn manifest() -> String {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest").canonicalize().unwrap();
    RUST_MANIFEST.replace("GUEST", guest.to_str().unwrap())
}

#[test]
fn the_document_s_example_blinks_in_rust_and_c() {
    if !can_compile() {
        return;
    }
    let bench = Bench::new();
    let document = include_str!("../../../../docs/guest.md");
    let source = |heading: &str| {
        let (_, section) = document.split_once(&format!("### {heading}\n")).unwrap();
        section.split("```").nth(1).unwrap().split_once('\n').unwrap().1
    };
    bench.write("Cargo.toml", manifest());
    bench.write("lib.rs", source("Blink in Rust"));
    bench.write("main.c", source("Blink in C"));
    bench.write(
        "all.toml",
        "[[anchor]]\nname = \"a\"\nkey = \"a-TEST.pub\"\nroles = [\"metadata\", \"syscalls\", \"endpoints\"]\n\
         containers = [\"*\"]\nsyscalls = [\"*\"]\nendpoints = [\"gpio:17 out\"]\n",
    );
    for (uid, build) in [("a.rust", "rust = \"ordinary\""), ("a.c", "c = [\"main.c\"]")] {
        let endpoint = "[[endpoint]]\nid = 1\ndirection = \"out\"\nlocal = \"gpio:17\"\n";
        bench.write("container.toml", recipe(uid, build) + endpoint);
        let image = "blink.tci";
        let build =
            ["build", "container.toml", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", image];
        let said = bench.good(&build);
        assert!(!said.err.contains("warning"), "{}", said.err);
        let run = ["run", image, "--trust", "all.toml", "--device", "here", "--for", "20s", "--json"];
        let json = bench.good(&[&run[..], &["--record", uid]].concat()).json();
        assert_eq!(json["recorded"]["gpio:17"], serde_json::json!(["01", "00", "01"]), "{uid}");
    }
}

#[test]
fn fifty_ordinary_functions_run_in_rust_and_c() {
    if !can_compile() {
        return;
    }
    let bench = Bench::new();
    let (crate_root, sources) = (Path::new(env!("CARGO_MANIFEST_DIR")), "tests/guests");
    let source = |name: &str| std::fs::read(crate_root.join(sources).join(name)).unwrap();
    bench.write("Cargo.toml", manifest());
    bench.write("lib.rs", source("lib.rs"));
    bench.write("ordinary.rs", source("ordinary.rs"));
    bench.write("ordinary.c", source("ordinary.c"));
    let mut expect = String::new();
    for (uid, build) in [("a.rust", "rust = \"ordinary\""), ("a.c", "c = [\"ordinary.c\"]")] {
        bench.write(&format!("{uid}.toml"), recipe(uid, build));
        let image = format!("{uid}.tci");
        bench.good(&[
            "build",
            &format!("{uid}.toml"),
            "--key",
            "a-TEST.key",
            "--issuer",
            "a",
            "--aud",
            "here",
            "-o",
            &image,
        ]);
        let lines: Vec<String> = INPUTS.into_iter().flat_map(lines).collect();
        writeln!(expect, "[[container]]\nuid = \"{uid}\"\nreason = \"finished\"\nlog = {lines:?}").unwrap();
    }
    bench.write("expect.toml", expect);
    let run = ["run", "a.rust.tci", "a.c.tci", "--trust", "trust.toml", "--device", "here", "--for", "20s"];
    bench.good(&[&run[..], &["--expect", "expect.toml"]].concat());
}
