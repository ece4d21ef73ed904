//! How long `Trust::decode` takes for stores of 16, 128 and 1,024 anchors: the fastest of 20 runs.
//!
//! `cargo bench -p tinycontainer-policy --bench trust_store`
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::time::Instant;
use tinycontainer_metadata::{Direction, Mask, Priority};
use tinycontainer_policy::{AnchorSpec, Pattern, Reach, Roles, Target, Trust, sha256, trust};
use tinycontainer_token::Key;

fn main() {
    let any = [Reach { target: Target::Any, direction: Direction::Both }];
    for count in [16_u32, 128, 1024] {
        let keys: Vec<_> = (0..count).map(|number| sha256(&[&number.to_be_bytes()])).collect();
        let mut anchors: Vec<_> = keys
            .iter()
            .map(|key| AnchorSpec {
                name: "signer",
                key: Key::Ed25519(key),
                roles: Roles::ALL,
                containers: &[Pattern("signer.*")],
                syscalls: Mask::ALL,
                reaches: &any,
                priority: Priority::Normal,
                hook_ms: 1000,
            })
            .collect();
        let mut store = Vec::new();
        trust::encode(&mut anchors, &mut store).unwrap();
        let fastest = (0..20)
            .map(|_| {
                let start = Instant::now();
                assert!(Trust::decode(black_box(&store)).is_ok());
                start.elapsed()
            })
            .min();
        println!("{count:5} anchors, {:6} bytes: {:?}", store.len(), fastest.unwrap());
    }
}
