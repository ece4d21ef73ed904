//! From an empty folder to a container that runs: `new`, then `run`, with the program alone.

use crate::fixtures::can_compile;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with a copy of the program, and no way to the repository.
struct Empty {
    dir: TempDir,
}

impl Empty {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_tinycontainerctl"), dir.path().join("bin/tinycontainerctl")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program, without what cargo sets for tests, and without the user's files.
    fn command(&self, folder: &str) -> Command {
        let mut command = Command::new(self.path("bin/tinycontainerctl"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" {
                command.env_remove(name);
            }
        }
        command
            .env("XDG_CONFIG_HOME", self.path("config"))
            .current_dir(self.path(folder))
            .stdin(Stdio::null());
        command
    }

    fn ctl(&self, folder: &str, args: &[&str]) -> Output {
        loop {
            match self.command(folder).args(args).output() {
                // Another test's process was started while the program was copied, and still has it open for writing.
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now()
                }
                output => return output.unwrap(),
            }
        }
    }

    /// Must succeed.
    fn good(&self, folder: &str, args: &[&str]) -> String {
        let output = self.ctl(folder, args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output));
        text(&output)
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The unit test that the README of the folder names.
fn unit_test(folder: &Path, lang: &str) {
    let output = if lang == "rust" {
        // Nothing is downloaded.
        Command::new("cargo")
            .args(["test", "--offline"])
            .env_remove("CARGO_TARGET_DIR")
            .current_dir(folder)
            .output()
    } else {
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        let line = readme.lines().find(|line| line.contains("cc -Isdk")).unwrap();
        let line = line.replace("cc ", "cc -Wall -Werror ");
        Command::new("sh").args(["-c", &line]).current_dir(folder).output()
    };
    let output = output.unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{}: {said}", folder.display());
    assert!(said.contains(if lang == "rust" { "test result: ok." } else { "ok" }), "{said}");
    assert!(!said.contains("warning"), "{said}");
}

fn begins(lang: &str) {
    if !can_compile() {
        return;
    }
    let empty = Empty::new();
    for (template, logs) in [
        ("sensor", &["the sensor starts", "21.00 C", "the sensor stops"][..]),
        ("filter", &["the filter starts", "the filter stops"]),
        ("actuator", &["the actuator starts", "off", "the actuator stops"]),
        ("empty", &["it starts", "loop ", "it stops"]),
    ] {
        let name = format!("my-{template}");
        empty.good(".", &["new", &name, "--lang", lang, "--template", template]);
        // First, in the fresh folder.
        unit_test(&empty.path(&name), lang);
        let said = empty.good(&name, &["run", "--for", "1500ms"]);
        assert!(!said.contains("warning"), "{said}");
        for line in logs {
            assert!(said.contains(line), "{template}: `{line}` is not in: {said}");
        }
        let built = empty.good(&name, &["build"]);
        assert!(built.contains("accepted by test-device") && built.contains("measured"), "{built}");
        // Nothing that is built, and no private key, would be committed.
        let ignored = fs::read_to_string(empty.path(&name).join(".gitignore")).unwrap();
        assert!(ignored.contains("/target/") && ignored.contains("*.key"), "{ignored}");
        let readme = fs::read_to_string(empty.path(&name).join("README.md")).unwrap();
        assert!(readme.lines().count() <= 10, "{readme}");
    }
}

/// A device that is not there is no refused call: `explain` would find nothing wrong.
fn waits_for_absent_peers(lang: &str) {
    if !can_compile() {
        return;
    }
    let empty = Empty::new();
    for template in ["sensor", "filter", "actuator"] {
        empty.good(".", &["new", template, "--lang", lang, "--template", template]);
        let bus = empty.path(template).join("bus");
        let files = fs::read_dir(&bus).unwrap().map(|entry| entry.unwrap().path());
        // The pin alone, where there is one: a sender gives a value to write. Else all.
        let (pins, others): (Vec<_>, Vec<_>) = files.partition(|path| path.ends_with("gpio-17.csv"));
        for absent in [pins, others] {
            absent.iter().for_each(|path| fs::remove_file(path).unwrap());
            let said = empty.good(template, &["run", "--for", "1s"]);
            assert!(said.contains(&format!("the {template} stops")), "{said}");
            // As in `sensor refused read: the descriptor is not open`.
            assert!(!said.contains(&format!("{template} refused")), "{said}");
        }
    }
}

#[test]
fn rust_templates_wait_for_absent_peers_without_a_refused_call() {
    waits_for_absent_peers("rust");
}

#[test]
fn c_templates_wait_for_absent_peers_without_a_refused_call() {
    waits_for_absent_peers("c");
}

#[test]
fn new_then_run_shows_each_rust_template_working() {
    begins("rust");
}

#[test]
fn new_then_run_shows_each_c_template_working() {
    begins("c");
}

