//! A report, printed for people.

use crate::out;
use crate::report::types::{Report, TokenLine};
use crate::text::sentences::{list, ms};
use crate::text::style::{BAD, FAINT, GOOD, HEAD, NAME, WARN, shown};

pub(crate) fn print(report: &Report) {
    let bytes = |bytes: Option<usize>, what: &str| match bytes {
        None => format!("{what} not here"),
        Some(0) => format!("no {what}"),
        Some(bytes) => format!("{bytes} bytes of {what}"),
    };
    out!(
        "{HEAD}{NAME}{}{NAME:#}{HEAD:#}, version {}, {}: {} bytes of metadata, {}, {} {FAINT}({}){FAINT:#}",
        report.uid,
        report.version,
        report.r#type,
        report.metadata_bytes,
        bytes(report.data_bytes, "data"),
        bytes(report.code_bytes, "code"),
        report.format
    );
    if let Some(token) = report.tokens.iter().find(|token| token.what == "metadata" && token.aud.is_some()) {
        out!(
            "  made by {} for {}",
            text(token.iss.as_deref().or(token.anchor.as_deref())),
            text(token.aud.as_deref())
        );
    }
    for note in &report.notes {
        out!("  {WARN}note:{WARN:#} {}", shown(note));
    }
    out!("{HEAD}It may call{HEAD:#} {}{}", list(&report.syscalls), outcome(report, "syscalls"));
    out!("{HEAD}It reaches{HEAD:#}{}", if report.endpoints.is_empty() { " nothing" } else { "" });
    for endpoint in &report.endpoints {
        let outcome = outcome(report, &format!("endpoint {}", endpoint.id));
        out!("  {}: it {}{outcome}", endpoint.id, endpoint.sentence);
    }
    print_schedule(report);
    print_sizes(report);
    out!("{HEAD}Tokens{HEAD:#}");
    report.tokens.iter().for_each(print_token);
    out!("{HEAD}Digests{HEAD:#}");
    for line in &report.digests {
        let says = line.says.as_deref().unwrap_or("none");
        let verdict = match line.holds {
            Some(true) => format!("{GOOD}matches{GOOD:#}"),
            Some(false) => format!("{BAD}DIFFERS{BAD:#}"),
            None => format!("{FAINT}not compared{FAINT:#}"),
        };
        let proven = if line.proven { "" } else { ", but no accepted signature covers it" };
        let note = line.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        out!("  {}: {verdict}{note}{proven} {FAINT}{says}{FAINT:#}", line.what);
    }
    let (style, word) = match report.verdict.accepted {
        Some(true) => (GOOD, "accepted"),
        Some(false) => (BAD, "refused"),
        None => (WARN, "undecided"),
    };
    out!(
        "{HEAD}Verdict{HEAD:#} {style}{word}{style:#}: {}",
        shown(report.verdict.why.as_deref().unwrap_or("the device accepts it"))
    );
    if let Some(help) = &report.verdict.help {
        out!("  {GOOD}help:{GOOD:#} {help}");
    }
}

/// Who grants it, or why it is refused.
fn outcome(report: &Report, what: &str) -> String {
    let Some(check) = report.checks.iter().find(|check| check.what == what) else { return String::new() };
    if !check.holds {
        let why = check.why.as_deref().unwrap_or_default();
        let why = why.strip_prefix(what).and_then(|why| why.strip_prefix(": ")).unwrap_or(why);
        return format!(" {BAD}- refused:{BAD:#} {}", shown(why));
    }
    match &check.by {
        Some(by) => format!(" {GOOD}- granted by{GOOD:#} {}", shown(by)),
        None => String::new(),
    }
}

