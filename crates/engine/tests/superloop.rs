//! The example `superloop` runs a container.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::process::{Command, Output};
use tinycontainer_testkit as kit;

fn superloop(arguments: &[&str]) -> Output {
    let example = ["run", "--quiet", "--locked", "--example", "superloop", "--"];
    Command::new(env!("CARGO")).args(example).args(arguments).output().unwrap()
}

#[test]
fn the_superloop_example_runs_signed_containers_and_no_others() {
    let folder = std::env::temp_dir().join(format!("superloop-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let trust = write("trust.cbor", &kit::trust_store());
    let module = kit::module("", "i32.const 0", "");
    let image = |name: &str, signer| {
        let mut file = Vec::new();
        kit::Spec::new("a.one", &module).sign(signer).parts().encode(&mut file).unwrap();
        write(name, &file)
    };
    let good = image("good.tci", kit::PROVIDER_A);
    let bad = image("bad.tci", kit::STRANGER);
    let run = |image: &str| superloop(&[&trust, kit::CLASS, "1", image]);
    let ran = run(&good);
    let out = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let loops =
        out.lines().find_map(|line| line.strip_prefix("a.one: Ready, ")).unwrap_or_else(|| panic!("{out}"));
    assert!(loops.split(' ').next().unwrap().parse::<u32>().unwrap() > 0, "{out}");
    let refused = run(&bad);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("no trust anchor"));
    std::fs::remove_dir_all(folder).unwrap();
}
