//! The images of `run`: those of folders are built first.

use crate::build::make::make;
use crate::build::order::Choices;
use crate::err;
use crate::input::files;
use crate::text::error::with_help;
use crate::text::style::WARN;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The images of these arguments: a folder with a container.toml, or such a file, is built with the settings that hold
/// there. No argument is the current folder.
pub(crate) fn images(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    if arguments.is_empty() {
        let here = Path::new("container.toml");
        if !here.exists() {
            return Err(with_help(
                "no image is named, and there is no container.toml in this folder",
                "name images, or folders of containers; `tinycontainerctl new NAME` begins a container",
            ));
        }
        return Ok(vec![build(here)?]);
    }
    arguments.iter().try_for_each(|path| files::must_be_there(path))?;
    arguments.iter().map(|path| if is_source(path) { build(path) } else { Ok(path.clone()) }).collect()
}

/// Whether an argument names a container to build, and not an image.
pub(crate) fn is_source(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "toml")
}

/// Builds a container with the settings of its folder; returns where its image is.
pub(crate) fn build(path: &Path) -> Result<PathBuf> {
    let order = Choices::default().order(path)?;
    let built = make(&order)?;
    for warning in &built.warnings {
        err!("{WARN}warning:{WARN:#} {warning}");
    }
    order.write(&built.image)?;
    Ok(order.output)
}
