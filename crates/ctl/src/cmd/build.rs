//! `build`: from `container.toml` to a signed image.

use crate::build::make::{Built, make};
use crate::build::order::{Choices, Order};
use crate::cmd::answer::Answer;
use crate::err;
use crate::input::keys;
use crate::out;
use crate::text::sentences::calls;
use crate::text::style::{GOOD, NAME, WARN, hex, shown};
use anyhow::Result;
use std::path::PathBuf;

/// Compile a container, sign it and pack it into one file.
///
/// Reads container.toml, compiles what it names (Rust, C, or a module made elsewhere), checks that a device
/// can run the module, measures how much memory it needs, signs the metadata with the digests of data and code, and writes
/// one image. Key, issuer, audience and trust store may be set in tinycontainer.toml: see `config`.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl build containers/sensor --key provider-a.key \
--issuer provider-a --aud kitchen --exp 365days -o sensor.tci")]
pub(crate) struct Args {
    /// container.toml, or the folder it is in.
    #[arg(default_value = ".", hide_default_value = true)]
    container: PathBuf,
    #[command(flatten)]
    choices: Choices,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let order = args.choices.order(&args.container)?;
    let built = make(&order)?;
    order.write(&built.image)?;
    print(&order, &built);
    for warning in &built.warnings {
        err!("{WARN}warning:{WARN:#} {warning}");
    }
    Ok(Answer::Yes)
}

fn print(order: &Order, built: &Built) {
    let recipe = &order.recipe;
    let [metadata, data, code] = built.sizes;
    out!(
        "{GOOD}{}{GOOD:#}: {NAME}{}{NAME:#} version {}, {} bytes = metadata {metadata} + data {data} + code {code} + {}",
        order.output.display(),
        recipe.uid,
        recipe.version,
        built.image.len(),
        built.image.len() - metadata - data - code,
    );
    out!(
        "  for {}, signed by {} (kid {}); SHA-256 of the code {}",
        shown(&order.aud),
        shown(&order.issuer),
        keys::show_kid(&order.key.kid()),
        hex(&built.code_digest)
    );
    if recipe.syscalls.is_none() {
        out!("  syscalls: {} (those that the code calls)", calls(built.syscalls));
    }
    out!(
        "  linear memory: {} of {} bytes{}; {}",
        built.module.memory,
        built.settled.limits.linear_memory,
        built.module.whole_pages.map(|why| format!(" (whole pages: {why})")).unwrap_or_default(),
        built.settled.sentence()
    );
    if let Some(device) = &built.accepted_by {
        out!("  {GOOD}accepted{GOOD:#} by {}, with this trust store", shown(device));
    }
}
