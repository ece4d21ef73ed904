//! What `--json` prints is what `docs/json` says.

use crate::bench::{Bench, QUIET};
use crate::commands::all;
use serde_json::Value;
use std::path::Path;

/// The keywords of JSON Schema that are checked. A schema with another one fails, so that none is ignored.
const KEYWORDS: [&str; 13] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "oneOf",
];

fn schema(command: &str) -> Option<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/json/{command}.json"));
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// What is wrong with a value; empty if nothing is.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = schema.as_object().unwrap();
    let mut found = Vec::new();
    for (keyword, says) in schema {
        assert!(KEYWORDS.contains(&keyword.as_str()), "the keyword {keyword} is not checked here");
        match keyword.as_str() {
            "$ref" => {
                let name = says.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                found.extend(wrong(root, &root["$defs"][name], value, at));
            }
            "type" => {
                let types: Vec<_> = says.as_array().map_or(vec![says], |types| types.iter().collect());
                if !types.iter().any(|name| is(value, name.as_str().unwrap())) {
                    found.push(format!("{at}: {value} is not of type {says}"));
                }
            }
            "const" if value != says => found.push(format!("{at}: {value} is not {says}")),
            "enum" if !says.as_array().unwrap().contains(value) => {
                found.push(format!("{at}: {value} is not one of {says}"));
            }
            "oneOf" => {
                let all: Vec<_> =
                    says.as_array().unwrap().iter().map(|schema| wrong(root, schema, value, at)).collect();
                if all.iter().filter(|wrong| wrong.is_empty()).count() != 1 {
                    let nearest = all.into_iter().min_by_key(Vec::len).unwrap_or_default();
                    found.push(format!(
                        "{at}: not exactly one of {}: {nearest:?}",
                        says.as_array().unwrap().len()
                    ));
                }
            }
            "required" => {
                for name in says.as_array().unwrap().iter().filter_map(Value::as_str) {
                    if value.as_object().is_some_and(|object| !object.contains_key(name)) {
                        found.push(format!("{at}: {name} is missing"));
                    }
                }
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(wrong(root, says, item, &format!("{at}[{i}]")));
                }
            }
            "properties" => {
                for (name, item) in value.as_object().into_iter().flatten() {
                    match says.get(name) {
                        Some(says) => found.extend(wrong(root, says, item, &format!("{at}.{name}"))),
                        None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                            found.push(format!("{at}: {name} is not in the schema"));
                        }
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("there is no type {name}"),
    }
}

#[test]
fn issue_10_6_5_json_is_what_the_schemas_say() {
    let bench = Bench::new();
    let bus = "[[endpoint]]\nid = 1\ndirection = \"in\"\nlocal = \"i2c:72\"\n";
    let more = format!("{bus}[[endpoint]]\nid = 2\ndirection = \"out\"\ncontainer = \"a.two:1\"\n");
    bench.image("a.one", QUIET, &more);
    bench.write("garbage", "this is nothing");
    let grant = |what: &'static str, more: &[&'static str]| {
        let args = ["grant", what, "--key", "owner-TEST.key", "--issuer", "owner", "--container", "a.one"];
        let rest = ["--aud", "here", "--for-signer", "a-TEST.pub", "--exp", "1h", "-o", "a.token", "--json"];
        [&args[..], &rest, more].concat()
    };
    let here = ["--trust", "trust.toml", "--device", "here", "--json"];
    let there = ["--trust", "trust.toml", "--device", "there", "--json"];
    let explain = ["explain", "a.one.tci", "--call", "write", "--endpoint", "2"];
    let build =
        ["build", "a.one.toml", "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "a.one.tci"];
    let lines: Vec<(i32, Vec<&str>)> = vec![
        (0, vec!["new", "begun", "--lang", "c", "--json"]),
        (2, vec!["new", "begun", "--lang", "c", "--json"]),
        (0, vec!["config", "--json"]),
        (0, vec!["man", "pages", "--json"]),
        (2, vec!["man", "garbage", "--json"]),
        (0, vec!["keygen", "new", "--json"]),
        (2, vec!["keygen", "new", "--json"]),
        (0, vec!["trust", "trust.toml", "-o", "trust.cbor", "--json"]),
        (0, vec!["trust", "trust.toml", "--json"]),
        (2, vec!["trust", "garbage", "--json"]),
        (0, [&build[..], &["--json"]].concat()),
        (0, [&build[..], &["--trust", "trust.toml", "--device", "here", "--json"]].concat()),
        (2, vec!["build", "garbage", "--json"]),
        (0, grant("endpoint", &["--peer", "gpio:17", "--direction", "out"])),
        (0, grant("syscalls", &["--syscalls", "heartbeat"])),
        (2, grant("syscalls", &["--syscalls", "fly"])),
        (0, [&["verify", "a.one.tci"][..], &here].concat()),
        (1, [&["verify", "a.one.tci"][..], &there].concat()),
        (2, [&["verify", "garbage"][..], &there].concat()),
        (0, [&["inspect", "a.one.tci"][..], &here].concat()),
        (0, [&["inspect", "a.one.tci"][..], &there].concat()),
        (0, vec!["inspect", "a.one.tci", "--json"]),
        (0, vec!["inspect", "a.token", "--json"]),
        (0, [&["inspect", "a.token"][..], &here].concat()),
        (0, vec!["config", "--json"]),
        (0, vec!["inspect", "new.key", "--json"]),
        (0, vec!["inspect", "new.pub", "--json"]),
        (0, vec!["inspect", "trust.cbor", "--json"]),
        (0, vec!["inspect", "a.one.wasm", "--json"]),
        (2, vec!["inspect", "garbage", "--json"]),
        (0, [&["explain", "a.one.tci", "--call", "logger"][..], &here].concat()),
        (1, [&["explain", "a.one.tci", "--call", "heartbeat"][..], &here].concat()),
        (1, [&["explain", "a.one.tci", "--call", "logger"][..], &there].concat()),
        (2, [&explain[..], &here].concat()),
        (2, [&["explain", "garbage", "--call", "logger"][..], &here].concat()),
        (0, [&["run", "a.one.tci", "--for", "100ms"][..], &here].concat()),
        (1, [&["run", "a.one.tci", "--for", "1ms"][..], &there].concat()),
    ];
    for (code, line) in lines {
        let said = bench.ctl(&line);
        assert_eq!(said.code, code, "{line:?}: {}", said.all());
        let document = said.json();
        let schema = schema(line[0]).unwrap_or_else(|| panic!("docs/json has no schema for {}", line[0]));
        assert_eq!(wrong(&schema, &schema, &document, "$"), Vec::<String>::new(), "{line:?}: {document:#}");
    }
}

#[test]
fn issue_10_6_5_a_schema_is_not_so_wide_that_anything_fits() {
    let bench = Bench::new();
    bench.image("a.one", QUIET, "");
    let mut document =
        bench.good(&["verify", "a.one.tci", "--trust", "trust.toml", "--device", "here", "--json"]).json();
    let schema = schema("verify").unwrap();
    assert_eq!(wrong(&schema, &schema, &document, "$"), Vec::<String>::new());
    document["accepted"] = "yes".into();
    assert_ne!(wrong(&schema, &schema, &document, "$"), Vec::<String>::new());
    document["accepted"] = true.into();
    document["hat"] = 1.into();
    assert_ne!(wrong(&schema, &schema, &document, "$"), Vec::<String>::new());
    document.as_object_mut().unwrap().retain(|name, _| name != "hat" && name != "why");
    assert_ne!(wrong(&schema, &schema, &document, "$"), Vec::<String>::new());
}

#[test]
fn issue_10_6_5_each_subcommand_with_json_has_a_schema() {
    let json = all().into_iter().filter(|command| command.flags.contains(&"--json".to_owned()));
    let names: Vec<_> = json.map(|command| command.path[0].clone()).collect();
    assert!(names.len() >= 9, "{names:?}");
    let without: Vec<_> = names.iter().filter(|name| schema(name).is_none()).collect();
    assert!(without.is_empty(), "docs/json has no schema for {without:?}");
}
