//! `--watch`: what has changed on the disk. A container's folder is built again by this program, as a process of its own;
//! an image is loaded again when its file has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::SystemTime;

/// The most files of a folder that are looked at, and how deep.
const FILES: usize = 4096;
const DEPTH: usize = 8;

/// What has changed.
pub(crate) enum Change {
    /// The image in this file.
    Image(PathBuf),
    /// The source in this folder: it is being built.
    Building(PathBuf),
    /// It could not be built: what `build` printed.
    Failed(PathBuf, String),
}

/// What a file was when it was looked at.
type Stamp = Option<(SystemTime, u64)>;

pub(crate) struct Watcher {
    images: Vec<(PathBuf, Stamp)>,
    sources: Vec<Source>,
    send: Sender<(usize, Result<(), String>)>,
    built: Receiver<(usize, Result<(), String>)>,
}

struct Source {
    path: PathBuf,
    stamp: Stamp,
    building: bool,
}

impl Watcher {
    /// Watches images, and the folders that some of them are built from.
    pub(crate) fn new<'p>(images: impl Iterator<Item = &'p Path>, sources: Vec<PathBuf>) -> Self {
        let (send, built) = channel();
        Self {
            images: images.map(|path| (path.into(), stamp(path))).collect(),
            sources: sources
                .into_iter()
                .map(|path| Source { stamp: newest(&folder(&path)), path, building: false })
                .collect(),
            send,
            built,
        }
    }

    /// What has changed since the last call.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Ok((number, result)) = self.built.try_recv() {
            let Some(source) = self.sources.get_mut(number) else { continue };
            source.building = false;
            if let Err(printed) = result {
                changes.push(Change::Failed(source.path.clone(), printed));
            }
        }
        for (number, source) in self.sources.iter_mut().enumerate() {
            // What changes while it is built is found afterwards.
            if source.building {
                continue;
            }
            let now = newest(&folder(&source.path));
            if now != source.stamp {
                source.stamp = now;
                source.building = true;
                changes.push(Change::Building(source.path.clone()));
                let (path, send) = (source.path.clone(), self.send.clone());
                std::thread::spawn(move || send.send((number, build(&path))));
            }
        }
        for (path, before) in &mut self.images {
            let now = stamp(path);
            // A file that is away for a moment is being replaced.
            if now.is_some() && now != *before {
                *before = now;
                changes.push(Change::Image(path.clone()));
            }
        }
        changes
    }
}

fn folder(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.into();
    }
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).into()
}

/// Builds as `tinycontainerctl build` does with the settings of that folder.
fn build(path: &Path) -> Result<(), String> {
    let output = std::env::current_exe()
        .and_then(|program| Command::new(program).arg("build").arg(path).stdin(Stdio::null()).output())
        .map_err(|error| format!("cannot run `tinycontainerctl build`: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The newest file of a folder and the size of all, without hidden files and `target`.
fn newest(folder: &Path) -> Stamp {
    let mut newest = None;
    let mut bytes: u64 = 0;
    let mut left = FILES;
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name == "target" || name.to_string_lossy().starts_with('.') || left == 0 {
                continue;
            }
            left -= 1;
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && depth < DEPTH {
                open.push((entry.path(), depth + 1));
            } else if metadata.is_file() && !is_product(&entry.path()) {
                newest = newest.max(metadata.modified().ok());
                bytes = bytes.wrapping_add(metadata.len());
            }
        }
    }
    newest.map(|newest| (newest, bytes))
}

/// Whether a file is made by building, so that it does not cause another build.
fn is_product(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tci") || path.ends_with("Cargo.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_count_and_products_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("src/main.c", "1");
        let before = newest(dir.path());
        assert!(before.is_some());
        write("target/x.o", "object");
        write(".git/index", "index");
        write("x.tci", "image");
        assert_eq!(newest(dir.path()), before);
        write("src/main.c", "22");
        assert_ne!(newest(dir.path()), before);
    }
}
