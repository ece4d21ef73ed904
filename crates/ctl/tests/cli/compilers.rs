//! Guests of other compilers: the programs and command lines of `docs/guest.md`, and what is said when something is missing.

use crate::bench::{Bench, Said};
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DOCUMENT: &str = include_str!("../../../../docs/guest.md");

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")
}

/// A line of a shell, with Zig and AssemblyScript as `scripts/setup test` installs them.
fn shell(bench: &Bench, line: &str) -> bool {
    let python = target().join("python/bin");
    let zig = format!("zig() {{ '{}/python' -m ziglang \"$@\"; }}\n", python.display());
    let asc = target().join("node/node_modules/.bin/asc");
    let asc = format!("asc() {{ PATH='{}':$PATH '{}' \"$@\"; }}\n", python.display(), asc.display());
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{zig}{asc}{line}")).current_dir(bench.path(".")).stdin(Stdio::null());
    // Zig's, which is in the home folder else.
    command.env("ZIG_GLOBAL_CACHE_DIR", target().join("zig-cache"));
    let output = command.output().unwrap();
    if !output.status.success() {
        eprintln!("{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

/// Whether the compiler is there. CI must have it.
fn have(bench: &Bench, compiler: &str, asks: &str) -> bool {
    let there = shell(bench, &format!("{asks} >version.txt"));
    assert!(there || env::var_os("CI").is_none(), "there is no {compiler}: scripts/setup test installs it");
    if !there {
        // Not eprintln!, which a passing test does not show.
        std::io::stderr().write_all(format!("SKIPPED: there is no {compiler}\n").as_bytes()).unwrap();
    }
    there
}

/// The source and the command line below a heading of the document.
fn section(heading: &str) -> (&'static str, &'static str) {
    let (_, section) = DOCUMENT.split_once(&format!("### {heading}\n")).unwrap();
    let mut blocks = section.split("```").skip(1).step_by(2);
    let mut block = || blocks.next().unwrap().split_once('\n').unwrap();
    let (_, source) = block();
    let (language, command) = block();
    assert_eq!(language, "sh", "{heading}");
    (source, command.trim())
}

/// Builds the module `guest.wasm` as the container a.guest.
fn build(bench: &Bench, module: &str, linear_memory: u32, more: &str) -> Said {
    bench.write(
        "guest.toml",
        format!(
            "uid = \"a.guest\"\nversion = 1\ntype = \"wasm\"\nsyscalls = [\"logger\"]\n\
             [build]\nwasm = \"{module}\"\n{more}\n\
             [limits]\nlinear_memory = {linear_memory}\nstack = 1024\nheap = 16384\n\
             [schedule]\nstart_ms = 20\nperiod_ms = 20\nloop_ms = 10\nstop_ms = 20\nmax_loops = 0\nlifetime_ms = 0\n\
             heartbeat_ms = 0\npriority = \"normal\"\n"
        ),
    );
    bench.ctl(&[
        "build",
        "guest.toml",
        "--key",
        "a-TEST.key",
        "--issuer",
        "a",
        "--aud",
        "here",
        "-o",
        "guest.tci",
    ])
}

const EXPECT: &str =
    "[[container]]\nuid = \"a.guest\"\nreason = \"finished\"\nmin_loops = 3\nlog = [\"hello\"]\n";

fn runs(bench: &Bench) {
    bench.write("expect.toml", EXPECT);
    let run = ["run", "guest.tci", "--trust", "trust.toml", "--device", "here", "--for", "10s"];
    bench.good(&[&run[..], &["--expect", "expect.toml"]].concat());
}

/// The section's program is compiled by the section's command, is small, and does what the document says.
fn works(heading: &str, file: &str, asks: &str) {
    let bench = Bench::new();
    let (source, command) = section(heading);
    if !have(&bench, heading, asks) {
        return;
    }
    bench.write(file, source);
    assert!(shell(&bench, command), "{command}");
    let said = build(&bench, "guest.wasm", 1024, "");
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(!said.err.contains("warning"), "{}", said.err);
    runs(&bench);
}

#[test]
fn the_document_s_zig_runs() {
    works("Zig", "guest.zig", "zig version");
}

#[test]
fn the_document_s_assemblyscript_runs() {
    works("AssemblyScript", "guest.ts", "asc --version");
}

#[test]
fn the_document_s_c_without_the_sdk_runs() {
    works("C without the SDK", "guest.c", "clang --version");
}

#[test]
fn the_document_s_rust_without_the_sdk_runs() {
    // Debian's Rust has no `core` for this target.
    let asks =
        "test -d \"$(rustc --print target-libdir --target wasm32-unknown-unknown)\" && rustc --version";
    works("Rust without the SDK", "guest.rs", asks);
}

#[test]
fn a_large_stack_is_named_with_the_options_that_make_it_small() {
    let bench = Bench::new();
    if !have(&bench, "Zig", "zig version") {
        return;
    }
    let (source, command) = section("Zig");
    bench.write("guest.zig", source);
    let large = command.replace("--stack 512", "").replace("--export=__heap_base --export=__data_end", "");
    assert!(shell(&bench, &large), "{large}");
    let said = build(&bench, "guest.wasm", 1024, "");
    assert_eq!(said.code, 2, "{}", said.all());
    for part in ["--stack 512", "-z stack-size=512", "--export=__heap_base", "--export=__data_end"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    assert!(!said.err.contains("set linear_memory"), "no device gives that: {}", said.err);
    // Who sets it all the same is told what a device will say.
    let said = build(&bench, "guest.wasm", 2 << 20, "");
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(said.err.contains("warning") && said.err.contains("--stack 512"), "{}", said.err);
}

#[test]
fn statements_outside_of_functions_need_a_hook_to_run_them() {
    let bench = Bench::new();
    if !have(&bench, "AssemblyScript", "asc --version") {
        return;
    }
    let (source, command) = section("AssemblyScript");
    let source = source.replace("export function start(): void {\n  logger(HELLO);\n}", "logger(HELLO);");
    bench.write("guest.ts", source);
    assert!(shell(&bench, &format!("{command} --exportStart start")));
    let said = build(&bench, "guest.wasm", 1024, "");
    assert_eq!(said.code, 0, "{}", said.all());
    runs(&bench);
    for (more, says) in [
        ("", "has a WebAssembly start function"),
        ("--exportStart _initialize", "exports `_initialize`, which no device calls"),
        ("--exportStart _start", "exports `_start`, which no device calls"),
    ] {
        assert!(shell(&bench, &format!("{command} {more}")));
        let said = build(&bench, "guest.wasm", 1024, "");
        assert_eq!(said.code, 2, "{more}: {}", said.all());
        assert!(said.err.contains(says) && said.err.contains("--exportStart start"), "{more}: {}", said.err);
    }
}

#[test]
fn a_variable_that_would_be_taken_for_the_stack_pointer_is_refused() {
    let bench = Bench::new();
    if !have(&bench, "AssemblyScript", "asc --version") {
        return;
    }
    let (source, command) = section("AssemblyScript");
    for (first, code) in [(0, 0), (5, 2)] {
        let variable = format!("let limit: i32 = {first};\nlet loops: i32 = 0;");
        let source = source
            .replace("let loops: i32 = 0;", &variable)
            .replace("logger(HELLO);", "limit = 3; logger(HELLO);");
        bench.write("guest.ts", source.replace("loops < 3", "loops < limit"));
        assert!(shell(&bench, command));
        let said = build(&bench, "guest.wasm", 1024, "");
        assert_eq!(said.code, code, "{first}: {}", said.all());
        if code == 0 {
            runs(&bench);
        } else {
            assert!(
                said.err.contains("begins with 5") && said.err.contains("set it in start()"),
                "{}",
                said.err
            );
        }
    }
}

#[test]
fn a_data_count_is_dropped_and_other_features_are_named() {
    let bench = Bench::new();
    let hooks = "(func (export \"start\")) (func (export \"stop\")) (func (export \"loop\") (result i32) i32.const 1)";
    let segment = "(memory 1) (data (i32.const 0) \"abc\")";
    let mut module = wat::parse_str(format!("(module {segment} {hooks})")).unwrap();
    // Before the code section.
    let at = module.windows(2).rposition(|two| two == [10, 12]).unwrap();
    module.splice(at..at, [12, 1, 1]);
    bench.write("guest.wasm", &module);
    let said = build(&bench, "guest.wasm", 65536, "");
    assert_eq!(said.code, 0, "{}", said.all());
    bench.write("guest.wasm", wat::parse_str(format!("(module (memory 1) (data $d \"a\") (func i32.const 0 i32.const 0 i32.const 0 memory.init $d) {hooks})")).unwrap());
    let said = build(&bench, "guest.wasm", 65536, "");
    assert!(said.code == 2 && said.err.contains("without passive segments"), "{}", said.all());
}

#[test]
fn what_is_no_module_and_a_stack_that_is_not_taken_are_said() {
    let bench = Bench::new();
    bench.write("guest.wat", "(module)");
    let said = build(&bench, "guest.wat", 1024, "");
    assert!(
        said.code == 2 && said.err.contains("guest.wat is no WebAssembly module, but a module as text"),
        "{}",
        said.err
    );
    assert!(!said.err.contains('['), "no bytes in Rust's form: {}", said.err);
    let said = build(&bench, "guest.wat", 1024, "shadow_stack = 512");
    let named = "shadow_stack = 512 has no effect on a module that is made elsewhere";
    assert!(said.code == 2 && said.err.contains(named), "{}", said.err);
}
