//! The target `wamr`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tinycontainer_fuzz::target("wamr").fuzz(bytes);
});
