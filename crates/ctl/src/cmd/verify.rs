//! `verify`: the device's decision.

use crate::cmd::answer::Answer;
use crate::device::decide;
use crate::device::spec;
use crate::device::year2024;
use crate::input::files;
use crate::input::image_file::{Beside, ImageFile, whole};
use crate::module::check;
use crate::out;
use crate::refusal::Refusal;
use crate::refusal::image::refusal;
use crate::text::document;
use crate::text::error::with_help;
use crate::text::style::{BAD, GOOD, NAME, shown};
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;
use tinycontainer_metadata::Metadata;
use tinycontainer_module::CheckError as Bounds;
use tinycontainer_policy::{Device, LegacyFormat};

/// Decide over an image exactly as an empty device would.
///
/// Exit status: 0 the device accepts it; 1 it refuses it, with the reason and what to do; 2 it could not be decided,
/// since the file is not there or is not an image.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tinycontainerctl verify sensor.tci --trust trust.toml --device kitchen\n  \
tinycontainerctl verify old.metadata --data old.data --code old.wasm --key-2024 2024.toml"
)]
pub(crate) struct Args {
    /// The image.
    file: PathBuf,
    #[command(flatten)]
    device: spec::Args,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    year2024: year2024::Args,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Decision {
    accepted: bool,
    uid: Option<String>,
    version: Option<u32>,
    why: Option<String>,
    help: Option<&'static str>,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    files::must_be_there(&args.file)?;
    // The 2024 format has neither anchors nor audiences.
    let spec = if args.year2024.is_given() { args.device.read() } else { args.device.read_whole() }?;
    let year2024 = args.year2024.read(&spec.ceilings)?;
    let year2024 = year2024.as_ref().map(year2024::Policy::policy).transpose()?;
    let bytes = files::read(&args.file)?;
    let separate;
    let is_metadata = bytes.first() == Some(&0xdb) && Metadata::decode(&bytes).is_ok();
    let parts = if args.beside.is_given() || is_metadata {
        separate = ImageFile::read(&args.file, Some(&args.beside))?;
        separate.parts().ok_or_else(|| {
            with_help(
                format!("{} is metadata alone; a device takes whole images", args.file.display()),
                "name its parts too: --data FILE --code FILE; `tinycontainerctl inspect` looks at metadata alone",
            )
        })?
    } else {
        whole(&args.file, &bytes)?
    };
    let audiences = spec.audiences();
    let device = Device {
        accept_2024: year2024.as_ref().map(|policy| -> &dyn LegacyFormat { policy }),
        ..spec.device(&audiences)
    };
    let refused = match decide::decide(&parts, device) {
        Ok(()) => too_much_to_load(parts.code),
        Err(error) => Some(refusal(&error, parts.metadata, Some(&parts), &device)),
    };
    let metadata = Metadata::decode(parts.metadata).ok();
    let (why, help) = refused.map(|Refusal { why, help }| (why, help)).unzip();
    let decision = Decision {
        accepted: why.is_none(),
        uid: metadata.map(|metadata| metadata.uid.to_owned()),
        version: metadata.map(|metadata| metadata.version),
        why,
        help,
    };
    if args.json {
        document::print("verify", &decision)?;
    } else {
        print(args, &decision);
    }
    Ok(if decision.accepted { Answer::Yes } else { Answer::No })
}

/// A device finds this only when it starts the container; here it is reported before that.
fn too_much_to_load(code: &[u8]) -> Option<Refusal> {
    match check::bounds(code) {
        Err(refused @ Bounds::Over(_)) => {
            Some(Refusal { why: refused.to_string(), help: check::advice(&refused) })
        }
        _ => None,
    }
}

fn print(args: &Args, decision: &Decision) {
    let file = args.file.display();
    match &decision.why {
        None => out!(
            "{GOOD}accepted{GOOD:#}: {file} is {NAME}{}{NAME:#} version {}, and the device accepts it",
            decision.uid.as_deref().unwrap_or_default(),
            decision.version.unwrap_or_default()
        ),
        Some(why) => {
            out!("{BAD}refused{BAD:#}: {file}: {}", shown(why));
            out!("   {GOOD}help:{GOOD:#} {}", decision.help.unwrap_or_default());
        }
    }
}
