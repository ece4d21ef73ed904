//! The memory map of the example's firmware: an nRF52840's sizes on QEMU's mps2-an386.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=examples/console/memory.x");
    if env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "none") {
        let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
        fs::copy("examples/console/memory.x", out.join("memory.x"))?;
        println!("cargo::rustc-link-search={}", out.display());
        println!("cargo::rustc-link-arg-examples=-Tlink.x");
        println!("cargo::rustc-link-arg-examples=--nmagic");
    }
    Ok(())
}
