//! `inspect`: what an image may do, and which signatures grant it.

use crate::cmd::answer::Answer;
use crate::device::spec::{self, DeviceSpec};
use crate::input::files;
use crate::input::foreign_keys;
use crate::input::image_file::{Beside, ImageFile};
use crate::input::keys::{self, Secret};
use crate::input::trust_file;
use crate::report::standalone::{self, Standalone};
use crate::report::{print, profile1, year2024};
use crate::text::advice::malformed;
use crate::text::document;
use crate::text::error::with_help;
use anyhow::Result;
use std::path::{Path, PathBuf};
use tinycontainer_metadata::{Metadata, Proofs};

/// Describe what an image may do, in sentences, and which of its signatures hold; or a token, a key, a trust store.
///
/// FILE is an image, or metadata alone, of our profile or of the 2024 format; or any other file that this program makes.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tinycontainerctl inspect sensor.tci --trust trust.toml --device kitchen\n  \
tinycontainerctl inspect old.metadata --key-2024 112ff4...6078 --data old.data"
)]
pub(crate) struct Args {
    /// The image, metadata alone, a token, a key, a trust store, or a module.
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
    let bytes = files::read(&args.file)?;
    if let Some((report, store)) = standalone(&args.file, &bytes, &spec)? {
        if args.json {
            document::print("inspect", &report)?;
        } else {
            report.print(store.as_deref());
        }
        return Ok(Answer::Yes);
    }
    let subject = ImageFile::parse(&args.file, bytes, Some(&args.beside))?;
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
        document::print("inspect", &report)?;
    } else {
        print::print(&report);
    }
    Ok(Answer::Yes)
}

/// The report on a file that is not an image, by its first bytes; and the trust store in it, compiled.
fn standalone(path: &Path, bytes: &[u8], spec: &DeviceSpec) -> Result<Option<(Standalone, Option<Vec<u8>>)>> {
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    let report = match bytes {
        // Tag 61 (CWT), or COSE_Sign1 or COSE_Mac0 without it.
        [0xd8, 0x3d, ..] | [0xd1 | 0xd2, ..] | [0x84, ..] => standalone::token(path, bytes, spec)?,
        [b'\0', b'a', b's', b'm', ..] => standalone::module(path, bytes)?,
        [0x82, ..] => {
            let store = trust_file::load(path)?;
            return Ok(Some((standalone::trust_store(&store), Some(store))));
        }
        _ if contains(b"PRIVATE KEY-----") => {
            Standalone::PrivateKey(standalone::key(&Secret::parse(path, bytes)?.public()))
        }
        _ if contains(b"-----BEGIN ") => {
            Standalone::PublicKey(standalone::key(&keys::parse_public(path, bytes)?))
        }
        _ if contains(b"[[anchor]]") => {
            let store = trust_file::load(path)?;
            return Ok(Some((standalone::trust_store(&store), Some(store))));
        }
        _ if foreign_keys::named(bytes).is_some() => {
            Standalone::PublicKey(standalone::key(&keys::parse_public(path, bytes)?))
        }
        _ => return Ok(None),
    };
    Ok(Some((report, None)))
}
