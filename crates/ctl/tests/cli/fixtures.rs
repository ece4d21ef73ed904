//! The real containers of `fixtures/containers` that the demo does not run, from source to their end.

use crate::bench::Bench;
use std::path::Path;
use std::process::Command;

/// Whether the compilers are there. CI must have them.
pub(crate) fn can_compile() -> bool {
    let clang = Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(clang || std::env::var_os("CI").is_none(), "there is no clang: scripts/setup installs it");
    if !clang {
        eprintln!("SKIPPED: there is no clang");
    }
    clang
}

const TRUST: &str = r#"
    [[anchor]]
    name = "a"
    key = "a-TEST.pub"
    roles = ["metadata", "syscalls", "endpoints"]
    containers = ["*"]
    syscalls = ["*"]
    endpoints = ["*"]
"#;

fn build(bench: &Bench, name: &str) -> crate::bench::Said {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/containers").join(name);
    let file = format!("{name}.tci");
    let source = source.to_str().unwrap();
    bench.ctl(&["build", source, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", &file])
}

#[test]
fn each_ends_as_it_must() {
    if !can_compile() {
        return;
    }
    let bench = Bench::new();
    bench.write("trust.toml", TRUST);
    let expected = [
        ("spinner", "budget exhausted"),
        ("hog", "trapped: stack overflow"),
        ("trap", "trapped: unreachable executed"),
        ("empty-c", "stop requested"),
        ("empty-rust", "stop requested"),
        ("example", "finished: loop() returned 1"),
    ];
    let mut files = Vec::new();
    for (name, _) in expected {
        let said = build(&bench, name);
        assert_eq!(said.code, 0, "{}", said.all());
        files.push(format!("{name}.tci"));
    }
    let mut args = vec!["run"];
    args.extend(files.iter().map(String::as_str));
    args.extend(["--trust", "trust.toml", "--device", "here", "--for", "2s", "--json"]);
    let said = bench.ctl(&args);
    assert_eq!(said.code, 1, "some of them are faulty: {}", said.all());
    let json = said.json();
    let rows = json["containers"].as_array().unwrap();
    for (name, reason) in expected {
        let row = rows.iter().find(|row| row["uid"] == name).unwrap();
        assert_eq!(row["stopped"], reason, "{row}");
        assert_eq!(row["state"], "STOPPED", "{row}");
    }
    // Who trapped does not get its stop(), which would have said so.
    assert!(!said.err.contains("after a trap"), "{}", said.err);
}

#[test]
fn what_is_no_container_is_not_built() {
    if !can_compile() {
        return;
    }
    let bench = Bench::new();
    for (name, why) in [
        ("noloop", "does not export `loop`"),
        ("wrongstart", "exports `start`, but not as `start()`"),
        ("unknown-import", "imports `env.reboot`"),
    ] {
        let said = build(&bench, name);
        assert_ne!(said.code, 0);
        assert!(said.err.contains(why), "{}", said.err);
        assert!(!bench.path(&format!("{name}.tci")).exists(), "nothing is written");
    }
}
