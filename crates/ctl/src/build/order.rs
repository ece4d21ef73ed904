//! What to build: from flags, then settings of the project and the user.

use crate::config::{Name, Settings, all_set};
use crate::device::spec;
use crate::input::files;
use crate::input::keys::Secret;
use crate::input::recipe::Recipe;
use crate::input::time;
use crate::output::{self, Kind};
use crate::text::style::shown;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// How an image is made of a container.
#[derive(clap::Args, Default)]
#[group(skip)]
pub(crate) struct Choices {
    /// The private key to sign with.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The name of the key's owner: that of its anchor in the devices' trust stores.
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// The device, or the class of devices, it is for.
    #[arg(long, value_name = "NAME")]
    aud: Option<String>,
    /// Not valid from then on: a date or a duration from now. A device without a clock refuses it.
    #[arg(long, value_name = "WHEN", value_parser = time::when)]
    exp: Option<time::When>,
    /// Not valid before: a date or a duration from now.
    #[arg(long, value_name = "WHEN", value_parser = time::when)]
    nbf: Option<time::When>,
    /// Where to write the image. Default: target/UID.tci beside container.toml.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite what is there, even if it is not an image. A private key never is overwritten.
    #[arg(long)]
    force: bool,
    /// Sign the code with another key than the metadata.
    #[arg(long, value_name = "FILE")]
    code_key: Option<PathBuf>,
    /// The name of the owner of --code-key.
    #[arg(long, value_name = "NAME", requires = "code_key")]
    code_issuer: Option<String>,
    /// Where the files of `authorization` and `syscall_grant` are, if not beside container.toml.
    #[arg(long, value_name = "DIR")]
    tokens: Option<PathBuf>,
    /// The trust store of the devices it is for: to be warned if its anchor allows less than the container asks for.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The name of a device it is for. With --trust: the image is written only if that device accepts it.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The class of that device.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
}

/// Everything that is needed to build one image.
pub(crate) struct Order {
    pub(crate) recipe: Recipe,
    pub(crate) key: Secret,
    pub(crate) issuer: String,
    pub(crate) aud: String,
    pub(crate) exp: Option<time::When>,
    pub(crate) nbf: Option<time::When>,
    pub(crate) output: PathBuf,
    force: bool,
    /// The files that the image is made from, as far as they are named.
    inputs: Vec<PathBuf>,
    pub(crate) code_key: Option<Secret>,
    pub(crate) code_issuer: Option<String>,
    pub(crate) tokens: Option<PathBuf>,
    pub(crate) trust: Option<PathBuf>,
    /// The device that must accept it, if one is known.
    pub(crate) device: Option<spec::Args>,
    /// Why the device of the settings does not check it.
    pub(crate) unchecked: Option<String>,
}

impl Choices {
    /// The order for a container.toml or its folder; fails if the key, its owner or the audience are nowhere set.
    pub(crate) fn order(&self, container: &Path) -> Result<Order> {
        files::must_be_there(container)?;
        let folder = if container.is_dir() { container } else { container.parent().unwrap_or(Path::new("")) };
        let settings = Settings::at(folder)?;
        let key = self.key.clone().or_else(|| settings.path(Name::Key));
        let issuer = self.issuer.clone().or_else(|| settings.text(Name::Issuer));
        let aud = self.aud.clone().or_else(|| settings.text(Name::Audience));
        let aud = aud.or_else(|| settings.text(Name::Device));
        all_set(&[
            (Name::Key, "the private key to sign with", key.is_some()),
            (Name::Issuer, "the name of its owner", issuer.is_some()),
            (Name::Audience, "the device or class it is for", aud.is_some()),
        ])?;
        let (key, issuer, aud) =
            (key.unwrap_or_default(), issuer.unwrap_or_default(), aud.unwrap_or_default());
        let recipe = Recipe::read(container)?;
        let trust = self.trust.clone().or_else(|| settings.path(Name::Trust));
        let output = self.output.clone().unwrap_or_else(|| recipe.image());
        let named = [Some(&key), self.code_key.as_ref(), trust.as_ref(), Some(&recipe.path)];
        let mut inputs: Vec<_> = named.into_iter().flatten().cloned().collect();
        inputs.extend(recipe.files(self.tokens.as_deref()));
        let device = self.device(&settings, trust.as_ref(), &aud);
        Ok(Order {
            unchecked: if device.is_none() { unchecked(&settings, &aud) } else { None },
            device,
            recipe,
            key: Secret::read(&key)?,
            issuer,
            aud,
            exp: self.exp,
            nbf: self.nbf,
            output,
            force: self.force,
            inputs,
            code_key: self.code_key.as_deref().map(Secret::read).transpose()?,
            code_issuer: self.code_issuer.clone(),
            tokens: self.tokens.clone(),
            trust,
        })
    }

    /// The device of the flags, or that of the settings if the image is for it.
    fn device(&self, settings: &Settings, trust: Option<&PathBuf>, aud: &str) -> Option<spec::Args> {
        let trust = Some(trust?.clone());
        let (device, class) = if self.device.is_some() || self.class.is_some() {
            (self.device.clone(), self.class.clone())
        } else {
            let (device, class) = (settings.text(Name::Device), settings.text(Name::Class));
            if device.as_deref() != Some(aud) && class.as_deref() != Some(aud) {
                return None;
            }
            (device, class)
        };
        Some(spec::Args { trust, device, class, now: None, ceilings: None })
    }
}

/// What is to be said if the settings name a device and the image is for another.
fn unchecked(settings: &Settings, aud: &str) -> Option<String> {
    let of = |name| settings.text(name).filter(|text| text != aud);
    let (device, class) = (of(Name::Device)?, settings.text(Name::Class));
    (class.as_deref() != Some(aud)).then(|| {
        format!(
            "not checked whether a device accepts it: it is for {}, and the device of the settings is {}; to check it, \
             give --device {0} with --trust",
            shown(aud),
            shown(&device)
        )
    })
}

impl Order {
    /// Fails if the image may not be written where it is to be written.
    pub(crate) fn check_output(&self) -> Result<()> {
        output::check(&self.output, Kind::Image, self.force, &self.inputs())
    }

    /// Writes the image.
    pub(crate) fn write(&self, image: &[u8]) -> Result<()> {
        output::write(&self.output, Kind::Image, image, self.force, &self.inputs())
    }

    fn inputs(&self) -> Vec<&Path> {
        self.inputs.iter().map(PathBuf::as_path).collect()
    }
}
