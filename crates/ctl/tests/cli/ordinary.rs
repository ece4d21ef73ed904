//! Ordinary functions of guests in Rust and C: `build` takes them, and they compute what they must.

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
        "uid = \"{uid}\"\nversion = 1\ntype = \"wasm\"\nsyscalls = [\"logger\"]\n\
         [build]\n{build}\nshadow_stack = 2048\n\
         [limits]\nlinear_memory = 65536\nstack = 4096\nheap = 65536\n\
         [schedule]\nstart_ms = 20\nperiod_ms = 200\nloop_ms = 200\nstop_ms = 20\nmax_loops = 0\nlifetime_ms = 0\n\
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

#[test]
fn fifty_ordinary_functions_run_in_rust_and_c() {
    let clang = Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(clang || env::var_os("CI").is_none(), "there is no clang: scripts/setup installs it");
    if !clang {
        eprintln!("SKIPPED: there is no clang");
        return;
    }
    let bench = Bench::new();
    let (crate_root, sources) = (Path::new(env!("CARGO_MANIFEST_DIR")), "tests/guests");
    let source = |name: &str| std::fs::read(crate_root.join(sources).join(name)).unwrap();
    let guest = crate_root.join("../guest").canonicalize().unwrap();
    bench.write("Cargo.toml", RUST_MANIFEST.replace("GUEST", guest.to_str().unwrap()));
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
