//! A folder with TEST keys, a trust store and containers to build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A container that logs a text, and loops until it is stopped.
pub(crate) const QUIET: &str = r#"(module
    (import "env" "logger" (func $logger (param i32)))
    (import "env" "open" (func $open (param i32) (result i32)))
    (memory 1)
    (data (i32.const 64) "hello \1b[31m\00")
    (global (export "__data_end") i32 (i32.const 80))
    (global (export "__heap_base") i32 (i32.const 80))
    (func (export "start") (call $logger (i32.const 64)))
    (func (export "loop") (result i32) (drop (call $open (i32.const 9))) i32.const 0)
    (func (export "stop")))"#;

pub(crate) struct Bench {
    dir: TempDir,
}

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Both outputs.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.all()))
    }
}

impl Bench {
    /// With the keys owner, a and b, and a trust store: a signs `a.*` and reaches i2c:72, owner
    /// authorises gpio, b has no anchor.
    pub(crate) fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        for name in ["owner-TEST", "a-TEST", "b-TEST"] {
            bench.good(&["keygen", name, "--seed-from-test", name]);
        }
        bench.write(
            "trust.toml",
            r#"
            [[anchor]]
            name = "owner"
            key = "owner-TEST.pub"
            roles = ["endpoints", "syscalls"]
            syscalls = ["heartbeat"]
            endpoints = ["gpio:17-18 out"]
            [[anchor]]
            name = "a"
            key = "a-TEST.pub"
            roles = ["metadata", "parts", "syscalls", "endpoints"]
            containers = ["a.*"]
            syscalls = ["open", "read", "write", "close", "logger"]
            endpoints = ["i2c:72 in", "container:a.*"]
            "#,
        );
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A container.toml beside its module. Its hooks may take long: a call's time counts, and the machine may be busy.
    pub(crate) fn container(&self, uid: &str, wat: &str, more: &str) -> String {
        self.write(&format!("{uid}.wasm"), wat::parse_str(wat).unwrap());
        let (top, rest) = more.split_once("---").unwrap_or(("", more));
        let file = format!("{uid}.toml");
        self.write(
            &file,
            format!(
                r#"
                uid = "{uid}"
                version = 1
                type = "wasm"
                syscalls = ["open", "read", "write", "close", "logger"]
                {top}
                [build]
                wasm = "{uid}.wasm"
                [limits]
                linear_memory = 1024
                stack = 1024
                heap = 16384
                [schedule]
                start_ms = 500
                period_ms = 20
                loop_ms = 200
                stop_ms = 500
                max_loops = 0
                lifetime_ms = 0
                heartbeat_ms = 0
                priority = "normal"
                {rest}
                "#
            ),
        );
        file
    }

    /// Builds a container that a signs for the device "here".
    pub(crate) fn image(&self, uid: &str, wat: &str, more: &str) -> String {
        let file = self.container(uid, wat, more);
        let image = format!("{uid}.tci");
        self.good(&["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", &image]);
        image
    }

    pub(crate) fn ctl(&self, args: &[&str]) -> Said {
        ctl(self.dir.path(), args)
    }

    /// Must succeed.
    pub(crate) fn good(&self, args: &[&str]) -> Said {
        let said = self.ctl(args);
        assert_eq!(said.code, 0, "{args:?}: {}", said.all());
        said
    }

    /// Must fail with that status and print that text.
    pub(crate) fn bad(&self, code: i32, args: &[&str], says: &str) -> Said {
        let said = self.ctl(args);
        assert_eq!(said.code, code, "{args:?}: {}", said.all());
        assert!(said.all().contains(says), "{args:?}: `{says}` is not in: {}", said.all());
        said
    }
}

/// Runs the program. It may exit with 0, 1 or 2, and must not panic.
pub(crate) fn ctl(dir: &Path, args: &[&str]) -> Said {
    ctl_with(dir, args, &[])
}

/// The same with these variables.
pub(crate) fn ctl_with(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
        .args(args)
        .envs(variables.iter().copied())
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = Said {
        code: output.status.code().unwrap_or(-1),
        out: text(&output.stdout),
        err: text(&output.stderr),
    };
    assert!((0..=2).contains(&said.code), "{args:?}: status {:?}: {}", output.status, said.all());
    assert!(
        !said.all().contains('\u{1b}'),
        "{args:?}: an escape reached what is no terminal: {}",
        said.all()
    );
    said
}
