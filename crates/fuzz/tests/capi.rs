//! The target `capi` on stable, in a process of its own: the C API's host starts WAMR.
#![allow(missing_docs)]

use tinycontainer_fuzz::{TARGETS, target};

#[test]
fn capi() {
    target("capi").short_run();
}

#[test]
fn each_target_has_a_program_and_a_corpus() {
    for target in TARGETS {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz_targets/");
        assert!(std::path::Path::new(&format!("{program}{}.rs", target.name)).exists(), "{}", target.name);
        assert!(tinycontainer_fuzz::corpus::folder(target).is_dir(), "{}", target.name);
    }
}
