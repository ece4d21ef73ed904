//! `build`: from `container.toml` to a signed image.

use crate::build::make::{Made, make};
use crate::build::order::{Choices, Order};
use crate::cmd::answer::Answer;
use crate::done;
use crate::err;
use crate::input::keys;
use crate::report::types::{Limits, names};
use crate::text::document;
use crate::text::sentences::calls;
use crate::text::style::{GOOD, NAME, WARN, hex, shown};
use anyhow::Result;
use serde::Serialize;
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
    /// Print JSON, for scripts. Warnings are still text, on standard error.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let order = args.choices.order(&args.container)?;
    let built = make(&order)?;
    order.write(&built.image)?;
    if args.json {
        document::print("build", &BuiltLine::of(&order, &built))?;
    } else {
        print(&order, &built);
    }
    for warning in &built.warnings {
        err!("{WARN}warning:{WARN:#} {warning}");
    }
    Ok(Answer::Yes)
}

/// What was built, as `--json` prints it.
#[derive(Serialize)]
struct BuiltLine<'a> {
    file: String,
    uid: &'a str,
    version: u32,
    image_bytes: usize,
    metadata_bytes: usize,
    data_bytes: usize,
    code_bytes: usize,
    /// SHA-256 of the code, as `grant --for-code` takes it.
    code_sha256: String,
    aud: &'a str,
    iss: &'a str,
    kid: String,
    syscalls: Vec<&'static str>,
    limits: Limits,
    /// What of the linear memory the module itself needs.
    linear_memory_used_bytes: u64,
    /// The device that accepts it; none if none was named.
    accepted_by: Option<&'a str>,
    warnings: &'a [String],
}

impl<'a> BuiltLine<'a> {
    fn of(order: &'a Order, built: &'a Made) -> Self {
        let [metadata_bytes, data_bytes, code_bytes] = built.sizes;
        let limits = built.settled.limits;
        Self {
            file: order.output.display().to_string(),
            uid: &order.recipe.uid,
            version: order.recipe.version,
            image_bytes: built.image.len(),
            metadata_bytes,
            data_bytes,
            code_bytes,
            code_sha256: hex(&built.code_digest),
            aud: &order.aud,
            iss: &order.issuer,
            kid: keys::show_kid(&order.key.kid()),
            syscalls: names(built.syscalls),
            limits: Limits {
                linear_memory_bytes: limits.linear_memory,
                stack_bytes: limits.stack,
                heap_bytes: limits.heap,
            },
            linear_memory_used_bytes: built.module.memory,
            accepted_by: built.accepted_by.as_deref(),
            warnings: &built.warnings,
        }
    }
}

fn print(order: &Order, built: &Made) {
    let recipe = &order.recipe;
    let [metadata, data, code] = built.sizes;
    done!(
        "{GOOD}{}{GOOD:#}: {NAME}{}{NAME:#} version {}, {} bytes = metadata {metadata} + data {data} + code {code} + {}",
        order.output.display(),
        recipe.uid,
        recipe.version,
        built.image.len(),
        built.image.len() - metadata - data - code,
    );
    done!(
        "  for {}, signed by {} (kid {}); SHA-256 of the code {}",
        shown(&order.aud),
        shown(&order.issuer),
        keys::show_kid(&order.key.kid()),
        hex(&built.code_digest)
    );
    if recipe.syscalls.is_none() {
        done!("  syscalls: {} (those that the code calls)", calls(built.syscalls));
    }
    done!(
        "  linear memory: {} of {} bytes{}; {}",
        built.module.memory,
        built.settled.limits.linear_memory,
        built.module.whole_pages.map(|why| format!(" (whole pages: {why})")).unwrap_or_default(),
        built.settled.sentence()
    );
    if let Some(device) = &built.accepted_by {
        done!("  {GOOD}accepted{GOOD:#} by {}, with this trust store", shown(device));
    }
}
