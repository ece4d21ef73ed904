use crate::bench::{Bench, QUIET};

const HERE: [&str; 4] = ["--trust", "trust.toml", "--device", "here"];
const PIN: &str = "[[endpoint]]\nid = 2\ndirection = \"out\"\nlocal = \"gpio:17\"\n";
const BUS: &str = "[[endpoint]]\nid = 1\ndirection = \"in\"\nlocal = \"i2c:72\"\n";

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &HERE].concat()
}

#[test]
fn built_inspected_verified() {
    let bench = Bench::new();
    let image = bench.image("a.one", QUIET, BUS);
    bench.good(&with(&["verify", &image]));
    let report = bench.good(&with(&["inspect", &image, "--json"])).json();
    assert_eq!(report["verdict"]["accepted"], true);
    assert_eq!(report["endpoints"][0]["sentence"], "reads i2c:72");
    assert_eq!(report["tokens"][0]["anchor"], "a");
    assert_eq!(report["tokens"][0]["aud"], "here");
    assert!(report["digests"].as_array().unwrap().iter().all(|digest| digest["holds"] == true));
    let text = bench.good(&with(&["inspect", &image])).out;
    for sentence in [
        "It may call open, close, read, write, logger - granted by a",
        "1: it reads i2c:72",
        "Verdict accepted",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
    // Without a trust store, only what the image claims.
    assert!(bench.good(&["inspect", &image]).out.contains("no signature was checked"));
}

#[test]
fn the_device_decides() {
    let bench = Bench::new();
    let image = bench.image("a.one", QUIET, BUS);
    let verify = |more: &[&'static str]| {
        [&["verify", &image, "--trust", "trust.toml"], more]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let no = |more: &[&'static str], says: &str| {
        let args = verify(more);
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        assert!(bench.bad(1, &args, says).out.contains("help:"));
    };
    no(&["--device", "there"], "for another device");
    no(&["--device", "here", "--ceilings", "100,1024,16384"], "more memory than this device gives");
    let class = verify(&["--device", "there", "--class", "here"]);
    bench.good(&class.iter().map(String::as_str).collect::<Vec<_>>());

    let file = bench.container("a.two", QUIET, "");
    let build = |key: &'static str, issuer: &'static str, more: &[&'static str]| {
        let args =
            [&["build", &file, "--key", key, "--issuer", issuer, "--aud", "here", "-o", "two.tci"], more]
                .concat();
        bench.good(&args);
    };
    build("b-TEST.key", "b", &[]);
    bench.bad(1, &with(&["verify", "two.tci"]), "no trust anchor here");
    build("a-TEST.key", "owner", &[]);
    bench.bad(1, &with(&["verify", "two.tci"]), "issuer who does not own the key");
    build("owner-TEST.key", "owner", &[]);
    bench.bad(1, &with(&["verify", "two.tci"]), "the signer's role does not include this");
    build("a-TEST.key", "a", &["--exp", "1h"]);
    bench.good(&with(&["verify", "two.tci"]));
    bench.bad(1, &with(&["verify", "two.tci", "--now", "2099-01-01"]), "expired");
    bench.bad(1, &with(&["verify", "two.tci", "--now", "none"]), "does not know the time");
    build("a-TEST.key", "a", &["--nbf", "2days"]);
    bench.bad(1, &with(&["verify", "two.tci"]), "not valid yet");
    build("a-TEST.key", "a", &["--code-key", "b-TEST.key"]);
    bench.bad(1, &with(&["verify", "two.tci"]), "code: the token names a key that is no trust anchor");
    build("a-TEST.key", "a", &["--code-key", "a-TEST.key", "--code-issuer", "a"]);
    bench.good(&with(&["verify", "two.tci"]));
    let other = bench.container("b.one", QUIET, "");
    bench.good(&["build", &other, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "two.tci"]);
    bench.bad(1, &with(&["verify", "two.tci"]), "not in the signer's scope");
    bench.bad(
        2,
        &[
            "build",
            &other,
            "--key",
            "a-TEST.key",
            "--issuer",
            "a",
            "--aud",
            "here",
            "--exp",
            "2000-01-01",
            "-o",
            "x",
        ],
        "would never be valid",
    );
    bench.bad(2, &["verify", "two.tci", "--device", "here"], "--trust");
    bench.bad(2, &["verify", "two.tci", "--trust", "trust.toml"], "--device");
}

#[test]
fn others_grant_what_the_signer_may_not() {
    let bench = Bench::new();
    let image = bench.image("a.pin", QUIET, PIN);
    assert!(bench.bad(1, &with(&["verify", &image]), "endpoint 2").out.contains("grant endpoint"));

    let authorized = format!("syscalls_placeholder---{PIN}authorization = \"pin.token\"\n")
        .replace("syscalls_placeholder", "");
    let file = bench.container("a.pin", QUIET, &authorized);
    let build = ["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "pin.tci"];
    bench.bad(2, &build, "tinycontainerctl grant endpoint --container a.pin --peer gpio:17 --direction out");
    let grant = |key: &'static str,
                 issuer: &'static str,
                 uid: &'static str,
                 peer: &'static str,
                 direction: &'static str| {
        bench.good(&[
            "grant",
            "endpoint",
            "--key",
            key,
            "--issuer",
            issuer,
            "--container",
            uid,
            "--aud",
            "here",
            "--peer",
            peer,
            "--direction",
            direction,
            "--for-signer",
            "a-TEST.pub",
            "-o",
            "pin.token",
        ]);
    };
    grant("owner-TEST.key", "owner", "a.other", "gpio:17", "out");
    bench.bad(2, &build, "about another container");
    grant("owner-TEST.key", "owner", "a.pin", "gpio:18", "out");
    bench.bad(2, &build, "the token is for gpio:18 (out), not for gpio:17 (out)");
    // Who may not grant it can sign, but no device believes it.
    grant("a-TEST.key", "a", "a.pin", "gpio:17", "out");
    bench.good(&build);
    bench.bad(1, &with(&["verify", "pin.tci"]), "endpoint 2: not in the scope of the signer of its");
    grant("owner-TEST.key", "owner", "a.pin", "gpio:17", "out");
    bench.good(&build);
    bench.good(&with(&["verify", "pin.tci"]));
    assert!(bench.good(&with(&["inspect", "pin.tci"])).out.contains("it writes gpio:17 - granted by owner"));

    let file = bench.container("a.beat", QUIET, "syscall_grant = \"beat.token\"\n---");
    let text =
        String::from_utf8(bench.read(&file)).unwrap().replace("\"logger\"]", "\"logger\", \"heartbeat\"]");
    bench.write(&file, text);
    bench.good(&[
        "grant",
        "syscalls",
        "--key",
        "owner-TEST.key",
        "--issuer",
        "owner",
        "--container",
        "a.beat",
        "--aud",
        "here",
        "--syscalls",
        "heartbeat",
        "--for-signer",
        "a-TEST.pub",
        "-o",
        "beat.token",
    ]);
    bench.good(&["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "beat.tci"]);
    let text = bench.good(&with(&["inspect", "beat.tci"])).out;
    assert!(text.contains("logger - granted by owner and a"), "{text}");
    bench.good(&with(&["verify", "beat.tci"]));
    bench.bad(
        2,
        &[
            "grant",
            "endpoint",
            "--key",
            "owner-TEST.key",
            "--issuer",
            "o",
            "--container",
            "a b",
            "--aud",
            "x",
            "--peer",
            "gpio:1",
            "--direction",
            "in",
            "-o",
            "t",
        ],
        "no container can have that name",
    );
}

#[test]
fn calls_are_explained() {
    let bench = Bench::new();
    let peer = |id: u32, direction: &str, peer: &str| {
        format!("[[endpoint]]\nid = {id}\ndirection = \"{direction}\"\ncontainer = \"{peer}\"\n")
    };
    let one = bench.image("a.one", QUIET, &format!("{BUS}{}", peer(2, "out", "a.two:1")));
    let two = bench.image("a.two", QUIET, &peer(1, "in", "a.one:2"));
    let three = bench.image("a.three", QUIET, &peer(7, "out", "a.two:1"));
    let explain = |code: i32, image: &str, args: &[&str], says: &str| {
        bench.bad(code, &with(&[&["explain", image], args].concat()), says);
    };
    explain(0, &one, &["--call", "read", "--endpoint", "1"], "allowed");
    explain(1, &one, &["--call", "write", "--endpoint", "1"], "may not be used in that direction");
    explain(0, &one, &["--call", "open", "--endpoint", "1", "--direction", "in"], "allowed");
    explain(1, &one, &["--call", "open", "--endpoint", "1", "--direction", "out"], "direction");
    explain(1, &one, &["--call", "open", "--endpoint", "9"], "lists no endpoint 9");
    explain(1, &one, &["--call", "heartbeat"], "does not ask for `heartbeat`");
    explain(0, &one, &["--call", "logger"], "allowed");
    explain(0, &one, &["--call", "write", "--endpoint", "2", "--with", &two], "lists it in turn");
    explain(2, &one, &["--call", "write", "--endpoint", "2"], "cannot be said");
    explain(
        1,
        &three,
        &["--call", "write", "--endpoint", "7", "--with", &two],
        "does not list it as its peer",
    );
    explain(2, &one, &["--call", "read"], "on which?");
    let json = bench.ctl(&with(&["explain", &one, "--call", "write", "--endpoint", "1", "--json"])).json();
    assert_eq!(json["allowed"], false);
    assert!(
        json["steps"]
            .as_array()
            .unwrap()
            .iter()
            .any(|step| step["what"] == "direction" && step["holds"] == false)
    );
    // An image that is not believed may do nothing.
    let said =
        bench.ctl(&["explain", &one, "--call", "logger", "--trust", "trust.toml", "--device", "there"]);
    assert_eq!(said.code, 1, "{}", said.all());
}

#[test]
fn what_does_not_fit_a_device_is_not_built() {
    let bench = Bench::new();
    let refused = |wat: &str, more: &str, says: &str| {
        let file = bench.container("a.bad", wat, more);
        bench.bad(
            2,
            &["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "bad.tci"],
            says,
        );
        assert!(!bench.path("bad.tci").exists());
    };
    refused("(module)", "", "does not export `start`");
    refused("(module (import \"env\" \"fork\" (func)))", "", "`env.fork`, which no device has");
    refused(
        &QUIET.replace("(memory 1)", "(memory 3)").replace("__heap_base", "nothing"),
        "",
        "set linear_memory = 196608",
    );
    refused(QUIET, &BUS.replace("i2c:72", "i2c"), "BUS:UNIT");
    refused(QUIET, &format!("{BUS}{BUS}"), "there are two of that id");
    refused(QUIET, &BUS.replace("\"in\"", "\"up\""), "direction");
    refused(QUIET, "hat = 1\n---", "there is no key `hat`");
    bench.bad(
        2,
        &["build", "nowhere", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x"],
        "cannot open nowhere",
    );
    bench.bad(2, &["build", "a.bad.toml", "--key", "a-TEST.key", "--issuer", "a", "-o", "x"], "--aud");
}

#[test]
fn names_from_outside_do_not_steer_the_terminal() {
    let bench = Bench::new();
    let file = bench.container("a.esc", QUIET, "");
    let evil = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}a";
    bench.good(&["build", &file, "--key", "a-TEST.key", "--issuer", evil, "--aud", evil, "-o", "esc.tci"]);
    for more in [&[][..], &["--json"]] {
        let said = bench.good(&[&["inspect", "esc.tci", "--trust", "trust.toml"], more].concat());
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.all().contains(bad), "{:?}", said.all());
    }
    let json = bench.good(&["inspect", "esc.tci", "--json"]).json();
    assert_eq!(json["tokens"][0]["iss"], evil, "a script gets what it is");
}

#[test]
fn item_10_verify_names_the_role_that_the_signer_lacks() {
    let bench = Bench::new();
    let image = bench.image("a.one", QUIET, BUS);
    bench.good(&with(&["verify", &image]));
    let text = String::from_utf8(bench.read("trust.toml")).unwrap();
    let anchor = "roles = [\"metadata\", \"parts\", \"syscalls\", \"endpoints\"]";
    assert!(text.contains(anchor));
    bench.write("trust.toml", text.replace(anchor, "roles = [\"metadata\", \"parts\", \"syscalls\"]"));
    let says = "the signer's anchor reaches it but lacks the role `endpoints`";
    let said = bench.bad(1, &with(&["verify", &image]), says);
    assert!(said.out.contains("help: give the signer's anchor the role `endpoints`"), "{}", said.out);
    bench.bad(1, &with(&["explain", &image, "--call", "read", "--endpoint", "1"]), says);
    assert!(bench.good(&with(&["inspect", &image])).out.contains(says));
    let shown = bench.good(&["trust", "trust.toml"]).out;
    assert!(shown.contains("without the role `endpoints`, so none counts: i2c:72 in"), "{shown}");
}

#[test]
fn item_09_inspect_shows_sizes_and_verify_names_what_old_images_lack() {
    let bench = Bench::new();
    let image = bench.image("a.one", QUIET, BUS);
    let report = bench.good(&with(&["inspect", &image, "--json"])).json();
    assert_eq!(report["sizes"]["code_bytes"], report["code_bytes"]);
    assert_eq!(report["sizes"]["data_bytes"], 0);
    assert!(bench.good(&with(&["inspect", &image])).out.contains("It occupies"));
    // The same image without its sizes, as it was built before they were required.
    let mut bytes = bench.read(&image);
    let code = u32::try_from(report["code_bytes"].as_u64().unwrap()).unwrap();
    let sizes = [&[8, 0x82, 0, 0x18][..], &[u8::try_from(code).unwrap()]].concat();
    let at = bytes.windows(sizes.len()).position(|window| window == sizes).unwrap();
    bytes.drain(at..at + sizes.len());
    // The container section is key 1 of the map, 12 bytes behind its beginning: its length, and its number of pairs.
    let tag = bytes.windows(8).position(|window| window == b"TinyPART").unwrap();
    let section = tag + 8 + 4;
    assert_eq!((bytes[section - 1], bytes[section]), (1, 0x58));
    bytes[section + 1] -= u8::try_from(sizes.len()).unwrap();
    bytes[section + 2] -= 1;
    // The length of the metadata, in two bytes before its tag.
    let metadata = u16::from_be_bytes([bytes[tag - 3], bytes[tag - 2]]) - u16::try_from(sizes.len()).unwrap();
    bytes[tag - 3..tag - 1].copy_from_slice(&metadata.to_be_bytes());
    bench.write("old.tci", &bytes);
    let says = "lacks the sizes of data and code (key 8 of the container section)";
    assert!(bench.bad(1, &with(&["verify", "old.tci"]), says).out.contains("rebuild it"));
    bench.bad(2, &with(&["inspect", "old.tci"]), says);
    bench.bad(2, &with(&["explain", "old.tci", "--call", "logger"]), says);
}

#[test]
fn item_06_grants_are_bound_to_signer_or_code() {
    let bench = Bench::new();
    let file = bench.container("a.pin", QUIET, &format!("{PIN}authorization = \"pin.token\"\n"));
    let grant = |more: &[&'static str]| {
        let args =
            [
                &[
                    "grant",
                    "endpoint",
                    "--key",
                    "owner-TEST.key",
                    "--issuer",
                    "owner",
                    "--container",
                    "a.pin",
                ][..],
                &["--aud", "here", "--peer", "gpio:17", "--direction", "out", "-o", "pin.token"],
                more,
            ]
            .concat();
        bench.ctl(&args)
    };
    let build = ["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "pin.tci"];

    let said = grant(&[]);
    assert_eq!(said.code, 2, "{}", said.all());
    assert!(said.all().contains("--for-signer") && said.all().contains("--for-code"), "{}", said.all());
    for (bad, says) in [
        (&["--for-signer", "nobody"][..], "neither a file with a public key nor 64 hex digits"),
        (&["--for-signer", "nobody", "--trust", "trust.toml"], "no anchor of that name"),
        (&["--for-code", "trust.toml"], "neither a WebAssembly module nor an image"),
    ] {
        let said = grant(bad);
        assert!(said.code == 2 && said.all().contains(says), "{}", said.all());
    }

    // For another signer, `build` reports an error. A name in the trust store selects the right signer.
    assert_eq!(grant(&["--for-signer", "b-TEST.pub"]).code, 0);
    bench.bad(2, &build, "the token is for images signed by the key");
    assert_eq!(grant(&["--for-signer", "a", "--trust", "trust.toml"]).code, 0);
    bench.good(&build);
    bench.good(&with(&["verify", "pin.tci"]));
    let text = bench.good(&with(&["inspect", "pin.tci"])).out;
    assert!(text.contains("bound to images signed by a"), "{text}");

    // For this code, as a module, as an image, as a digest; and for other code.
    let digest = bench.good(&with(&["inspect", "pin.tci", "--json"])).json()["digests"][1]["is"]
        .as_str()
        .unwrap()
        .to_owned();
    for code in ["a.pin.wasm", "pin.tci", Box::leak(digest.clone().into_boxed_str())] {
        let said = grant(&["--for-code", code]);
        assert!(said.code == 0 && said.out.contains(&digest), "{}", said.all());
        bench.good(&build);
        bench.good(&with(&["verify", "pin.tci"]));
    }
    let text = bench.good(&with(&["inspect", "pin.tci"])).out;
    assert!(text.contains(&format!("bound to the code {digest}")), "{text}");
    let other = Box::leak(digest.replace(|digit| digit != '0', "1").into_boxed_str());
    assert_eq!(grant(&["--for-code", other]).code, 0);
    bench.bad(2, &build, "not for this, which has");
}

#[test]
fn item_04_durations_are_shown_warned_of_and_refused() {
    let bench = Bench::new();
    let file = bench.container("a.slow", QUIET, "");
    let text = String::from_utf8(bench.read(&file)).unwrap();
    bench.write(&file, text.replace("loop_ms = 200", "loop_ms = 4294967295"));
    let build = ["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "slow.tci"];
    let said = bench.good(&build);
    assert!(said.err.contains("loop_ms = 4294967295 is more than the 1000 ms"), "{}", said.all());
    // The device's own ceiling first; with that out of the way, the anchor's.
    let says = "loop() may take 4294967295 ms, and the device allows 10000 ms";
    assert!(bench.bad(1, &with(&["verify", "slow.tci"]), says).out.contains("`hook_ms`"));
    let generous = ["--ceilings", "65536,8192,65536,4294967295"];
    let says = "loop() may take 4294967295 ms, and the signer's trust anchor allows 1000 ms";
    bench.bad(1, &[&with(&["verify", "slow.tci"])[..], &generous].concat(), says);
    bench.bad(1, &[&with(&["explain", "slow.tci", "--call", "logger"])[..], &generous].concat(), says);
    assert!(bench.good(&[&with(&["inspect", "slow.tci"])[..], &generous].concat()).out.contains(says));

    let trust = String::from_utf8(bench.read("trust.toml")).unwrap();
    bench.write("wide.toml", trust.replace("name = \"a\"", "name = \"a\"\nhook_ms = 4294967295"));
    let args = ["verify", "slow.tci", "--trust", "wide.toml", "--device", "here"];
    bench.good(&[&args[..], &generous].concat());
    assert!(bench.good(&["trust", "wide.toml"]).out.contains("each hook: at most 4294967.295 s"));
    let said = bench.good(&[&build[..], &["--trust", "wide.toml"]].concat());
    assert!(said.err.contains("more than the 10000 ms that a host allows"), "{}", said.all());
    let quick = bench.container("a.quick", QUIET, "");
    let text = String::from_utf8(bench.read(&quick)).unwrap();
    bench.write(&quick, text.replace("loop_ms = 200", "loop_ms = 10"));
    let args = ["build", &quick, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "quick.tci"];
    assert!(!bench.good(&args).err.contains("_ms"));
}
