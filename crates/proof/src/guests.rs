//! Guests for devices under test.

use anyhow::{Context as _, ensure};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs, process};
use tinycontainer_testkit as kit;

/// As `testkit`'s, with two variables for descriptors: `$fd` and `$to`.
pub fn module(start: &str, body: &str, stop: &str) -> String {
    let variables = "(memory 1) (global $fd (mut i32) (i32.const -1)) (global $to (mut i32) (i32.const -1))";
    kit::module(start, body, stop).replace("(memory 1)", variables)
}

/// A module whose `loop()` makes that call so many times, to find what one takes.
pub fn repeated(start: &str, call: &str, times: u32) -> String {
    let mut body = String::new();
    for _ in 0..times {
        let _ = writeln!(body, "(drop {call})");
    }
    body.push_str("i32.const 0");
    module(start, &body, "")
}

/// A module of `crates/wamr/benches/guests/guests.c`, compiled by clang, whose `loop()` calls `function(argument)` once.
///
/// # Errors
/// If clang or wasm-ld is missing, or fails.
pub fn compiled(function: &str, argument: u32) -> anyhow::Result<Vec<u8>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wamr/benches/guests/guests.c");
    let folder = env::temp_dir().join(format!("tinycontainer-guest-{}-{function}", process::id()));
    fs::create_dir_all(&folder)?;
    let hooks = folder.join("hooks.c");
    let text = format!(
        "unsigned {function}(unsigned);\nstatic volatile unsigned result;\n\
         __attribute__((export_name(\"start\"))) void start(void) {{}}\n\
         __attribute__((export_name(\"loop\"))) int loop(void) {{ result = {function}({argument}); return 0; }}\n\
         __attribute__((export_name(\"stop\"))) void stop(void) {{}}\n"
    );
    fs::write(&hooks, text)?;
    let out = folder.join("guest.wasm");
    let flags = "--target=wasm32 -O2 -ffreestanding -nostdlib -Wl,--no-entry -Wl,--gc-sections -Wl,-z,stack-size=4096 \
        -Wl,--export=__heap_base -Wl,--export=__data_end -o";
    let done =
        Command::new("clang").args(flags.split_whitespace()).arg(&out).arg(&source).arg(&hooks).output();
    let done = done.context("clang cannot be started")?;
    ensure!(done.status.success(), "clang: {}", String::from_utf8_lossy(&done.stderr));
    let module = fs::read(&out)?;
    fs::remove_dir_all(&folder)?;
    Ok(module)
}
