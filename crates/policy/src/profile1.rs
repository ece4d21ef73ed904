//! The examination of an image of profile 1, token by token.

use crate::examiner::{Check, Examiner, Holds};
use crate::rejected::{ImageRejected, Subject, Whose};
use crate::sha256::sha256;
use crate::trust::{Roles, Scope};
use core::ops::ControlFlow;
use tinycontainer_abi::Mask;
use tinycontainer_cbor::{Error, Kind};
use tinycontainer_metadata::{Access, Endpoint, Part, Peer, Proofs};
use tinycontainer_token::{Expected, TokenError, Use, Verified, thumbprint, verify};

/// What one token may prove, in the order of the checks.
#[derive(Clone, Copy)]
enum Step {
    Metadata,
    Data,
    Code,
    Syscalls,
    /// The endpoint of that place in the list.
    Endpoint(usize),
}

impl Step {
    fn next(self) -> Self {
        match self {
            Self::Metadata => Self::Data,
            Self::Data => Self::Code,
            Self::Code => Self::Syscalls,
            Self::Syscalls => Self::Endpoint(0),
            Self::Endpoint(at) => Self::Endpoint(at.saturating_add(1)),
        }
    }

    /// The use that its token must be for, and the role that the signer must have.
    fn wants(self) -> (Use, Roles) {
        match self {
            Self::Metadata => (Use::Metadata, Roles::METADATA),
            Self::Data => (Use::Data, Roles::PARTS),
            Self::Code => (Use::Code, Roles::PARTS),
            Self::Syscalls => (Use::Syscalls, Roles::SYSCALLS),
            Self::Endpoint(_) => (Use::Endpoint, Roles::ENDPOINTS),
        }
    }
}

/// A token's verification: `None` where there is no token to verify.
type Verdict<'m, 'e> = Option<Result<Verified<'m, 'e, Scope<'e>>, TokenError>>;

