//! `trust`: compile a trust store.

use crate::cmd::answer::Answer;
use crate::input::trust_file;
use crate::out;
use crate::output::{self, Kind};
use crate::report::anchors;
use anyhow::Result;
use std::path::PathBuf;

/// Compile a trust store, as people write it, to what a device reads.
///
/// A trust store holds the keys that a device accepts, and what each may sign. Every command that needs one
/// takes either form.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl trust trust.toml -o trust.cbor\n\n\
trust.toml:
  [[anchor]]
  name = \"provider-a\"            # the issuer of its tokens
  key = \"provider-a.pub\"         # relative to this file
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
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let (store, keys) = trust_file::load_with_keys(&args.file)?;
    let inputs: Vec<_> = keys.iter().chain([&args.file]).map(PathBuf::as_path).collect();
    if let Some(output) = &args.output {
        output::check(output, Kind::TrustStore, args.force, &inputs)?;
    }
    anchors::print(&store);
    if let Some(output) = &args.output {
        output::write(output, Kind::TrustStore, &store, args.force, &inputs)?;
        out!("{}: {} bytes", output.display(), store.len());
    }
    Ok(Answer::Yes)
}
