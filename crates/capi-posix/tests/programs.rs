//! The C programs in `tests/c`, against the header and the static library, under AddressSanitizer and
//! UBSan. There is one host in a process, so each test is a program.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tinycontainer_capi_posix as _;
use tinycontainer_posix::tinycontainer::Direction;
use tinycontainer_posix::tinycontainer::metadata::{Bus, Scheme, Wake};
use tinycontainer_testkit::{
    CLASS, DEVICE, IDLE, NOW, OWNER, OwnedPeer, PROVIDER_A, STRANGER, Signer, Spec, image_2024, module,
    store_2024, trust_store,
};

const FLAGS: &[&str] = &["-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
const SANITIZERS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const SYSTEM: &[&str] = &["-lpthread", "-ldl", "-lm"];

/// Where everything is made, with the images in it.
fn images() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi-images");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("trust.cbor"), trust_store()).unwrap();

        let idle = Spec::new("idle", IDLE);
        put(&dir, "idle", &idle, OWNER);
        put(&dir, "data", &Spec { data: vec![7; 300], ..Spec::new("data", IDLE) }, OWNER);
        put(&dir, "stranger", &Spec::new("stranger", IDLE), STRANGER);
        put(&dir, "spin", &Spec::new("spin", &module("", "(loop (br 0)) i32.const 0", "")), OWNER);
        put(&dir, "trap", &Spec::new("trap", &module("", "unreachable", "")), OWNER);
        put(&dir, "curious", &Spec::new("curious", &module("", "(call $open (i32.const 9))", "")), OWNER);

        let otherdevice = Spec::new("otherdevice", IDLE);
        let made = otherdevice.sign_with(OWNER, |claims| {
            let mut claims = *claims;
            claims.aud = Some("another-device");
            claims
        });
        put_parts(&dir, "otherdevice", &made);
        let expired = Spec::new("expired", IDLE);
        let made = expired.sign_with(OWNER, |claims| {
            let mut claims = *claims;
            claims.exp = Some(NOW - 1);
            claims
        });
        put_parts(&dir, "expired", &made);
        let gpio = OwnedPeer::Local(Bus::Gpio, 17);
        let unreached = Spec::new("a.unreached", IDLE).endpoint(1, gpio.clone(), Direction::Out);
        put(&dir, "unreached", &unreached, PROVIDER_A);

        // What loop() returns is what the last call has answered.
        let opened = "(local $fd i32) (local.set $fd (call $open (i32.const 1)))
            (if (i32.lt_s (local.get $fd) (i32.const 0)) (then (return (local.get $fd))))";
        let reads = module(
            "",
            &format!(
                "{opened} (local.set $fd (call $read (local.get $fd) (i32.const 0) (i32.const 4)))
                 (if (i32.lt_s (local.get $fd) (i32.const 0)) (then (return (local.get $fd))))
                 (i32.load8_u (i32.const 0))"
            ),
            "",
        );
        let writes =
            module("", &format!("{opened} (call $write (local.get $fd) (i32.const 0) (i32.const 4))"), "");
        let app = |name: &str, wat: &str, unit| {
            let spec = Spec::new(name, wat).endpoint(1, OwnedPeer::Local(Bus::App, unit), Direction::Both);
            put(&dir, name, &spec, OWNER);
        };
        app("app", &reads, 42);
        app("open_fails", &reads, 100);
        app("reads_too_much", &reads, 101);
        app("writes_too_much", &writes, 102);
        app("reads_negative", &reads, 103);
        app("reads_least", &reads, 104);
        let table = OwnedPeer::Local(Bus::Spi, 3);
        let spec = Spec::new("table_nonsense", &reads).endpoint(1, table, Direction::Both);
        put(&dir, "table_nonsense", &spec, OWNER);

        // Nothing to read at first; then what was written.
        let pin = module(
            "",
            &format!(
                "{opened} (if (i32.ne (call $read (local.get $fd) (i32.const 0) (i32.const 1)) (i32.const -2))
                   (then (return (i32.const 99))))
                 (i32.store8 (i32.const 8) (i32.const 1))
                 (drop (call $write (local.get $fd) (i32.const 8) (i32.const 1)))
                 (drop (call $read (local.get $fd) (i32.const 0) (i32.const 1)))
                 (i32.load8_u (i32.const 0))"
            ),
            "",
        );
        put(&dir, "pin", &Spec::new("pin", &pin).endpoint(1, gpio, Direction::Both), OWNER);
        let none = OwnedPeer::Local(Bus::Gpio, 18);
        put(&dir, "nopin", &Spec::new("nopin", &reads).endpoint(1, none, Direction::Both), OWNER);

        let woken = module(
            "(global.set $fd (call $open (i32.const 1)))",
            "(drop (call $read (global.get $fd) (i32.const 0) (i32.const 4))) i32.const 0",
            "",
        )
        .replace("(memory 1)", "(memory 1) (global $fd (mut i32) (i32.const -1))");
        let mut woken = Spec::new("woken", &woken).endpoint(1, OwnedPeer::Local(Bus::Uart, 1), Direction::In);
        woken.schedule.period_ms = 0;
        woken.schedule.wake = Wake::Message;
        put(&dir, "woken", &woken, OWNER);

        // A remote peer that the program's driver serves, and one without a driver.
        for (name, scheme, authority) in
            [("remote", Scheme::Coap, "[2001:db8::1]:5683"), ("noremote", Scheme::Https, "example.org")]
        {
            let peer = OwnedPeer::Remote(scheme, authority.to_owned());
            put(&dir, name, &Spec::new(name, &reads).endpoint(1, peer, Direction::Both), OWNER);
        }

        let echo = module(
            "",
            &format!(
                "{opened} (drop (call $read (local.get $fd) (i32.const 0) (i32.const 4)))
                 (drop (call $write (local.get $fd) (i32.const 0) (i32.const 4)))
                 (drop (call $close (local.get $fd))) i32.const 0"
            ),
            "",
        );
        let echo = Spec::new("echo2024", &echo).endpoint(1, OwnedPeer::Local(Bus::App, 7), Direction::Both);
        // The program sets no clock, and the machine's may show any time.
        let made = echo.sign_with(OWNER, |claims| {
            let mut claims = *claims;
            claims.exp = None;
            claims.iat = None;
            claims
        });
        put_parts(&dir, "echo2024", &made);

        let code = Spec::new(
            "code",
            &module(
                "",
                "(local $fd i32) (local.set $fd (call $open (i32.const 123)))
             (drop (call $read (local.get $fd) (i32.const 0) (i32.const 4)))
             (drop (call $write (local.get $fd) (i32.const 0) (i32.const 4)))
             (drop (call $close (local.get $fd))) i32.const 0",
                "",
            ),
        )
        .code;
        put_parts(&dir, "container--id--01", &image_2024("container--id--01", b"data", &code));
        put_parts(&dir, "other2024", &image_2024("other2024", b"data", &code));
        std::fs::write(dir.join("store2024.cbor"), store_2024()).unwrap();
        dir
    })
}

