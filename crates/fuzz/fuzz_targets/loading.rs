//! The target `loading`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tinycontainer_fuzz::target("loading").fuzz(bytes);
});
