//! What we write is read by software of others, and what they write by us.

use crate::bench::{Bench, QUIET};
use std::path::{Path, PathBuf};
use std::process::Command;

const PIN: &str = "[[endpoint]]\nid = 2\ndirection = \"out\"\nlocal = \"gpio:17\"\n";

/// The Python that scripts/setup has installed with the packages of `tests/interop/requirements.txt`. CI must have it.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "there is no {}: scripts/setup test installs it",
        python.display()
    );
    eprintln!("SKIPPED: there is no target/python: scripts/setup test installs it");
    None
}

fn run(bench: &Bench, python: &Path, script: &str, args: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
    let output = Command::new(python).arg(script).args(args).current_dir(bench.path("")).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

const BUILD: [&str; 9] =
    ["build", "a.pin.toml", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o"];

/// a.pin with that token for its pin.
fn container(bench: &Bench, token: &str) {
    bench.container("a.pin", QUIET, &format!("---{PIN}authorization = \"{token}\"\n"));
}

#[test]
fn others_read_our_images_tokens_and_trust_stores() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    bench.good(&["trust", "trust.toml", "-o", "trust.cbor"]);
    let grant = ["grant", "endpoint", "--key", "owner-TEST.key", "--issuer", "owner", "--container", "a.pin"];
    let what = ["--aud", "here", "--peer", "gpio:17", "--direction", "out", "--for-signer", "a-TEST.pub"];
    bench.good(&[&grant[..], &what, &["--exp", "1h", "-o", "pin.token"]].concat());
    container(&bench, "pin.token");
    bench.good(&[&BUILD[..], &["pin.tci"]].concat());
    bench.good(&["verify", "pin.tci", "--trust", "trust.toml", "--device", "here"]);
    let cddl = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/format.cddl");
    let tokens = ["metadata=a-TEST.pub", "pin.token=owner-TEST.pub"];
    run(&bench, &python, "check.py", &[&[cddl, "pin.tci", "trust.cbor"][..], &tokens].concat());
}

#[test]
fn we_take_tokens_that_others_make() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    run(&bench, &python, "issue.py", &["owner-TEST.key", "a-TEST.pub", "cwt.token", "hand.token"]);
    for (token, image) in [("cwt.token", "one.tci"), ("hand.token", "two.tci")] {
        container(&bench, token);
        bench.good(&[&BUILD[..], &[image]].concat());
        bench.good(&["verify", image, "--trust", "trust.toml", "--device", "here"]);
    }
    // Bound to another signer.
    run(&bench, &python, "issue.py", &["owner-TEST.key", "b-TEST.pub", "cwt.token", "hand.token"]);
    container(&bench, "cwt.token");
    bench.bad(2, &[&BUILD[..], &["three.tci"]].concat(), "the token is for images signed by the key");
}
