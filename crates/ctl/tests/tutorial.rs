//! The commands of docs/tutorial.md, and their output.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::process::Command;

/// A command of the tutorial with the output that it shows.
struct Step {
    line: usize,
    command: String,
    output: Vec<String>,
}

/// The steps in blocks of `console`, and `console riot` if wanted: a line that begins with `$ ` is a command, which a
/// here-document continues.
fn steps(text: &str, riot: bool) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut in_console = false;
    let mut end_of_document: Option<String> = None;
    for (line, content) in text.lines().enumerate() {
        if content.starts_with("```") {
            in_console = content == "```console" || riot && content == "```console riot";
        } else if in_console {
            if let Some(end) = &end_of_document {
                let step = steps.last_mut().unwrap();
                step.command += "\n";
                step.command += content;
                if content == end {
                    end_of_document = None;
                }
            } else if let Some(command) = content.strip_prefix("$ ") {
                end_of_document =
                    command.split_once("<<'").map(|(_, end)| end.trim_end_matches('\'').to_owned());
                steps.push(Step { line: line + 1, command: command.to_owned(), output: Vec::new() });
            } else {
                steps.last_mut().unwrap().output.push(content.to_owned());
            }
        }
    }
    steps
}

/// Whether a line is as shown, where `…` is any text.
fn line_fits(shown: &str, line: &str) -> bool {
    let mut pieces = shown.split('…');
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether an output is as shown, where a line `…` is any number of lines.
fn fits(shown: &[String], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        [any, rest @ ..] if any == "…" => {
            (0..=lines.len()).any(|skipped| fits(rest, lines.split_at(skipped).1))
        }
        [first, rest @ ..] => match lines {
            [line, lines @ ..] => line_fits(first, line) && fits(rest, lines),
            [] => false,
        },
    }
}

#[test]
fn each_command_of_the_tutorial_prints_what_it_shows() {
    let tools = ["clang", "wasm-ld", "bash"];
    let missing = tools.iter().find(|tool| Command::new(tool).arg("--version").output().is_err());
    if let Some(tool) = missing {
        assert!(std::env::var_os("CI").is_none(), "there is no {tool}: scripts/setup installs it");
        eprintln!("SKIPPED: there is no {tool}");
        return;
    }
    let text = include_str!("../../../docs/tutorial.md");
    // RIOT's part needs RIOT, and is long: scripts/riot-check asks for it.
    let riot = std::env::var_os("TINYCONTAINER_TUTORIAL").is_some_and(|part| part == "riot");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let steps = steps(text, riot);
    assert!(steps.len() > 15, "{} steps", steps.len());
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_tinycontainerctl")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut current = folder.path().to_owned();
    for Step { line, command, output } in steps {
        // Each is a shell of its own; the next begins where it has ended.
        let script = format!("{command}\nstatus=$?; pwd > '{}/cwd'; exit $status", folder.path().display());
        let ran = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .current_dir(&current)
            .env("PATH", &path)
            .env("TINYCONTAINER", &repository)
            .env("RIOTBASE", std::env::var_os("RIOTBASE").unwrap_or_else(|| home().join("RIOT").into()))
            // Without the settings of this user.
            .env("XDG_CONFIG_HOME", folder.path())
            .env_remove("CARGO_TARGET_DIR")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&ran.stdout);
        let lines: Vec<_> = printed.lines().collect();
        assert!(ran.status.success(), "docs/tutorial.md:{line}: `{command}` fails: {printed}");
        assert!(
            fits(&output, &lines),
            "docs/tutorial.md:{line}: `{command}` prints\n{printed}\nand the tutorial shows\n{}",
            output.join("\n")
        );
        current = std::fs::read_to_string(folder.path().join("cwd")).unwrap().trim_end().into();
    }
}

fn home() -> std::path::PathBuf {
    std::env::home_dir().unwrap()
}

#[test]
fn the_comparison_can_fail() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&shown("a …c\n…\nend"), &["a b c", "x", "y", "end"]));
    assert!(!fits(&shown("a …c\n…\nend"), &["a b d", "x", "end"]));
    assert!(!fits(&shown("a"), &["a", "b"]));
    assert!(!fits(&shown("a\nb"), &["a"]));
}
