//! `build`: from `container.toml` to a signed image.

use crate::build::grants::OtherTokens;
use crate::build::image::{check, signed};
use crate::cmd::answer::Answer;
use crate::err;
use crate::input::files;
use crate::input::keys;
use crate::input::keys::Secret;
use crate::input::recipe::{self, Recipe, TYPE};
use crate::input::time;
use crate::input::tokens::{Common, sign};
use crate::input::trust_file;
use crate::module::check as module;
use crate::module::compile;
use crate::out;
use crate::output::{self, Kind};
use crate::report::built::Built;
use crate::text::document;
use crate::text::error::with_help;
use crate::text::sentences::{calls, list};
use crate::text::style::{GOOD, NAME, WARN, hex, shown};
use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use tinycontainer::MAX_METADATA;
use tinycontainer_abi::Mask;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Draft, Endpoint, Part, PartSizes, Wake};
use tinycontainer_policy::Trust;
use tinycontainer_token::{Claims, Key, Use};

/// Compile a container, sign it and pack it into one file.
///
/// Reads container.toml, compiles what it names (Rust, C, or a module made elsewhere), checks that a device
/// can run the module, signs the metadata with the digests of data and code, and writes one image.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl build containers/sensor --key provider-a.key \
--issuer provider-a --aud kitchen --exp 365days -o sensor.tci")]
pub(crate) struct Args {
    /// container.toml, or the folder it is in.
    container: PathBuf,
    /// The private key to sign with.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The name of the key's owner: that of its anchor in the devices' trust stores.
    #[arg(long, value_name = "NAME")]
    issuer: String,
    /// The device, or the class of devices, it is for.
    #[arg(long, value_name = "NAME")]
    aud: String,
    /// Not valid from then on: a date or a duration from now. A device without a clock refuses it.
    #[arg(long, value_name = "WHEN", value_parser = time::when)]
    exp: Option<time::When>,
    /// Not valid before: a date or a duration from now.
    #[arg(long, value_name = "WHEN", value_parser = time::when)]
    nbf: Option<time::When>,
    /// Where to write the image.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite what is there, even if it is not an image. A private key never is overwritten.
    #[arg(long)]
    force: bool,
    /// Print JSON, for scripts. Warnings are still text, on standard error.
    #[arg(long)]
    json: bool,
    /// Sign the code with another key than the metadata.
    #[arg(long, value_name = "FILE")]
    code_key: Option<PathBuf>,
    /// The name of the owner of --code-key.
    #[arg(long, value_name = "NAME", requires = "code_key")]
    code_issuer: Option<String>,
    /// Where the files of `authorization` and `syscall_grant` are, if not beside container.toml.
    #[arg(long, value_name = "DIR")]
    tokens: Option<PathBuf>,
    /// The trust store of the devices it is for: to be warned if its anchor allows less than the container asks for.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let recipe = Recipe::read(&args.container)?;
    let key = Secret::read(&args.key)?;
    let store = args.trust.as_deref().map(trust_file::load).transpose()?;
    let code_key = args.code_key.as_deref().map(Secret::read).transpose()?;
    let common = Common { aud: &args.aud, exp: args.exp, nbf: args.nbf };
    // Read before compiling, which takes long.
    let others = OtherTokens::read(&recipe, args.tokens.as_deref(), &key)?;
    let inputs = args.inputs(&recipe);
    let inputs: Vec<_> = inputs.iter().map(PathBuf::as_path).collect();
    output::check(&args.output, Kind::Image, args.force, &inputs)?;
    let data = match &recipe.data {
        Some(path) => files::read(&files::beside(&recipe.path, path))?,
        None => Vec::new(),
    };

    let code = compiled(&recipe)?;
    let module = module::check(&code, &recipe.limits)
        .with_context(|| format!("{} cannot run on a device", recipe.uid))?;

    let sizes = sizes(&data, &code)?;
    let code_digest: [u8; 32] = Sha256::digest(&code).into();
    let data_digest: [u8; 32] = Sha256::digest(&data).into();
    others.check_code(&recipe, &code_digest)?;
    let code_token = match &code_key {
        Some(key) => {
            let claims = Claims {
                sub: Some(&recipe.uid),
                digest: Some(&code_digest),
                use_: Some(Use::Code),
                ..Claims::default()
            };
            Some(sign(claims, &common, args.code_issuer.as_deref(), key)?)
        }
        None => None,
    };
    let endpoints = recipe
        .endpoints
        .iter()
        .zip(&others.endpoints)
        .map(|(endpoint, token)| {
            Ok(Endpoint { id: endpoint.id, access: endpoint.access()?, token: token.as_deref() })
        })
        .collect::<Result<Vec<_>>>()?;
    let draft = Draft {
        uid: &recipe.uid,
        kind: TYPE,
        version: recipe.version,
        syscalls: recipe.syscalls,
        syscall_token: others.syscalls.as_deref(),
        limits: recipe.limits,
        schedule: recipe.schedule,
        endpoints: &endpoints,
        vendor_secu: None,
        sizes,
        data: Part::Digest(&data_digest),
        code: code_token.as_deref().map_or(Part::Digest(&code_digest), Part::Token),
    };
    let metadata = signed(&draft, &common, &args.issuer, &key)?;
    if metadata.len() > MAX_METADATA {
        return Err(with_help(
            format!("the metadata has {} bytes; devices accept {MAX_METADATA}", metadata.len()),
            "fewer endpoints with tokens of their own, or shorter names",
        ));
    }
    let mut image = Vec::new();
    Parts { metadata: &metadata, data: &data, code: &code }
        .encode(&mut image)
        .map_err(|error| anyhow!("cannot encode the image: {error}"))?;
    output::write(&args.output, Kind::Image, &image, args.force, &inputs)?;
    check(&args.output, &recipe, &args.issuer, &args.aud, &key)
        .with_context(|| format!("{} was written, and is not what it must be", args.output.display()))?;

