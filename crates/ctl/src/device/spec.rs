//! The device that a command decides for: its names, its trust store, its clock, its ceilings.

use crate::config::{Name, Settings};
use crate::input::time;
use crate::input::trust_file;
use crate::text::error::with_help;
use anyhow::Result;
use std::path::PathBuf;
use tinycontainer_policy::{Ceilings, Device, Trust};

/// The device to decide for.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The trust store: trust.toml, or the output of `trust`.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// The device's name: tokens for it are for this device.
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// The device's class: tokens for it are for this device, too.
    #[arg(long, value_name = "NAME")]
    pub(crate) class: Option<String>,
    /// The time on its clock: 2027-01-31, 2027-01-31T12:00:00Z, @SECONDS, or none. Default: now.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// The most it gives a container: bytes of linear memory, stack and heap, the longest that a hook may take, in
    /// milliseconds, and the bytes of a whole image.
    #[arg(long, value_name = "LINEAR,STACK,HEAP[,HOOK_MS[,IMAGE]]")]
    pub(crate) ceilings: Option<String>,
}

/// The device, by value.
pub(crate) struct DeviceSpec {
    /// Whether there is a trust store at all.
    pub(crate) trusting: bool,
    pub(crate) store: Vec<u8>,
    pub(crate) name: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) now: Option<u64>,
    pub(crate) ceilings: Ceilings,
}

impl Args {
    /// Reads what the arguments name.
    ///
    /// A trust store or a name that no argument gives is that of the settings.
    pub(crate) fn read(&self) -> Result<DeviceSpec> {
        self.or_settings(&Settings::here()?).read_given()
    }

    /// With what the settings have, where no argument is given. Names are those of one device: both or none are theirs.
    fn or_settings(&self, settings: &Settings) -> Self {
        let unnamed = self.device.is_none() && self.class.is_none();
        let name =
            |given: &Option<String>, name| given.clone().or_else(|| settings.text(name).filter(|_| unnamed));
        Self {
            trust: self.trust.clone().or_else(|| settings.path(Name::Trust)),
            device: name(&self.device, Name::Device),
            class: name(&self.class, Name::Class),
            now: self.now.clone(),
            ceilings: self.ceilings.clone(),
        }
    }

    /// Reads what the arguments name, and nothing else.
    pub(crate) fn read_given(&self) -> Result<DeviceSpec> {
        let store = self.trust.as_deref().map(trust_file::load).transpose()?;
        Ok(DeviceSpec {
            trusting: store.is_some(),
            // No anchors: no signature is accepted.
            store: store.unwrap_or(vec![0x82, 0x01, 0x80]),
            name: self.device.clone(),
            class: self.class.clone(),
            now: match &self.now {
                Some(text) => time::clock(text)?,
                None => Some(time::now()),
            },
            ceilings: match &self.ceilings {
                Some(text) => ceilings(text)?,
                None => tinycontainer_posix::Config::default().ceilings,
            },
        })
    }

    /// Reads them; fails without a trust store or a name.
    pub(crate) fn read_whole(&self) -> Result<DeviceSpec> {
        self.read_whole_with(&Settings::here()?)
    }

    /// The same with these settings.
    pub(crate) fn read_whole_with(&self, settings: &Settings) -> Result<DeviceSpec> {
        self.or_settings(settings).whole(settings)
    }

    fn whole(&self, settings: &Settings) -> Result<DeviceSpec> {
        if self.trust.is_none() {
            const WHAT: &str = "no trust store: which keys does the device accept?";
            return Err(match settings.disagreement(Name::Trust) {
                Some(which) => with_help(
                    WHAT,
                    format!("{which}: a device has one; give --trust FILE, with all keys in that file"),
                ),
                None => with_help(WHAT, "give --trust trust.toml, or set it in tinycontainer.toml"),
            });
        }
        if self.device.is_none() && self.class.is_none() {
            const WHAT: &str = "no device named: tokens are for a device or a class of devices";
            const HELP: &str = "give --device NAME, --class NAME or both";
            let which = [Name::Device, Name::Class].into_iter().find_map(|name| settings.disagreement(name));
            return Err(match which {
                Some(which) => with_help(WHAT, format!("{which}: a run is one device; {HELP}")),
                None => with_help(WHAT, format!("{HELP}, or set them in tinycontainer.toml")),
            });
        }
        self.read_given()
    }
}

impl DeviceSpec {
    /// The trust store. It was checked when it was read.
    pub(crate) fn trust(&self) -> Trust<'_> {
        Trust::decode(&self.store).unwrap_or(Trust::NONE)
    }

    /// Its names: audiences of tokens that are for it.
    pub(crate) fn audiences(&self) -> Vec<&str> {
        self.name.iter().chain(&self.class).map(String::as_str).collect()
    }

    /// The device, under these names.
    pub(crate) fn device<'a>(&'a self, audiences: &'a [&'a str]) -> Device<'a> {
        Device { audiences, trust: self.trust(), now: self.now, ceilings: self.ceilings, accept_2024: None }
    }
}

fn ceilings(text: &str) -> Result<Ceilings> {
    let numbers: Option<Vec<u32>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    let of =
        |linear_memory, stack, heap, hook_ms, image| Ceilings { linear_memory, stack, heap, image, hook_ms };
    match numbers.as_deref() {
        Some(&[linear_memory, stack, heap]) => {
            let Ceilings { hook_ms, .. } = tinycontainer_posix::Config::default().ceilings;
            Ok(of(linear_memory, stack, heap, hook_ms, u32::MAX))
        }
        Some(&[linear_memory, stack, heap, hook_ms]) => Ok(of(linear_memory, stack, heap, hook_ms, u32::MAX)),
        Some(&[linear_memory, stack, heap, hook_ms, image]) => {
            Ok(of(linear_memory, stack, heap, hook_ms, image))
        }
        _ => Err(with_help(
            format!("--ceilings {text}: not three to five numbers"),
            "the most bytes of linear memory, stack and heap, as in 65536,8192,65536; and, if you like, the \
             longest that a hook may take, in ms, and the most bytes of an image, as in \
             65536,8192,65536,1000,20480",
        )),
    }
}
