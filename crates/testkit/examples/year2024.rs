//! Writes an image of the 2024 format with a TEST key: `year2024 UID CODE DATA IMAGE STORE`. STORE receives the trust store with
//! that key alone, as `tinycontainerctl verify --key-2024` and the C API take it.
#![allow(clippy::unwrap_used)]

use tinycontainer_testkit::{image_2024, store_2024};

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [uid, code, data, image, store] = &args[..] else {
        eprintln!("usage: year2024 UID CODE DATA IMAGE STORE");
        std::process::exit(2);
    };
    let made = image_2024(uid, &std::fs::read(data).unwrap(), &std::fs::read(code).unwrap());
    let mut bytes = Vec::new();
    made.parts().encode(&mut bytes).unwrap();
    std::fs::write(image, bytes).unwrap();
    std::fs::write(store, store_2024()).unwrap();
}