    if args.json {
        let signer = (args.aud.as_str(), args.issuer.as_str(), &key);
        let parts = [metadata.as_slice(), &data, &code];
        let built = Built::new(&args.output, &recipe, parts, &image, signer, module.memory);
        document::print("build", &built)?;
    } else {
        print(&recipe, &module, [&metadata, &data, &code], &image, args, &key);
    }
    warn_of_events(&recipe);
    warn_of_durations(&recipe, store.as_deref(), &key);
    Ok(Answer::Yes)
}

impl Args {
    /// The files that the image is made from, as far as they are named.
    fn inputs(&self, recipe: &Recipe) -> Vec<PathBuf> {
        let named = [Some(&self.key), self.code_key.as_ref(), self.trust.as_ref(), Some(&recipe.path)];
        let mut inputs: Vec<_> = named.into_iter().flatten().cloned().collect();
        inputs.extend(recipe.files(self.tokens.as_deref()));
        inputs
    }
}

fn sizes(data: &[u8], code: &[u8]) -> Result<PartSizes> {
    let size = |what, bytes: &[u8]| {
        u32::try_from(bytes.len()).map_err(|_| anyhow!("{} bytes of {what}: at most 2^32 - 1", bytes.len()))
    };
    Ok(PartSizes { data: size("data", data)?, code: size("code", code)? })
}

/// The module, with a spinner while it is compiled.
fn compiled(recipe: &Recipe) -> Result<Vec<u8>> {
    // Draws nothing where there is no terminal.
    let bar = ProgressBar::new_spinner().with_message(format!("compiling {}", recipe.uid));
    bar.enable_steady_tick(Duration::from_millis(100));
    let code = compile::compile(recipe);
    bar.finish_and_clear();
    code
}

fn print(
    recipe: &Recipe,
    module: &module::Module,
    [metadata, data, code]: [&Vec<u8>; 3],
    image: &[u8],
    args: &Args,
    key: &Secret,
) {
    out!(
        "{GOOD}{}{GOOD:#}: {NAME}{}{NAME:#} version {}, {} bytes = metadata {} + data {} + code {} + {}",
        args.output.display(),
        recipe.uid,
        recipe.version,
        image.len(),
        metadata.len(),
        data.len(),
        code.len(),
        image.len() - metadata.len() - data.len() - code.len(),
    );
    out!(
        "  for {}, signed by {} (kid {}); SHA-256 of the code {}",
        shown(&args.aud),
        shown(&args.issuer),
        keys::show_kid(&key.kid()),
        hex(&Sha256::digest(code))
    );
    out!(
        "  linear memory: {} of {} bytes{}",
        module.memory,
        recipe.limits.linear_memory,
        module.whole_pages.map(|why| format!(" (whole pages: {why})")).unwrap_or_default()
    );
    let unasked = Mask(module.imports.0 & !recipe.syscalls.0);
    if unasked != Mask::NONE {
        err!(
            "{WARN}warning:{WARN:#} the code calls {}, which `syscalls` does not ask for: each call will be refused",
            calls(unasked)
        );
    }
}

/// Warns if a container waits for what cannot come.
fn warn_of_events(recipe: &Recipe) {
    if recipe.schedule.wake == Wake::Message && !recipe.endpoints.iter().any(recipe::Endpoint::can_wake) {
        err!(
            "{WARN}warning:{WARN:#} [schedule] wake = \"message\", but no endpoint has something to wait for (direction in \
             or both, not the bus data): loop() will never run"
        );
    }
}

/// Warns if a hook may take longer than the signer's trust anchor allows, or the default if no anchor is known.
fn warn_of_durations(recipe: &Recipe, store: Option<&[u8]>, key: &Secret) {
    let anchor = store.and_then(|store| {
        let public = key.public();
        let mut anchors = Trust::decode(store).ok()?.anchors();
        anchors.find(|anchor| anchor.key == Key::Ed25519(&public))
    });
    let device = tinycontainer_posix::Config::default().ceilings.hook_ms;
    let (limit, whose) = match anchor {
        Some(anchor) if anchor.scope.hook_ms <= device => {
            (anchor.scope.hook_ms, format!("the trust anchor {} allows", list(&[anchor.name])))
        }
        Some(_) => (device, "a host allows unless it is set up otherwise".into()),
        None => (
            trust_file::DEFAULT_HOOK_MS,
            "a trust anchor allows whose `hook_ms` does not say more (--trust FILE: that of the devices)"
                .into(),
        ),
    };
    let s = &recipe.schedule;
    for (name, ms) in [("start_ms", s.start_ms), ("loop_ms", s.loop_ms), ("stop_ms", s.stop_ms)] {
        if ms > limit {
            err!("{WARN}warning:{WARN:#} [schedule] {name} = {ms} is more than the {limit} ms that {whose}");
        }
    }
}
