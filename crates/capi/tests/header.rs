//! The committed header is what cbindgen makes of the sources: `UPDATE_HEADER=1 cargo test -p
//! tinycontainer-capi` writes it anew.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

#[test]
fn the_header_is_up_to_date() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    builder = builder.with_src(plain_result_codes(crate_dir));
    // In the order of the header.
    let functions = ["control", "load", "status", "audit", "configuration", "texts"];
    let functions = functions.map(|file| format!("functions/{file}"));
    for source in ["types", "drivers"].map(String::from).iter().chain(&functions).chain(&["settings".into()])
    {
        builder = builder.with_src(crate_dir.join(format!("src/{source}.rs")));
    }
    let mut made = Vec::new();
    builder.generate().unwrap().write(&mut made);
    // What cbindgen has no setting for.
    let made = String::from_utf8(made)
        .unwrap()
        .replace("TINYCONTAINER_RESULT_T_", "TINYCONTAINER_RESULT_")
        .replace("# Safety\n", "Required of the caller:\n")
        .replace("WOULD_BLOCK -2", "WOULD_BLOCK (-2)")
        .replace("NO_PEER -3", "NO_PEER (-3)")
        .replace("\n\n\n", "\n");

    let header = crate_dir.join("include/tinycontainer.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&header, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    assert!(
        made == committed,
        "include/tinycontainer.h is stale: UPDATE_HEADER=1 cargo test -p tinycontainer-capi"
    );
}

/// A copy of `result.rs` for cbindgen, which does not expand macros: the list of `numbered_enum!` as a plain enum.
fn plain_result_codes(crate_dir: &Path) -> PathBuf {
    let source = std::fs::read_to_string(crate_dir.join("src/result.rs")).unwrap();
    let (before, list) = source.split_once("tinycontainer_abi::numbered_enum! {\n").unwrap();
    let (list, after) = list.split_once("\n}\n").unwrap();
    let mut plain = format!("{before}#[repr(i32)]\n");
    for line in list.lines() {
        match line.split_once(" => ") {
            Some((variant, _texts)) => plain.push_str(&format!("{variant},\n")),
            None => plain.push_str(&format!("{}\n", line.replace(": i32 {", " {"))),
        }
    }
    plain.push_str(after);
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("result.rs");
    std::fs::write(&copy, plain).unwrap();
    copy
}
