//! Tokens that other software makes: which are taken, and what is said of those that are not.

use crate::bench::Bench;
use ed25519_compact::{KeyPair, Seed};
use minicbor::bytes::ByteVec;
use minicbor::data::Tag;
use minicbor::{Encode, Encoder};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

fn cbor(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Encoder::new(&mut bytes));
    bytes
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// A map of pairs that are encoded already.
fn map(pairs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = cbor(|e| {
        e.map(pairs.len() as u64).unwrap();
    });
    pairs.iter().for_each(|pair| bytes.extend(pair));
    bytes
}

fn pair(key: i64, value: impl Encode<()>) -> Vec<u8> {
    cbor(|e| {
        e.i64(key).unwrap().encode(value).unwrap();
    })
}

fn bytes(bytes: &[u8]) -> ByteVec {
    bytes.to_vec().into()
}

/// The structure that is signed (RFC 9052, section 4.4).
fn structure(context: &str, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    cbor(|e| {
        e.array(4).unwrap().str(context).unwrap();
        e.bytes(protected).unwrap().bytes(&[]).unwrap().bytes(payload).unwrap();
    })
}

fn hmac(secret: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let block = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(secret).for_each(|(byte, secret)| *byte ^= secret);
        block
    };
    let inner = Sha256::new().chain_update(block(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block(0x5c)).chain_update(inner).finalize().to_vec()
}

/// What a token is made of.
#[derive(Clone)]
struct Token {
    tags: Vec<u64>,
    protected: Vec<u8>,
    unprotected: Vec<u8>,
    claims: Vec<u8>,
    after: Vec<u8>,
}

impl Token {
    /// One that is accepted, signed with the TEST key of a.
    fn good(kid: &[u8]) -> Self {
        Self {
            tags: vec![61, 18],
            protected: map(&headers(-8, kid)),
            unprotected: map(&[]),
            claims: map(&claims()),
            after: Vec::new(),
        }
    }

    fn message(&self, proof: &[u8]) -> Vec<u8> {
        let mut bytes = cbor(|e| {
            for tag in &self.tags {
                e.tag(Tag::new(*tag)).unwrap();
            }
            e.array(4).unwrap().bytes(&self.protected).unwrap();
        });
        bytes.extend(&self.unprotected);
        bytes.extend(cbor(|e| {
            e.bytes(&self.claims).unwrap().bytes(proof).unwrap();
        }));
        bytes.extend(&self.after);
        bytes
    }

    fn signed(&self) -> Vec<u8> {
        let seed = Sha256::digest(b"tinycontainer TEST key a-TEST");
        let key = KeyPair::from_seed(Seed::new(seed.into()));
        let signature = key.sk.sign(structure("Signature1", &self.protected, &self.claims), None);
        self.message(signature.as_ref())
    }
}

fn headers(alg: i64, kid: &[u8]) -> Vec<Vec<u8>> {
    vec![pair(1, alg), pair(4, bytes(kid))]
}

/// Claims that grant `logger` to a.one on the device here.
fn claims() -> Vec<Vec<u8>> {
    vec![
        pair(1, "a"),
        pair(2, "a.one"),
        pair(3, "here"),
        pair(4, 4_000_000_000_u64),
        pair(-65538, 32_u32),
        pair(-65540, 4_u8),
        pair(-65541, bytes(&[7; 32])),
    ]
}

/// Claims in which one is another, or which have one more at that place.
fn changed(at: usize, with: &[Vec<u8>], instead: bool) -> Vec<u8> {
    let mut claims = claims();
    claims.splice(at..at + usize::from(instead), with.iter().cloned());
    map(&claims)
}

const HERE: [&str; 4] = ["--trust", "trust.toml", "--device", "here"];

fn kid(bench: &Bench, file: &str) -> Vec<u8> {
    unhex(bench.good(&["inspect", file, "--json"]).json()["kid"].as_str().unwrap())
}

/// Inspects a token: the text, and its line in JSON if it is a token at all.
fn inspect(bench: &Bench, token: &[u8]) -> (String, serde_json::Value) {
    bench.write("x.token", token);
    let text = bench.ctl(&[&["inspect", "x.token"][..], &HERE].concat()).all();
    let json = bench.ctl(&[&["inspect", "x.token", "--json"][..], &HERE].concat()).json();
    (text, json["token"].clone())
}

