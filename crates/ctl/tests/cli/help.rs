//! Manual pages, completions, `--quiet` and `--verbose`.

use crate::bench::{Bench, QUIET};
use std::fs;
use std::process::Command;

#[test]
fn each_subcommand_has_a_manual_page_and_only_pages_are_replaced() {
    let bench = Bench::new();
    bench.good(&["man", "pages"]);
    let help = bench.good(&["--help"]).out;
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A description may go on in a further line.
    let listed = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names: Vec<_> =
        listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.contains(&"new") && names.contains(&"run") && !names.contains(&"measure"), "{names:?}");
    for name in names {
        let page = fs::read_to_string(bench.path(&format!("pages/tinycontainerctl-{name}.1"))).unwrap();
        assert!(page.contains(&format!("tinycontainerctl\\-{name}")), "{page}");
    }
    let grant = fs::read_to_string(bench.path("pages/tinycontainerctl-grant-endpoint.1")).unwrap();
    assert!(grant.contains("tinycontainerctl\\-grant\\-endpoint"), "{grant}");
    bench.good(&["man", "pages"]);
    bench.write("pages/tinycontainerctl.1", "my notes");
    bench.bad(2, &["man", "pages"], "is not a manual page of this program");
    assert_eq!(bench.read("pages/tinycontainerctl.1"), b"my notes");
    bench.good(&["man", "pages", "--force"]);
}

#[test]
fn shells_take_their_completions() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = bench.good(&["completions", shell]).out;
        assert!(script.contains("tinycontainerctl") && script.contains("verify"), "{script}");
        bench.write("script", &script);
        // Of these only bash is everywhere.
        match Command::new(shell).arg("-n").arg(bench.path("script")).output() {
            Ok(output) => {
                assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr))
            }
            Err(error) => eprintln!("SKIPPED: {shell} does not check its script: {error}"),
        }
    }
    bench.bad(2, &["completions", "powershell"], "possible values: bash, zsh, fish");
}

#[test]
fn quiet_prints_what_is_wrong_only_and_verbose_the_compiler() {
    let bench = Bench::new();
    let file = bench.container("a.one", QUIET, "");
    let build = ["build", &file, "--key", "a-TEST.key", "--issuer", "a", "--aud", "here", "-o", "x.tci"];
    let said = bench.good(&[&build[..], &["-q"]].concat());
    assert_eq!(said.out, "");
    assert!(said.err.contains("warning: `syscalls` asks for"), "{}", said.err);
    let said = bench.bad(2, &[&build[..], &["-q", "--aud"]].concat(), "error");
    assert_eq!(said.out, "");
    if crate::fixtures::can_compile() {
        bench.good(&["new", "quiet", "--lang", "c", "-q"]);
        let said = bench.good(&["build", "quiet", "--verbose"]);
        assert!(said.err.contains("runs clang --target=wasm32"), "{}", said.err);
        assert!(said.out.contains("accepted by test-device"), "{}", said.out);
    }
    bench.bad(2, &[&build[..], &["-q", "-v"]].concat(), "cannot be used with");
}
