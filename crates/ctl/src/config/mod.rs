//! What holds where no flag says otherwise: `tinycontainer.toml` of the project, then the user's own file.
//!
//! The project's file is searched for in a folder and those above it. The user's is `tinycontainer/config.toml` in
//! `$XDG_CONFIG_HOME`, or in `~/.config`. Paths are relative to the file that they are in. [`named`] holds what a run takes
//! from the projects of the containers that it is given.

mod named;

use crate::input::fields::{Fields, Problems};
use crate::input::files;
use crate::text::error::with_help;
use anyhow::Result;
use std::env;
use std::path::{Path, PathBuf};

/// The name of a project's file.
pub(crate) const PROJECT_FILE: &str = "tinycontainer.toml";

/// What a file may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Key,
    Issuer,
    Audience,
    Trust,
    Device,
    Class,
    Bus,
}

impl Name {
    pub(crate) const ALL: [Self; 7] =
        [Self::Key, Self::Issuer, Self::Audience, Self::Trust, Self::Device, Self::Class, Self::Bus];

    /// Its key in the file.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Trust => "trust",
            Self::Device => "device",
            Self::Class => "class",
            Self::Bus => "bus",
        }
    }

    /// The flag that overrides it.
    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::Audience => "--aud",
            Self::Key => "--key",
            Self::Issuer => "--issuer",
            Self::Trust => "--trust",
            Self::Device => "--device",
            Self::Class => "--class",
            Self::Bus => "--bus",
        }
    }

    const fn is_path(self) -> bool {
        matches!(self, Self::Key | Self::Trust | Self::Bus)
    }
}

/// Fails if a value is nowhere set; names the flags of those and what they are.
pub(crate) fn all_set(values: &[(Name, &str, bool)]) -> Result<()> {
    let missing: Vec<_> = values
        .iter()
        .filter(|(_, _, set)| !set)
        .map(|(name, what, _)| format!("{} ({what})", name.flag()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(with_help(
        format!("not set: {}", missing.join(", ")),
        "give them as flags, or in a tinycontainer.toml: `tinycontainerctl config --help` shows one",
    ))
}

/// One value, and the file that it is from.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) name: Name,
    pub(crate) value: String,
    pub(crate) from: PathBuf,
}

/// What holds in a folder.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The project's before the user's.
    list: Vec<Setting>,
    /// The project's file, if there is one.
    pub(crate) project: Option<PathBuf>,
    /// In what the projects of named containers differ: nothing is set there.
    disagreements: Vec<named::Disagreement>,
}

impl Settings {
    /// Those of the current folder.
    pub(crate) fn here() -> Result<Self> {
        Self::at(Path::new(""))
    }

    /// Those of a folder.
    pub(crate) fn at(folder: &Path) -> Result<Self> {
        let project = project_file(folder);
        let mut list = Vec::new();
        if let Some(file) = &project {
            read(file, &mut list)?;
        }
        list.extend(user_settings()?);
        Ok(Self { list, project, disagreements: Vec::new() })
    }

    /// What is set, by whichever file comes first.
    pub(crate) fn get(&self, name: Name) -> Option<&Setting> {
        if self.disagreement(name).is_some() {
            return None;
        }
        self.list.iter().find(|setting| setting.name == name)
    }

    pub(crate) fn text(&self, name: Name) -> Option<String> {
        self.get(name).map(|setting| setting.value.clone())
    }

    pub(crate) fn path(&self, name: Name) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }
}

/// The project's file of a folder.
fn project_file(folder: &Path) -> Option<PathBuf> {
    let here = folder.join(PROJECT_FILE);
    if here.is_file() {
        return Some(here);
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = folder.canonicalize().ok()?;
    let file = whole.ancestors().skip(1).map(|above| above.join(PROJECT_FILE)).find(|file| file.is_file())?;
    // Below the current folder it is named as a person names it.
    let here = env::current_dir().and_then(|here| here.canonicalize());
    let short = here.ok().and_then(|here| file.strip_prefix(here).ok().map(PathBuf::from));
    Some(short.unwrap_or(file))
}

fn user_settings() -> Result<Vec<Setting>> {
    let mut list = Vec::new();
    if let Some(file) = user_file().filter(|file| file.exists()) {
        read(&file, &mut list)?;
    }
    Ok(list)
}

/// The user's file, which need not exist.
pub(crate) fn user_file() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(base.join("tinycontainer").join("config.toml"))
}

fn read(file: &Path, list: &mut Vec<Setting>) -> Result<()> {
    let text = files::read_text(file)?;
    let mut problems = Problems::new(file, &text);
    let table = problems.parse();
    let mut fields = Fields::new(&table);
    for name in Name::ALL {
        let Some(value) = fields.text(name.key(), &mut problems) else { continue };
        if value.value.is_empty() {
            problems.add(value.at, format!("{}: is empty; leave the line out", name.key()));
        }
        let value = if name.is_path() {
            files::beside(file, Path::new(&value.value)).to_string_lossy().into_owned()
        } else {
            value.value
        };
        list.push(Setting { name, value, from: file.to_owned() });
    }
    fields.end(&mut problems);
    problems.into_result()
}