fn print_schedule(report: &Report) {
    let s = &report.schedule;
    let mut parts = vec![
        format!("start() for at most {}", ms(s.start_ms)),
        match s.period_ms {
            0 if s.wake == "message" => {
                format!("loop() whenever there is something to read, each at most {}", ms(s.loop_ms))
            }
            period if s.wake == "message" => format!(
                "loop() when there is something to read, at most once every {}, each at most {}",
                ms(period),
                ms(s.loop_ms)
            ),
            0 => format!("loop() again and again, each at most {}", ms(s.loop_ms)),
            period => format!("loop() every {}, each at most {}", ms(period), ms(s.loop_ms)),
        },
        format!("stop() for at most {}", ms(s.stop_ms)),
    ];
    parts.push(match s.max_loops {
        0 => "any number of loops".into(),
        loops => format!("{loops} loops at most"),
    });
    parts.push(match s.lifetime_ms {
        0 => "for any time".into(),
        lifetime => format!("for {} at most", ms(lifetime)),
    });
    if s.heartbeat_ms != 0 {
        parts.push(format!("a heartbeat at least every {}", ms(s.heartbeat_ms)));
    }
    out!(
        "{HEAD}It runs{HEAD:#} with {} priority: {}{}{}",
        s.priority,
        parts.join("; "),
        outcome(report, "priority"),
        outcome(report, "durations")
    );
    if report.format == "2024" {
        out!("{HEAD}It gets{HEAD:#} the memory that the device's policy sets: it asks for none");
        return;
    }
    let l = &report.limits;
    out!(
        "{HEAD}It gets{HEAD:#} {} bytes of linear memory, {} of stack, {} for the interpreter{}",
        l.linear_memory_bytes,
        l.stack_bytes,
        l.heap_bytes,
        outcome(report, "limits")
    );
}

pub(crate) fn print_token(token: &TokenLine) {
    let alg = match token.alg {
        Some(-8) => "EdDSA".to_owned(),
        Some(-19) => "Ed25519".into(),
        Some(5) => "HMAC 256/256".into(),
        Some(alg) => format!("algorithm {alg}"),
        None => "no algorithm".into(),
    };
    let state = match (token.accepted, token.signature, &token.anchor) {
        (true, _, Some(anchor)) => format!("{GOOD}holds{GOOD:#} under {}", shown(anchor)),
        (true, _, None) => format!("{GOOD}holds{GOOD:#}"),
        (false, Some(true), _) => {
            format!("{BAD}signature holds, but{BAD:#} {}", text(token.why.as_deref()))
        }
        (false, None, _) => format!("{WARN}not checked:{WARN:#} {}", text(token.why.as_deref())),
        (false, Some(false), _) => format!("{BAD}FAILS:{BAD:#} {}", text(token.why.as_deref())),
    };
    out!("  {}: {state}", token.what);
    let mut claims = vec![alg];
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            claims.push(format!("{name} {}", shown(value)));
        }
    };
    add("kid", token.kid.as_deref());
    add("iss", token.iss.as_deref());
    add("sub", token.sub.as_deref());
    add("aud", token.aud.as_deref());
    add("exp", token.exp_date.as_deref());
    add("nbf", token.nbf_date.as_deref());
    add("cti", token.cti.as_deref());
    add("grants", token.grants.as_ref().map(|grants| list(grants)).as_deref());
    add("for", token.access.as_deref());
    add("bound to images signed by", token.for_anchor.as_deref().or(token.for_signer.as_deref()));
    add("bound to the code", token.for_code.as_deref());
    out!("    {FAINT}{}{FAINT:#}", claims.join(", "));
}

/// The sizes in the metadata, and whether they are within the device's ceiling.
fn print_sizes(report: &Report) {
    if let Some(sizes) = &report.sizes {
        out!(
            "{HEAD}It occupies{HEAD:#} {} bytes: {} of metadata, {} of data, {} of code{}",
            sizes.image_bytes,
            report.metadata_bytes,
            sizes.data_bytes,
            sizes.code_bytes,
            outcome(report, "sizes")
        );
    }
}

fn text(text: Option<&str>) -> String {
    text.map_or_else(|| "an unnamed issuer".into(), shown)
}
