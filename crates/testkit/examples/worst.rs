//! Writes the worst image and its TEST trust store: `worst AUDIENCE IMAGE STORE`, or `worst AUDIENCE IMAGE STORE bad-last`.
#![allow(clippy::unwrap_used)]

use tinycontainer_testkit::{worst, worst_trust_store};

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [aud, image, store, more @ ..] = &args[..] else {
        eprintln!("usage: worst AUDIENCE IMAGE STORE [bad-last]");
        std::process::exit(2);
    };
    let mut bytes = Vec::new();
    worst(aud, more == ["bad-last"]).parts().encode(&mut bytes).unwrap();
    std::fs::write(image, bytes).unwrap();
    std::fs::write(store, worst_trust_store()).unwrap();
}