#[test]
fn what_a_c_container_lacks_is_named_in_c() {
    if !can_compile() {
        return;
    }
    let empty = Empty::new();
    empty.good(".", &["new", "one", "--lang", "c"]);
    let build = |code: &str| {
        let code = format!("#include \"tinycontainer_guest.h\"\n{code}");
        fs::write(empty.path("one/main.c"), code).unwrap();
        empty.ctl("one", &["build"])
    };
    // A large array is cleared by an instruction, not by a function of a library.
    let clears = "TINYCONTAINER_START {}\nTINYCONTAINER_STOP {}\n\
                  TINYCONTAINER_LOOP { uint8_t a[100] = {0}; return tc_read(1, a, 1) + a[99]; }\n";
    let output = build(clears);
    assert!(output.status.success(), "{}", text(&output));
    let calls = "void *memset(void *to, int byte, unsigned long bytes);\nstatic uint8_t a[100];\n\
                 TINYCONTAINER_START { memset(a, tc_open(1), 100); tc_write(1, a, 100); }\n";
    for (code, help) in [
        (calls, "help: there is no C library: call __builtin_memset"),
        ("TINYCONTAINER_START {}\nTINYCONTAINER_STOP {}\n", "in C TINYCONTAINER_LOOP does it"),
    ] {
        let output = build(code);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(help), "{help}: {}", text(&output));
    }
}

