//! Finds WAMR's source tree: it is in the crate `wamrx-sys`, which Cargo downloads and checks but
//! never builds, because no target ever meets the condition of our dependency on it.
//!
//! Cargo does not say where it put a dependency that is not built, so it is asked with `cargo metadata`
//! for a small package that depends on nothing else. Not for our own manifest: that would download the
//! dependencies of the whole workspace for all platforms, and our manifest has no lock file when it
//! comes from a registry. The small package has one, with the checksum of `wamr.settings`, so the tree
//! is the same to the byte for every dependent crate, however it depends on this one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Error;
use crate::settings::Settings;

/// Optional: the path of another source tree.
const OVERRIDE: &str = "TINYCONTAINER_WAMR_SOURCE";
const TREE: &str = "wasm-micro-runtime";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn find(settings: &Settings, here: &Path, out: &Path) -> Result<PathBuf, Error> {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    if let Some(tree) = env::var_os(OVERRIDE) {
        return Ok(PathBuf::from(tree));
    }
    let (name, version) =
        settings.one("crate").split_once(' ').ok_or("wamr.settings: no line `crate NAME VERSION`")?;
    let manifest = asking_package(out, name, version, settings.one("sha256"))?;
    // Without the network first: then nothing is ever downloaded twice, and a build without a network
    // works once there was one with it.
    let found = ask(&manifest, here, name, version, true)
        .or_else(|_| {
            // Offline, Cargo may have pinned what it could not find.
            asking_package(out, name, version, settings.one("sha256"))?;
            ask(&manifest, here, name, version, false)
        })
        .map_err(|why| {
            format!(
                "the source of WAMR (crate {name} {version}) was not found, and Cargo could not \
                 download it; with {OVERRIDE} you may say where it is.\n{why}"
            )
        })?;
    let tree = found.join(TREE);
    if !tree.join("core").is_dir() {
        return Err(format!("{} has no folder core", tree.display()).into());
    }
    Ok(tree)
}

/// Writes the package that depends on `name` only.
fn asking_package(out: &Path, name: &str, version: &str, sha256: &str) -> Result<PathBuf, Error> {
    let dir = out.join("where-is-wamr");
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    let manifest = dir.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"where-is-wamr\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
             [workspace]\n[dependencies]\n{name} = \"={version}\"\n"
        ),
    )?;
    fs::write(
        dir.join("Cargo.lock"),
        format!(
            "version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"{REGISTRY}\"\nchecksum = \"{sha256}\"\n"
        ),
    )?;
    Ok(manifest)
}

fn ask(manifest: &Path, here: &Path, name: &str, version: &str, offline: bool) -> Result<PathBuf, Error> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--format-version=1", "--manifest-path"]).arg(manifest);
    // Where our own manifest is, so that a configuration beside it (a mirror, vendored sources) holds.
    cargo.current_dir(here);
    if offline {
        cargo.arg("--offline");
    }
    let answer = cargo.output()?;
    if !answer.status.success() {
        return Err(String::from_utf8_lossy(&answer.stderr).into_owned().into());
    }
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout)?;
    let text = |package: &serde_json::Value, key| Some(package.get(key)?.as_str()?.to_owned());
    answer
        .get("packages")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
        .filter(|package| text(package, "name").as_deref() == Some(name))
        .filter(|package| text(package, "version").as_deref() == Some(version))
        .find_map(|package| Path::new(&text(package, "manifest_path")?).parent().map(Path::to_owned))
        .ok_or_else(|| "cargo metadata does not know it".into())
}
