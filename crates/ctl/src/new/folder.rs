//! The files of a new container.

use crate::config::PROJECT_FILE;
use crate::input::keys::{Secret, public_to_pem};
use crate::input::peer;
use crate::new::template::{Lang, Template};
use crate::text::error::with_help;
use anyhow::{Result, anyhow};
use std::fmt::Write as _;
use tinycontainer_guest::build::{C_HEADER, C_HEADER_NAME, RUST_SDK};
use tinycontainer_metadata::Peer;

/// The device of the TEST trust store.
const DEVICE: &str = "test-device";

/// What to begin.
pub(crate) struct Plan {
    /// The uid, and in Rust the name of the package.
    pub(crate) name: String,
    pub(crate) lang: Lang,
    pub(crate) template: Template,
    /// The peers that it reads from and writes to, if not those of the template.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

/// A file to write.
pub(crate) struct NewFile {
    pub(crate) path: String,
    pub(crate) text: String,
    /// A private key: only its owner may read it.
    pub(crate) secret: bool,
}

/// All files, with a new key. Writes nothing.
pub(crate) fn files(plan: &Plan) -> Result<Vec<NewFile>> {
    let peers = peers(plan)?;
    let key = Secret::random()?;
    let mut files = Vec::new();
    let mut add = |path: &str, text: String| files.push(NewFile { path: path.into(), text, secret: false });
    let (code, test) = plan.template.code(plan.lang);
    match plan.lang {
        Lang::Rust => {
            add("src/lib.rs", code.into());
            add("Cargo.toml", cargo_toml(plan));
            RUST_SDK.iter().for_each(|(path, text)| add(&format!("sdk/{path}"), (*text).into()));
        }
        Lang::C => {
            add("main.c", code.into());
            add("test.c", test.unwrap_or_default().into());
            add("calls.h", include_str!("templates/c/calls.h").into());
            add(&format!("sdk/include/{C_HEADER_NAME}"), C_HEADER.into());
        }
    }
    add("container.toml", container_toml(plan, &peers));
    add(PROJECT_FILE, project_toml(plan, &peers));
    add("trust-TEST.toml", trust_toml(plan, &peers));
    add("keys/TEST.pub", public_to_pem(key.public())?);
    if let Some(Peers { from, to }) = &peers {
        if let Some(file) = trace(from) {
            add(&file, plan.template.trace().into());
        }
        if let Some(file) = trace(to).filter(|_| to != from) {
            add(
                &file,
                "# What it reads as. It is here so that there is such a device.\ntime_ms,hex\n0,00\n".into(),
            );
        }
    }
    add(".gitignore", "/target/\n/out/\n# Private keys belong to one person.\n*.key\n".into());
    add("README.md", readme(plan));
    files.push(NewFile { path: "keys/TEST.key".into(), text: key.to_pem()?, secret: true });
    Ok(files)
}

struct Peers {
    from: String,
    to: String,
}

fn peers(plan: &Plan) -> Result<Option<Peers>> {
    let Some((from, to)) = plan.template.peers() else {
        if plan.from.is_some() || plan.to.is_some() {
            return Err(with_help(
                format!("the template {} has no peers", plan.template.name()),
                "leave --from and --to out, or take another template",
            ));
        }
        return Ok(None);
    };
    let peers = Peers {
        from: plan.from.clone().unwrap_or_else(|| from.into()),
        to: plan.to.clone().unwrap_or_else(|| to.into()),
    };
    for (flag, text) in [("--from", &peers.from), ("--to", &peers.to)] {
        peer::peer(text).map_err(|error| anyhow!("{flag}: {error}"))?;
    }
    Ok(Some(peers))
}

/// The trace of a peer, if that is on a local bus.
fn trace(peer: &str) -> Option<String> {
    match peer::peer(peer) {
        Ok(Peer::Local { bus, unit }) => Some(format!("bus/{}-{unit}.csv", bus.name())),
        _ => None,
    }
}

fn cargo_toml(Plan { name, .. }: &Plan) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\ncrate-type = [\"cdylib\"]\ndoctest = false\n\n\
         [dependencies]\ntinycontainer-guest = {{ path = \"sdk/guest\" }}\n\n\
         # Not part of a workspace above. How it is compiled for a device is in sdk/guest/link.toml.\n[workspace]\n"
    )
}

