//! `grant`: a third party's token for somebody else's container.

use crate::error::trouble;
use crate::keys::Secret;
use crate::style::{GOOD, NAME, shown};
use crate::tokens::{Common, sign};
use crate::{Answer, device, files, keys, out, peer, time, trust_file};
use anyhow::{Result, anyhow};
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;
use tinycontainer_abi::{Direction, Mask};
use tinycontainer_metadata::{Access, is_uid};
use tinycontainer_token::{Claims, Use};

/// Grant somebody else's container an endpoint or syscalls.
///
/// Makes a token that the container's author puts into the image (container.toml: `authorization` of an
/// endpoint, `syscall_grant`). It holds on devices whose trust store lets the key's owner grant that.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  tinycontainerctl grant endpoint --key owner.key --issuer device-owner \
--container actuator --aud kitchen --peer gpio:17 --direction out --exp 365days -o gpio.token\n  \
tinycontainerctl grant syscalls --key manager.key --issuer manager --container actuator --aud kitchen \
--syscalls heartbeat -o heartbeat.token")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Authorise one endpoint.
    #[command(
        after_help = "Example:\n  tinycontainerctl grant endpoint --key owner.key --issuer device-owner \
--container actuator --aud kitchen --peer gpio:17 --direction out -o gpio.token"
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
--container actuator --aud kitchen --syscalls heartbeat,logger -o syscalls.token")]
    Syscalls {
        #[command(flatten)]
        common: CommonArgs,
        /// Which: heartbeat, open, close, read, write, logger; or *.
        #[arg(long, value_delimiter = ',', required = true)]
        syscalls: Vec<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DirectionArg {
    In,
    Out,
    Both,
}

impl From<DirectionArg> for Direction {
    fn from(direction: DirectionArg) -> Self {
        match direction {
            DirectionArg::In => Self::In,
            DirectionArg::Out => Self::Out,
            DirectionArg::Both => Self::Both,
        }
    }
}

#[derive(clap::Args)]
struct CommonArgs {
    /// The private key to sign with.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Whose key it is: the name of its anchor in the devices' trust stores.
    #[arg(long, value_name = "NAME")]
    issuer: String,
    /// The container it is for.
    #[arg(long, value_name = "UID")]
    container: String,
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
            write(common, claims, &device::calls(mask))
        }
    }
}

fn write(args: &CommonArgs, claims: Claims<'_>, what: &str) -> Result<Answer> {
    if !is_uid(args.container.as_bytes()) {
        return Err(trouble(
            format!("--container {}: no container can have that name", args.container),
            "a uid is 1 to 64 of A-Z a-z 0-9 . _ -",
        ));
    }
    let key = Secret::read(&args.key)?;
    let common = Common { aud: &args.aud, exp: args.exp, nbf: args.nbf };
    let claims = Claims { sub: Some(&args.container), ..claims };
    let token = sign(claims, &common, Some(&args.issuer), &key)?;
    files::write(&args.output, &token)?;
    out!(
        "{GOOD}{}{GOOD:#}: {NAME}{}{NAME:#} may use {what} on {}, says {} (kid {}); {} bytes",
        args.output.display(),
        args.container,
        shown(&args.aud),
        shown(&args.issuer),
        keys::show_kid(&key.kid()),
        token.len()
    );
    Ok(Answer::Yes)
}
