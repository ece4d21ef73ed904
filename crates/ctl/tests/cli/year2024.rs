//! Images of the 2024 format: one made here with a TEST key, and those of the reference if they are there.

use crate::bench::Bench;
use ed25519_compact::{KeyPair, Seed};
use minicbor::Encoder;
use minicbor::data::Tag;
use sha2::{Digest, Sha256};
use std::path::Path;

const TAG: u64 = 6_082_514_239_057_121_876;
const TOKEN_LEN: usize = 111;

fn test_key() -> KeyPair {
    KeyPair::from_seed(Seed::new(*b"TEST key of the 2024 image, TEST"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cbor(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Encoder::new(&mut bytes));
    bytes
}

/// A token of then: empty headers, a signature over the payload alone.
fn token(key: i64, value: &[u8]) -> Vec<u8> {
    let payload = cbor(|e| {
        e.map(1).unwrap().i64(key).unwrap().bytes(value).unwrap();
    });
    let signature = test_key().sk.sign(&payload, None);
    cbor(|e| {
        e.array(4).unwrap().bytes(&[]).unwrap().map(0).unwrap().bytes(&payload).unwrap();
        e.bytes(signature.as_ref()).unwrap();
    })
}

/// Metadata of then, whose last token covers the file less that token, or with it zeroed.
fn image(data: &[u8], zeroed: bool) -> Vec<u8> {
    let container = cbor(|e| {
        e.map(3).unwrap().u8(1).unwrap().bytes(b"old").unwrap().u8(2).unwrap().u8(4).unwrap();
        e.u8(3).unwrap().bytes(&token(-65536, &[0x1f])).unwrap();
    });
    let file = |last: &[u8]| {
        let security = cbor(|e| {
            e.array(8).unwrap();
            [100, 1000, 100, 1000, 100].iter().for_each(|ms| {
                e.u32(*ms).unwrap();
            });
            e.bytes(&token(-65537, &Sha256::digest(data))).unwrap();
            e.bytes(&token(-65537, &Sha256::digest(b"code"))).unwrap();
            e.bytes(last).unwrap();
        });
        cbor(|e| {
            e.tag(Tag::new(TAG)).unwrap().map(2).unwrap();
            e.u8(1).unwrap().bytes(&container).unwrap().u8(3).unwrap().bytes(&security).unwrap();
        })
    };
    let empty = file(&[0; TOKEN_LEN]);
    let covered = if zeroed { &empty[..] } else { &empty[..empty.len() - TOKEN_LEN] };
    let last = token(-65537, &Sha256::digest(covered));
    assert_eq!(last.len(), TOKEN_LEN);
    file(&last)
}

fn digest<'a>(report: &'a serde_json::Value, part: &str) -> &'a serde_json::Value {
    let digests = report["digests"].as_array().unwrap();
    digests.iter().find(|digest| digest["what"] == part).unwrap_or_else(|| panic!("{part}: {digests:?}"))
}

fn note(report: &serde_json::Value, part: &str) -> String {
    digest(report, part)["note"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn our_own_image_of_then() {
    let bench = Bench::new();
    let key = hex(test_key().pk.as_ref());
    bench.write("data", b"data");
    bench.write("code", b"other code");
    for (zeroed, how) in [(false, "less its last 111 bytes"), (true, "last 111 bytes zeroed")] {
        bench.write("old", image(b"data", zeroed));
        let report = bench
            .good(&["inspect", "old", "--key-2024", &key, "--data", "data", "--code", "code", "--json"])
            .json();
        assert_eq!(report["format"], "2024");
        assert!(
            report["tokens"].as_array().unwrap().iter().all(|token| token["signature"] == true),
            "{report}"
        );
        assert_eq!(digest(&report, "data")["holds"], true);
        assert_eq!(digest(&report, "code")["holds"], false);
        assert_eq!(digest(&report, "metadata")["holds"], true);
        assert!(note(&report, "metadata").contains(how), "{report}");
        assert_eq!(report["verdict"]["accepted"], serde_json::Value::Null);
        // Another key: no token holds.
        let other = bench.good(&["inspect", "old", "--key-2024", "a-TEST.pub", "--json"]).json();
        assert!(other["tokens"].as_array().unwrap().iter().all(|token| token["signature"] == false));
        assert!(bench.good(&["inspect", "old"]).out.contains("no signature was checked"));
    }
    let mut changed = image(b"data", true);
    changed[25] ^= 1;
    bench.write("old", &changed);
    let report = bench.good(&["inspect", "old", "--key-2024", &key, "--json"]).json();
    assert_eq!(digest(&report, "metadata")["holds"], false);
    let whole = image(b"data", true);
    for i in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[i] ^= 1 << (i % 8);
        bench.write("old", &bytes);
        bench.ctl(&["inspect", "old", "--key-2024", &key]);
    }
}

#[test]
fn the_images_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    let bench = Bench::new();
    let key = "112ff4c9cddecbe153d72dcd7c5ffaf2bfc77603fd8478e300bafe8dd1946078";
    for (name, data_holds, how) in [
        ("simple_container", false, "less its last 111 bytes"),
        ("example_app", true, "last 111 bytes zeroed"),
    ] {
        let file =
            |extension: &str| folder.join(format!("{name}.{extension}")).to_string_lossy().into_owned();
        if !Path::new(&file("metadata")).exists() {
            println!("skipped {name}: the reference is not beside this workspace");
            continue;
        }
        let args = ["inspect", &file("metadata"), "--key-2024", key, "--data", &file("data"), "--json"];
        let report = bench.good(&args).json();
        let tokens = report["tokens"].as_array().unwrap();
        assert!(tokens.iter().all(|token| token["signature"] == true), "{report}");
        let sizes: Vec<_> = tokens.iter().map(|token| token["bytes"].as_u64().unwrap()).collect();
        assert_eq!(sizes, [76, 111, 111, 111]);
        assert_eq!(report["uid"], name);
        assert_eq!(digest(&report, "data")["holds"], data_holds);
        assert_eq!(digest(&report, "metadata")["holds"], true);
        assert!(note(&report, "metadata").contains(how), "{report}");
        if !data_holds {
            assert!(note(&report, "data").contains("without the line feed"), "{report}");
            assert_eq!(report["endpoints"][0]["sentence"], "reads and writes app:10");
        }
    }
}

