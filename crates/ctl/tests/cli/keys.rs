use crate::bench::{Bench, ctl};
use std::process::Command;

#[test]
fn a_key_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(ctl(dir.path(), &["keygen", "k"]).code, 0);
    let (key, public) =
        (std::fs::read(dir.path().join("k.key")).unwrap(), std::fs::read(dir.path().join("k.pub")).unwrap());
    let again = ctl(dir.path(), &["keygen", "k"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already"), "{}", again.err);
    assert_eq!(std::fs::read(dir.path().join("k.key")).unwrap(), key);
    assert_eq!(std::fs::read(dir.path().join("k.pub")).unwrap(), public);
    assert_eq!(
        ctl(dir.path(), &["keygen", "k", "--force"]).code,
        2,
        "not even then: the old key would be lost"
    );
    assert_eq!(std::fs::read(dir.path().join("k.key")).unwrap(), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(dir.path().join("k.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn test_keys_are_the_same_each_time_and_say_test() {
    let bench = Bench::new();
    let key = bench.read("a-TEST.key");
    bench.good(&["keygen", "a-TEST", "--seed-from-test", "a-TEST", "--force"]);
    assert_eq!(bench.read("a-TEST.key"), key);
    bench.bad(2, &["keygen", "honest", "--seed-from-test", "x"], "its name must show that");
}

#[test]
fn openssl_reads_both() {
    let bench = Bench::new();
    if Command::new("openssl").arg("version").output().is_err() {
        println!("there is no openssl here: nothing is compared");
        return;
    }
    let openssl = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(bench.path("a-TEST.key"))
        .output()
        .unwrap();
    assert_eq!(openssl.stdout, bench.read("a-TEST.pub"));
}

#[test]
fn the_trust_store_in_both_forms_is_one() {
    let bench = Bench::new();
    let shown = bench.good(&["trust", "trust.toml", "-o", "trust.cbor"]);
    assert!(shown.out.contains("authorises: gpio:17-18 out"), "{}", shown.out);
    let compiled = bench.read("trust.cbor");
    bench.good(&["trust", "trust.cbor", "-o", "again.cbor"]);
    assert_eq!(bench.read("again.cbor"), compiled);
    // The same anchor twice.
    bench.write("one.toml", "[[anchor]]\nname = \"x\"\nkey = \"a-TEST.pub\"\n");
    bench.good(&["trust", "one.toml", "-o", "one.cbor"]);
    let one = bench.read("one.cbor");
    assert_eq!(one[..3], [0x82, 1, 0x81]);
    bench.write("twice.cbor", [&[0x82, 1, 0x82], &one[3..], &one[3..]].concat());
    bench.bad(2, &["trust", "twice.cbor"], "compile the store again");
    for (line, says) in [
        ("name = \"x\"\nkey = \"none.pub\"", "cannot open"),
        ("name = \"x\"\nkey = \"a-TEST.key\"", "private key"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\nroles = [\"king\"]", "no role `king`"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\nendpoints = [\"i2c:72 up\"]", "not a direction"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\ncontainers = [\"a*b\"]", "a*b"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\nsyscalls = [\"reboot\"]", "no syscall `reboot`"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\nhat = 1", "unknown field"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\n[[anchor]]\nname = \"y\"\nkey = \"a-TEST.pub\"", "same key"),
    ] {
        bench.write("bad.toml", format!("[[anchor]]\n{line}\n"));
        bench.bad(2, &["trust", "bad.toml"], says);
    }
}

#[test]
fn every_help_has_an_example() {
    let bench = Bench::new();
    let commands = ["keygen", "trust", "build", "grant", "inspect", "verify", "explain", "run"];
    for command in [&["--help"][..], &["grant", "endpoint", "--help"], &["grant", "syscalls", "--help"]] {
        assert!(bench.good(command).out.contains("Example"), "{command:?}");
    }
    for command in commands {
        assert!(bench.good(&[command, "--help"]).out.contains("Example"), "{command}");
        assert!(bench.good(&["--help"]).out.contains(command));
    }
}
