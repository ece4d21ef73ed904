//! What every examination of an image shares, whatever its format: the outcomes, what has been proven so far, and the
//! checks that need no token.

use crate::MAX_ENDPOINTS;
use crate::ceilings::Ceilings;
use crate::rejected::{Hook, ImageRejected, Subject, Whose};
use crate::reliance::Reliance;
use crate::trust::{Scope, Trust};
use core::ops::ControlFlow;
use tinycontainer_abi::Mask;
use tinycontainer_metadata::{Limits, Metadata, PartSizes, Schedule};

/// One check of an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Whether the device accepts the format.
    Format,
    /// A token: valid, over the right bytes, of a signer who may sign them.
    Proof(Subject),
    /// The priority class.
    Priority,
    /// The memory limits.
    Limits,
    /// The sizes of the whole image's parts.
    Sizes,
    /// The longest durations of the hooks.
    Durations,
}

/// The outcome of a check that an image passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds<'a> {
    /// Passed, without more to report.
    Plain,
    /// Proven by a token of the anchor with that name.
    By(&'a str),
    /// Covered by the metadata token, and in the scope of its signer.
    BySigner,
}

/// What has been proven so far.
#[derive(Debug, Clone)]
pub struct Found {
    pub(crate) mask: Option<Mask>,
    pub(crate) data: Option<[u8; 32]>,
    pub(crate) code: Option<[u8; 32]>,
    pub(crate) limits: Limits,
    /// The thumbprint of the key that the metadata is signed with.
    pub(crate) signer: Option<[u8; 32]>,
    pub(crate) reliance: Reliance,
}

impl Found {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { mask: None, data: None, code: None, limits, signer: None, reliance: Reliance::NONE }
    }

    /// Whether everything is proven that an image must prove, whatever was reported.
    pub(crate) fn complete(&self) -> Result<(), ImageRejected> {
        let missing = match self {
            Self { signer: None, .. } => Subject::Metadata,
            Self { data: None, .. } => Subject::Data,
            Self { code: None, .. } => Subject::Code,
            Self { mask: None, .. } => Subject::Syscalls,
            Self { signer: Some(_), data: Some(_), code: Some(_), mask: Some(_), .. } => return Ok(()),
        };
        Err(ImageRejected::Unproven(missing))
    }

    /// The digest that the data must have, if a proof for it holds.
    pub fn data_digest(&self) -> Option<&[u8; 32]> {
        self.data.as_ref()
    }

    /// The digest that the code must have, if a proof for it holds.
    pub fn code_digest(&self) -> Option<&[u8; 32]> {
        self.code.as_ref()
    }
}

/// Takes each check's outcome; `Break` ends the examination.
pub type Sink<'s> = dyn FnMut(Check, Result<Holds<'_>, ImageRejected>) -> ControlFlow<()> + 's;

/// An examination that is under way.
pub struct Examiner<'e, 'm, 's> {
    pub(crate) metadata: &'e Metadata<'m>,
    // Not the whole device: that includes the policy for an older format, which examines with this.
    pub(crate) audiences: &'e [&'e str],
    pub(crate) trust: &'e Trust<'e>,
    pub(crate) now: &'e Option<u64>,
    pub(crate) ceilings: &'e Ceilings,
    /// The scope of the metadata's signer, once the metadata token is verified. Without it, nothing is in scope.
    pub(crate) scope: Option<Scope<'e>>,
    pub(crate) found: &'e mut Found,
    pub(crate) sink: &'e mut Sink<'s>,
}

impl Examiner<'_, '_, '_> {
    /// Checks what the metadata requests without a token: priority, memory, sizes, durations.
    #[inline(never)]
    pub(crate) fn settings(&mut self, whose: Whose) -> ControlFlow<()> {
        let Schedule { priority, .. } = self.metadata.schedule;
        let allowed = self.scope.is_some_and(|scope| priority <= scope.priority);
        self.report(Check::Priority, plain(allowed, ImageRejected::Priority(priority)))?;
        let Ceilings { linear_memory, stack, heap, image, .. } = *self.ceilings;
        let requested = self.found.limits;
        let memory =
            requested.linear_memory <= linear_memory && requested.stack <= stack && requested.heap <= heap;
        let few = self.metadata.endpoints.len() <= MAX_ENDPOINTS;
        self.report(
            Check::Limits,
            plain(few, ImageRejected::TooManyEndpoints).and(plain(memory, ImageRejected::Limits)),
        )?;
        if let Some(PartSizes { data, code }) = self.metadata.sizes {
            let bytes = [self.metadata.file_bytes, data, code].into_iter().map(u64::from).sum();
            self.report(Check::Sizes, plain(bytes <= u64::from(image), ImageRejected::Size(bytes, image)))?;
        }
        self.report(Check::Durations, self.durations(whose))
    }

    /// No hook may take longer than the device and the signer's anchor allow. Without a verified signer only the
    /// device's limit is known.
    fn durations(&self, whose: Whose) -> Result<Holds<'static>, ImageRejected> {
        let Schedule { start_ms, loop_ms, stop_ms, .. } = self.metadata.schedule;
        let device = (Whose::Device, self.ceilings.hook_ms);
        let anchor = self.scope.map(|scope| (whose, scope.hook_ms));
        for (hook, ms) in [(Hook::Start, start_ms), (Hook::Loop, loop_ms), (Hook::Stop, stop_ms)] {
            for (whose, limit) in [Some(device), anchor].into_iter().flatten() {
                if ms > limit {
                    return Err(ImageRejected::Duration { hook, ms, limit, whose });
                }
            }
        }
        Ok(Holds::Plain)
    }

    pub(crate) fn report(
        &mut self,
        check: Check,
        outcome: Result<Holds<'_>, ImageRejected>,
    ) -> ControlFlow<()> {
        (self.sink)(check, outcome)
    }
}

fn plain<'a>(holds: bool, refused: ImageRejected) -> Result<Holds<'a>, ImageRejected> {
    if holds { Ok(Holds::Plain) } else { Err(refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever an examination reports: an image of which one thing is not proven is not accepted.
    #[test]
    fn an_image_is_complete_only_with_all_that_it_must_prove() {
        let limits = Limits { linear_memory: 0, stack: 0, heap: 0 };
        let (nothing, digest) = (Found::new(limits), [7; 32]);
        let mut all = nothing.clone();
        (all.signer, all.data, all.code) = (Some(digest), Some(digest), Some(digest));
        all.mask = Some(Mask::NONE);
        assert_eq!(all.complete(), Ok(()));
        let missing = |subject| Err(ImageRejected::Unproven(subject));
        assert_eq!(nothing.complete(), missing(Subject::Metadata));
        assert_eq!(Found { signer: None, ..all.clone() }.complete(), missing(Subject::Metadata));
        assert_eq!(Found { data: None, ..all.clone() }.complete(), missing(Subject::Data));
        assert_eq!(Found { code: None, ..all.clone() }.complete(), missing(Subject::Code));
        assert_eq!(Found { mask: None, ..all }.complete(), missing(Subject::Syscalls));
    }
}
