//! `grant`: a token for another party's container.

use crate::cmd::answer::Answer;
use crate::cmd::values::DirectionArg;
use crate::config::{Name, Settings, all_set};
use crate::input::files;
use crate::input::keys;
use crate::input::keys::Secret;
use crate::input::peer;
use crate::input::time;
use crate::input::tokens::{Common, sign};
use crate::input::trust_file;
use crate::module::lower::lower;
use crate::out;
use crate::output::{self, Kind};
use crate::report::granted::Granted;
use crate::text::document;
use crate::text::error::with_help;
use crate::text::sentences::calls;
use crate::text::style::{GOOD, NAME, hex, shown, unhex};
use anyhow::{Result, anyhow};
use clap::Subcommand;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tinycontainer_abi::{Direction, Mask};
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Access, is_uid};
use tinycontainer_policy::Trust;
use tinycontainer_token::{Claims, Key, Use, thumbprint};

/// Grant another party's container an endpoint or syscalls.
///
/// Makes a token that the container's author puts into the image (container.toml: `authorization` of an
/// endpoint, `syscall_grant`). It holds on devices whose trust store lets the key's owner grant that, and only in
/// images that --for-signer has signed, or with the code of --for-code: without that, others could use it for theirs.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  tinycontainerctl grant endpoint --key owner.key --issuer device-owner \
--container actuator --for-signer provider-b.pub --aud kitchen --peer gpio:17 --direction out --exp 365days \
-o gpio.token\n  tinycontainerctl grant syscalls --key manager.key --issuer manager --container actuator \
--for-code actuator.tci --aud kitchen --syscalls heartbeat -o heartbeat.token")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Authorise one endpoint.
    #[command(
        after_help = "Example:\n  tinycontainerctl grant endpoint --key owner.key --issuer device-owner \
--container actuator --for-signer provider-b.pub --aud kitchen --peer gpio:17 --direction out -o gpio.token"
    )]
    Endpoint {
        #[command(flatten)]
        common: CommonArgs,
        /// What it may reach: gpio:17, container:processor:2, coap://host:5683.
        #[arg(long)]
        peer: String,
        /// Which way, as the container sees it: it reads from in, writes to out.
        #[arg(long)]
        direction: DirectionArg,
    },
    /// Grant syscalls.
    #[command(after_help = "Example:\n  tinycontainerctl grant syscalls --key manager.key --issuer manager \
--container actuator --for-signer provider-b.pub --aud kitchen --syscalls heartbeat,logger -o syscalls.token")]
    Syscalls {
        #[command(flatten)]
        common: CommonArgs,
        /// Which: heartbeat, open, close, read, write, logger; or *.
        #[arg(long, value_delimiter = ',', required = true)]
        syscalls: Vec<String>,
    },
}

#[derive(clap::Args)]
struct CommonArgs {
    /// The private key to sign with. Default: that of tinycontainer.toml.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The name of the key's owner: that of its anchor in the devices' trust stores. Default: that of tinycontainer.toml.
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// The container it is for.
    #[arg(long, value_name = "UID")]
    container: String,
    /// Whose images it is for: the public key that signs their metadata, its COSE Key Thumbprint (RFC 9679, SHA-256) in
    /// 64 hex digits, or the name of an anchor in --trust.
    #[arg(long, value_name = "FILE.pub|HEX|ANCHOR")]
    for_signer: Option<String>,
    /// The only code that it is for: a module, an image with it, or its SHA-256 in 64 hex digits.
    #[arg(long, value_name = "FILE.wasm|IMAGE.tci|HEX")]
    for_code: Option<String>,
    /// The trust store that has the anchor of --for-signer.
    #[arg(long, value_name = "FILE", requires = "for_signer")]
    trust: Option<PathBuf>,
    /// The device, or the class of devices, it is for.
    #[arg(long, value_name = "NAME")]
    aud: String,
    /// Not valid from then on: a date or a duration from now. A device without a clock refuses it.
    #[arg(long, value_name = "WHEN", value_parser = time::when)]
    exp: Option<time::When>,
    /// Not valid before: a date or a duration from now.
    #[arg(long, value_name = "WHEN", value_parser = time::when)]
    nbf: Option<time::When>,
    /// Where to write the token.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite what is there, even if it is not a token. A private key never is overwritten.
    #[arg(long)]
    force: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    match &args.what {
        What::Endpoint { common, peer, direction } => {
            let peer = peer::peer(peer).map_err(|error| anyhow!("--peer: {error}"))?;
            let access = Access { peer, direction: Direction::from(*direction) };
            let mut bytes = Vec::new();
            access
                .encode(&mut minicbor::Encoder::new(&mut bytes))
                .map_err(|error| anyhow!("cannot encode the access: {error}"))?;
            let claims = Claims { access: Some(&bytes), use_: Some(Use::Endpoint), ..Claims::default() };
            write(common, claims, &access.to_string())
        }
        What::Syscalls { common, syscalls } => {
            let mask = trust_file::mask(syscalls).map_err(|error| anyhow!("--syscalls: {error}"))?;
            if mask == Mask::NONE {
                return Err(anyhow!("--syscalls: name at least one"));
            }
            let claims = Claims { syscalls: Some(mask.0), use_: Some(Use::Syscalls), ..Claims::default() };
            write(common, claims, &calls(mask))
        }
    }
}

