//! What the program answers: exit status, errors as JSON, refusals with their facts.

use crate::bench::{Bench, QUIET};

const BUS: &str = "[[endpoint]]\nid = 1\ndirection = \"in\"\nlocal = \"i2c:72\"\n";
const HERE: [&str; 4] = ["--trust", "trust.toml", "--device", "here"];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &HERE].concat()
}

#[test]
fn issue_10_1_4_a_file_that_is_not_there_or_not_an_image_is_status_2() {
    let bench = Bench::new();
    bench.write("garbage.tci", "this is no image");
    for file in ["nowhere.tci", "garbage.tci", "a-TEST.pub"] {
        for command in [&["verify", file][..], &["inspect", file], &["explain", file, "--call", "logger"]] {
            if command[0] == "inspect" && file == "a-TEST.pub" {
                continue;
            }
            let said = bench.ctl(&with(command));
            assert_eq!(said.code, 2, "{command:?}: {}", said.all());
            assert!(!said.all().contains("refused"), "{command:?}: {}", said.all());
        }
    }
    // A device refuses an image whose metadata is malformed: that is a decision.
    bench.image("a.one", QUIET, "");
    let mut bytes = bench.read("a.one.tci");
    let tag = bytes.windows(8).position(|window| window == b"TinyPART").unwrap();
    bytes[tag + 8] ^= 0x40;
    bench.write("malformed.tci", bytes);
    bench.bad(1, &with(&["verify", "malformed.tci"]), "malformed");
}

#[test]
fn issue_10_1_5_what_cannot_be_said_is_neither_allowed_nor_refused() {
    let bench = Bench::new();
    let peer = |id: u32, direction: &str, peer: &str| {
        format!("[[endpoint]]\nid = {id}\ndirection = \"{direction}\"\ncontainer = \"{peer}\"\n")
    };
    let one = bench.image("a.one", QUIET, &format!("{BUS}{}", peer(2, "out", "a.two:1")));
    let two = bench.image("a.two", QUIET, &peer(1, "in", "a.one:2"));
    let write = with(&["explain", &one, "--call", "write", "--endpoint", "2"]);
    let said = bench.bad(2, &write, "cannot be said");
    assert!(!said.out.contains("\nallowed"), "{}", said.out);
    let json = bench.ctl(&[&write[..], &["--json"]].concat()).json();
    assert_eq!(json["allowed"], serde_json::Value::Null);
    assert!(json["why"].as_str().unwrap().contains("a.two"), "{json}");
    bench.bad(0, &[&write[..], &["--with", &two]].concat(), "allowed");
    // Reading does not depend on what the other lists: the device does not look at it.
    let read = with(&["explain", &two, "--call", "read", "--endpoint", "1"]);
    bench.bad(0, &read, "allowed");
    // A step that refuses decides, whatever is unknown.
    let denied =
        ["explain", &one, "--call", "write", "--endpoint", "2", "--trust", "trust.toml", "--device", "x"];
    bench.bad(1, &denied, "refused");
}

#[test]
fn issue_10_1_6_errors_are_json_too() {
    let bench = Bench::new();
    for (args, command, says) in [
        (&["inspect", "nowhere"][..], Some("inspect"), "cannot open nowhere"),
        (
            &["verify", "nowhere", "--trust", "trust.toml", "--device", "x"],
            Some("verify"),
            "cannot open nowhere",
        ),
        (&["keygen", "x/", "--seed-from-test", "x"], Some("keygen"), "its name must show that"),
        (&["trust", "nowhere"], Some("trust"), "cannot open nowhere"),
        (&["verify"], None, "required"),
        (&["verify", "x", "--wrong"], None, "--wrong"),
        (&["wrong"], None, "wrong"),
    ] {
        let said = bench.ctl(&[args, &["--json"]].concat());
        assert_eq!(said.code, 2, "{args:?}: {}", said.all());
        let json = said.json();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["command"].as_str(), command, "{json}");
        assert!(json["error"]["message"].as_str().unwrap().contains(says), "{json}");
        assert!(json["error"]["help"].is_string() || json["error"]["help"].is_null());
        assert_eq!(said.err, "", "one document, and nothing else");
    }
}

#[test]
fn issue_10_1_6_an_empty_trust_store_is_said_to_be_empty() {
    let bench = Bench::new();
    bench.write("empty.toml", "");
    assert!(bench.good(&["trust", "empty.toml"]).out.contains("no anchors"));
}

#[test]
fn issue_10_1_6_inspect_shows_every_kind_of_file_that_is_made() {
    let bench = Bench::new();
    bench.image("a.one", QUIET, "");
    bench.good(&["trust", "trust.toml", "-o", "trust.cbor"]);
    bench.good(&[
        "grant",
        "endpoint",
        "--key",
        "owner-TEST.key",
        "--issuer",
        "owner",
        "--container",
        "a.one",
        "--aud",
        "here",
        "--peer",
        "gpio:17",
        "--direction",
        "out",
        "--for-signer",
        "a-TEST.pub",
        "-o",
        "pin.token",
    ]);
    let kid = bench.good(&["inspect", "a-TEST.pub", "--json"]).json()["kid"].as_str().unwrap().to_owned();
    for (file, kind, says) in [
        ("a.one.tci", "image", "a.one"),
        ("pin.token", "token", "gpio:17 (out)"),
        ("a-TEST.pub", "public-key", kid.as_str()),
        ("a-TEST.key", "private-key", kid.as_str()),
        ("trust.cbor", "trust-store", "gpio:17-18 out"),
        ("trust.toml", "trust-store", "gpio:17-18 out"),
        ("a.one.wasm", "module", "SHA-256"),
    ] {
        let text = bench.good(&["inspect", file]).out;
        assert!(text.contains(says), "{file}: {text}");
        assert!(!text.contains("another type"), "{file}: {text}");
        let json = bench.good(&["inspect", file, "--json"]).json();
        assert_eq!(json["kind"], kind, "{file}");
    }
    // The secret is not shown, in no form.
    let pem = String::from_utf8(bench.read("a-TEST.key")).unwrap();
    let secret = pem.lines().nth(1).unwrap();
    assert!(!bench.good(&["inspect", "a-TEST.key"]).out.contains(&secret[secret.len() - 20..]));
    // With a trust store, the token's signature is checked.
    assert!(bench.good(&with(&["inspect", "pin.token"])).out.contains("holds"));
    let json = bench.good(&with(&["inspect", "pin.token", "--json"])).json();
    assert_eq!(json["token"]["signature"], true);
    assert_eq!(
        json["token"]["for_signer"],
        bench.good(&["inspect", "a-TEST.pub", "--json"]).json()["thumbprint"]
    );
}

