//! The SDK that travels inside of tools is whole, and compiles outside of this workspace.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tinycontainer_guest::build::RUST_SDK;

fn crates() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn it_has_each_file_of_both_crates() {
    let carried: BTreeSet<&str> = RUST_SDK.iter().map(|(path, _)| *path).collect();
    for name in ["guest", "abi"] {
        for entry in fs::read_dir(crates().join(name).join("src")).unwrap() {
            let path = format!("{name}/src/{}", entry.unwrap().file_name().to_str().unwrap());
            assert!(carried.contains(path.as_str()), "{path} is missing in RUST_SDK");
        }
    }
    for (path, text) in RUST_SDK.iter().filter(|(path, _)| !path.ends_with("Cargo.toml")) {
        assert_eq!(fs::read_to_string(crates().join(path)).unwrap(), *text, "{path}");
    }
}

#[test]
fn its_manifests_are_those_of_the_workspace() {
    let table = |text: &str| text.parse::<toml::Table>().unwrap();
    let workspace = table(&fs::read_to_string(crates().join("../Cargo.toml")).unwrap());
    let shared = workspace["workspace"]["package"].as_table().unwrap();
    for (path, text) in RUST_SDK.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let (carried, ours) = (table(text), table(&fs::read_to_string(crates().join(path)).unwrap()));
        assert_eq!(carried["package"]["name"], ours["package"]["name"]);
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            assert_eq!(carried["package"][key], shared[key], "{path}: {key}");
        }
        assert_eq!(carried.get("features"), ours.get("features"), "{path}");
        let names = |manifest: &toml::Table| -> Vec<String> {
            let list = manifest.get("dependencies").and_then(toml::Value::as_table);
            list.into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&carried), names(&ours), "{path}");
    }
}

#[test]
fn it_compiles_where_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"guest\", \"abi\"]\n");
    for (path, text) in RUST_SDK.into_iter().chain([root]) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--lib", "--target-dir", "target"])
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET")
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("warning"), "{said}");
}
