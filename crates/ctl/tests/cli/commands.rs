//! The subcommands and their options, as their help lists them: a new one is included without a line here.

use crate::bench::ctl;
use std::path::Path;

/// A subcommand that has none below it.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// As in "grant endpoint".
    pub(crate) path: Vec<String>,
    /// Options that take a value, by their long names, with the name of the value.
    pub(crate) options: Vec<(String, String)>,
    /// Options without a value.
    pub(crate) flags: Vec<String>,
    /// The options that must be given.
    pub(crate) required: Vec<String>,
    /// The arguments without an option, by their names.
    pub(crate) arguments: Vec<String>,
}

/// Options without which a command ends early, though it could find them in a file of settings.
const WANTED: [&str; 6] = ["--key", "--issuer", "--aud", "--trust", "--device", "--for-signer"];

/// All of them.
pub(crate) fn all() -> Vec<Command> {
    let mut found = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(path) = open.pop() {
        let help = help(&path);
        let below: Vec<_> = section(&help, "Commands:")
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(|name| [&path[..], &[name.to_owned()]].concat())
            .collect();
        if below.is_empty() {
            found.push(Command::of(path, &help));
        }
        open.extend(below);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn help(path: &[String]) -> String {
    let args: Vec<_> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let said = ctl(Path::new("."), &args);
    assert_eq!(said.code, 0, "{args:?}: {}", said.all());
    said.out
}

/// The lines below a heading.
fn section<'a>(help: &'a str, heading: &'a str) -> impl Iterator<Item = &'a str> {
    let below = help.lines().skip_while(move |line| *line != heading).skip(1);
    below.take_while(|line| line.is_empty() || line.starts_with(' '))
}

impl Command {
    fn of(path: Vec<String>, help: &str) -> Self {
        let (mut options, mut flags) = (Vec::new(), Vec::new());
        for line in
            section(help, "Options:").filter(|line| line.starts_with("  -") || line.starts_with("      --"))
        {
            let Some(at) = line.find("--") else { continue };
            let mut words = line[at..].split_whitespace();
            let Some(name) = words.next() else { continue };
            match words.next().filter(|value| value.starts_with('<')) {
                Some(value) => {
                    options.push((name.to_owned(), value.trim_matches(['<', '>', '.']).to_owned()))
                }
                None if name != "--help" && name != "--version" => flags.push(name.to_owned()),
                None => {}
            }
        }
        let usage = help.lines().find(|line| line.starts_with("Usage:")).unwrap_or_default();
        let mut words = usage.split_whitespace().skip(2 + path.len()).peekable();
        let (mut required, mut arguments) = (Vec::new(), Vec::new());
        while let Some(word) = words.next() {
            if word.starts_with("--") {
                required.push(word.to_owned());
                words.next();
            } else if word != "[OPTIONS]" {
                arguments.push(word.trim_matches(['<', '>', '[', ']', '.']).to_owned());
            }
        }
        assert!(
            !options.is_empty() || !flags.is_empty() || !arguments.is_empty(),
            "{path:?} has no options: {help}"
        );
        Self { path, options, flags, required, arguments }
    }

    /// A value that the option takes, so that what comes after it is reached.
    pub(crate) fn value(&self, option: &str) -> &'static str {
        match option {
            "--key" | "--code-key" => "a-TEST.key",
            "--issuer" | "--code-issuer" => "a",
            "--aud" | "--device" | "--class" => "here",
            "--trust" => "trust.toml",
            "--output" => "made",
            "--container" => "a.one",
            "--lang" => "c",
            "--template" => "empty",
            "--from" | "--to" => "gpio:17",
            "--peer" => "gpio:17",
            "--direction" => "out",
            "--syscalls" | "--call" => "logger",
            "--for-signer" => "a-TEST.pub",
            "--for-code" => "a.one.wasm",
            "--endpoint" => "1",
            "--for" | "--exp" | "--nbf" => "1ms",
            "--now" => "@1800000000",
            "--ceilings" => "65536,8192,65536",
            "--bus" | "--record" | "--tokens" => "folder",
            "--seed-from-test" => "TEST",
            "--with" => "a.one.tci",
            "--expect" => "expect.toml",
            _ => {
                match self.options.iter().find(|(name, _)| name == option).map(|(_, value)| value.as_str()) {
                    Some("DIR") => "folder",
                    Some("BYTES") => "1000000",
                    _ => "a.one.tci",
                }
            }
        }
    }

    /// Its command line with what it must have, but not that option, and with a limit of time if it takes one.
    pub(crate) fn line(&self, without: &str) -> Vec<String> {
        let mut line = self.path.clone();
        for (option, _) in self.options.iter().filter(|(option, _)| option != without && self.wants(option)) {
            line.extend([option.clone(), self.value(option).to_owned()]);
        }
        if self.takes("--for") {
            line.extend(["--for".into(), "1ms".into()]);
        }
        line
    }

    /// Whether the option must be given, or should be so that the command gets far.
    pub(crate) fn wants(&self, option: &str) -> bool {
        self.required.iter().any(|required| required == option) || WANTED.contains(&option)
    }

    pub(crate) fn takes(&self, option: &str) -> bool {
        self.options.iter().any(|(name, _)| name == option)
    }
}
