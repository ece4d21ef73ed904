//! No subcommand destroys a file: what may be overwritten, and what never is.

use crate::bench::{Bench, QUIET};

/// Every subcommand that writes one file, without `-o`.
const BUILD: [&str; 8] = ["build", "a.one.toml", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here"];
pub(crate) const GRANT: [&str; 14] = [
    "grant",
    "syscalls",
    "--key",
    "owner-TEST.key",
    "--issuer",
    "owner",
    "--container",
    "a.one",
    "--aud",
    "here",
    "--syscalls",
    "heartbeat",
    "--for-signer",
    "a-TEST.pub",
];
const TRUST: [&str; 2] = ["trust", "trust.toml"];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.container("a.one", QUIET, "");
    bench.write("main.c", "int loop(void) { return 0; }\n");
    bench.write("empty", "");
    bench
}

fn to<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, &["-o"], more].concat()
}

#[test]
fn issue_10_1_2_what_is_not_an_earlier_output_is_not_overwritten() {
    let bench = bench();
    for (args, made, kind) in [
        (&BUILD[..], "x.tci", "an image"),
        (&GRANT, "x.token", "a token"),
        (&TRUST, "x.cbor", "a compiled trust store"),
    ] {
        bench.good(&to(args, &[made]));
        // Its own earlier output is replaced, and no temporary file stays.
        bench.good(&to(args, &[made]));
        for file in ["main.c", "empty", "b-TEST.pub", "x.tci", "x.token", "x.cbor"] {
            if file == made || !bench.path(file).exists() {
                continue;
            }
            let before = bench.read(file);
            bench.bad(2, &to(args, &[file]), &format!("{file} is there already and is not {kind}"));
            assert_eq!(bench.read(file), before, "{args:?}");
        }
        bench.write("notes.txt", "mine");
        bench.bad(2, &to(args, &["notes.txt"]), "--force");
        bench.good(&to(args, &["notes.txt", "--force"]));
        assert_eq!(bench.read("notes.txt")[..2], bench.read(made)[..2]);
        std::fs::remove_file(bench.path("notes.txt")).unwrap();
    }
    let left: Vec<_> = std::fs::read_dir(bench.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "temporary files stay");
}

#[test]
fn issue_10_1_2_a_private_key_never_is_overwritten() {
    let bench = bench();
    bench.write("plain-name", bench.read("b-TEST.key"));
    bench.write("ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n");
    bench.write("secret.key", [7; 32]);
    for args in [&BUILD[..], &GRANT, &TRUST] {
        for file in ["b-TEST.key", "plain-name", "ssh", "secret.key"] {
            let before = bench.read(file);
            for more in [&[file][..], &[file, "--force"]] {
                bench.bad(2, &to(args, more), "none is ever overwritten");
                assert_eq!(bench.read(file), before, "{args:?}");
            }
        }
    }
    for more in [&[][..], &["--force"]] {
        bench.bad(2, &[&["keygen", "b-TEST"], more].concat(), "none is ever overwritten");
    }
}

#[test]
fn issue_10_1_2_an_input_is_not_overwritten_by_whatever_path() {
    let bench = bench();
    bench.good(&to(&TRUST, &["trust.cbor"]));
    bench.good(&to(&BUILD, &["x.tci"]));
    std::fs::create_dir(bench.path("folder")).unwrap();
    let for_code = [&GRANT[..], &["--for-code", "x.tci"]].concat();
    for (args, file) in [
        (&TRUST[..], "trust.toml"),
        (&TRUST, "a-TEST.pub"),
        (&["trust", "trust.cbor"], "trust.cbor"),
        (&["trust", "trust.cbor"], "folder/../trust.cbor"),
        (&BUILD, "a.one.toml"),
        (&BUILD, "a.one.wasm"),
        (&GRANT, "a-TEST.pub"),
        (&for_code, "x.tci"),
    ] {
        let before = bench.read(file);
        for more in [&[file][..], &[file, "--force"]] {
            bench.bad(2, &to(args, more), "that this command reads");
            assert_eq!(bench.read(file), before, "{args:?}");
        }
    }
}

#[test]
fn issue_10_1_2_a_missing_folder_is_made() {
    let bench = bench();
    bench.good(&["keygen", "keys/x"]);
    assert!(bench.path("keys/x.key").exists() && bench.path("keys/x.pub").exists());
    bench.good(&to(&TRUST, &["out/device/trust.cbor"]));
    // A file where a folder must be: the temporary file's name is not shown.
    let said = bench.bad(2, &["keygen", "main.c/x"], "main.c");
    assert!(!said.all().contains(".tmp"), "{}", said.all());
    bench.bad(2, &to(&TRUST, &["folder/.."]), "is not the name of a file");
    bench.bad(2, &to(&TRUST, &["out"]), "is a folder");
}

#[test]
fn issue_10_1_2_a_public_key_of_someone_else_stays() {
    let bench = bench();
    bench.write("c.pub", bench.read("b-TEST.pub"));
    bench.bad(2, &["keygen", "c"], "c.pub is there already");
    assert!(!bench.path("c.key").exists(), "neither of the two is written");
    assert_eq!(bench.read("c.pub"), bench.read("b-TEST.pub"));
    bench.good(&["keygen", "c", "--force"]);
    assert_ne!(bench.read("c.pub"), bench.read("b-TEST.pub"));
    // The same TEST key again: nothing is lost.
    bench.good(&["keygen", "b-TEST", "--seed-from-test", "b-TEST"]);
}

#[test]
#[cfg(unix)]
fn issue_10_1_2_links_modes_and_streams() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let bench = bench();
    let mode = |file: &str| std::fs::metadata(bench.path(file)).unwrap().permissions().mode() & 0o777;
    let set = |file: &str, mode| {
        std::fs::set_permissions(bench.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    bench.good(&to(&GRANT, &["x.token"]));
    set("x.token", 0o640);
    symlink("x.token", bench.path("link")).unwrap();
    let before = bench.read("x.token");
    bench.good(&to(&GRANT, &["link"]));
    assert!(bench.path("link").is_symlink(), "the link stays, and what it leads to is written");
    assert_ne!(bench.read("x.token"), before);
    assert_eq!(mode("x.token"), 0o640);
    set("x.token", 0o440);
    bench.bad(2, &to(&GRANT, &["x.token"]), "protected from writing");
    symlink("nowhere", bench.path("dangling")).unwrap();
    bench.bad(2, &to(&GRANT, &["dangling"]), "dangling");
    symlink("a-TEST.pub", bench.path("alias")).unwrap();
    bench.bad(2, &to(&GRANT, &["alias", "--force"]), "that this command reads");
    bench.good(&to(&GRANT, &["/dev/null"]));
    assert_eq!(mode("a-TEST.key"), 0o600);
}
