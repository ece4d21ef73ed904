//! `config`: what holds here, and from where.

use crate::cmd::answer::Answer;
use crate::config::{self, Name, PROJECT_FILE, Settings};
use crate::out;
use crate::text::document;
use crate::text::style::{FAINT, HEAD, shown};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// Show the settings that hold in this folder, and which file each is from.
///
/// A flag comes first, then tinycontainer.toml of this folder or of one above it, then the user's file
/// tinycontainer/config.toml in $XDG_CONFIG_HOME or ~/.config. Both have the same keys; paths in them are relative to the
/// file.
#[derive(clap::Args)]
#[command(after_help = "Example of a tinycontainer.toml:
  key = \"keys/provider-a.key\"    # build, grant: the private key to sign with
  issuer = \"provider-a\"          # its owner's name in the trust stores of devices
  audience = \"kitchen\"           # the device, or the class of devices, to build for
  trust = \"trust.toml\"           # the trust store of the device
  device = \"kitchen\"             # its name
  class = \"kitchens\"             # its class
  bus = \"bus\"                    # run: the folder with traces of virtual devices")]
pub(crate) struct Args {
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    value: &'a str,
    file: String,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let settings = Settings::here()?;
    if args.json {
        let all: BTreeMap<_, _> = Name::ALL
            .into_iter()
            .map(|name| {
                let setting = settings.get(name);
                let shown = setting
                    .map(|setting| Shown { value: &setting.value, file: setting.from.display().to_string() });
                (name.key(), shown)
            })
            .collect();
        document::print("config", &all)?;
        return Ok(Answer::Yes);
    }
    for name in Name::ALL {
        let (key, flag) = (name.key(), name.flag());
        match settings.get(name) {
            Some(setting) => out!(
                "{HEAD}{key:<9}{HEAD:#} {}  {FAINT}from {}; {flag} overrides it{FAINT:#}",
                shown(&setting.value),
                setting.from.display()
            ),
            None => out!("{HEAD}{key:<9}{HEAD:#} -  {FAINT}not set; {flag}{FAINT:#}"),
        }
    }
    if settings.project.is_none() {
        out!("There is no {PROJECT_FILE} in this folder or above it.");
    }
    if let Some(file) = config::user_file().filter(|file| !file.exists()) {
        out!("There is no {} either, which would hold for all folders.", file.display());
    }
    Ok(Answer::Yes)
}
