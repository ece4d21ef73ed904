//! `run` from a folder that is in no project: the settings are those of the containers that are named.

use crate::bench::{Bench, QUIET};
use std::fs;

/// A project of one container in a folder of its own, with its image in target/.
fn project(bench: &Bench, name: &str, uid: &str, more: &str) {
    let image = bench.image(uid, QUIET, "");
    fs::create_dir_all(bench.path(&format!("{name}/target"))).unwrap();
    bench.write(&format!("{name}/target/{name}.tci"), bench.read(&image));
    bench.write(&format!("{name}/tinycontainer.toml"), more);
}

const HERE: &str = "trust = \"../trust.toml\"\ndevice = \"here\"\n";

#[test]
fn the_settings_are_those_of_the_named_project() {
    let bench = Bench::new();
    project(&bench, "one", "a.one", HERE);
    project(&bench, "two", "a.two", HERE);
    bench.good(&["run", "one/target/one.tci", "--for", "0s"]);
    let both = ["run", "one/target/one.tci", "two/target/two.tci", "--for", "0s"];
    bench.good(&both);
    // They do not agree: neither is taken, and the help says which files have what.
    bench.write("other.toml", bench.read("trust.toml"));
    bench.write("two/tinycontainer.toml", "trust = \"../other.toml\"\ndevice = \"here\"\n");
    let said = bench.bad(2, &both, "no trust store");
    for part in ["one/tinycontainer.toml", "two/tinycontainer.toml", "give --trust"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    bench.good(&[&both[..], &["--trust", "trust.toml"]].concat());
    bench.write("two/tinycontainer.toml", HERE.replace("here", "there"));
    bench.bad(2, &both, "two/tinycontainer.toml has `there`");
}

#[test]
fn the_current_folder_and_flags_come_first() {
    let bench = Bench::new();
    project(&bench, "one", "a.one", HERE);
    bench.write("tinycontainer.toml", "trust = \"trust.toml\"\ndevice = \"elsewhere\"\n");
    let run = ["run", "one/target/one.tci", "--for", "0s"];
    bench.bad(1, &run, "refused");
    bench.good(&[&run[..], &["--device", "here"]].concat());
}
