//! No command line loses a file, and no file makes a command panic: over all subcommands, whatever they are.

use crate::bench::{Bench, QUIET};
use crate::commands::{Command, all};
use crate::writing::GRANT;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

/// How many command lines are tried: more than a hundred for each seed.
const LINES: usize = 400;
/// A command that waits for a person (to watch, to edit) is ended after this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with everything that one has after a day, and things that this program never has made.
fn folder() -> Bench {
    let bench = Bench::new();
    let more = "[[endpoint]]\nid = 1\ndirection = \"in\"\nlocal = \"i2c:72\"\n";
    bench.image("a.one", QUIET, more);
    bench.good(&["trust", "trust.toml", "-o", "trust.cbor"]);
    bench.good(&[&GRANT[..], &["-o", "beat.token"]].concat());
    bench.good(&["keygen", "mine"]);
    std::fs::create_dir(bench.path("folder")).unwrap();
    for (name, bytes) in [
        ("main.c", "int loop(void) { return 0; }\n"),
        ("lib.rs", "#![no_std]\n"),
        ("notes", "do not lose me"),
        ("empty", ""),
        ("report.html", "<!DOCTYPE html><title>mine</title>"),
        ("data.json", "{}"),
        ("expect.toml", "[container.x]\nstate = \"CREATED\"\n"),
        ("openssh", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"),
        ("folder/i2c-72.csv", "time_ms,hex\n0,1234\n"),
        ("folder/gpio-17.csv", "0,01\n"),
        ("folder/container.toml", "uid = \"x\"\n"),
        ("folder/keep.key", "mine"),
    ] {
        bench.write(name, bytes);
    }
    bench
}

/// Every file below, with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Makes the folder what it was.
fn restore(bench: &Bench, before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in before.iter().filter(|(name, bytes)| after.get(*name) != Some(bytes)) {
        // A folder may be where a file was.
        let _ = std::fs::remove_dir_all(bench.path(name));
        bench.write(name, bytes);
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        // What is new may be a whole folder.
        let top = name.split('/').next().unwrap_or(name);
        let whole = !before.keys().any(|old| old.split('/').next() == Some(top));
        if whole && bench.path(top).is_dir() {
            let _ = std::fs::remove_dir_all(bench.path(top));
        }
        let _ = std::fs::remove_file(bench.path(name));
    }
    assert_eq!(files(&bench.path(".")), *before, "restored");
}

/// What an output of this program is, by its first bytes.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x83, 0x58 | 0x59, ..] => Some("image"),
        [0xd8, 0x3d, 0xd1 | 0xd2, ..] => Some("token"),
        [0x82, 1, 0x80..=0x9b, ..] => Some("trust store"),
        _ => None,
    }
}

fn is_private(name: &str, bytes: &[u8]) -> bool {
    name.ends_with(".key") || String::from_utf8_lossy(bytes).contains("PRIVATE KEY-----")
}

/// What happened to a file that must not happen.
fn lost(name: &str, before: &[u8], after: Option<&Vec<u8>>, line: &[String]) -> Option<&'static str> {
    let Some(after) = after else { return Some("is gone") };
    if before == after {
        return None;
    }
    if is_private(name, before) {
        return Some("was a private key");
    }
    // The arguments but the output: what is read.
    let output = line.iter().position(|arg| arg == "--output");
    let reads =
        line.iter().enumerate().any(|(i, arg)| arg == name && output.is_none_or(|output| i != output + 1));
    if reads {
        return Some("was an input");
    }
    let same = kind(before).is_some() && kind(before) == kind(after);
    (!same && !line.iter().any(|arg| arg == "--force")).then_some("was something else")
}

/// Numbers that look random, the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.roll() % most as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// A command line: mostly what the command wants, with files of the folder where they do not belong.
fn line(command: &Command, names: &[String], dice: &mut Dice) -> Vec<String> {
    let mut line = command.path.clone();
    let value = |option: &str, dice: &mut Dice| {
        let wanted = command.value(option).to_owned();
        match option {
            // Wherever the result goes, something is there.
            "--output" => dice.of(names).clone(),
            _ if dice.one_in(4) => dice.of(names).clone(),
            _ => wanted,
        }
    };
    for (option, _) in &command.options {
        let must = command.required.contains(option) || option == "--for";
        if must || command.wants(option) && !dice.one_in(8) || option == "--output" || dice.one_in(4) {
            line.extend([option.clone(), value(option, dice)]);
        }
    }
    for flag in &command.flags {
        if dice.one_in(3) {
            line.push(flag.clone());
        }
    }
    for argument in &command.arguments {
        let name = dice.of(names).clone();
        // A key pair's name has no ending.
        let name =
            if argument == "NAME" { name.split('.').next().unwrap_or_default().to_owned() } else { name };
        line.push(if argument != "NAME" && dice.one_in(2) { usual(command).to_owned() } else { name });
    }
    line
}

/// The file that a command usually is given.
fn usual(command: &Command) -> &'static str {
    match command.path[0].as_str() {
        "trust" => "trust.toml",
        "build" => "a.one.toml",
        _ => "a.one.tci",
    }
}