#[test]
fn issue_10_6_2_a_refusal_names_the_header_claim_or_order_and_where() {
    let bench = Bench::new();
    let kid = kid(&bench, "a-TEST.pub");
    let good = Token::good(&kid);
    let (text, json) = inspect(&bench, &good.signed());
    assert!(json["accepted"] == true && json["signature"] == true, "{text}");

    let text_key = |name: &str| {
        cbor(|e| {
            e.str(name).unwrap().u8(1).unwrap();
        })
    };
    let x5chain = || pair(33, bytes(&[1]));
    let crit = pair(2, vec![33_u8]);
    let [alg, key] = <[Vec<u8>; 2]>::try_from(headers(-8, &kid)).unwrap();
    let protected = |pairs: &[Vec<u8>]| Token { protected: map(pairs), ..good.clone() };
    let unprotected = |pairs: &[Vec<u8>]| Token { unprotected: map(pairs), ..good.clone() };
    let claimed = |claims: Vec<u8>| Token { claims, ..good.clone() };
    for (token, says) in [
        (
            protected(&[alg.clone(), key.clone(), x5chain()]),
            "the header 33 (x5chain) is not taken (in the protected header, at byte",
        ),
        (protected(&[alg.clone(), key.clone(), text_key("hat")]), "the header \"hat\" is not taken"),
        (protected(&[key.clone(), alg.clone()]), "the header 1 (alg) comes after 4 (kid)"),
        (protected(&[alg.clone(), key.clone(), key.clone()]), "the header 4 (kid) is there twice"),
        (protected(&[alg.clone(), pair(4, "me")]), "the header 4 (kid) is a byte string, and here it is"),
        (protected(&[alg.clone(), crit.clone(), key.clone()]), "it names 33 (x5chain)"),
        (protected(&headers(-7, &kid)), "it is ES256 (-7), and the key of the anchor \"a\""),
        (
            unprotected(&[x5chain()]),
            "the header 33 (x5chain) is not taken (in the unprotected header, at byte",
        ),
        (unprotected(std::slice::from_ref(&key)), "the header 4 (kid) is in both headers"),
        (unprotected(std::slice::from_ref(&alg)), "the header 1 (alg) is taken in the protected header only"),
        (unprotected(&[crit]), "the header 2 (crit) is not taken"),
        (
            claimed(changed(4, &[pair(8, BTreeMap::<u8, u8>::new())], false)),
            "the claim 8 (cnf) is not taken (in the claims, at byte",
        ),
        (claimed(changed(7, &[pair(-65600, 1_u8)], false)), "the claim -65600 is not taken"),
        (claimed(changed(7, &[text_key("scope")], false)), "the claim \"scope\" is not taken"),
        (claimed(changed(0, &[claims()[2].clone()], false)), "the claim 1 (iss) comes after 3 (aud)"),
        (claimed(changed(0, &[claims()[0].clone()], false)), "the claim 1 (iss) is there twice"),
        (
            claimed(changed(3, &[pair(4, 4e9_f64)], true)),
            "the claim 4 (exp) is an unsigned integer, and here it is",
        ),
        (
            claimed(changed(2, &[pair(3, vec!["here"])], true)),
            "the claim 3 (aud) is text, and here it is array",
        ),
        (
            claimed(changed(6, &[pair(-65541, bytes(&[7; 31]))], true)),
            "the claim -65541 (signer) is 32 bytes",
        ),
        (claimed(changed(5, &[pair(-65540, 9_u8)], true)), "-65540 (use)"),
        (claimed(changed(3, &[vec![0x18, 4, 1]], true)), "is not in its shortest form"),
        (Token { after: vec![0], ..good.clone() }, "1 bytes follow the token"),
        (Token { tags: vec![61, 98], ..good.clone() }, "COSE_Sign, and only COSE_Sign1 (18) is taken"),
        (Token { tags: vec![18], ..good.clone() }, "lacks the CWT tag (61)"),
        (Token { tags: vec![], ..good.clone() }, "lacks the CWT tag (61)"),
        (Token { tags: vec![61], ..good.clone() }, "lacks the COSE tag"),
    ] {
        let (text, json) = inspect(&bench, &token.signed());
        assert!(text.contains(says), "`{says}` is not in {text}");
        assert!(!text.contains("truncated or changed"), "{says}: {text}");
        // Its signature is valid, or is one that is not checked: it never is said to be wrong.
        assert_ne!(json["signature"], false, "{says}: {json}");
    }
    let mut changed = good.signed();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(inspect(&bench, &changed).1["signature"], false);
}

#[test]
fn issue_10_6_2_verify_names_the_claim_of_a_grant_in_an_image() {
    let bench = Bench::new();
    let kid = kid(&bench, "a-TEST.pub");
    let token = Token { protected: map(&headers(-7, &kid)), ..Token::good(&kid) };
    bench.write("grant.token", token.signed());
    let file = bench.container("a.one", crate::bench::QUIET, "syscall_grant = \"grant.token\"\n---");
    let said =
        bench.ctl(&["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"]);
    // `build` finds what the signer has to know before a device does: the token is for another key.
    assert!(said.code == 2 && said.err.contains("signed by the key 0707"), "{}", said.all());
    let mine =
        bench.good(&["inspect", "a-TEST.pub", "--json"]).json()["thumbprint"].as_str().unwrap().to_owned();
    let signer = pair(-65541, bytes(&unhex(&mine)));
    bench.write("grant.token", Token { claims: changed(6, &[signer], true), ..token }.signed());
    bench.good(&["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"]);
    bench.bad(
        1,
        &[&["verify", "x.tci"][..], &HERE].concat(),
        "syscalls: the token's algorithm (-7) is not that of the key it names: it is ES256 (-7), and the key of the anchor \
         \"a\"",
    );
}

