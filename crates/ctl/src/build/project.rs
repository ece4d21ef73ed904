//! The images of `run`: those of folders are built first.

use crate::build::make::make;
use crate::build::order::Choices;
use crate::err;
use crate::input::files;
use crate::text::error::{self, with_help};
use crate::text::style::WARN;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// What runs: images, and the containers that are built. No argument is the current folder.
pub(crate) struct Named {
    pub(crate) images: Vec<PathBuf>,
    /// A folder with a container.toml, or such a file, is built with the settings that hold there.
    pub(crate) sources: Vec<PathBuf>,
}

/// Builds what these arguments name as sources. With `watch`, an error is printed: its cause may be mended meanwhile.
pub(crate) fn build_all(arguments: &[PathBuf], watch: bool) -> Result<Named> {
    let here = [PathBuf::from("container.toml")];
    let arguments = if arguments.is_empty() { &here } else { arguments };
    if arguments == here && !here.iter().all(|file| file.exists()) {
        return Err(with_help(
            "no image is named, and there is no container.toml in this folder",
            "name images, or folders of containers; `tinycontainerctl new NAME` begins a container",
        ));
    }
    arguments.iter().try_for_each(|path| files::must_be_there(path))?;
    let mut named = Named { images: Vec::new(), sources: Vec::new() };
    for path in arguments {
        if !is_source(path) {
            named.images.push(path.clone());
            continue;
        }
        named.sources.push(path.clone());
        match build(path) {
            Ok(image) => named.images.push(image),
            Err(error) if watch => error::show(&error),
            Err(error) => return Err(error),
        }
    }
    Ok(named)
}

/// Whether an argument names a container to build, and not an image.
fn is_source(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "toml")
}

/// Builds a container with the settings of its folder; returns where its image is.
fn build(path: &Path) -> Result<PathBuf> {
    let order = Choices::default().order(path)?;
    let built = make(&order)?;
    for warning in &built.warnings {
        err!("{WARN}warning:{WARN:#} {warning}");
    }
    order.write(&built.image)?;
    Ok(order.output)
}
