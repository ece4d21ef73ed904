//! `keygen`: a key pair.

use crate::cmd::answer::Answer;
use crate::err;
use crate::input::keys::{self, Secret};
use crate::out;
use crate::output::{self, Kind};
use crate::text::document;
use crate::text::error::with_help;
use crate::text::style::{NAME, WARN, hex};
use anyhow::Result;
use serde::Serialize;
use std::path::{Path, PathBuf};
use tinycontainer_token::{Key, thumbprint};

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
    /// Overwrite a NAME.pub that is there. A private key never is overwritten.
    #[arg(long)]
    force: bool,
    /// TEST ONLY: derive the key from this text, as anyone else can. NAME must contain TEST.
    #[arg(long, value_name = "TEXT")]
    seed_from_test: Option<String>,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Made {
    private_key_file: String,
    public_key_file: String,
    kid: String,
    /// The whole COSE Key Thumbprint.
    thumbprint: String,
    /// Whether anyone can derive it.
    test: bool,
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
    let (secret_pem, public_pem) = (secret.to_pem()?, keys::public_to_pem(secret.public())?);
    let files = [
        (&private, Kind::PrivateKey, secret_pem.as_bytes()),
        (&public, Kind::PublicKey, public_pem.as_bytes()),
    ];
    // What is in the way is found before the first is written. A TEST key that is made again is not in the way.
    for (path, kind, bytes) in files {
        if !output::has(path, bytes) {
            output::check(path, kind, args.force, &[])?;
        }
    }
    for (path, kind, bytes) in files {
        output::write(path, kind, bytes, args.force, &[])?;
    }
    if args.json {
        let made = Made {
            private_key_file: private.display().to_string(),
            public_key_file: public.display().to_string(),
            kid: keys::show_kid(&secret.kid()),
            thumbprint: hex(&thumbprint(Key::Ed25519(&secret.public()))),
            test: args.seed_from_test.is_some(),
        };
        document::print("keygen", &made)?;
        return Ok(Answer::Yes);
    }
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
