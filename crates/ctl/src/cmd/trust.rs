//! `trust`: compile a trust store.

use crate::cmd::answer::Answer;
use crate::input::files;
use crate::input::trust_file;
use crate::out;
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
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let store = trust_file::load(&args.file)?;
    anchors::print(&store);
    if let Some(output) = &args.output {
        files::write(output, &store)?;
        out!("{}: {} bytes", output.display(), store.len());
    }
    Ok(Answer::Yes)
}
