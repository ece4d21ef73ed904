//! Licences and sources of all dependencies are those that `deny.toml` permits: the part of `cargo deny check` that needs
//! nothing but Cargo. And the bill of materials names WAMR.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "../examples/sbom/packages.rs"]
#[expect(dead_code, reason = "the bill of materials uses the rest")]
mod packages;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspaces of the repository.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "riot-app/Cargo.toml", "fixtures/containers/Cargo.toml"];
const OWN: &str = "MIT OR Apache-2.0";

fn repository() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize().unwrap()
}

/// What `deny.toml` permits.
struct Permitted {
    licenses: Vec<String>,
    /// Further licences of some packages.
    exceptions: BTreeMap<String, Vec<String>>,
    registries: Vec<String>,
}

impl Permitted {
    fn read() -> Self {
        let file: toml::Table =
            std::fs::read_to_string(repository().join("deny.toml")).unwrap().parse().unwrap();
        let strings = |value: &toml::Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let licenses = &file["licenses"];
        let exceptions = licenses["exceptions"].as_array().unwrap();
        let exception =
            |table: &toml::Value| (table["crate"].as_str().unwrap().to_owned(), strings(&table["allow"]));
        Self {
            licenses: strings(&licenses["allow"]),
            exceptions: exceptions.iter().map(exception).collect(),
            registries: strings(&file["sources"]["allow-registry"]),
        }
    }

    fn license(&self, package: &str, license: &str) -> bool {
        let exception = self.exceptions.get(package).into_iter().flatten();
        self.licenses.iter().chain(exception).any(|permitted| permitted == license)
    }
}

/// Whether an SPDX expression holds, by what `permits` returns for each licence. `/` is Cargo's old way to write `OR`.
fn holds(expression: &str, permits: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let holds = any_of(&mut rest, permits)?;
    if rest.is_empty() { Ok(holds) } else { Err(format!("`{expression}`: `{}` at this place", rest[0])) }
}

fn any_of(rest: &mut &[&str], permits: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut holds = all_of(rest, permits)?;
    while next_is(rest, "OR") {
        holds |= all_of(rest, permits)?;
    }
    Ok(holds)
}

fn all_of(rest: &mut &[&str], permits: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut holds = one(rest, permits)?;
    while next_is(rest, "AND") {
        holds &= one(rest, permits)?;
    }
    Ok(holds)
}

fn one(rest: &mut &[&str], permits: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    if next_is(rest, "(") {
        let holds = any_of(rest, permits)?;
        return if next_is(rest, ")") { Ok(holds) } else { Err("a parenthesis is not closed".into()) };
    }
    let name =
        next(rest).filter(|name| !["AND", "OR", "WITH", ")"].contains(name)).ok_or("a licence is missing")?;
    if next_is(rest, "WITH") {
        let exception = next(rest).ok_or("an exception is missing")?;
        return Ok(permits(&format!("{name} WITH {exception}")));
    }
    Ok(permits(name))
}

fn next<'w>(rest: &mut &[&'w str]) -> Option<&'w str> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    Some(first)
}

fn next_is(rest: &mut &[&str], word: &str) -> bool {
    let is = rest.first() == Some(&word);
    if is {
        *rest = &rest[1..];
    }
    is
}

#[test]
fn every_dependency_has_a_licence_and_a_source_that_deny_toml_permits() {
    let permitted = Permitted::read();
    let mut wrong = Vec::new();
    let mut foreign = 0;
    for manifest in MANIFESTS {
        let packages = packages::read(&repository().join(manifest), None).unwrap();
        for package in packages.all.values() {
            let name = format!("{manifest}: {} {}", package.name, package.version);
            let license = package.license.as_deref().unwrap_or_default();
            let Some(source) = &package.source else {
                if license != OWN {
                    wrong.push(format!("{name}: the licence of our own packages is {OWN}, not `{license}`"));
                }
                continue;
            };
            foreign += 1;
            match holds(license, &|license| permitted.license(&package.name, license)) {
                Ok(true) => (),
                Ok(false) => wrong.push(format!("{name}: deny.toml does not permit the licence `{license}`")),
                Err(error) => wrong.push(format!("{name}: the licence cannot be read: {error}")),
            }
            let registry = source.strip_prefix("registry+");
            if !registry
                .is_some_and(|registry| permitted.registries.iter().any(|permitted| permitted == registry))
            {
                wrong.push(format!("{name}: deny.toml does not permit the source {source}"));
            }
            if package.checksum.as_ref().is_none_or(|checksum| checksum.len() != 64) {
                wrong.push(format!("{name}: Cargo.lock has no checksum of it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(foreign > 100, "{foreign} packages of registries: they were not read");
}

#[test]
fn licence_expressions_are_understood() {
    let permits = |license: &str| ["MIT", "Apache-2.0 WITH LLVM-exception"].contains(&license);
    let holds = |expression| holds(expression, &permits);
    for expression in [
        "MIT",
        "Apache-2.0/MIT",
        "Apache-2.0 / MIT",
        "GPL-3.0-only OR MIT",
        "GPL-3.0-only AND MPL-2.0 OR MIT",
        "MIT AND Apache-2.0 WITH LLVM-exception",
        "(GPL-3.0-only OR MIT) AND MIT",
    ] {
        assert_eq!(holds(expression), Ok(true), "{expression}");
    }
    for expression in [
        "GPL-3.0-only",
        "Apache-2.0",
        "MIT AND GPL-3.0-only",
        "Apache-2.0 WITH Classpath-exception-2.0",
        "(GPL-3.0-only OR MIT) AND MPL-2.0",
        "MIT AND (GPL-3.0-only OR MPL-2.0)",
    ] {
        assert_eq!(holds(expression), Ok(false), "{expression}");
    }
    for expression in ["", "MIT OR", "MIT MIT", "(MIT", "MIT)", "MIT WITH", "OR MIT"] {
        assert!(holds(expression).is_err(), "{expression}");
    }
}

#[test]
fn the_bill_of_materials_names_all_packages_and_wamr() {
    let bill = |arguments: &[&str]| -> serde_json::Value {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["run", "--quiet", "--locked", "-p", "tinycontainer-testkit", "--example", "sbom", "--"]);
        let output = cargo.args(arguments).current_dir(repository()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for arguments in [&[][..], &["riot-app/Cargo.toml", "thumbv7em-none-eabihf"]] {
        let bill = bill(arguments);
        assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
        let components = bill["components"].as_array().unwrap();
        let find = |name: &str| components.iter().find(|component| component["name"] == name).unwrap();
        let wamr = find("wasm-micro-runtime");
        assert_eq!((&wamr["version"], &wamr["scope"]), (&"2.4.3".into(), &"required".into()));
        assert_eq!(wamr["licenses"][0]["expression"], "Apache-2.0 WITH LLVM-exception");
        assert_eq!(wamr["hashes"][0]["content"].as_str().unwrap().len(), 64);
        assert!(bill["dependencies"].to_string().contains(wamr["bom-ref"].as_str().unwrap()));
        assert_eq!(find("tinycontainer")["scope"], "required");
        assert_eq!(find("ed25519-compact")["scope"], "required");
        // References are unique, and lead somewhere.
        let mut references: Vec<&str> =
            components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
        references.sort_unstable();
        assert!(references.windows(2).all(|two| two[0] != two[1]));
        for dependency in bill["dependencies"].as_array().unwrap() {
            for on in dependency["dependsOn"].as_array().unwrap() {
                assert!(references.binary_search(&on.as_str().unwrap()).is_ok(), "{on}");
            }
        }
    }
}
