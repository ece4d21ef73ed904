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
        ("name = \"x\"\nkey = \"a-TEST.pub\"\nhat = 1", "there is no key `hat`"),
        ("name = \"x\"\nkey = \"a-TEST.pub\"\n[[anchor]]\nname = \"y\"\nkey = \"a-TEST.pub\"", "same key"),
    ] {
        bench.write("bad.toml", format!("[[anchor]]\n{line}\n"));
        bench.bad(2, &["trust", "bad.toml"], says);
    }
}

#[test]
fn all_mistakes_of_a_trust_store_are_reported_at_once_with_their_places() {
    let bench = Bench::new();
    let text = "[[anchor]]\nnam = \"x\"\nkey = \"none.pub\"\nroles = [\"parts\", \"metdata\"]\n\
                containers = [\"a*b\"]\nsyscalls = [\"open\", \"raed\"]\nendpoints = [\"i2c:72 up\"]\n\
                priority = \"hihg\"\nhook_ms = 0\n[[anchro]]\n[[anchor]]\nname = \"\"\n";
    bench.write("bad.toml", text);
    let said = bench.bad(2, &["trust", "bad.toml"], "12 things are wrong");
    for line in [
        "bad.toml:1:1: [[anchor]] name is missing",
        "bad.toml:2:1: [[anchor]] there is no key `nam`: did you mean `name`?",
        "bad.toml:3:7: [[anchor]] the key: cannot open none.pub",
        "bad.toml:4:19: [[anchor]] roles: there is no role `metdata`: did you mean `metadata`?",
        "bad.toml:5:15: [[anchor]] containers: `a*b`",
        "bad.toml:6:21: [[anchor]] syscalls: there is no syscall `raed`: did you mean `read`?",
        "bad.toml:7:14: [[anchor]] endpoints: `up` is not a direction",
        "bad.toml:8:12: [[anchor]] priority: there is no priority `hihg`: did you mean `high`?",
        "bad.toml:9:11: [[anchor]] hook_ms: must be a whole number from 1 to 4294967295, not 0",
        "there is no key `anchro`: did you mean `anchor`?",
        "bad.toml:11:1: [[anchor]] has one of `key` and `hmac`",
        "bad.toml:12:8: [[anchor]] name: 1 to 64 bytes",
    ] {
        assert!(said.err.contains(line), "`{line}` is not in: {}", said.err);
    }
    // What TOML does not take has a place too.
    bench.write("bad.toml", "[[anchor]]\nname = \"x\n");
    bench.bad(2, &["trust", "bad.toml"], "bad.toml:2:");
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