impl<'e, 'm> Examiner<'e, 'm, '_> {
    pub(crate) fn profile1(&mut self) -> ControlFlow<()> {
        self.report(Check::Format, Ok(Holds::Plain))?;
        self.steps(Step::Metadata)
    }

    /// The endpoints alone, for a format that proves the rest in another way.
    pub(crate) fn endpoints(&mut self) -> ControlFlow<()> {
        self.steps(Step::Endpoint(0))
    }

    /// All that tokens prove, from one step on. The functions that decide before and after a verification have returned
    /// while the signature is checked, so every token is verified at the same stack depth, with any number of endpoints.
    #[inline(never)]
    fn steps(&mut self, first: Step) -> ControlFlow<()> {
        let mut step = first;
        while !matches!(step, Step::Endpoint(at) if at >= self.metadata.endpoints.len()) {
            let verdict = self.token(step).map(|token| self.verify(token, step.wants().0));
            self.judge(step, &verdict)?;
            step = step.next();
        }
        ControlFlow::Continue(())
    }

    /// The token that a step has to verify.
    #[inline(never)]
    fn token(&self, step: Step) -> Option<&'m [u8]> {
        if let Step::Endpoint(at) = step {
            // Where the signer may authorise the endpoint, its token is not read.
            let endpoint = self.metadata.endpoints.iter().nth(at)?;
            return endpoint
                .token
                .filter(|_| !self.scope.is_some_and(|scope| scope.may_use(&endpoint.access)));
        }
        let Proofs::Profile1(proofs) = &self.metadata.proofs else { return None };
        let of = |part| match part {
            Part::Token(token) => Some(token),
            Part::Digest(_) => None,
        };
        match step {
            Step::Metadata => Some(proofs.token).filter(|token| !token.is_empty()),
            Step::Data => of(proofs.data),
            Step::Code => of(proofs.code),
            Step::Syscalls => proofs.syscall_token,
            Step::Endpoint(_) => None,
        }
    }

    /// The one place where a token of profile 1 is verified.
    #[inline(never)]
    fn verify<'t>(&self, token: &'t [u8], use_: Use) -> Result<Verified<'t, 'e, Scope<'e>>, TokenError> {
        let expected = Expected { sub: self.metadata.uid, audiences: self.audiences, use_, now: *self.now };
        verify(token, self.trust.anchors(), &expected)
    }

    /// Decides over a step by the result of the verification of its token.
    #[inline(never)]
    fn judge(&mut self, step: Step, verdict: &Verdict<'m, 'e>) -> ControlFlow<()> {
        match step {
            Step::Metadata => self.judge_metadata(verdict),
            Step::Data => self.judge_part(Subject::Data, step, verdict),
            Step::Code => self.judge_part(Subject::Code, step, verdict),
            Step::Syscalls => self.judge_syscalls(verdict),
            Step::Endpoint(at) => match self.metadata.endpoints.iter().nth(at) {
                Some(endpoint) => self.judge_endpoint(&endpoint, step, verdict),
                None => ControlFlow::Continue(()),
            },
        }
    }

    /// A valid token, if its signer has the role and this container is in the signer's scope.
    fn signed<'v>(
        &self,
        step: Step,
        which: Subject,
        verdict: &'v Result<Verified<'m, 'e, Scope<'e>>, TokenError>,
    ) -> Result<&'v Verified<'m, 'e, Scope<'e>>, ImageRejected> {
        let token = verdict.as_ref().map_err(|why| ImageRejected::Token(which, *why))?;
        let scope = &token.anchor().scope;
        let (_, role) = step.wants();
        if !scope.roles.has(role) {
            return Err(ImageRejected::Role(which));
        }
        // Syscalls and endpoints are checked against their own scopes; signing is limited to certain containers.
        let signs = role == Roles::METADATA || role == Roles::PARTS;
        if signs && !scope.covers_container(self.metadata.uid) {
            return Err(ImageRejected::Container(which));
        }
        Ok(token)
    }

    /// Whether a token that grants something is for this image: its signer, its code.
    fn bound(&self, which: Subject, token: &Verified<'_, '_, Scope<'_>>) -> Result<(), ImageRejected> {
        if token.signer().is_some_and(|signer| self.found.signer.as_ref() != Some(signer)) {
            return Err(ImageRejected::OtherSigner(which));
        }
        if token.code().is_some_and(|code| self.found.code.as_ref() != Some(code)) {
            return Err(ImageRejected::OtherCode(which));
        }
        Ok(())
    }

    /// Records a token that the decision relies on.
    fn rely(&mut self, token: &Verified<'_, '_, Scope<'_>>) {
        match self.trust.anchor_hash(token.anchor().kid) {
            Some(anchor) => self.found.reliance.add(anchor, token.not_before(), token.expires()),
            None => self.found.reliance.lapse(),
        }
    }

    #[inline(never)]
    fn judge_metadata(&mut self, verdict: &Verdict<'m, 'e>) -> ControlFlow<()> {
        let outcome = self.signer(verdict);
        let by = outcome.map(|token| Holds::By(token.anchor().name));
        if let Ok(token) = outcome {
            self.found.signer = Some(thumbprint(token.anchor().key));
            self.scope = Some(token.anchor().scope);
            self.rely(token);
        }
        self.report(Check::Proof(Subject::Metadata), by)?;
        self.settings(Whose::Anchor)
    }

    /// The valid token over the metadata.
    fn signer<'v>(
        &self,
        verdict: &'v Verdict<'m, 'e>,
    ) -> Result<&'v Verified<'m, 'e, Scope<'e>>, ImageRejected> {
        let (Some(verdict), Proofs::Profile1(proofs)) = (verdict, &self.metadata.proofs) else {
            return Err(ImageRejected::Unsigned);
        };
        let token = self.signed(Step::Metadata, Subject::Metadata, verdict)?;
        let digest = token.digest().map_err(|why| ImageRejected::Token(Subject::Metadata, why))?;
        if *digest == sha256(&[proofs.signed]) {
            Ok(token)
        } else {
            Err(ImageRejected::Digest(Subject::Metadata))
        }
    }

    #[inline(never)]
    fn judge_part(&mut self, which: Subject, step: Step, verdict: &Verdict<'m, 'e>) -> ControlFlow<()> {
        let Proofs::Profile1(proofs) = &self.metadata.proofs else { return ControlFlow::Continue(()) };
        let part = if which == Subject::Data { proofs.data } else { proofs.code };
        let outcome = match (part, verdict) {
            (Part::Digest(digest), _) if self.scope.is_some() => Ok((*digest, Holds::BySigner)),
            (Part::Token(_), Some(verdict)) => self.signed(step, which, verdict).and_then(|token| {
                let digest = token.digest().map_err(|why| ImageRejected::Token(which, why))?;
                self.rely(token);
                Ok((*digest, Holds::By(token.anchor().name)))
            }),
            // A digest in the metadata proves nothing without the metadata token.
            _ => Err(ImageRejected::Unproven(which)),
        };
        let digest = outcome.ok().map(|(digest, _)| digest);
        match which {
            Subject::Data => self.found.data = digest,
            _ => self.found.code = digest,
        }
        self.report(Check::Proof(which), outcome.map(|(_, holds)| holds))
    }

    /// The requested syscalls, if all of them are granted by a signer who may grant them.
    #[inline(never)]
    fn judge_syscalls(&mut self, verdict: &Verdict<'m, 'e>) -> ControlFlow<()> {
        let Proofs::Profile1(proofs) = &self.metadata.proofs else { return ControlFlow::Continue(()) };
        let requested = proofs.syscalls;
        let own = match self.scope {
            Some(scope) if scope.roles.has(Roles::SYSCALLS) => scope.syscalls,
            _ => Mask::NONE,
        };
        let outcome = match verdict {
            Some(verdict) => self.granted(verdict, requested, own),
            None if requested.within(own) => Ok(Holds::BySigner),
            None => Err(ImageRejected::Syscalls(Mask(requested.0 & !own.0))),
        };
        self.found.mask = outcome.ok().map(|_| requested);
        self.report(Check::Proof(Subject::Syscalls), outcome)
    }

    fn granted(
        &mut self,
        verdict: &Result<Verified<'m, 'e, Scope<'e>>, TokenError>,
        requested: Mask,
        own: Mask,
    ) -> Result<Holds<'e>, ImageRejected> {
        let which = Subject::Syscalls;
        let token = self.signed(Step::Syscalls, which, verdict)?;
        self.bound(which, token)?;
        let granted = token.syscalls().map_err(|why| ImageRejected::Token(which, why))?;
        if !Mask(granted).within(Mask::ALL) {
            // Bits without a syscall would be another encoding of the same grant.
            return Err(ImageRejected::Token(which, TokenError::Malformed(Error::new(Kind::Unknown, 0))));
        }
        let granted = Mask(granted).intersection(token.anchor().scope.syscalls);
        let lacking = Mask(requested.0 & !(own.0 | granted.0));
        if lacking != Mask::NONE {
            return Err(ImageRejected::Syscalls(lacking));
        }
        self.rely(token);
        Ok(Holds::By(token.anchor().name))
    }

    /// An endpoint must be in the scope of the metadata's signer, or of the signer of its authorization token.
    #[inline(never)]
    fn judge_endpoint(
        &mut self,
        endpoint: &Endpoint<'_>,
        step: Step,
        verdict: &Verdict<'m, 'e>,
    ) -> ControlFlow<()> {
        let which = Subject::Endpoint(endpoint.id);
        let outcome = match (verdict, self.scope) {
            (Some(verdict), _) => self.authorized(endpoint, step, verdict),
            (None, Some(scope)) if scope.may_use(&endpoint.access) => Ok(Holds::BySigner),
            (None, Some(scope)) if scope.covers_access(&endpoint.access) => {
                Err(ImageRejected::SignerRole(endpoint.id))
            }
            (None, _) => Err(ImageRejected::Unauthorized(endpoint.id)),
        };
        self.report(Check::Proof(which), outcome)
    }

    /// Whether a token authorises an endpoint.
    fn authorized(
        &mut self,
        endpoint: &Endpoint<'_>,
        step: Step,
        verdict: &Result<Verified<'m, 'e, Scope<'e>>, TokenError>,
    ) -> Result<Holds<'e>, ImageRejected> {
        let which = Subject::Endpoint(endpoint.id);
        let token = self.signed(step, which, verdict)?;
        self.bound(which, token)?;
        let access = token
            .access()
            .and_then(|bytes| Access::decode(bytes).map_err(TokenError::Malformed))
            .map_err(|why| ImageRejected::Token(which, why))?;
        if !endpoint.access.within(&access) {
            return Err(ImageRejected::OtherAccess(endpoint.id));
        }
        // Only the policy for the 2024 format has a remote peer without an address in scope.
        if matches!(access.peer, Peer::RemoteUnaddressed { .. })
            || !token.anchor().scope.may_use(&endpoint.access)
        {
            return Err(ImageRejected::Reach(endpoint.id));
        }
        self.rely(token);
        Ok(Holds::By(token.anchor().name))
    }
}
