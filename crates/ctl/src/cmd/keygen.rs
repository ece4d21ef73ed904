//! `keygen`: a key pair.

use crate::cmd::answer::Answer;
use crate::err;
use crate::input::keys::{self, Secret};
use crate::out;
use crate::text::error::with_help;
use crate::text::style::{NAME, WARN};
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// Make an Ed25519 key pair: NAME.key (private) and NAME.pub.
///
/// NAME.key is PKCS#8 in PEM and readable by its owner only; NAME.pub is SPKI in PEM. openssl reads both.
/// Prints the key's id: the first 8 bytes of its COSE Key Thumbprint (RFC 9679).
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl keygen keys/provider-a\n  \
    openssl pkey -in keys/provider-a.key -noout -text")]
pub(crate) struct Args {
    /// The files, without .key and .pub.
    name: PathBuf,
    /// Overwrite a key that is there. It is lost then.
    #[arg(long)]
    force: bool,
    /// TEST ONLY: derive the key from this text, as anyone else can. NAME must contain TEST.
    #[arg(long, value_name = "TEXT")]
    seed_from_test: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let secret = match &args.seed_from_test {
        None => Secret::random()?,
        Some(text) => {
            if !args.name.file_name().is_some_and(|name| name.to_string_lossy().contains("TEST")) {
                return Err(with_help(
                    "a key from --seed-from-test is not secret, and its name must show that",
                    "put TEST into NAME, or leave --seed-from-test out",
                ));
            }
            err!("{WARN}warning:{WARN:#} a TEST key: anyone can derive it");
            Secret::test(text)
        }
    };
    let (private, public) = (with(&args.name, ".key"), with(&args.name, ".pub"));
    // The private key first: without --force, what is there stops everything.
    put(&private, &secret.to_pem()?, 0o600, args.force)?;
    put(&public, &keys::public_to_pem(secret.public())?, 0o644, args.force)?;
    out!(
        "kid {NAME}{}{NAME:#}  {} (private: keep it), {}",
        keys::show_kid(&secret.kid()),
        private.display(),
        public.display()
    );
    Ok(Answer::Yes)
}

fn with(name: &Path, extension: &str) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(extension);
    name.into()
}

/// Writes a file whole or not at all.
fn put(path: &Path, text: &str, mode: u32, force: bool) -> Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = temporary(dir, mode).with_context(|| format!("cannot write into {}", dir.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    if force {
        file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
        return Ok(());
    }
    file.persist_noclobber(path).map(drop).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => with_help(
            format!("{} is there already", path.display()),
            "choose another name; --force overwrites it, and the old key is lost",
        ),
        _ => anyhow::Error::new(error.error).context(format!("cannot write {}", path.display())),
    })
}

#[cfg(unix)]
fn temporary(dir: &Path, mode: u32) -> std::io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    Builder::new().permissions(std::fs::Permissions::from_mode(mode)).tempfile_in(dir)
}

#[cfg(not(unix))]
fn temporary(dir: &Path, _mode: u32) -> std::io::Result<NamedTempFile> {
    Builder::new().tempfile_in(dir)
}