#[test]
fn issue_10_6_4_a_shared_secret_is_an_anchor() {
    let bench = Bench::new();
    let secret = [0x5a; 32];
    bench.write("shared.hex", format!("{}\n", "5a".repeat(32)));
    bench.write(
        "trust.toml",
        "[[anchor]]\nname = \"a\"\nhmac = \"shared.hex\"\nroles = [\"syscalls\"]\nsyscalls = [\"logger\"]\n",
    );
    let said = bench.good(&["trust", "trust.toml", "-o", "trust.cbor"]);
    assert!(said.out.contains("HMAC 256/256") && said.err.contains("shared secret"), "{}", said.all());
    let store = bench.good(&["inspect", "trust.cbor", "--json"]).json();
    let kid = unhex(store["anchors"][0]["kid"].as_str().unwrap());
    let token = Token { tags: vec![61, 17], protected: map(&headers(5, &kid)), ..Token::good(&kid) };
    let tag = hmac(&secret, &structure("MAC0", &token.protected, &token.claims));
    let (text, json) = inspect(&bench, &token.message(&tag));
    assert!(json["accepted"] == true && json["form"] == "COSE_Mac0", "{text}");
    // Its algorithm is that of the key, so that is not what is said of it with other tags, or without.
    for (tags, says) in [
        (vec![], "lacks the CWT tag (61)"),
        (vec![61], "lacks the COSE tag"),
        (vec![17], "lacks the CWT tag (61)"),
        (vec![61, 18], "is that of the key, but the message has another tag than 17"),
    ] {
        let (text, json) = inspect(&bench, &Token { tags, ..token.clone() }.message(&tag));
        assert!(text.contains(says), "{says}: {text}");
        assert_ne!(json["signature"], false, "{text}");
    }
    for (secret, says) in [
        ("5a".repeat(31), "has 31 bytes: a shared secret has 32 to 64"),
        ("zz".repeat(32), "is not a shared secret in hex digits"),
    ] {
        bench.write("shared.hex", secret);
        bench.bad(2, &["trust", "trust.toml"], says);
    }
    for keys in ["", "key = \"a-TEST.pub\"\nhmac = \"shared.hex\"\n"] {
        bench.write("trust.toml", format!("[[anchor]]\nname = \"a\"\n{keys}"));
        bench.bad(2, &["trust", "trust.toml"], "one of `key` and `hmac`");
    }
}

#[test]
fn issue_10_6_4_foreign_key_files_are_named_as_what_they_are() {
    let bench = Bench::new();
    let pem =
        |label: &str| format!("-----BEGIN {label}-----\nMC4CAQA=\n-----END {label}-----\n").into_bytes();
    let der_public = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &[7; 32]].concat();
    let der_private =
        [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20][..], &[7; 32]].concat();
    let ssh = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me\n";
    for (bytes, says, help) in [
        (ssh.to_vec(), "is a public key of OpenSSH", "keygen"),
        (pem("OPENSSH PRIVATE KEY"), "is a private key of OpenSSH", "keygen"),
        (pem("ENCRYPTED PRIVATE KEY"), "is an encrypted private key", "openssl pkey -in"),
        (pem("RSA PRIVATE KEY"), "is an RSA key", "Ed25519"),
        (pem("EC PRIVATE KEY"), "is an ECDSA key", "Ed25519"),
        (pem("CERTIFICATE"), "is a certificate", "openssl x509"),
        (der_public, "is a public key in DER", "-pubin -inform DER"),
        (der_private, "is a private key in DER", "-inform DER"),
        (b"{\"kty\": \"OKP\"}".to_vec(), "is JSON, such as a JSON Web Key", "PEM"),
    ] {
        bench.write("theirs", bytes);
        bench.write("x.toml", "[[anchor]]\nname = \"x\"\nkey = \"theirs\"\n");
        assert!(bench.bad(2, &["trust", "x.toml"], says).err.contains(help), "{says}");
        bench.container("a.one", crate::bench::QUIET, "");
        let build =
            ["build", "a.one.toml", "--key", "theirs", "--issuer", "a", "--aud", "here", "-o", "x.tci"];
        assert!(bench.bad(2, &build, says).err.contains(help), "{says}");
        bench.bad(2, &["inspect", "theirs"], says);
    }
}
