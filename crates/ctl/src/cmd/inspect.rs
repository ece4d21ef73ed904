//! `inspect`: what an image may do, and which signatures grant it.

use crate::cmd::answer::Answer;
use crate::device::spec;
use crate::input::image_file::{Beside, ImageFile};
use crate::input::keys;
use crate::out;
use crate::report::year2024;
use crate::report::{print, profile1};
use crate::text::advice::malformed;
use crate::text::error::with_help;
use crate::text::style::json;
use anyhow::Result;
use std::path::PathBuf;
use tinycontainer_metadata::{Metadata, Proofs};

/// Describe what an image may do, in sentences, and which of its signatures hold.
///
/// FILE is an image, or metadata alone; of our profile, or of the 2024 format.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tinycontainerctl inspect sensor.tci --trust trust.toml --device kitchen\n  \
tinycontainerctl inspect old.metadata --key-2024 112ff4...6078 --data old.data"
)]
pub(crate) struct Args {
    /// The image, or metadata alone.
    file: PathBuf,
    #[command(flatten)]
    device: spec::Args,
    #[command(flatten)]
    beside: Beside,
    /// The key that images of the 2024 format are signed with: 64 hex digits, or a public key file.
    #[arg(long, value_name = "HEX|FILE")]
    key_2024: Option<String>,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let spec = args.device.read()?;
    let subject = ImageFile::read(&args.file, Some(&args.beside))?;
    let key = args.key_2024.as_deref().map(keys::hex_or_file).transpose()?;
    let metadata = Metadata::decode(&subject.metadata).map_err(|error| {
        let (what, help) = malformed(&subject.metadata, error);
        with_help(format!("{}: {what}", args.file.display()), help)
    })?;
    let report = match &metadata.proofs {
        Proofs::Profile1(proofs) => profile1::report(&metadata, proofs, &subject, &spec),
        Proofs::Format2024(proofs) => year2024::report(&metadata, proofs, &subject, key.as_ref()),
    };
    if args.json {
        out!("{}", json(&report)?);
    } else {
        print::print(&report);
    }
    Ok(Answer::Yes)
}
