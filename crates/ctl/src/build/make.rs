//! From an order to an image in memory.

use crate::build::grants::OtherTokens;
use crate::build::image::{check, signed};
use crate::build::limits::{Settled, settle};
use crate::build::order::Order;
use crate::build::warnings;
use crate::device::decide::decide;
use crate::input::files;
use crate::input::recipe::TYPE;
use crate::input::tokens::{Common, sign};
use crate::input::trust_file;
use crate::module::check as module;
use crate::module::compile;
use crate::refusal::Refusal;
use crate::refusal::image::refusal;
use crate::text::error::with_help;
use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use tinycontainer::MAX_METADATA;
use tinycontainer_abi::Mask;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Draft, Endpoint, Limits, Part, PartSizes};
use tinycontainer_token::{Claims, Use};

/// An image, and what is known about it.
pub(crate) struct Made {
    pub(crate) image: Vec<u8>,
    pub(crate) sizes: [usize; 3],
    pub(crate) code_digest: [u8; 32],
    pub(crate) module: module::Module,
    pub(crate) settled: Settled,
    pub(crate) syscalls: Mask,
    pub(crate) warnings: Vec<String>,
    /// The device that has accepted it, if one is known.
    pub(crate) accepted_by: Option<String>,
}

/// Compiles, checks, measures and signs. Writes nothing.
pub(crate) fn make(order: &Order) -> Result<Made> {
    let recipe = &order.recipe;
    let common = Common { aud: &order.aud, exp: order.exp, nbf: order.nbf };
    // Read before compiling, which takes long.
    let others = OtherTokens::read(recipe, order.tokens.as_deref(), &order.key)?;
    order.check_output()?;
    let store = order.trust.as_deref().map(trust_file::load).transpose()?;
    let device = order.device.as_ref().map(|device| device.read_given()).transpose()?;
    let data = match &recipe.data {
        Some(path) => files::read(&files::beside(&recipe.path, path))?,
        None => Vec::new(),
    };

    let code = compile::compile(recipe)?;
    // What is not asked for is measured below.
    let linear_memory = recipe.limits.linear_memory.unwrap_or(u32::MAX);
    let module = module::check(&code, &Limits { linear_memory, stack: 0, heap: 0 })
        .with_context(|| format!("{} cannot run on a device", recipe.uid))?;
    let settled = settle(recipe.limits, module.memory, &code)
        .with_context(|| format!("{} cannot run on a device", recipe.uid))?;
    let syscalls = recipe.syscalls.unwrap_or(module.imports);

    let code_digest: [u8; 32] = Sha256::digest(&code).into();
    let data_digest: [u8; 32] = Sha256::digest(&data).into();
    others.check_code(recipe, &code_digest)?;
    let code_token = match &order.code_key {
        Some(key) => {
            let claims = Claims {
                sub: Some(&recipe.uid),
                digest: Some(&code_digest),
                use_: Some(Use::Code),
                ..Claims::default()
            };
            Some(sign(claims, &common, order.code_issuer.as_deref(), key)?)
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
        syscalls,
        syscall_token: others.syscalls.as_deref(),
        limits: settled.limits,
        schedule: recipe.schedule,
        endpoints: &endpoints,
        vendor_secu: None,
        sizes: sizes(&data, &code)?,
        data: Part::Digest(&data_digest),
        code: code_token.as_deref().map_or(Part::Digest(&code_digest), Part::Token),
    };
    let metadata = signed(&draft, &common, &order.issuer, &order.key)?;
    if metadata.len() > MAX_METADATA {
        return Err(with_help(
            format!("the metadata has {} bytes; devices accept {MAX_METADATA}", metadata.len()),
            "fewer endpoints with tokens of their own, or shorter names",
        ));
    }
    let parts = Parts { metadata: &metadata, data: &data, code: &code };
    let mut image = Vec::new();
    parts.encode(&mut image).map_err(|error| anyhow!("cannot encode the image: {error}"))?;
    check(&image, recipe, &order.issuer, &order.aud, &order.key)
        .context("the image was encoded, and is not what it must be")?;
    let mut accepted_by = None;
    if let Some(spec) = device {
        let names = spec.audiences();
        let device = spec.device(&names);
        decide(&parts, device).map_err(|error| {
            let Refusal { why, help } = refusal(&error, &metadata, Some(&parts), &device);
            with_help(format!("{} would refuse it: {why}", names.join(", ")), help)
        })?;
        accepted_by = Some(names.join(", "));
    }
    let mut warnings = settled.warnings();
    warnings.extend(order.unchecked.clone());
    warnings.extend(module.above_ceiling.clone());
    warnings.extend(warnings::all(recipe, store.as_deref(), &order.key, syscalls, module.imports));
    let sizes = [&metadata, &data, &code].map(Vec::len);
    Ok(Made { image, sizes, code_digest, module, settled, syscalls, warnings, accepted_by })
}

fn sizes(data: &[u8], code: &[u8]) -> Result<PartSizes> {
    let size = |what, bytes: &[u8]| {
        u32::try_from(bytes.len()).map_err(|_| anyhow!("{} bytes of {what}: at most 2^32 - 1", bytes.len()))
    };
    Ok(PartSizes { data: size("data", data)?, code: size("code", code)? })
}
