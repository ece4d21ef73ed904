//! What holds for a run of containers of other folders: the settings of their projects, as far as these agree.

use crate::config::{Name, Setting, Settings, project_file, read, user_settings};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// What a run takes from the projects of its containers. A device's names belong together.
const TAKEN: [&[Name]; 3] = [&[Name::Trust], &[Name::Device, Name::Class], &[Name::Bus]];

/// A name whose values differ: each with its file.
#[derive(Debug)]
pub(super) struct Disagreement {
    name: Name,
    values: Vec<(PathBuf, Option<String>)>,
}

impl Settings {
    /// Those of the current folder; if it is in no project, those in which the projects of `named` agree. `named` are
    /// folders of containers, their container.toml, and images.
    pub(crate) fn here_or_of(named: &[PathBuf]) -> Result<Self> {
        let here = Self::here()?;
        if here.project.is_some() {
            return Ok(here);
        }
        let mut files: Vec<_> = named.iter().filter_map(|path| project_file(folder(path))).collect();
        files.sort();
        files.dedup();
        let mut projects = Vec::new();
        for file in files {
            let mut list = Vec::new();
            read(&file, &mut list)?;
            projects.push((file, list));
        }
        let mut settings = Self::default();
        for names in TAKEN {
            let differing: Vec<_> = names.iter().filter_map(|name| differing(*name, &projects)).collect();
            if differing.is_empty() {
                let first = projects.first().into_iter().flat_map(|(_, list)| list);
                settings.list.extend(first.filter(|setting| names.contains(&setting.name)).cloned());
            }
            settings.disagreements.extend(differing);
        }
        settings.list.extend(user_settings()?);
        Ok(settings)
    }

    /// Which files have which values of a name, if the projects of the named containers do not agree on it.
    pub(crate) fn disagreement(&self, name: Name) -> Option<String> {
        let Disagreement { values, .. } =
            self.disagreements.iter().find(|differing| differing.name == name)?;
        let values = values.iter().map(|(file, value)| {
            let value = value.as_ref().map_or("none".into(), |value| format!("`{value}`"));
            format!("{} has {value}", file.display())
        });
        Some(values.collect::<Vec<_>>().join(", "))
    }
}

fn differing(name: Name, projects: &[(PathBuf, Vec<Setting>)]) -> Option<Disagreement> {
    let value = |list: &[Setting]| {
        list.iter().find(|setting| setting.name == name).map(|setting| setting.value.clone())
    };
    // One file may be named by several paths.
    let same = |value: &Option<String>| {
        value.as_ref().map(|value| match name.is_path().then(|| Path::new(value).canonicalize()) {
            Some(Ok(path)) => path,
            _ => value.into(),
        })
    };
    let values: Vec<_> = projects.iter().map(|(file, list)| (file.clone(), value(list))).collect();
    let mut each = values.iter().map(|(_, value)| same(value));
    let first = each.next()?;
    each.any(|value| value != first).then_some(Disagreement { name, values })
}

/// The folder in or above which the project's file of a container or an image is.
fn folder(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) }
}
