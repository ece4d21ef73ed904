//! Writes the software bill of materials of a workspace: CycloneDX 1.5, JSON (ECMA-424). See `scripts/sbom`.
//!
//! The same packages give the same bytes: there is no time in it, and the serial number is that of the content.
#![expect(clippy::indexing_slicing, reason = "JSON: what is not there reads as null")]

mod packages;

use packages::{Package, Packages};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The reference to the whole.
const ROOT: &str = "tinycontainer";

/// The package that compiles WAMR, which is in C, and its pin of the crate that carries the source.
const WAMR_SYS: &str = "tinycontainer-wamr-sys";
const WAMR_SETTINGS: &str = "crates/wamr-sys/wamr.settings";
const WAMR_LICENSE: &str = "Apache-2.0 WITH LLVM-exception";

fn main() -> ExitCode {
    let repository = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (manifest, platform) = match arguments.as_slice() {
        [] => (repository.join("Cargo.toml"), None),
        [manifest] => (PathBuf::from(manifest), None),
        [manifest, platform] => (PathBuf::from(manifest), Some(platform.as_str())),
        _ => {
            eprintln!("usage: sbom [MANIFEST [PLATFORM]]");
            return ExitCode::FAILURE;
        }
    };
    match bill(&repository, &manifest, platform) {
        Ok(bill) => {
            println!("{bill:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sbom: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The bill of materials of a manifest's workspace.
fn bill(repository: &Path, manifest: &Path, platform: Option<&str>) -> Result<Value, String> {
    let packages = packages::read(manifest, platform)?;
    let wamr = wamr(repository, &packages)?;
    let mut components = vec![wamr.clone()];
    let mut dependencies = Vec::new();
    for (id, package) in &packages.all {
        components.push(component(package, packages.linked.contains(id)));
        let on = packages.dependencies.get(id).into_iter().flatten();
        let mut on: Vec<String> = on.filter_map(|id| packages.all.get(id)).map(reference).collect();
        if package.name == WAMR_SYS {
            on.push(text(&wamr["bom-ref"]));
        }
        on.sort();
        dependencies.push(json!({ "ref": reference(package), "dependsOn": on }));
    }
    let mut own: Vec<String> =
        packages.all.values().filter(|package| package.source.is_none()).map(reference).collect();
    own.sort();
    dependencies.push(json!({ "ref": ROOT, "dependsOn": own }));
    // Cargo's ids, by which they were sorted, contain paths of this machine.
    components.sort_by_key(|component| text(&component["bom-ref"]));
    dependencies.sort_by_key(|dependency| text(&dependency["ref"]));
    let version = own_version(&packages);
    let mut bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": if platform.is_some() { "firmware" } else { "application" },
            "bom-ref": ROOT,
            "name": "tinycontainer",
            "version": version,
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        } },
        "components": components,
        "dependencies": dependencies,
    });
    bill["serialNumber"] = Value::from(serial_number(bill.to_string().as_bytes()));
    Ok(bill)
}

/// A package as a component.
fn component(package: &Package, linked: bool) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        "purl": reference(package),
        // Excluded: used by tests or to build, and not part of a program.
        "scope": if linked { "required" } else { "excluded" },
    });
    if let Some(license) = &package.license {
        // Cargo's old way to write "or".
        let license = license.replace(" / ", " OR ").replace('/', " OR ");
        component["licenses"] = json!([{ "expression": license }]);
    }
    if let Some(checksum) = &package.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// WAMR. Its checksum is that of the archive of the crate that carries it.
fn wamr(repository: &Path, packages: &Packages) -> Result<Value, String> {
    let path = repository.join(WAMR_SETTINGS);
    let settings = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let setting = |name: &str| {
        let line = settings.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(str::trim).ok_or(format!("{WAMR_SETTINGS} has no line `{name}`"))
    };
    let (carrier, version, checksum) = (setting("crate")?, setting("wamr")?, setting("sha256")?);
    let (name, carrier_version) =
        carrier.split_once(' ').ok_or(format!("{WAMR_SETTINGS}: `crate {carrier}`"))?;
    if packages.checksums.get(&(name.to_owned(), carrier_version.to_owned())).map(String::as_str)
        != Some(checksum)
    {
        return Err(format!("the checksum of {carrier} in {WAMR_SETTINGS} is not that of Cargo.lock"));
    }
    let purl = format!("pkg:github/bytecodealliance/wasm-micro-runtime@WAMR-{version}");
    Ok(json!({
        "type": "library",
        "bom-ref": purl,
        "name": "wasm-micro-runtime",
        "version": version,
        "description": format!("In C, from the package {carrier}, whose archive has the checksum"),
        "purl": purl,
        "scope": "required",
        "licenses": [{ "expression": WAMR_LICENSE }],
        "hashes": [{ "alg": "SHA-256", "content": checksum }],
    }))
}

/// The package URL.
fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn own_version(packages: &Packages) -> String {
    let own = packages.all.values().find(|package| package.name == "tinycontainer");
    own.map(|package| package.version.clone()).unwrap_or_default()
}

/// A UUID of version 8 (RFC 9562, section 5.8) from the SHA-256 of the content.
fn serial_number(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
