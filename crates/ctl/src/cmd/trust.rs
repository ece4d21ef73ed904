//! `trust`: compile a trust store.

use crate::cmd::answer::Answer;
use crate::err;
use crate::input::trust_file;
use crate::out;
use crate::output::{self, Kind};
use crate::report::anchors::{self, AnchorLine};
use crate::text::document;
use crate::text::style::WARN;
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;
use tinycontainer_policy::Trust;
use tinycontainer_token::Key;

/// Compile a trust store, as people write it, to what a device reads.
///
/// A trust store holds the keys that a device accepts, and what each may sign. Every command that needs one
/// takes either form.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl trust trust.toml -o trust.cbor\n\n\
trust.toml:
  [[anchor]]
  name = \"provider-a\"            # the issuer of its tokens
  key = \"provider-a.pub\"         # relative to this file; or hmac = \"FILE\", a shared secret in hex digits
  roles = [\"metadata\", \"parts\", \"syscalls\", \"endpoints\"]
  containers = [\"a.*\"]           # uids it signs for, `*` at the end
  syscalls = [\"open\", \"read\"]    # that it may grant, or [\"*\"]
  endpoints = [\"i2c:72 in\", \"gpio:17-18 out\", \"container:processor:*\", \"coap://host:5683\"]
  priority = \"normal\"            # the highest it may ask for
  hook_ms = 1000                 # the longest that a hook of its containers may take; 1000 if left out")]
pub(crate) struct Args {
    /// The trust store.
    file: PathBuf,
    /// Where to write it. Without this it is only checked and shown.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Overwrite what is there, even if it is not a compiled trust store. A private key never is overwritten.
    #[arg(long, requires = "output")]
    force: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Store {
    /// Where it was written; none without --output.
    file: Option<String>,
    bytes: usize,
    anchors: Vec<AnchorLine>,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let (store, keys) = trust_file::load_with_keys(&args.file)?;
    let inputs: Vec<_> = keys.iter().chain([&args.file]).map(PathBuf::as_path).collect();
    if let Some(output) = &args.output {
        output::check(output, Kind::TrustStore, args.force, &inputs)?;
    }
    if let Some(output) = &args.output {
        output::write(output, Kind::TrustStore, &store, args.force, &inputs)?;
    }
    if args.json {
        let file = args.output.as_ref().map(|output| output.display().to_string());
        document::print("trust", &Store { file, bytes: store.len(), anchors: anchors::lines(&store) })?;
        return Ok(Answer::Yes);
    }
    anchors::print(&store);
    if Trust::decode(&store).is_ok_and(|trust| trust.anchors().next().is_none()) {
        out!("no anchors: a device with this trust store accepts no image");
    }
    if has_secret(&store) {
        err!(
            "{WARN}warning:{WARN:#} it has a shared secret (HMAC) in it: who can read it can sign as that anchor"
        );
    }
    if let Some(output) = &args.output {
        out!("{}: {} bytes", output.display(), store.len());
    }
    Ok(Answer::Yes)
}

fn has_secret(store: &[u8]) -> bool {
    let mut anchors = Trust::decode(store).unwrap_or(Trust::NONE).anchors();
    anchors.any(|anchor| matches!(anchor.key, Key::Hmac256(_)))
}
