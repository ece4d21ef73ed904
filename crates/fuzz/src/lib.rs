//! Fuzz targets: each is a function over bytes that panics if a property does not hold.
//!
//! | module | holds |
//! | --- | --- |
//! | `outcome` | [`Outcome`]: what an input led to, to tell inputs apart |
//! | `mutate` | a small random generator and mutations, for runs without libFuzzer |
//! | `spec_policy` | the decision over an image, specified from `docs/format.md` |
//! | `platform` | a platform for one thread, whose containers make the calls that a target chooses |
//! | `year2024` | an image of the 2024 format |
//! | the other modules | a target each, with its first inputs |
//! | [`corpus`] | reading and making the corpora |
//!
//! The programs in `fuzz_targets` give these functions to libFuzzer, which needs nightly. The test `short` runs the same
//! functions on stable, over the committed corpora and a fixed number of mutations. It panics on errors, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod capi;
mod cbor;
mod clear;
pub mod corpus;
mod cose;
mod loading;
mod metadata;
pub mod mutate;
pub mod outcome;
mod platform;
mod policy;
mod queues;
mod spec_policy;
mod token;
mod trust_store;
mod wamr;
mod year2024;

pub use outcome::Outcome;

use mutate::{Random, mutant};

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of its program and of its folder in `corpus`.
    pub name: &'static str,
    /// Runs it on an input.
    pub run: fn(&[u8]) -> Outcome,
    /// The inputs that its corpus is grown from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutations the short run makes.
    pub mutations: u32,
}

impl Target {
    /// Runs it on an input, for what only needs to know that it does not panic.
    pub fn fuzz(&self, bytes: &[u8]) {
        (self.run)(bytes);
    }

    /// The short run: the corpus, and a fixed number of mutations of it.
    ///
    /// # Panics
    /// If an input fails, with the input; or if there is no corpus.
    pub fn short_run(&self) {
        let inputs = corpus::read(self).expect("the corpus cannot be read");
        assert!(!inputs.is_empty());
        inputs.iter().for_each(|input| self.fuzz(input));
        let mut random = Random::new(1);
        for number in 0..self.mutations {
            let input = mutant(&inputs, &mut random);
            let done = std::panic::catch_unwind(|| self.fuzz(&input));
            assert!(done.is_ok(), "{}: mutation {number} fails: {input:02x?}", self.name);
        }
    }
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "metadata", run: metadata::run, seeds: metadata::seeds, mutations: 20_000 },
    Target { name: "token", run: token::run, seeds: token::seeds, mutations: 4000 },
    Target { name: "trust_store", run: trust_store::run, seeds: trust_store::seeds, mutations: 10_000 },
    Target { name: "clear", run: clear::run, seeds: clear::seeds, mutations: 2000 },
    Target { name: "cbor", run: cbor::run, seeds: cbor::seeds, mutations: 20_000 },
    Target { name: "policy", run: policy::run, seeds: policy::seeds, mutations: 4000 },
    Target { name: "loading", run: loading::run, seeds: loading::seeds, mutations: 2000 },
    Target { name: "queues", run: queues::run, seeds: queues::seeds, mutations: 4000 },
    Target { name: "wamr", run: wamr::run, seeds: wamr::seeds, mutations: 2000 },
    Target { name: "capi", run: capi::run, seeds: capi::seeds, mutations: 300 },
    Target { name: "cose", run: cose::run, seeds: cose::seeds, mutations: 4000 },
];

/// The target of that name.
///
/// # Panics
/// If there is none.
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("no such target")
}
