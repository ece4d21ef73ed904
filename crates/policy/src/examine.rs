//! Every check that an image must pass, in order.

use crate::device::Device;
use crate::examiner::{Check, Examiner, Found, Sink};
use crate::rejected::ImageRejected;
use tinycontainer_metadata::{Metadata, Proofs};

/// Makes every check, in order, and passes each outcome to `sink`: format, metadata, priority, limits, sizes,
/// durations, data, code, syscalls, each endpoint. What grants something may be bound to the signer and to the code,
/// so both are proven before.
pub fn examine(metadata: &Metadata<'_>, device: &Device<'_>, sink: &mut Sink<'_>) -> Found {
    let mut found = Found::new(metadata.limits);
    examine_into(metadata, device, &mut found, sink);
    found
}

pub(crate) fn examine_into(
    metadata: &Metadata<'_>,
    device: &Device<'_>,
    found: &mut Found,
    sink: &mut Sink<'_>,
) {
    let Device { audiences, trust, now, ceilings, accept_2024 } = device;
    let mut examiner = Examiner { metadata, audiences, trust, now, ceilings, scope: None, found, sink };
    // Break only means that the sink needs no further outcome.
    let _ = match (&metadata.proofs, accept_2024) {
        (Proofs::Profile1(_), _) => examiner.profile1(),
        (Proofs::Format2024(proofs), Some(policy)) => policy.examine(&mut examiner, proofs),
        (Proofs::Format2024(_), None) => examiner.report(Check::Format, Err(ImageRejected::Year2024)),
    };
}
