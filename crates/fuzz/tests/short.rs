//! The targets on stable: over their corpora, and a number of mutations from a fixed seed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use tinycontainer_fuzz::mutate::{Random, mutant};
use tinycontainer_fuzz::{TARGETS, Target, corpus};

fn run(target: &Target) {
    let inputs = corpus::read(target).unwrap();
    assert!(!inputs.is_empty());
    for input in &inputs {
        (target.run)(input);
    }
    let mut random = Random::new(1);
    for number in 0..target.mutations {
        let input = mutant(&inputs, &mut random);
        let done = std::panic::catch_unwind(|| (target.run)(&input));
        assert!(done.is_ok(), "{}: mutation {number} fails: {input:02x?}", target.name);
    }
}

#[test]
fn the_short_run_of_each_target() {
    for target in TARGETS {
        let start = std::time::Instant::now();
        run(target);
        println!("{}: {} mutations in {:?}", target.name, target.mutations, start.elapsed());
    }
}
