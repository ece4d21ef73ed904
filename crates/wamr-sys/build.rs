//! Compiles WAMR for a host, as `wamr.settings` says. For a device (`target_os = "none"`) nothing is
//! compiled here: the device's own build system does it, from the same file.

#[path = "build/compiler.rs"]
mod compiler;
#[path = "build/settings.rs"]
mod settings;
#[path = "build/source.rs"]
mod source;

use std::path::PathBuf;
use std::{env, process};

use settings::Settings;

/// Set by the build system of a device that runs as a program on a host, as RIOT's native does: it
/// compiles WAMR itself there too.
const ELSEWHERE: &str = "TINYCONTAINER_WAMR_ELSEWHERE";

type Error = Box<dyn std::error::Error>;

fn main() {
    if let Err(error) = run() {
        println!("cargo::error={error}");
        process::exit(1);
    }
}

fn run() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=wamr.settings");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=c");
    println!("cargo::rerun-if-env-changed={ELSEWHERE}");
    if env::var("CARGO_CFG_TARGET_OS")? == "none" || env::var_os(ELSEWHERE).is_some() {
        return Ok(());
    }
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let settings = Settings::read(&here.join("wamr.settings"))?;
    let wamr = source::find(&settings, &here, &out)?;
    // For those who depend on us and run their own C compiler: DEP_TINYCONTAINER_WAMR_SOURCE.
    println!("cargo::metadata=source={}", wamr.display());
    println!("cargo::rustc-env=TC_WAMR_SOURCE={}", wamr.display());

    let interpreter = if env::var_os("CARGO_FEATURE_CLASSIC").is_some() { "classic" } else { "fast" };
    let tags = [env::var("CARGO_CFG_TARGET_OS")?, env::var("CARGO_CFG_TARGET_ARCH")?, interpreter.to_owned()];
    compiler::compiler(&settings, &tags, &here, &wamr, &[]).try_compile("tinycontainer_wamr")?;
    println!("cargo::rustc-link-lib=m");
    Ok(())
}
