//! The packages of a workspace: what `cargo metadata` and `Cargo.lock` have about them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, an SPDX expression.
    pub(crate) license: Option<String>,
    /// The registry or repository that it is from; `None` for a package of the workspace.
    pub(crate) source: Option<String>,
    /// The SHA-256 of the registry's archive, in hexadecimal.
    pub(crate) checksum: Option<String>,
}

/// The packages of a workspace, by Cargo's ids.
#[derive(Debug)]
pub(crate) struct Packages {
    /// All of them.
    pub(crate) all: BTreeMap<String, Package>,
    /// What each depends on.
    pub(crate) dependencies: BTreeMap<String, BTreeSet<String>>,
    /// Those whose code is in the workspace's programs: not what only tests and build scripts use, and no procedural macros.
    pub(crate) linked: BTreeSet<String>,
    /// The checksums of `Cargo.lock`, by name and version: also of packages that no platform uses.
    pub(crate) checksums: BTreeMap<(String, String), String>,
}

/// Reads the workspace of a manifest, for a platform or for all. Downloads what is not on this machine.
///
/// # Errors
/// A sentence.
pub(crate) fn read(manifest: &Path, platform: Option<&str>) -> Result<Packages, String> {
    let metadata = metadata(manifest, platform)?;
    let lock = manifest.with_file_name("Cargo.lock");
    let text = std::fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let lock: toml::Table = text.parse().map_err(|error| format!("{}: {error}", lock.display()))?;
    let checksums = checksums(&lock);

    let mut macros = BTreeSet::new();
    let mut all = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        let id = text_of(&package["id"]);
        let (name, version) = (text_of(&package["name"]), text_of(&package["version"]));
        if list(&package["targets"]).any(|target| list(&target["kind"]).any(|kind| kind == "proc-macro")) {
            macros.insert(id.clone());
        }
        let checksum = checksums.get(&(name.clone(), version.clone())).cloned();
        let optional = |value: &Value| value.as_str().map(str::to_owned);
        let (license, source) = (optional(&package["license"]), optional(&package["source"]));
        all.insert(id, Package { name, version, license, source, checksum });
    }

    let (mut dependencies, mut normal) = (BTreeMap::new(), BTreeMap::new());
    for node in list(&metadata["resolve"]["nodes"]) {
        let id = text_of(&node["id"]);
        let ids = |wanted: fn(&Value) -> bool| -> BTreeSet<String> {
            list(&node["deps"])
                .filter(|dep| list(&dep["dep_kinds"]).any(|kind| wanted(&kind["kind"])))
                .map(|dep| text_of(&dep["pkg"]))
                .collect()
        };
        dependencies.insert(id.clone(), ids(|_| true));
        normal.insert(id, ids(Value::is_null));
    }
    let mut linked = BTreeSet::new();
    let mut open: Vec<String> = list(&metadata["workspace_members"]).map(text_of).collect();
    while let Some(id) = open.pop() {
        if !macros.contains(&id) && linked.insert(id.clone()) {
            open.extend(normal.get(&id).into_iter().flatten().cloned());
        }
    }
    // Metadata for one platform lists packages that nothing depends on there.
    all.retain(|id, _| dependencies.contains_key(id));
    Ok(Packages { all, dependencies, linked, checksums })
}

/// What `cargo metadata` prints; without the network if possible.
fn metadata(manifest: &Path, platform: Option<&str>) -> Result<Value, String> {
    let ask = |offline: bool| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["metadata", "--locked", "--format-version=1", "--manifest-path"]).arg(manifest);
        if let Some(platform) = platform {
            cargo.args(["--filter-platform", platform]);
        }
        if offline {
            cargo.arg("--offline");
        }
        cargo.output().map_err(|error| format!("cannot run cargo: {error}"))
    };
    let mut output = ask(true)?;
    if !output.status.success() {
        output = ask(false)?;
    }
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// The checksums of a `Cargo.lock`, by name and version.
fn checksums(lock: &toml::Table) -> BTreeMap<(String, String), String> {
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    packages
        .filter_map(|package| {
            let field = |name| package.get(name).and_then(toml::Value::as_str).map(str::to_owned);
            Some(((field("name")?, field("version")?), field("checksum")?))
        })
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
