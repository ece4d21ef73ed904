//! The target `queues`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tinycontainer_fuzz::target("queues").fuzz(bytes);
});