/// Runs a command line; none if it had to be ended.
fn run(bench: &Bench, line: &[String]) -> Option<(i32, String, String)> {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
        .args(line)
        .current_dir(bench.path("."))
        // Nothing of the user's is read, and nothing is written there.
        .env("HOME", bench.path("."))
        .env("XDG_CONFIG_HOME", bench.path("folder"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (send, receive) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let read = |from: &mut dyn std::io::Read| {
            let mut bytes = Vec::new();
            let _ = from.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let errors = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = err.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let said = (read(&mut out), errors.join().unwrap_or_default());
        let _ = send.send(said);
    });
    let said = receive.recv_timeout(PATIENCE).ok();
    if said.is_none() {
        let _ = child.kill();
    }
    let status = child.wait().unwrap();
    let _ = reader.join();
    let (out, err) = said?;
    Some((status.code().unwrap_or(-1), out, err))
}

#[test]
fn issue_10_none_of_hundreds_of_command_lines_loses_a_file() {
    let commands = all();
    assert!(commands.len() >= 9, "{commands:?}");
    let bench = folder();
    let before = files(&bench.path("."));
    let names: Vec<_> = before.keys().cloned().chain(["folder".to_owned(), "new".to_owned()]).collect();
    let mut dice = Dice(10);
    let (mut done, mut written) = (0, 0);
    for i in 0..LINES {
        let command = &commands[i % commands.len()];
        let line = line(command, &names, &mut dice);
        let said = run(&bench, &line);
        let after = files(&bench.path("."));
        if let Some((code, out, err)) = &said {
            assert!((0..=2).contains(code), "{line:?}: status {code}: {out}{err}");
            done += usize::from(*code == 0);
        }
        for (name, bytes) in &before {
            if let Some(why) = lost(name, bytes, after.get(name), &line) {
                panic!("{line:?}: {name} is lost: it {why}: {said:?}");
            }
        }
        if before != after {
            written += 1;
            restore(&bench, &before, &after);
        }
    }
    // Command lines that are refused at once would show nothing.
    assert!(done >= LINES / 20, "only {done} of {LINES} command lines were carried out");
    assert!(written >= LINES / 40, "only {written} of {LINES} command lines wrote something");
}

/// What a file may be that is not what it must be.
fn garbage() -> Vec<Vec<u8>> {
    let mut garbage = vec![
        vec![],
        b"\0asm".to_vec(),
        b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\x0f".to_vec(),
        b"[[anchor]]\nname = ".to_vec(),
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".to_vec(),
        b"-----BEGIN PRIVATE KEY-----\n====\n-----END PRIVATE KEY-----\n".to_vec(),
        b"{\"kty\":\"OKP\"}".to_vec(),
        b"ssh-ed25519 AAAA me".to_vec(),
        vec![0x30, 0x82, 0xff, 0xff, 0x02, 0x01, 0x00],
        vec![0xff; 300],
        vec![0x82, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x83, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0xd8, 0x3d, 0xd2, 0x84, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        b"\xdbTinyPART".to_vec(),
    ];
    // Nested as deep as nothing should follow.
    garbage.extend([0x81, 0x82, 0x84, 0xa1, 0xd8, 0x5f, 0x9f, 0xbf].map(|byte| vec![byte; 5000]));
    garbage
}

#[test]
fn issue_10_no_file_given_to_any_subcommand_makes_it_panic() {
    let bench = folder();
    let is_file = |value: &str| value.contains("FILE") || value == "DIR";
    let mut tried = 0;
    for (i, bytes) in garbage().iter().enumerate() {
        bench.write("FILE", bytes);
        for command in all() {
            let name = |argument: &str| if argument == "NAME" { "fresh" } else { usual(&command) };
            let arguments: Vec<_> =
                command.arguments.iter().map(|argument| name(argument).to_owned()).collect();
            // In place of the arguments, and of the value of each option that is a file.
            let mut lines = Vec::new();
            if !arguments.is_empty() && !command.arguments.contains(&"NAME".to_owned()) {
                lines.push(([command.line(""), vec!["FILE".into()]].concat(), true));
            }
            for (option, _) in
                command.options.iter().filter(|(name, value)| is_file(value) && name != "--output")
            {
                let line = command.line(option);
                lines.push(([line, arguments.clone(), vec![option.clone(), "FILE".into()]].concat(), false));
            }
            for (mut line, first) in lines {
                let json = command.flags.contains(&"--json".to_owned());
                if json {
                    line.push("--json".into());
                }
                let Some((code, out, err)) = run(&bench, &line) else { continue };
                tried += 1;
                assert!((0..=2).contains(&code), "{line:?} with {i}: status {code}: {out}{err}");
                assert!(!err.contains("panicked"), "{line:?} with {i}: {err}");
                if json {
                    let document: serde_json::Value = serde_json::from_str(&out)
                        .unwrap_or_else(|error| panic!("{line:?} with {i}: {error}: {out}{err}"));
                    assert_eq!(document["schema_version"], 1, "{line:?} with {i}");
                    // What is no image, no store, no container is nothing to decide about.
                    let is_store = bytes.is_empty() && line[0] == "trust";
                    if first && line[0] != "run" && !is_store {
                        assert_eq!(code, 2, "{line:?} with {i}: {out}{err}");
                        assert!(document["error"]["message"].is_string(), "{line:?} with {i}: {out}");
                    }
                }
            }
            for made in ["made", "fresh.key", "fresh.pub"] {
                let _ = std::fs::remove_file(bench.path(made));
            }
            let _ = std::fs::remove_dir_all(bench.path("fresh"));
        }
    }
    assert!(tried > 300, "{tried}");
}
