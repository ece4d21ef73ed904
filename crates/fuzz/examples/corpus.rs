//! Makes the corpora again: `cargo run --release -p tinycontainer-fuzz --example corpus [TARGET...]`.
#![allow(clippy::unwrap_used)]

use std::process::Command;
use tinycontainer_fuzz::{TARGETS, corpus, target};

/// The most bytes of a target's corpus.
const BYTES: usize = 8000;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let [name] = &names[..] {
        let target = target(name);
        let inputs = corpus::make(target, target.mutations * 4, BYTES);
        corpus::write(target, &inputs).unwrap();
        println!("{name}: {} files, {} bytes", inputs.len(), inputs.iter().map(Vec::len).sum::<usize>());
        return;
    }
    // A process for each: WAMR and the C API's host exist once in a process.
    let all = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    for name in if names.is_empty() { all } else { names } {
        assert!(Command::new(std::env::current_exe().unwrap()).arg(name).status().unwrap().success());
    }
}
