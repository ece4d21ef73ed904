//! The decision over an image: accepted only if every check holds.

use crate::MAX_ENDPOINTS;
use crate::device::Device;
use crate::examine::examine_into;
use crate::examiner::Found;
use crate::rejected::ImageRejected;
use crate::reliance::Reliance;
use core::ops::ControlFlow;
use tinycontainer_abi::Mask;
use tinycontainer_firewall::{Grant, Issuer, Right};
use tinycontainer_metadata::{Endpoint, Limits, Metadata, PartSizes, Schedule};

/// The authority to grant, which only this module has.
// SAFETY: what it grants is what the tokens verified below allow.
#[expect(unsafe_code, reason = "the firewall's authority to grant")]
const ISSUER: Issuer = unsafe { Issuer::new() };

/// An image whose metadata is accepted. Data and code must still match their digests.
///
/// Only [`clear`] and [`clear_into`] make one.
#[derive(Debug, Clone)]
pub struct Cleared<'m> {
    metadata: Metadata<'m>,
    found: Found,
}

/// A digest that no known bytes have.
const NO_DIGEST: [u8; 32] = [0; 32];

impl<'m> Cleared<'m> {
    /// Identifies the signer: the first 8 bytes, big-endian, of the COSE Key Thumbprint (RFC 9679) of the key that the
    /// metadata is signed with. For the 2024 format that is the key of the policy that accepts it.
    pub fn signer(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.found.signer.unwrap_or(NO_DIGEST);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// The metadata.
    pub fn metadata(&self) -> &Metadata<'m> {
        &self.metadata
    }

    /// The memory that the container gets.
    pub fn limits(&self) -> Limits {
        self.found.limits
    }

    /// The sizes that data and code must have. `None` for the 2024 format, which does not have them.
    pub fn sizes(&self) -> Option<PartSizes> {
        self.metadata.sizes
    }

    /// What the decision relies on, to check later whether it still holds.
    pub fn reliance(&self) -> &Reliance {
        &self.found.reliance
    }

    /// When the container runs, and how long.
    pub fn schedule(&self) -> Schedule {
        self.metadata.schedule
    }

    // Both digests exist: without them no image is cleared.

    /// SHA-256 that the data must have.
    pub fn data_digest(&self) -> &[u8; 32] {
        self.found.data.as_ref().unwrap_or(&NO_DIGEST)
    }

    /// SHA-256 that the code must have.
    pub fn code_digest(&self) -> &[u8; 32] {
        self.found.code.as_ref().unwrap_or(&NO_DIGEST)
    }

    /// What the firewall allows the container.
    pub fn grant(&self) -> Grant<MAX_ENDPOINTS> {
        let mut grant = Grant::issue(&ISSUER, self.found.mask.unwrap_or(Mask::NONE));
        for Endpoint { id, access, .. } in self.metadata.endpoints.iter() {
            // The number was checked, so all fit. An endpoint that did not fit would not be granted.
            let _ = grant.allow(&ISSUER, Right { endpoint: id, direction: access.direction });
        }
        grant
    }
}

/// The memory that [`clear_into`] decodes and decides in: 400 bytes on a Cortex-M4. What it holds is accessible
/// only through the reference that [`clear_into`] returns.
#[derive(Debug, Default)]
pub struct Workspace<'m>(Option<Cleared<'m>>);

/// Decides whether an image's metadata is accepted. See [`clear_into`], which needs less stack.
///
/// # Errors
/// The first reason why not.
pub fn clear<'m>(bytes: &'m [u8], device: &Device<'_>) -> Result<Cleared<'m>, ImageRejected> {
    let mut cleared = decode(bytes, device)?;
    decide(&mut cleared, device)?;
    Ok(cleared)
}

/// Decides whether an image's metadata is accepted, in memory of the caller.
///
/// # Errors
/// The first reason why not.
// All that must be kept while a signature is checked is in the workspace. Decoding and deciding are functions that are
// not inlined, so that their stack is free again.
#[inline(never)]
pub fn clear_into<'w, 'm>(
    bytes: &'m [u8],
    device: &Device<'_>,
    workspace: &'w mut Workspace<'m>,
) -> Result<&'w Cleared<'m>, ImageRejected> {
    let cleared = decode_into(bytes, device, workspace)?;
    decide(cleared, device)?;
    Ok(cleared)
}

#[inline(never)]
fn decode_into<'w, 'm>(
    bytes: &'m [u8],
    device: &Device<'_>,
    workspace: &'w mut Workspace<'m>,
) -> Result<&'w mut Cleared<'m>, ImageRejected> {
    Ok(workspace.0.insert(decode(bytes, device)?))
}

fn decode<'m>(bytes: &'m [u8], device: &Device<'_>) -> Result<Cleared<'m>, ImageRejected> {
    let decoded = match device.accept_2024 {
        Some(policy) => policy.decode(bytes),
        None if Metadata::is_2024(bytes) => return Err(ImageRejected::Year2024),
        None => Metadata::decode_profile1(bytes),
    };
    let metadata = decoded.map_err(ImageRejected::Malformed)?;
    Ok(Cleared { found: Found::new(metadata.limits), metadata })
}

#[inline(never)]
fn decide(cleared: &mut Cleared<'_>, device: &Device<'_>) -> Result<(), ImageRejected> {
    let mut refused = None;
    examine_into(&cleared.metadata, device, &mut cleared.found, &mut |_, outcome| match outcome {
        Ok(_) => ControlFlow::Continue(()),
        Err(why) => {
            refused = Some(why);
            ControlFlow::Break(())
        }
    });
    refused.map_or_else(|| cleared.found.complete(), Err)
}
