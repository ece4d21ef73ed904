//! The target `trust_store`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tinycontainer_fuzz::target("trust_store").fuzz(bytes);
});