fn put(dir: &Path, name: &str, spec: &Spec, signer: Signer) {
    put_parts(dir, name, &spec.sign(signer));
}

fn put_parts(dir: &Path, name: &str, image: &tinycontainer_testkit::Image) {
    for (part, bytes) in [("metadata", &image.metadata), ("data", &image.data), ("code", &image.code)] {
        std::fs::write(dir.join(format!("{name}.{part}")), bytes).unwrap();
    }
}

/// The static library, by cargo's own word; built already, as a rule, with this test.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--locked", "--lib", "--package", env!("CARGO_PKG_NAME")]);
        cargo.args(["--message-format", "json-render-diagnostics", "--target-dir"]);
        cargo.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| {
                let name = message.pointer("/target/name").and_then(|name| name.as_str());
                name == Some("tinycontainer_capi_posix")
            })
            .filter_map(|message| message.get("filenames")?.as_array().cloned())
            .flatten()
            .filter_map(|name| name.as_str().map(PathBuf::from))
            .find(|name| name.extension().is_some_and(|extension| extension == "a"))
            .unwrap()
    })
}

fn compiler(standard: &str) -> Command {
    let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    compiler.arg(format!("-std={standard}")).args(FLAGS).arg("-I").arg(here.join("../capi/include"));
    compiler
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Compiles a program and runs it on the images.
fn program(name: &str, environment: &[(&str, &str)]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/c/{name}.c"));
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("capi-{name}"));
    let mut compile = compiler("c99");
    compile.args(SANITIZERS).arg(source).arg(library()).args(SYSTEM).arg("-o").arg(&binary);
    run(compile);
    let mut it = Command::new(binary);
    it.arg(images()).envs(environment.iter().copied());
    run(it);
}

#[test]
fn the_whole_life_of_containers() {
    program("life", &[]);
}

#[test]
fn bad_input_changes_nothing() {
    program("bad_input", &[]);
}

#[test]
fn a_program_of_2024() {
    let trust = images().join("trust.cbor");
    let environment = [
        ("TINYCONTAINER_TRUST", trust.to_str().unwrap()),
        ("TINYCONTAINER_NAME", DEVICE),
        ("TINYCONTAINER_CLASS", CLASS),
    ];
    program("year2024", &environment);
}

#[test]
fn images_of_2024_if_the_program_accepts_them() {
    program("accept2024", &[]);
}

#[test]
fn the_header_alone_compiles_as_c_and_cpp() {
    let dir = images();
    let source = dir.join("header.c");
    std::fs::write(&source, "#include \"tinycontainer.h\"\nint main(void) { return 0; }\n").unwrap();
    for (language, standard) in [("c", "c99"), ("c", "c11"), ("c++", "c++11"), ("c++", "c++17")] {
        let mut compile = compiler(standard);
        compile.args(["-x", language, "-fsyntax-only"]).arg(&source);
        run(compile);
    }
}
