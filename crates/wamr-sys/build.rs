//! Compiles WAMR as `wamr.settings` says: for a host, and with the feature `bare` for a device without an operating
//! system. For other devices (`target_os = "none"`) nothing is compiled here: the device's own build system does it,
//! from the same file.

#[path = "build/compiler.rs"]
mod compiler;
#[path = "build/settings.rs"]
mod settings;
#[path = "build/source.rs"]
mod source;

use std::path::{Path, PathBuf};
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
    let device = env::var("CARGO_CFG_TARGET_OS")? == "none";
    let bare = device && env::var_os("CARGO_FEATURE_BARE").is_some();
    if device != bare || env::var_os(ELSEWHERE).is_some() {
        return Ok(());
    }
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let settings = Settings::read(&here.join("wamr.settings"))?;
    let wamr = source::find(&settings, &here, &out)?;
    // For those who depend on us and run their own C compiler: DEP_TINYCONTAINER_WAMR_SOURCE.
    println!("cargo::metadata=source={}", wamr.display());
    println!("cargo::rustc-env=TC_WAMR_SOURCE={}", wamr.display());

    if bare {
        return compile_bare(&settings, &here, &wamr);
    }
    let interpreter = if env::var_os("CARGO_FEATURE_CLASSIC").is_some() { "classic" } else { "fast" };
    let tags = [env::var("CARGO_CFG_TARGET_OS")?, env::var("CARGO_CFG_TARGET_ARCH")?, interpreter.to_owned()];
    compiler::compiler(&settings, &tags, &here, &wamr, &[]).try_compile("tinycontainer_wamr")?;
    println!("cargo::rustc-link-lib=m");
    Ok(())
}

/// For a device without an operating system: the classic interpreter, for size. See `c/platform` and `c/bare`.
fn compile_bare(settings: &Settings, here: &Path, wamr: &Path) -> Result<(), Error> {
    let tags = [env::var("CARGO_CFG_TARGET_ARCH")?, "classic".to_owned(), "device".to_owned()];
    let mut build = compiler::compiler(settings, &tags, here, wamr, &[]);
    build.opt_level_str("s").flag("-std=gnu11").flag("-fno-math-errno").flag("-fno-common");
    build.include(here.join("c/platform")).include(here.join("c/bare"));
    build.file(here.join("c/platform/platform.c")).define("qsort", "tc_sort");
    build.try_compile("tinycontainer_wamr")?;
    // What the interpreter needs of the C library, from where this compiler keeps it for this processor.
    for library in ["m", "c_nano"] {
        let mut ask = build.get_compiler().to_command();
        let answer = ask.arg(format!("-print-file-name=lib{library}.a")).output()?;
        let path = PathBuf::from(String::from_utf8(answer.stdout)?.trim());
        let folder = path.parent().filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| format!("the C compiler for this target has no lib{library}.a"))?;
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:-bundle={library}");
    }
    Ok(())
}