fn container_toml(plan: &Plan, peers: &Option<Peers>) -> String {
    let Plan { name, lang, template, .. } = plan;
    let mut text = format!(
        "# What the container asks for. Only what differs from the defaults: syscalls are those that the code calls, and\n\
         # `build` measures how much memory it needs.\nuid = \"{name}\"\nversion = 1\n\n[build]\n"
    );
    text += &match lang {
        Lang::Rust => format!("rust = \"{name}\"\n"),
        Lang::C => "c = [\"main.c\"]\n".into(),
    };
    // Writing into a string does not fail.
    if let Some(ms) = template.period_ms() {
        let _ = write!(text, "\n[schedule]\nperiod_ms = {ms}\n");
    }
    if let Some(Peers { from, to }) = peers {
        for (id, direction, peer) in [(1, "in", from), (2, "out", to)] {
            let (kind, peer) = match peer.strip_prefix("container:") {
                Some(peer) => ("container", peer),
                None if peer.contains("://") => ("remote", peer.as_str()),
                None => ("local", peer.as_str()),
            };
            let _ =
                write!(text, "\n[[endpoint]]\nid = {id}\ndirection = \"{direction}\"\n{kind} = \"{peer}\"\n");
        }
    }
    text
}

fn project_toml(Plan { name, .. }: &Plan, peers: &Option<Peers>) -> String {
    let bus = match peers {
        Some(Peers { from, to }) if trace(from).or_else(|| trace(to)).is_some() => "bus = \"bus\"\n",
        _ => "",
    };
    format!(
        "# What tinycontainerctl uses in this folder where no flag says otherwise: `tinycontainerctl config` shows it.\n\
         key = \"keys/TEST.key\"\nissuer = \"{name}-TEST\"\naudience = \"{DEVICE}\"\n\
         trust = \"trust-TEST.toml\"\ndevice = \"{DEVICE}\"\n{bus}"
    )
}

fn trust_toml(Plan { name, .. }: &Plan, peers: &Option<Peers>) -> String {
    let endpoints = peers
        .as_ref()
        .map(|Peers { from, to }| format!("endpoints = [\"{from} in\", \"{to} out\"]\n"))
        .unwrap_or_default();
    format!(
        "# TEST: the keys that {DEVICE} accepts, and what each may sign. The owner of a real device writes its own.\n\
         [[anchor]]\nname = \"{name}-TEST\"\nkey = \"keys/TEST.pub\"\n\
         roles = [\"metadata\", \"parts\", \"syscalls\", \"endpoints\"]\ncontainers = [\"{name}\"]\n\
         syscalls = [\"*\"]\n{endpoints}"
    )
}

fn readme(Plan { name, lang, template, .. }: &Plan) -> String {
    let (source, test) = match lang {
        Lang::Rust => ("src/lib.rs", "cargo test                    # its unit tests, on this machine\n"),
        Lang::C => (
            "main.c",
            "mkdir -p target && cc -Isdk/include test.c -o target/test && target/test   # its unit test, on this machine\n",
        ),
    };
    format!(
        "# {name}\n\nA container begun with the template {} of tinycontainerctl {}.\n\n    \
         tinycontainerctl run          # builds it and runs it on this machine until Ctrl-C\n    {test}    \
         tinycontainerctl inspect target/{name}.tci     # what its image may do\n\n\
         `{source}` is the code, `container.toml` what it asks for, `bus/` what virtual devices answer, `sdk/` the guest SDK.\n\
         Key and trust store are for TESTS. The key is not in git: after a clone, `tinycontainerctl keygen keys/TEST --force`.\n",
        template.name(),
        env!("CARGO_PKG_VERSION"),
    )
}
