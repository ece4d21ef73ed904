//! The committed header is what cbindgen makes of the sources: `UPDATE_HEADER=1 cargo test -p
//! tinycontainer-capi` writes it anew.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

#[test]
fn the_header_is_up_to_date() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in ["result", "types", "drivers", "functions", "settings"] {
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