#[test]
fn verify_accepts_an_image_of_then_with_its_key_and_scope() {
    let bench = Bench::new();
    let key = hex(test_key().pk.as_ref());
    bench.write("old.metadata", image(b"data", true));
    bench.write("old.data", b"data");
    bench.write("old.code", b"code");
    let scope = |containers: &str, syscalls: &str| {
        format!(
            "[[anchor]]\nname = \"2024\"\nkey = \"{key}\"\ncontainers = [\"{containers}\"]\nsyscalls = [{syscalls}]\n"
        )
    };
    bench.write("2024.toml", scope("old", "\"open\""));
    let parts = ["verify", "old.metadata", "--data", "old.data", "--code", "old.code"];
    let with = |more: &[&'static str]| [&parts[..], more].concat();

    bench.bad(1, &with(&["--trust", "trust.toml", "--device", "here"]), "of 2024");
    // A key alone, and a key with its scope.
    let said = bench.good(&[&parts[..], &["--key-2024", &key]].concat());
    assert!(said.out.contains("accepted: old.metadata is old version 0"), "{}", said.out);
    bench.good(&with(&["--key-2024", "2024.toml"]));
    bench.good(&with(&["--key-2024", "2024.toml", "--limits-2024", "1024,512,4096"]));

    bench.bad(1, &with(&["--key-2024", "a-TEST.pub"]), "signature");
    bench.write("narrow.toml", scope("new*", ""));
    bench.bad(1, &with(&["--key-2024", "narrow.toml"]), "scope");
    let limits = ["--key-2024", "2024.toml", "--ceilings", "1024,512,4096", "--limits-2024", "1025,512,4096"];
    bench.bad(1, &with(&limits), "memory");
    // Each hook takes 100 ms by its metadata.
    let ceilings = ["--key-2024", "2024.toml", "--ceilings", "65536,8192,65536,99"];
    bench.bad(1, &with(&ceilings), "100 ms");
    let ceilings = ["--key-2024", "2024.toml", "--ceilings", "65536,8192,65536,1000,400"];
    bench.bad(1, &with(&ceilings), "image");
    bench.write("old.code", b"edoc");
    bench.bad(1, &with(&["--key-2024", "2024.toml"]), "code");

    // What could not be decided.
    bench.bad(2, &["verify", "old.metadata", "--key-2024", &key], "--data FILE --code FILE");
    bench.bad(2, &with(&["--key-2024", "trust.toml"]), "one anchor");
    bench.bad(2, &with(&["--key-2024", "2024.toml", "--limits-2024", "1,2"]), "three numbers");
    bench.bad(2, &with(&["--limits-2024", "1,2,3"]), "--key-2024");
}

/// The image triple of the 2024 implementation's own history, which is not ours to keep in this repository.
#[test]
fn verify_accepts_the_triple_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    let file = |kind: &str| folder.join(format!("container--id--01.{kind}")).to_string_lossy().into_owned();
    if !Path::new(&file("metadata")).exists() {
        println!("skipped: the reference is not beside this workspace");
        return;
    }
    let bench = Bench::new();
    let key = "112ff4c9cddecbe153d72dcd7c5ffaf2bfc77603fd8478e300bafe8dd1946078";
    let (metadata, data, code) = (file("metadata"), file("data"), file("code"));
    bench.good(&["verify", &metadata, "--data", &data, "--code", &code, "--key-2024", key]);
}
