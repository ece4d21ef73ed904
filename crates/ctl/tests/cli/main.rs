//! The program as people and scripts call it: real files, real keys, its exit status.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may panic"
)]

mod bad_files;
mod bench;
mod compilers;
mod fixtures;
mod images;
mod keys;
mod ordinary;
mod run;
mod year2024;