#[test]
fn issue_10_2_every_refusal_names_the_fact() {
    let bench = Bench::new();
    let image = bench.image("a.one", QUIET, BUS);
    let verify = |more: &[&'static str], says: &[&str]| {
        let args = [&["verify", image.as_str(), "--trust", "trust.toml"][..], more].concat();
        let said = bench.ctl(&args);
        assert_eq!(said.code, 1, "{}", said.all());
        for says in says {
            assert!(said.out.contains(says), "{more:?}: `{says}` is not in {}", said.out);
        }
        // All commands say the same.
        let explained =
            bench.ctl(&[&["explain", &image, "--call", "logger", "--trust", "trust.toml"], more].concat());
        assert!(explained.out.contains(says[0]), "{}", explained.out);
        let inspected =
            bench.ctl(&[&["inspect", image.as_str(), "--trust", "trust.toml"][..], more].concat());
        assert!(inspected.out.contains(says[0]), "{}", inspected.out);
    };
    // Which audience it was for.
    verify(
        &["--device", "there", "--class", "those"],
        &["it is for \"here\", and this is \"there\" and of the class \"those\""],
    );
    // Which limit by how much.
    verify(
        &["--device", "here", "--ceilings", "100,1000,16384"],
        &[
            "linear_memory is 1024 bytes, 924 more than the 100 that it gives",
            "stack is 1024 bytes, 24 more than the 1000",
        ],
    );
    // When it expired and what time it is.
    let file = "a.one.toml";
    let sign = |more: &[&'static str]| {
        let args =
            ["build", file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "a.one.tci"];
        bench.good(&[&args[..], more].concat());
    };
    sign(&["--exp", "2098-01-01"]);
    verify(
        &["--device", "here", "--now", "2098-01-03"],
        &["it was valid until 2098-01-01T00:00:00Z, and it is 2098-01-03T00:00:00Z here, 2 days later"],
    );
    verify(&["--device", "here", "--now", "none"], &["it is valid until 2098-01-01T00:00:00Z"]);
    sign(&["--nbf", "2098-01-01"]);
    verify(
        &["--device", "here", "--now", "2097-12-31T23:59:30Z"],
        &["it is valid from 2098-01-01T00:00:00Z on, and it is 2097-12-31T23:59:30Z here, 30 s earlier"],
    );

    // Which anchor's scope ended where.
    bench.image("a.pin", QUIET, "[[endpoint]]\nid = 2\ndirection = \"out\"\nlocal = \"gpio:17\"\n");
    bench.bad(
        1,
        &with(&["verify", "a.pin.tci"]),
        "endpoint 2: no signer with the right to grant it has done so: it is not in the scope of \"a\", and the image has \
         no authorization token of another signer: it is gpio:17 (out), and the anchor \"a\" reaches i2c:72 in, container:a.*:* both",
    );
    let other = bench.container("b.one", QUIET, "");
    let build = |key: &'static str, issuer: &'static str, file: &str| {
        bench.good(&["build", file, "--key", key, "--issuer", issuer, "--aud", "here", "-o", "x.tci"]);
    };
    build("a-TEST.key", "a", &other);
    bench.bad(1, &with(&["verify", "x.tci"]), "the anchor \"a\" signs a.*, and this is b.one");
    build("a-TEST.key", "owner", file);
    bench.bad(
        1,
        &with(&["verify", "x.tci"]),
        "it says that \"owner\" has issued it, and the anchor with that key is \"a\"",
    );
    build("owner-TEST.key", "owner", file);
    bench.bad(
        1,
        &with(&["verify", "x.tci"]),
        "the anchor \"owner\" has the roles syscalls, endpoints, and this needs metadata",
    );
    build("b-TEST.key", "b", file);
    let kid = bench.good(&["inspect", "b-TEST.pub", "--json"]).json()["kid"].as_str().unwrap().to_owned();
    bench.bad(1, &with(&["verify", "x.tci"]), &format!("its kid is {kid}, and the anchors are"));
    let text = String::from_utf8(bench.read(file)).unwrap();
    bench.write(file, text.replace("\"logger\"]", "\"logger\", \"heartbeat\"]"));
    build("a-TEST.key", "a", file);
    bench.bad(1, &with(&["verify", "x.tci"]), "the anchor \"a\" may grant open, close, read, write, logger");
    bench.write(file, text.replace("priority = \"normal\"", "priority = \"high\""));
    build("a-TEST.key", "a", file);
    bench.bad(1, &with(&["verify", "x.tci"]), "the anchor \"a\" allows normal at most");
}