#[test]
fn three_new_containers_work_together() {
    if !can_compile() {
        return;
    }
    let empty = Empty::new();
    empty.good(".", &["new", "sensor"]);
    let filter = ["--from", "container:sensor:2", "--to", "container:actuator:1"];
    empty.good(".", &[&["new", "filter", "--lang", "c", "--template", "filter"], &filter[..]].concat());
    let actuator = ["--lang", "c", "--template", "actuator", "--from", "container:filter:2"];
    empty.good(".", &[&["new", "actuator"], &actuator[..]].concat());
    let anchors: String = ["sensor", "filter", "actuator"]
        .map(|name| {
            fs::read_to_string(empty.path(name).join("trust-TEST.toml"))
                .unwrap()
                .replace("keys/TEST.pub", &format!("{name}/keys/TEST.pub"))
        })
        .concat();
    fs::write(empty.path("trust.toml"), anchors).unwrap();
    fs::copy(empty.path("actuator/bus/gpio-17.csv"), empty.path("sensor/bus/gpio-17.csv")).unwrap();
    fs::write(
        empty.path("tinycontainer.toml"),
        "trust = \"trust.toml\"\ndevice = \"test-device\"\nbus = \"sensor/bus\"\n",
    )
    .unwrap();
    let said = empty.good(".", &["run", "sensor", "filter", "actuator", "--for", "5s", "--json"]);
    for line in ["26.50 C", "on", "off"] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn the_compilers_warnings_reach_standard_error_each_time_and_nothing_else_of_theirs() {
    if !can_compile() {
        return;
    }
    let empty = Empty::new();
    for (lang, source, line, says) in [
        ("c", "main.c", "static int never_used;\n", "main.c:"),
        ("rust", "src/lib.rs", "static NEVER_USED: u8 = 0;\n", "src/lib.rs:"),
    ] {
        empty.good(".", &["new", lang, "--lang", lang, "--template", "empty"]);
        let file = empty.path(lang).join(source);
        let old = fs::read_to_string(&file).unwrap();
        fs::write(&file, old + line).unwrap();
        for quiet in [false, true, false] {
            let output = empty.ctl(lang, if quiet { &["build", "-q"] } else { &["build"] });
            assert_eq!(output.status.code(), Some(0), "{}", text(&output));
            let err = String::from_utf8(output.stderr).unwrap();
            for part in ["warning", "never_used", says] {
                assert!(err.to_lowercase().contains(part), "{lang}, quiet {quiet}: no {part} in: {err}");
            }
            assert!(!err.contains("Finished") && !err.contains("Compiling"), "{err}");
        }
    }
}

#[test]
fn new_overwrites_nothing() {
    let empty = Empty::new();
    fs::create_dir(empty.path("there")).unwrap();
    fs::write(empty.path("file"), "precious").unwrap();
    for name in ["there", "file", "missing/below"] {
        let output = empty.ctl(".", &["new", name]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    }
    assert_eq!(fs::read_dir(empty.path("there")).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(empty.path("file")).unwrap(), "precious");
    for name in [".", ".."] {
        let output = empty.ctl(".", &["new", name]);
        let says = format!("{name} is a folder that is there, and `new` makes a new one");
        assert!(output.status.code() == Some(2) && text(&output).contains(&says), "{}", text(&output));
    }
    for (name, why) in
        [("a b", "uid"), ("self", "Rust package"), ("3d", "Rust package"), ("a.b", "Rust package")]
    {
        let output = empty.ctl(".", &["new", name]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(why), "{}", text(&output));
        assert!(!empty.path(name).exists());
    }
    for args in [&["--template", "empty", "--to", "gpio:1"][..], &["--from", "gpio"]] {
        let output = empty.ctl(".", &[&["new", "x"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(!empty.path("x").exists());
    }
}

#[test]
fn a_new_private_key_is_its_owners_alone_and_another_each_time() {
    let empty = Empty::new();
    empty.good(".", &["new", "one", "--lang", "c"]);
    empty.good(".", &["new", "two", "--lang", "c"]);
    let key = |name: &str| empty.path(name).join("keys/TEST.key");
    assert_eq!(fs::metadata(key("one")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_ne!(fs::read(key("one")).unwrap(), fs::read(key("two")).unwrap());
    for (file, marked) in [("trust-TEST.toml", "# TEST"), ("tinycontainer.toml", "one-TEST")] {
        assert!(fs::read_to_string(empty.path("one").join(file)).unwrap().contains(marked), "{file}");
    }
}

#[test]
fn settings_come_from_the_project_then_the_user_and_flags_override_them() {
    let empty = Empty::new();
    empty.good(".", &["new", "one", "--lang", "c"]);
    fs::create_dir_all(empty.path("config/tinycontainer")).unwrap();
    let user = "issuer = \"me\"\nclass = \"boards\"\ntrust = \"mine.toml\"\n";
    fs::write(empty.path("config/tinycontainer/config.toml"), user).unwrap();
    fs::create_dir(empty.path("one/below")).unwrap();
    for folder in ["one", "one/below"] {
        let json = empty.good(folder, &["config", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["issuer"]["value"], "one-TEST", "the project's comes first");
        assert_eq!(json["class"]["value"], "boards");
        assert!(json["class"]["file"].as_str().unwrap().ends_with("config/tinycontainer/config.toml"));
        assert!(json["key"]["value"].as_str().unwrap().ends_with("keys/TEST.key"));
    }
    let json: serde_json::Value = serde_json::from_str(&empty.good(".", &["config", "--json"])).unwrap();
    assert_eq!(json["key"], serde_json::Value::Null);
    assert_eq!(json["trust"]["value"], empty.path("config/tinycontainer/mine.toml").to_str().unwrap());
    let people = empty.good("one", &["config"]);
    assert!(people.contains("from tinycontainer.toml; --key overrides it"), "{people}");

    if can_compile() {
        let built = empty.good("one", &["build", "--aud", "elsewhere", "--issuer", "other", "-o", "x.tci"]);
        assert!(built.contains("for elsewhere, signed by other"), "{built}");
        let unchecked = "warning: not checked whether a device accepts it: it is for elsewhere";
        assert!(built.contains(unchecked) && built.contains("is test-device"), "{built}");
        let output = empty.ctl(".", &["build", "one/main.c"]);
        assert_eq!(output.status.code(), Some(2));
    }
    // Both mistakes at once, each with its place.
    fs::write(empty.path("one/tinycontainer.toml"), "kye = \"x\"\ntrust = 1\n").unwrap();
    let output = empty.ctl("one", &["config"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("tinycontainer.toml:1:1: there is no key `kye`: did you mean `key`?"), "{said}");
    assert!(said.contains("tinycontainer.toml:2:9: trust: must be a text in quotes, not 1"), "{said}");
}

#[test]
fn without_a_project_it_is_said_what_is_missing() {
    let empty = Empty::new();
    fs::create_dir(empty.path("none")).unwrap();
    let run = empty.ctl("none", &["run"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run).contains("there is no container.toml in this folder"), "{}", text(&run));
    fs::write(empty.path("none/container.toml"), "uid = \"x\"\nversion = 1\nbuild.c = [\"main.c\"]\n")
        .unwrap();
    let build = empty.ctl("none", &["build"]);
    assert_eq!(build.status.code(), Some(2));
    let said = text(&build);
    assert!(said.contains("not set: --key") && said.contains("--issuer") && said.contains("--aud"), "{said}");
    // What is not there is said before that.
    for args in [
        ["build", "nofolder"],
        ["build", "none/no.toml"],
        ["run", "nofolder"],
        ["run", "nofile.tci"],
        ["verify", "no.tci"],
    ] {
        let output = empty.ctl(".", &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output);
        let says = format!("error: cannot open {}\n  why: No such file or directory", args[1]);
        assert!(said.contains(&says), "{args:?}: {said}");
    }
}

#[test]
fn a_grant_takes_key_and_issuer_of_the_project() {
    let empty = Empty::new();
    empty.good(".", &["new", "one", "--lang", "c"]);
    let grant = |folder: &str, more: &[&str]| {
        let what = ["grant", "endpoint", "--container", "other", "--peer", "gpio:17", "--direction", "out"];
        let whose = ["--aud", "kitchen", "--for-signer", &"ab".repeat(32)];
        empty.ctl(folder, &[&what[..], &whose[..], more].concat())
    };
    let output = grant("one", &["-o", "pin.token"]);
    assert!(output.status.success() && text(&output).contains("says one-TEST"), "{}", text(&output));
    let output = grant("one", &["-o", "pin.token", "--issuer", "owner"]);
    assert!(output.status.success() && text(&output).contains("says owner"), "{}", text(&output));
    let output = grant(".", &["-o", "pin.token"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("not set: --key") && said.contains("--issuer") && !said.contains("--aud ("),
        "{said}"
    );
    // A file of that name would be a surprise.
    let output = grant("one", &["-o", "-"]);
    assert!(
        output.status.code() == Some(2) && text(&output).contains("`-` is not a file"),
        "{}",
        text(&output)
    );
    assert!(!empty.path("one/-").exists());
}
