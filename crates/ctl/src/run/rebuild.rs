//! `--watch`: what has changed on the disk. A container is built again by this program, as a process of its own; an image
//! is loaded again when its bytes have changed.

use crate::build::inputs::inputs;
use crate::input::recipe::Recipe;
use crate::run::image::Image;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::SystemTime;

/// What has changed.
pub(crate) enum Change {
    /// An image.
    Image(Image),
    /// The source in this folder: it is being built.
    Building(PathBuf),
    /// It could not be built: what `build` printed.
    Failed(PathBuf, String),
    /// It still could not be built, for the same reason as before.
    FailedAgain(PathBuf),
}

/// What a file was when it was looked at.
type Stamp = Option<(SystemTime, u64)>;

type Built = (usize, Result<(), String>);

pub(crate) struct Watcher {
    images: Vec<Watched>,
    sources: Vec<Source>,
    send: Sender<Built>,
    built: Receiver<Built>,
}

struct Watched {
    path: PathBuf,
    stamp: Stamp,
    /// None before it was read.
    bytes: Option<Vec<u8>>,
}

struct Source {
    path: PathBuf,
    inputs: Vec<(PathBuf, Stamp)>,
    building: bool,
    /// Why it could not be built, as it was printed.
    failed: Option<String>,
}

impl Watcher {
    /// Watches images, and the containers that some of them are built from.
    pub(crate) fn new<'p>(images: impl Iterator<Item = &'p Image>, sources: Vec<PathBuf>) -> Self {
        let (send, built) = channel();
        let watched = |image: &Image| Watched {
            path: image.path.clone(),
            stamp: stamp(&image.path),
            bytes: Some(image.bytes.clone()),
        };
        let source = |path: PathBuf| Source { inputs: stamps(&path), path, building: false, failed: None };
        Self {
            images: images.map(watched).collect(),
            sources: sources.into_iter().map(source).collect(),
            send,
            built,
        }
    }

    /// Whether a container has no image, since it could not be built.
    pub(crate) fn lacks_an_image(&self) -> bool {
        self.sources.iter().any(|source| image_of(&source.path).is_none_or(|path| !self.has(&path)))
    }

    fn has(&self, image: &Path) -> bool {
        self.images.iter().any(|watched| watched.path == image && watched.bytes.is_some())
    }

    /// What has changed since the last call.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Ok((number, result)) = self.built.try_recv() {
            let Some(source) = self.sources.get_mut(number) else { continue };
            source.building = false;
            match result {
                Ok(()) => {
                    source.failed = None;
                    let image = image_of(&source.path);
                    let new = image.filter(|path| self.images.iter().all(|watched| watched.path != *path));
                    self.images.extend(new.map(|path| Watched { path, stamp: None, bytes: None }));
                }
                Err(printed) if source.failed.as_ref() == Some(&printed) => {
                    changes.push(Change::FailedAgain(source.path.clone()));
                }
                Err(printed) => {
                    source.failed = Some(printed.clone());
                    changes.push(Change::Failed(source.path.clone(), printed));
                }
            }
        }
        for (number, source) in self.sources.iter_mut().enumerate() {
            // What changes while it is built is found afterwards.
            if source.building {
                continue;
            }
            let now = stamps(&source.path);
            if now != source.inputs {
                source.inputs = now;
                source.building = true;
                changes.push(Change::Building(source.path.clone()));
                let (path, send) = (source.path.clone(), self.send.clone());
                std::thread::spawn(move || send.send((number, build(&path))));
            }
        }
        for watched in &mut self.images {
            let now = stamp(&watched.path);
            if now == watched.stamp {
                continue;
            }
            // A file that is away for a moment is being replaced.
            let Ok(bytes) = fs::read(&watched.path) else { continue };
            watched.stamp = now;
            if watched.bytes.as_ref() != Some(&bytes) {
                watched.bytes = Some(bytes.clone());
                changes.push(Change::Image(Image { path: watched.path.clone(), bytes }));
            }
        }
        changes
    }
}

/// Where the image of a container is, if its container.toml can be read.
fn image_of(container: &Path) -> Option<PathBuf> {
    Recipe::read(container).ok().map(|recipe| recipe.image())
}

/// Builds as `tinycontainerctl build` does with the settings of that folder.
fn build(path: &Path) -> Result<(), String> {
    let output = std::env::current_exe()
        .and_then(|program| Command::new(program).arg("build").arg(path).stdin(Stdio::null()).output())
        .map_err(|error| format!("cannot run `tinycontainerctl build`: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn stamps(container: &Path) -> Vec<(PathBuf, Stamp)> {
    inputs(container).into_iter().map(|path| (path.clone(), stamp(&path))).collect()
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
