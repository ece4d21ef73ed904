//! The C compiler, set up for all of WAMR. The benches of the crate `wamr` use it too.

use std::path::Path;

use crate::settings::Settings;

/// A compiler for everything in `settings` that `tags` (operating system, architecture) ask for, with
/// `changes` made to the defines.
pub(crate) fn compiler(
    settings: &Settings,
    tags: &[String],
    here: &Path,
    wamr: &Path,
    changes: &[(&str, &str)],
) -> cc::Build {
    let mut build = cc::Build::new();
    // An interpreter compiled without optimisation is ten times slower and tests nothing more.
    build.opt_level(2).warnings(false).define("NDEBUG", None);
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
    for header in settings.first(tags) {
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
