//! Compiles WAMR for a host, as `wamr.settings` says. For a device (`target_os = "none"`) nothing is
//! compiled here: the device's own build system does it, from the same file.

#[path = "build/settings.rs"]
mod settings;
#[path = "build/source.rs"]
mod source;

use std::path::{Path, PathBuf};
use std::{env, process};

use settings::Settings;

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
    if env::var("CARGO_CFG_TARGET_OS")? == "none" {
        return Ok(());
    }
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let settings = Settings::read(&here.join("wamr.settings"))?;
    let wamr = source::find(&settings, &here, &out)?;
    // For those who depend on us and run their own C compiler: DEP_TINYCONTAINER_WAMR_SOURCE.
    println!("cargo::metadata=source={}", wamr.display());
    println!("cargo::rustc-env=TC_WAMR_SOURCE={}", wamr.display());

    let tags = [env::var("CARGO_CFG_TARGET_OS")?, env::var("CARGO_CFG_TARGET_ARCH")?];
    compiler(&settings, &tags, &here, &wamr, &[]).try_compile("tinycontainer_wamr")?;
    println!("cargo::rustc-link-lib=m");
    if env::var_os("CARGO_FEATURE_VARIANTS").is_some() {
        variants(&settings, &tags, &here, &wamr, &out)?;
    }
    Ok(())
}

/// A C compiler that is set up for all of WAMR, with `changes` made to the defines.
fn compiler(
    settings: &Settings,
    tags: &[String],
    here: &Path,
    wamr: &Path,
    changes: &[(&str, &str)],
) -> cc::Build {
    let mut build = cc::Build::new();
    // An interpreter compiled without optimisation is ten times slower and tests nothing more.
    build.opt_level(2).warnings(false).pic(true).define("NDEBUG", None);
    build.flag_if_supported("-fno-strict-aliasing");
    for (name, value) in settings.defines(tags) {
        if !changes.iter().any(|(changed, _)| *changed == name) {
            build.define(name, value);
        }
    }
    for (name, value) in changes {
        build.define(name, *value);
    }
    for dir in settings.includes(tags) {
        build.include(wamr.join(dir));
    }
    build.include(here.join("c"));
    for header in settings.first() {
        build.flag("-include").flag(here.join(header));
    }
    for file in settings.sources(tags) {
        build.file(wamr.join(file));
    }
    for file in settings.own() {
        build.file(here.join(file));
    }
    build
}

/// The same C code in other ways, for the benches to load beside each other.
fn variants(settings: &Settings, tags: &[String], here: &Path, wamr: &Path, out: &Path) -> Result<(), Error> {
    const FAST: (&str, &str) = ("WASM_ENABLE_FAST_INTERP", "1");
    const CLASSIC: (&str, &str) = ("WASM_ENABLE_FAST_INTERP", "0");
    const UNMETERED: (&str, &str) = ("WASM_ENABLE_INSTRUCTION_METERING", "0");
    const STOCK: (&str, &str) = ("TC_STOCK_METERING", "1");
    let variants: [(&str, &[(&str, &str)]); 6] = [
        ("fast", &[FAST]),
        ("fast-stock", &[FAST, STOCK]),
        ("fast-unmetered", &[FAST, UNMETERED]),
        ("classic", &[CLASSIC]),
        ("classic-stock", &[CLASSIC, STOCK]),
        ("classic-unmetered", &[CLASSIC, UNMETERED]),
    ];
    for (name, changes) in variants {
        let dir = out.join(name);
        let mut build = compiler(settings, tags, here, wamr, changes);
        build.out_dir(&dir).cargo_metadata(false).file(here.join("c/variant.c"));
        let objects = build.try_compile_intermediates()?;
        let library = dir.join("libwamr.so");
        let mut link = build.try_get_compiler()?.to_command();
        link.arg("-shared").arg("-o").arg(&library).args(objects).args(["-lm", "-lpthread"]);
        // Each has its own copy of every symbol, whatever else is loaded.
        if tags.iter().any(|tag| tag == "linux") {
            link.arg("-Wl,-Bsymbolic");
        }
        if !link.status()?.success() {
            return Err(format!("linking the variant {name} failed").into());
        }
    }
    println!("cargo::rustc-env=TC_WAMR_VARIANTS={}", out.display());
    Ok(())
}
