//! `run --report`: the page, and the page in a browser. The screenshot stays in `out/` for people.

use crate::bench::{Bench, QUIET};
use crate::run::{READER, device};
use crate::run_lines::BUSY;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Opens endpoint 1, and sends four bytes through it in each loop.
fn sender() -> String {
    READER.replace("\"read\"", "\"write\"")
}

/// Logs what would be dangerous in a page.
fn evil() -> String {
    QUIET
        .replace(
            "hello \\1b[31m",
            "<img src=x onerror=alert(1)></script><script>document.title='broken'</script>",
        )
        .replace("i32.const 80", "i32.const 208")
}

/// Four containers: messages, a missed period, refusals. Returns the page.
fn report(bench: &Bench) -> String {
    let peer = |direction: &str, uid: &str| {
        format!("[[endpoint]]\nid = 1\ndirection = \"{direction}\"\ncontainer = \"{uid}:1\"\n")
    };
    bench.image("a.sender", &sender(), &peer("out", "a.receiver"));
    bench.image("a.receiver", READER, &peer("in", "a.sender"));
    bench.image("a.evil", &evil(), "");
    let file = bench.container("a.busy", BUSY, "");
    let text = String::from_utf8(bench.read(&file)).unwrap();
    bench.write(&file, text.replace("period_ms = 20", "period_ms = 5"));
    bench.good(&[
        "build",
        &file,
        "--key",
        "a-TEST.key",
        "--issuer",
        "a",
        "--aud",
        "here",
        "-o",
        "a.busy.tci",
    ]);
    let images = ["a.sender.tci", "a.receiver.tci", "a.busy.tci", "a.evil.tci"];
    let rest = ["--for", "2s", "--rate", "1000", "--report", "report.html"];
    let said = bench.good(&device(&[&["run"][..], &images, &rest].concat()));
    assert!(said.out.contains("report.html"), "{}", said.out);
    String::from_utf8(bench.read("report.html")).unwrap()
}

fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"run\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_person_reads_who_was_refused_and_why_a_period_was_missed() {
    let bench = Bench::new();
    let page = report(&bench);
    let data = data(&page);
    let findings: Vec<_> = data["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["text"].as_str().unwrap())
        .collect();
    let has = |parts: &[&str]| findings.iter().any(|text| parts.iter().all(|part| text.contains(part)));
    assert!(has(&["a.busy missed", "periods of 5 ms", "loop()", "longer than its period"]), "{findings:?}");
    assert!(has(&["a.evil was refused open on endpoint 9", "times"]), "{findings:?}");
    let track =
        |uid: &str| data["tracks"].as_array().unwrap().iter().position(|track| track["uid"] == uid).unwrap();
    let messages = data["messages"].as_array().unwrap();
    let received: Vec<_> = messages.iter().filter(|message| message[4].is_u64()).collect();
    assert!(!received.is_empty(), "{messages:?}");
    for message in received {
        assert_eq!((&message[0], &message[1]), (&track("a.sender").into(), &track("a.receiver").into()));
        assert!(message[4].as_u64() >= message[3].as_u64() && message[5] == 4, "{message}");
    }
    let hooks = data["tracks"][track("a.busy")]["hooks"].as_array().unwrap();
    assert_eq!(
        (&hooks[0][0], &hooks[1][0], &hooks[hooks.len() - 1][0]),
        (&"start".into(), &"loop".into(), &"stop".into())
    );
    assert!(hooks.iter().any(|hook| hook[4].as_u64() > Some(0)), "missed periods: {hooks:?}");
    // Nothing from outside is code, and nothing is fetched.
    assert!(!page.contains("<img") && !page.contains("document.title='broken'</script>"));
    for scheme in ["http:", "https:", "url(", "@import", "<link"] {
        assert!(!page.contains(scheme), "{scheme}");
    }
}

#[test]
fn a_report_overwrites_only_an_earlier_report() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let run = |report: &str| bench.ctl(&device(&["run", &quiet, "--for", "50ms", "--report", report]));
    bench.write("notes.html", "<p>mine");
    let said = run("notes.html");
    assert_eq!((said.code, bench.read("notes.html")), (2, b"<p>mine".to_vec()), "{}", said.all());
    assert!(!said.all().contains("started"), "it is refused before anything runs: {}", said.all());
    assert_eq!(run(&quiet).code, 2);
    assert_eq!((run("r.html").code, run("r.html").code), (0, 0));
}

#[test]
fn a_report_that_cannot_be_written_loses_no_result() {
    let bench = Bench::new();
    let quiet = bench.image("a.quiet", QUIET, "");
    let run = |report: &str, more: &[&str]| {
        bench.ctl(&device(&[&["run", &quiet, "--for", "50ms", "--report", report][..], more].concat()))
    };
    // What is known before is refused before.
    bench.write("notes.txt", "mine");
    for report in ["notes.txt", "notes.txt/r.html", "trust.toml"] {
        let said = run(report, &[]);
        assert_eq!(said.code, 2, "{report}: {}", said.all());
        assert!(
            !said.all().contains("started") && !said.all().contains("--force"),
            "{report}: {}",
            said.all()
        );
        assert!(said.err.contains("give --report another file name"), "{report}: {}", said.err);
    }
    // A folder of that name is made while it runs, as soon as the first line is there.
    let mut running = Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
        .args(device(&["run", &quiet, "--for", "3s", "--report", "late.html", "--json"]))
        .current_dir(bench.path("."))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("started") {}
    std::fs::create_dir(bench.path("late.html")).unwrap();
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{rest:?}");
    let result = String::from_utf8(output.stdout).unwrap();
    assert!(result.contains("\"containers\"") && result.contains("a.quiet"), "{result}");
}

/// The browser. CI must have it.
fn browser() -> Option<&'static str> {
    let found =
        Command::new("chromium").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "there is no chromium: scripts/setup installs it");
    if !found {
        eprintln!("SKIPPED: there is no chromium");
    }
    found.then_some("chromium")
}

#[test]
fn a_browser_draws_the_page() {
    let Some(browser) = browser() else { return };
    let bench = Bench::new();
    let page = report(&bench);
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../out");
    std::fs::create_dir_all(&out).unwrap();
    let picture: PathBuf = out.join("report.png");
    let _ = std::fs::remove_file(&picture);
    std::fs::write(out.join("report.html"), &page).unwrap();
    let open = |more: &[&str]| {
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--virtual-time-budget=3000",
            ])
            .args(["--window-size=1320,1300", "--enable-logging=stderr", "--v=0"])
            .arg(format!("--user-data-dir={}", bench.path("profile").display()))
            .args(more)
            .arg(format!("file://{}", bench.path("report.html").display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (dom, log) = open(&["--dump-dom"]);
    let console: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "the page complains: {console:?}");
    let drawn = dom.split_once("data-drawn=\"").map(|(_, rest)| rest.split('"').next().unwrap());
    assert!(drawn.and_then(|drawn| drawn.parse::<u32>().ok()) > Some(100), "what was drawn: {drawn:?}");
    assert!(dom.contains("a.evil (version 1)") && !dom.contains("<img"), "the log is text");
    assert!(dom.contains("<title>TinyContainer: a run on here</title>"), "no script of the log has run");
    open(&[&format!("--screenshot={}", picture.display())]);
    assert!(std::fs::metadata(&picture).is_ok_and(|file| file.len() > 20_000), "{}", picture.display());
}
