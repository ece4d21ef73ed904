//! The target `token`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tinycontainer_fuzz::target("token").fuzz(bytes);
});
