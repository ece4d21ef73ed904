//! `container.toml`: what a container is, as its author writes it. Its keys and their defaults are listed in the README
//! of this crate.
//!
//! | module | holds |
//! | --- | --- |
//! | [`schedule`] | `[schedule]` |
//! | [`endpoint`] | `[[endpoint]]` |

mod endpoint;
mod schedule;

pub(crate) use endpoint::Endpoint;

use crate::input::fields::{At, Fields, Problems, did_you_mean};
use crate::input::files;
use anyhow::{Result, anyhow};
use std::path::{Path, PathBuf};
use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{MAX_UID, Schedule, Type, is_uid};

/// Where the code comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A package of the cargo workspace that the folder lies in.
    Rust(String),
    /// Files, compiled together.
    C(Vec<PathBuf>),
    /// A module made elsewhere.
    Wasm(PathBuf),
}

/// A checked recipe.
pub(crate) struct Recipe {
    /// The file it was read from. Paths in it are relative to that.
    pub(crate) path: PathBuf,
    pub(crate) uid: String,
    pub(crate) version: u32,
    /// `None`: those that the code imports.
    pub(crate) syscalls: Option<Mask>,
    pub(crate) syscall_grant: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) source: Source,
    pub(crate) shadow_stack: Option<u32>,
    pub(crate) limits: AskedLimits,
    pub(crate) schedule: Schedule,
    /// By ascending id.
    pub(crate) endpoints: Vec<Endpoint>,
}

/// `[limits]`, in bytes. What is left out is measured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AskedLimits {
    pub(crate) linear_memory: Option<u32>,
    pub(crate) stack: Option<u32>,
    pub(crate) heap: Option<u32>,
}

/// Only `wasm` runs today.
pub(crate) const TYPE: Type = Type::Wasm;

impl Recipe {
    /// Reads `container.toml`, or that of a folder.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let path = if path.is_dir() { path.join("container.toml") } else { path.to_owned() };
        let text = files::read_text(&path)?;
        let mut problems = Problems::new(&path, &text);
        let table = problems.parse();
        let recipe = Self::of(path.clone(), Fields::new(&table), &mut problems);
        problems.into_result()?;
        // Without a problem there is a recipe.
        recipe.ok_or_else(|| anyhow!("{} is not what a container.toml must be", path.display()))
    }

    fn of(path: PathBuf, mut file: Fields<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let uid = file.text("uid", problems);
        file.missing("uid", "the name of the container, as in uid = \"sensor\"", problems);
        if let Some(uid) = uid.as_ref().filter(|uid| !is_uid(uid.value.as_bytes())) {
            problems.add(uid.at, format!("uid: 1 to {MAX_UID} of A-Z a-z 0-9 . _ -"));
        }
        let version = file.positive("version", problems);
        file.missing("version", "a number that counts from 1, as in version = 1", problems);
        if let Some(kind) = file.text("type", problems).filter(|kind| kind.value != TYPE.name()) {
            problems.add(kind.at, format!("type: devices run \"{}\" only", TYPE.name()));
        }
        let syscalls = file.texts("syscalls", problems).map(|names| mask(names, problems));
        let syscall_grant = file.text("syscall_grant", problems);
        let data = file.text("data", problems);
        let (source, shadow_stack) = build(&mut file, problems);
        let mut table = file.table("limits", problems);
        let mut limit = |key| table.number(key, problems).map(|bytes| bytes.value);
        let limits =
            AskedLimits { linear_memory: limit("linear_memory"), stack: limit("stack"), heap: limit("heap") };
        table.end(problems);
        let schedule = schedule::schedule(&mut file, syscalls, problems);
        let endpoints = endpoint::endpoints(&mut file, problems);
        file.end(problems);
        Some(Self {
            path,
            uid: uid?.value,
            version: version?.value,
            syscalls,
            syscall_grant: syscall_grant.map(|file| file.value.into()),
            data: data.map(|file| file.value.into()),
            source: source?,
            shadow_stack,
            limits,
            schedule,
            endpoints,
        })
    }

    /// The files that it names. Its tokens are in `tokens`, or beside it.
    pub(crate) fn files(&self, tokens: Option<&Path>) -> Vec<PathBuf> {
        let sources = match &self.source {
            Source::Rust(_) => &[],
            Source::C(files) => files.as_slice(),
            Source::Wasm(file) => std::slice::from_ref(file),
        };
        let folder = tokens.unwrap_or(self.folder());
        let authorizations = self.endpoints.iter().filter_map(|endpoint| endpoint.authorization.as_ref());
        let tokens = authorizations.chain(&self.syscall_grant).map(|file| folder.join(file));
        let beside = sources.iter().chain(&self.data).map(|file| files::beside(&self.path, file));
        beside.chain(tokens).collect()
    }

    /// Where its image is written if no other place is named.
    pub(crate) fn image(&self) -> PathBuf {
        self.folder().join("target").join(format!("{}.tci", self.uid))
    }

    /// The folder of the file.
    pub(crate) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

fn mask(names: At<Vec<At<String>>>, problems: &mut Problems<'_>) -> Mask {
    let mut mask = Mask::NONE;
    for name in names.value {
        match Syscall::from_name(&name.value) {
            Some(call) => mask.0 |= call.bit(),
            None if name.value == "*" => mask = Mask::ALL,
            None => {
                let near = did_you_mean(&name.value, &Syscall::ALL.map(Syscall::name));
                problems.add(name.at, format!("syscalls: there is no syscall `{}`: {near}", name.value));
            }
        }
    }
    mask
}

fn build(file: &mut Fields<'_>, problems: &mut Problems<'_>) -> (Option<Source>, Option<u32>) {
    let mut table = file.table("build", problems);
    let rust = table.text("rust", problems).map(|package| Source::Rust(package.value));
    let c = table.texts("c", problems).map(|sources| {
        let files: Vec<_> = sources.value.into_iter().map(|file| file.value.into()).collect();
        if files.is_empty() {
            problems.add(sources.at, "[build] c: names no file");
        }
        Source::C(files)
    });
    let wasm = table.text("wasm", problems).map(|module| Source::Wasm(module.value.into()));
    let mut sources = [rust, c, wasm].into_iter().flatten();
    let (source, more) = (sources.next(), sources.next().is_some());
    const ONE_OF: &str = "`rust = \"package\"`, `c = [\"main.c\"]`, `wasm = \"file\"`";
    if more {
        problems.add(table.at, format!("[build]: only one of {ONE_OF}"));
    }
    if source.is_none() && ["rust", "c", "wasm"].iter().all(|key| !table.has(key)) {
        problems.add(table.at, format!("[build] is missing, or names no source: one of {ONE_OF}"));
    }
    let shadow_stack = table.number("shadow_stack", problems);
    if let Some(bytes) = shadow_stack.as_ref().filter(|bytes| bytes.value == 0 || bytes.value % 16 != 0) {
        problems.add(bytes.at, "[build] shadow_stack: a multiple of 16 bytes");
    }
    table.end(problems);
    (source, shadow_stack.map(|bytes| bytes.value))
}
