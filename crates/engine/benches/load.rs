//! Loading a 4 KiB image with one signature: how much of it is Ed25519 and SHA-256. At least 90 %.
//!
//! `cargo bench -p tinycontainer --bench load`
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use ed25519_compact::{KeyPair, PublicKey, Seed, Signature};
use std::hint::black_box;
use std::time::Instant;
use tinycontainer_testkit::{IDLE, PROVIDER_A, Spec, sha256};

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 2001 } else { 1 };
    let engine = common::engine();
    let mut spec = Spec::new("a.image", IDLE);
    // A signed image of 4 KiB: metadata, and the rest divided between data and code.
    let image = spec.sign(PROVIDER_A);
    spec.data = vec![0x5a; 4096 - image.metadata.len() - image.code.len()];
    let image = spec.sign(PROVIDER_A);
    let token_len = 200;
    let message = vec![7; token_len];
    let pair = KeyPair::from_seed(Seed::new(*PROVIDER_A.seed));
    let signature = Signature::new(*pair.sk.sign(&message, None));
    let key = PublicKey::new(*pair.pk);
    let signed = image.metadata.len() - token_len;

    let (mut whole, mut crypto, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let before = Instant::now();
        common::load(&engine, &image).unwrap();
        let between = Instant::now();
        // The same work alone: one verification, and the three digests.
        key.verify(black_box(&message), &signature).unwrap();
        black_box(sha256(black_box(&image.metadata[..signed])));
        black_box(sha256(black_box(&image.data)));
        black_box(sha256(black_box(&image.code)));
        let after = Instant::now();
        engine.unload("a.image").unwrap();
        whole.push((between - before).as_secs_f64() * 1e6);
        crypto.push((after - between).as_secs_f64() * 1e6);
        shares.push((after - between).as_secs_f64() / (between - before).as_secs_f64() * 100.0);
    }
    println!(
        "image of {} bytes, median of {rounds}",
        image.metadata.len() + image.data.len() + image.code.len()
    );
    println!("load                     {:8.1} us", median(&mut whole));
    println!("Ed25519 and SHA-256      {:8.1} us", median(&mut crypto));
    println!("share                    {:8.1} %   (at least 90)", median(&mut shares));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
