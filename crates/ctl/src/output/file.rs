//! What may be overwritten; a temporary file that is renamed to its target.

use crate::output::kind::{Kind, is_private_key};
use crate::text::error::with_help;
use anyhow::{Context, Result};
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// How much of an existing file is looked at, in bytes: as much as the longest key file has.
const HEAD: u64 = 16 << 10;

/// Fails if the file may not be written: it is one of the inputs, a private key, or something else than an earlier output
/// of that kind. `force` allows the last only.
pub(crate) fn check(path: &Path, kind: Kind, force: bool, inputs: &[&Path]) -> Result<()> {
    target(path, kind, force, inputs).map(drop)
}

/// Writes a file whole or not at all. Folders on the way are made. What [`check`] refuses is not written; a file that has
/// these bytes already is left as it is.
pub(crate) fn write(path: &Path, kind: Kind, bytes: &[u8], force: bool, inputs: &[&Path]) -> Result<()> {
    let name = path.display();
    let cannot = || format!("cannot write {name}");
    if same_as_input(path, inputs).is_none() && has(path, bytes) {
        return Ok(());
    }
    match target(path, kind, force, inputs)? {
        Target::Stream => File::options()
            .write(true)
            .open(path)
            .and_then(|mut stream| stream.write_all(bytes))
            .with_context(cannot),
        Target::New => {
            let folder = folder(path);
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            let temporary = filled(folder, kind, bytes).with_context(cannot)?;
            temporary.persist_noclobber(path).map_err(|error| match error.error.kind() {
                ErrorKind::AlreadyExists => with_help(
                    format!("{name} was made by another program meanwhile: it is left as it is"),
                    "look at it, and try again",
                ),
                _ => anyhow::Error::new(error.error).context(cannot()),
            })?;
            settle(folder);
            Ok(())
        }
        Target::Old { path, metadata } => {
            let folder = folder(&path);
            let temporary = filled(folder, kind, bytes).with_context(cannot)?;
            // Who could read the old one can read the new one, and no other.
            temporary.as_file().set_permissions(metadata.permissions()).with_context(cannot)?;
            temporary.persist(&path).map_err(|error| error.error).with_context(cannot)?;
            settle(folder);
            Ok(())
        }
    }
}

/// What there is where a file is to be written.
enum Target {
    /// Nothing.
    New,
    /// A file that may be replaced: where links lead to.
    Old { path: PathBuf, metadata: Metadata },
    /// A pipe or a terminal, in which nothing can be lost.
    Stream,
}

fn target(path: &Path, kind: Kind, force: bool, inputs: &[&Path]) -> Result<Target> {
    let name = path.display();
    if path == Path::new("-") {
        return Err(with_help("`-` is not a file: nothing was written", "name a file"));
    }
    if path.file_name().is_none() {
        return Err(with_help(format!("`{name}` is not the name of a file"), "name a file"));
    }
    if let Some(input) = same_as_input(path, inputs) {
        return Err(with_help(
            format!("{name} is a file that this command reads ({}): it is not overwritten", input.display()),
            "choose another name; --force does not change this",
        ));
    }
    // A link that leads to nothing is there, too.
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(Target::New);
    }
    let metadata = fs::metadata(path).with_context(|| format!("cannot look at {name}"))?;
    if metadata.is_dir() {
        return Err(with_help(format!("{name} is a folder"), "name a file in it"));
    }
    if !metadata.is_file() {
        return if is_stream(&metadata) {
            Ok(Target::Stream)
        } else {
            Err(with_help(format!("{name} is a device with blocks, not a file"), "name a file"))
        };
    }
    let head = head(path).with_context(|| {
        format!("{name} is there already and cannot be read, so it may be anything: it is left as it is")
    })?;
    if is_private_key(&head) || path.extension().is_some_and(|extension| extension == "key") {
        return Err(with_help(
            format!("{name} is there already, and is a private key: none is ever overwritten"),
            "choose another name, or move the file away yourself; --force does not change this",
        ));
    }
    if !force && !kind.replaces(&head) {
        let help = "choose another name, or overwrite it with --force: what is in it is lost then";
        return Err(match kind {
            Kind::PublicKey => with_help(format!("{name} is there already"), help),
            _ => with_help(format!("{name} is there already and is not {}", kind.name()), help),
        });
    }
    if !force && metadata.permissions().readonly() {
        return Err(with_help(
            format!("{name} is there already, and is protected from writing"),
            "choose another name, or overwrite it with --force",
        ));
    }
    let path = fs::canonicalize(path).with_context(|| format!("cannot follow {name}"))?;
    Ok(Target::Old { path, metadata })
}

/// The input that is the same file, by whatever path.
fn same_as_input<'a>(path: &Path, inputs: &[&'a Path]) -> Option<&'a Path> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let output = real(path)?;
    inputs.iter().copied().find(|input| real(input).is_some_and(|input| input == output))
}

/// Whether a file has exactly these bytes.
pub(crate) fn has(path: &Path, bytes: &[u8]) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes.len() as u64)
        && fs::read(path).is_ok_and(|old| old == bytes)
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file in that folder with these bytes, which are on the disk.
fn filled(folder: &Path, kind: Kind, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let mut file = temporary(folder, kind).map_err(|error| {
        // Without the name of the temporary file, which says nothing to a person.
        std::io::Error::new(
            error.kind(),
            format!("the folder {} cannot be written to: {}", folder.display(), error.kind()),
        )
    })?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a rename permanent. Not every file system can, and the file is whole in any case.
fn settle(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(unix)]
fn temporary(folder: &Path, kind: Kind) -> std::io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    // The umask takes its share of the second.
    let mode = if kind == Kind::PrivateKey { 0o600 } else { 0o666 };
    Builder::new().permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn temporary(folder: &Path, _kind: Kind) -> std::io::Result<NamedTempFile> {
    Builder::new().tempfile_in(folder)
}

#[cfg(unix)]
fn is_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    !metadata.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_stream(_: &Metadata) -> bool {
    true
}