fn write(args: &CommonArgs, claims: Claims<'_>, what: &str) -> Result<Answer> {
    if !is_uid(args.container.as_bytes()) {
        return Err(with_help(
            format!("--container {}: no container can have that name", args.container),
            "a uid is 1 to 64 of A-Z a-z 0-9 . _ -",
        ));
    }
    let settings = Settings::here()?;
    let key_file = args.key.clone().or_else(|| settings.path(Name::Key));
    let issuer = args.issuer.clone().or_else(|| settings.text(Name::Issuer));
    all_set(&[
        (Name::Key, "the private key to sign with", key_file.is_some()),
        (Name::Issuer, "the name of its owner", issuer.is_some()),
    ])?;
    let (key_file, issuer) = (key_file.unwrap_or_default(), issuer.unwrap_or_default());
    let key = Secret::read(&key_file)?;
    let common = Common { aud: &args.aud, exp: args.exp, nbf: args.nbf };
    let signer =
        args.for_signer.as_deref().map(|text| for_signer(text, args.trust.as_deref())).transpose()?;
    let code = args.for_code.as_deref().map(for_code).transpose()?;
    if signer.is_none() && code.is_none() {
        return Err(with_help(
            "which image is it for? Without that, any party that may sign a container of that name could use it",
            "give --for-signer with the public key that signs the image, or --for-code with its code, or both",
        ));
    }
    let claims =
        Claims { sub: Some(&args.container), signer: signer.as_ref(), code: code.as_ref(), ..claims };
    let token = sign(claims, &common, Some(&issuer), &key)?;
    let named = [&args.for_signer, &args.for_code].into_iter().flatten().map(Path::new);
    let inputs: Vec<_> = named.chain([key_file.as_path()]).chain(args.trust.as_deref()).collect();
    output::write(&args.output, Kind::Token, &token, args.force, &inputs)?;
    if args.json {
        document::print("grant", &Granted::new(&args.output, &token, &key))?;
        return Ok(Answer::Yes);
    }
    out!(
        "{GOOD}{}{GOOD:#}: {NAME}{}{NAME:#} may use {what} on {}, says {} (kid {}); {} bytes",
        args.output.display(),
        args.container,
        shown(&args.aud),
        shown(&issuer),
        keys::show_kid(&key.kid()),
        token.len()
    );
    if let Some(signer) = &signer {
        out!("  only in images signed by the key with the thumbprint {}", hex(signer));
    }
    if let Some(code) = &code {
        out!("  only with the code whose SHA-256 is {}", hex(code));
    }
    Ok(Answer::Yes)
}

/// The thumbprint of the key that --for-signer names.
fn for_signer(text: &str, trust: Option<&Path>) -> Result<[u8; 32]> {
    if let Some(thumbprint) = unhex(text).and_then(|bytes| bytes.try_into().ok()) {
        return Ok(thumbprint);
    }
    if let Some(path) = trust {
        let store = trust_file::load(path)?;
        let mut anchors = Trust::decode(&store).unwrap_or(Trust::NONE).anchors();
        return anchors.find(|anchor| anchor.name == text).map(|anchor| thumbprint(anchor.key)).ok_or_else(
            || {
                with_help(
                    format!("--for-signer {text}: there is no anchor of that name in {}", path.display()),
                    "`tinycontainerctl trust` lists them",
                )
            },
        );
    }
    let path = Path::new(text);
    if !path.exists() {
        return Err(with_help(
            format!("--for-signer {text}: neither a file with a public key nor 64 hex digits"),
            "to name a trust anchor, give the trust store, too: --trust trust.toml",
        ));
    }
    Ok(thumbprint(Key::Ed25519(&keys::read_public(path)?)))
}

/// The SHA-256 of the code that --for-code names.
fn for_code(text: &str) -> Result<[u8; 32]> {
    if let Some(digest) = unhex(text).and_then(|bytes| bytes.try_into().ok()) {
        return Ok(digest);
    }
    let bytes = files::read(Path::new(text))?;
    match Parts::decode(&bytes) {
        Ok(parts) => Ok(Sha256::digest(parts.code).into()),
        // What `build` puts into an image.
        Err(_) if bytes.starts_with(b"\0asm") => Ok(Sha256::digest(lower(bytes)).into()),
        Err(_) => Err(with_help(
            format!("--for-code {text}: neither a WebAssembly module nor an image"),
            "a module is what the compiler writes, an image what `tinycontainerctl build` writes",
        )),
    }
}
