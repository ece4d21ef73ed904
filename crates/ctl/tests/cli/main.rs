//! The program as people and scripts call it: real files, real keys, its exit status.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may panic"
)]

mod answers;
mod bad_files;
mod begin;
mod bench;
mod commands;
mod compilers;
mod fixtures;
mod help;
mod images;
mod interop;
mod keys;
mod ordinary;
mod precious;
mod recipe;
mod run;
mod run_from;
mod run_lines;
mod schemas;
#[cfg(unix)]
mod terminal;
mod timeline;
mod tokens;
#[cfg(unix)]
mod watch;
mod writing;
mod year2024;
