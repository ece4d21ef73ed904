//! No file makes the program panic: `ctl` sees to that for every call here.

use crate::bench::{Bench, QUIET};

const HERE: [&str; 4] = ["--trust", "trust.toml", "--device", "here"];

/// What a file may be that is not what it must be.
fn garbage() -> Vec<Vec<u8>> {
    vec![
        vec![],
        vec![0],
        b"\0asm".to_vec(),
        b"[[anchor]]\nname = ".to_vec(),
        vec![0xff; 4096],
        vec![0x82; 4096],
        vec![0x83; 4096],
        // Ten bytes that once crashed a device, and a tag alone.
        vec![0xdb, 0x54, 0x69, 0x6e, 0x79, 0x50, 0x41, 0x52, 0x54, 0xa3],
        vec![0xdb, 0x54, 0x69, 0x6e, 0x79, 0x50, 0x41, 0x52, 0x54],
        // Lengths beyond everything.
        vec![0x83, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x82, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        (0..2048u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
    ]
}

/// Every argument of a command that names a file: `FILE`.
const PLACES: [&[&str]; 17] = [
    &["trust", "FILE"],
    &["build", "FILE", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"],
    &["build", "a.one.toml", "--key", "FILE", "--issuer", "a", "--aud", "here", "-o", "x.tci"],
    &[
        "build",
        "a.one.toml",
        "--key",
        "a-TEST.key",
        "--code-key",
        "FILE",
        "--issuer",
        "a",
        "--aud",
        "h",
        "-o",
        "x.tci",
    ],
    &["build", "module.toml", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"],
    &["build", "token.toml", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"],
    &[
        "grant",
        "syscalls",
        "--key",
        "FILE",
        "--issuer",
        "a",
        "--container",
        "a",
        "--aud",
        "h",
        "--syscalls",
        "*",
        "-o",
        "x",
    ],
    &["inspect", "FILE"],
    &["inspect", "FILE", "--json", "--trust", "trust.toml", "--device", "here"],
    &["inspect", "a.one.tci", "--trust", "FILE"],
    &["inspect", "a.one.tci", "--key-2024", "FILE"],
    &["verify", "FILE", "--trust", "trust.toml", "--device", "here"],
    &["verify", "a.one.tci", "--trust", "FILE", "--device", "here"],
    &["explain", "FILE", "--call", "read", "--endpoint", "1", "--trust", "trust.toml", "--device", "here"],
    &[
        "explain",
        "a.one.tci",
        "--call",
        "read",
        "--endpoint",
        "1",
        "--with",
        "FILE",
        "--trust",
        "trust.toml",
        "--device",
        "h",
    ],
    &["run", "a.one.tci", "--expect", "FILE", "--trust", "trust.toml", "--device", "here", "--for", "1ms"],
    &["run", "FILE", "--trust", "trust.toml", "--device", "here", "--for", "1ms"],
];

#[test]
fn garbage_in_every_place() {
    let bench = Bench::new();
    bench.image("a.one", QUIET, "");
    for (name, from, to) in
        [("module.toml", "a.one.wasm", "FILE"), ("token.toml", "type =", "syscall_grant = \"FILE\"\ntype =")]
    {
        bench.write(name, String::from_utf8(bench.read("a.one.toml")).unwrap().replace(from, to));
    }
    for bytes in garbage() {
        bench.write("FILE", &bytes);
        for place in PLACES {
            let said = bench.ctl(place);
            // An empty trust.toml is valid and has no anchors; with an empty expect.toml every result is a deviation.
            let can_be = place.contains(&"trust")
                || place[0] == "inspect"
                || place.contains(&"--expect")
                || place[0] == "run";
            assert!(
                said.code != 0 || bytes.is_empty() && can_be,
                "{place:?} takes {bytes:02x?}: {}",
                said.all()
            );
        }
    }
    // A file that does not end.
    #[cfg(target_os = "linux")]
    bench.bad(2, &["inspect", "/dev/zero"], "larger than");
    bench.bad(2, &["inspect", "."], "is a folder");
    bench.write("i2c-72.csv", [0xff, 0xfe, 0]);
    bench.bad(
        2,
        &["run", "a.one.tci", "--trust", "trust.toml", "--device", "here", "--bus", "."],
        "i2c-72.csv",
    );
}

#[test]
fn a_changed_image_is_never_accepted() {
    let bench = Bench::new();
    let more = "[[endpoint]]\nid = 1\ndirection = \"in\"\nlocal = \"i2c:72\"\n";
    let whole = bench.read(&bench.image("a.one", QUIET, more));
    let verify = [&["verify", "FILE"], &HERE[..]].concat();
    let inspect = [&["inspect", "FILE"], &HERE[..]].concat();
    let explain = [&["explain", "FILE", "--call", "read", "--endpoint", "1"], &HERE[..]].concat();
    for (i, _) in whole.iter().enumerate() {
        let mut bytes = whole.clone();
        bytes[i] ^= 1 << (i % 8);
        bench.write("FILE", &bytes);
        let said = bench.ctl(&verify);
        // Without its three parts it is not an image, so there is nothing to decide.
        let code = if said.err.contains("is not an image") { 2 } else { 1 };
        assert_eq!(said.code, code, "byte {i}: {}", said.all());
        if i % 7 == 0 {
            bench.ctl(&inspect);
            bench.ctl(&explain);
        }
    }
    for len in (0..whole.len()).step_by(11) {
        bench.write("FILE", &whole[..len]);
        assert_eq!(bench.ctl(&verify).code, 2, "cut at {len}");
        assert_eq!(bench.ctl(&inspect).code, 2, "cut at {len}");
    }
}

#[test]
fn changed_stores_keys_tokens_and_modules_are_survived() {
    let bench = Bench::new();
    bench.image("a.one", QUIET, "");
    bench.good(&["trust", "trust.toml", "-o", "trust.cbor"]);
    let wasm = String::from_utf8(bench.read("a.one.toml")).unwrap().replace("a.one.wasm", "FILE");
    bench.write("module.toml", wasm);
    for (file, step, args) in [
        ("trust.cbor", 3, &["inspect", "a.one.tci", "--trust", "FILE", "--device", "here"][..]),
        ("trust.toml", 23, &["trust", "FILE"]),
        ("a-TEST.key", 5, PLACES[2]),
        ("a-TEST.pub", 5, &["inspect", "a.one.tci", "--key-2024", "FILE"]),
        ("a.one.wasm", 3, PLACES[4]),
        ("a.one.toml", 29, PLACES[1]),
    ] {
        let whole = bench.read(file);
        for i in (0..whole.len()).step_by(step) {
            let mut bytes = whole.clone();
            bytes[i] ^= 1 << (i % 8);
            bench.write("FILE", &bytes);
            bench.ctl(args);
            bench.write("FILE", &whole[..i]);
            bench.ctl(args);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said() {
    let bench = Bench::new();
    for args in [&["trust", "trust.toml"][..], &["--help"], &["build", "--help"], &["--version"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
            .args(args)
            .current_dir(bench.path("."))
            .stdout(std::fs::File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"),
            "{args:?}"
        );
    }
}
