//! The decision over an image: every check it must pass, in one place.

use crate::MAX_ENDPOINTS;
use crate::reliance::{Lapsed, Reliance};
use crate::trust::{Roles, Scope, Trust};
use core::fmt;
use core::ops::ControlFlow;
use sha2::{Digest, Sha256};
use tinycontainer_cbor::{Error, Kind};
use tinycontainer_firewall::{Grant, Issuer, Mask, Right};
use tinycontainer_metadata::{
    Access, Endpoint, Format2024, Limits, Metadata, Part, PartSizes, Peer, Priority, Proofs, Schedule,
};
use tinycontainer_token::year2024::{self, Claim2024};
use tinycontainer_token::{Expected, Key, TokenError, Use, Verified, thumbprint, verify};

/// The authority to grant: this module's alone.
// SAFETY: what it grants is what the tokens verified below allow.
#[expect(unsafe_code, reason = "the firewall's authority to grant")]
const ISSUER: Issuer = unsafe { Issuer::new() };

/// The device that decides.
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    /// Its own name and its class: what a token's audience may be.
    pub audiences: &'a [&'a str],
    /// The keys it believes.
    pub trust: Trust<'a>,
    /// Now, in seconds since 1970; `None` if it does not know.
    pub now: Option<u64>,
    /// What no container may exceed here, whoever signed it.
    pub ceilings: Ceilings,
    /// Whether images of the 2024 format are taken, whose tokens bind to no container, device, use
    /// or time. `None` is the default, and right.
    pub accept_2024: Option<Year2024<'a>>,
}

/// What no container may exceed: memory in bytes, time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    /// Linear memory.
    pub linear_memory: u32,
    /// Operand stack.
    pub stack: u32,
    /// The interpreter's own.
    pub heap: u32,
    /// The whole image: metadata, data and code. Checked against the sizes that the metadata says, and against those that
    /// the loader is told.
    pub image: u32,
    /// The longest that one call of any hook may take, in milliseconds.
    pub hook_ms: u32,
}

/// The policy that accepts images of the 2024 format.
#[derive(Debug, Clone, Copy)]
pub struct Year2024<'a> {
    key: &'a [u8; 32],
    scope: Scope<'a>,
    limits: Limits,
    // The code for that format is in a program only if something in it makes such a policy.
    decode: for<'m> fn(&'m [u8]) -> Result<Metadata<'m>, Error>,
    examine: Rules,
}

type Rules = for<'e> fn(&mut Examiner<'e, '_, '_>, &Format2024<'_>, &Year2024<'e>) -> ControlFlow<()>;

impl<'a> Year2024<'a> {
    /// Accepts images that are signed with one key. `scope` is what they may do at most and `limits` the memory they
    /// get: their tokens do not say, so the device must.
    pub fn new(key: &'a [u8; 32], scope: Scope<'a>, limits: Limits) -> Self {
        Self {
            key,
            scope,
            limits,
            decode: |bytes| Metadata::decode(bytes),
            examine: |examiner, proofs, policy| examiner.format2024(proofs, policy),
        }
    }

    pub(crate) fn key(&self) -> &'a [u8; 32] {
        self.key
    }
}

impl Reliance {
    /// Whether the device would still believe what it has believed: by its clock and its trust store as they are now.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn still_holds(&self, device: &Device<'_>) -> Result<(), Lapsed> {
        self.holds(device.now, &device.trust, device.accept_2024.as_ref().map(Year2024::key))
    }
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The metadata and its token.
    Metadata,
    /// The data.
    Data,
    /// The code.
    Code,
    /// The syscalls.
    Syscalls,
    /// That endpoint.
    Endpoint(u32),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata => f.write_str("metadata"),
            Self::Data => f.write_str("data"),
            Self::Code => f.write_str("code"),
            Self::Syscalls => f.write_str("syscalls"),
            Self::Endpoint(id) => write!(f, "endpoint {id}"),
        }
    }
}

/// A hook, as the schedule bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// `start()`.
    Start,
    /// `loop()`.
    Loop,
    /// `stop()`.
    Stop,
}

impl Hook {
    /// The name people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start()",
            Self::Loop => "loop()",
            Self::Stop => "stop()",
        }
    }
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The device's ceiling, whoever has signed.
    Device,
    /// That of the scope of the signer's trust anchor.
    Anchor,
    /// That of the policy that accepts the 2024 format.
    Policy2024,
}

impl Whose {
    const fn name(self) -> &'static str {
        match self {
            Self::Device => "the device",
            Self::Anchor => "the signer's trust anchor",
            Self::Policy2024 => "the device's policy for the 2024 format",
        }
    }
}

/// Why an image is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageRejected {
    /// The metadata is not of the format. Its writer is to blame.
    Malformed(Error),
    /// A token is not believed.
    Token(Subject, TokenError),
    /// A token holds, but over other bytes: somebody changed them.
    Digest(Subject),
    /// Its digest stands in metadata that is not believed itself.
    Unproven(Subject),
    /// A token's signer is no signer of such things.
    Role(Subject),
    /// A token's signer may not sign for this container.
    Container(Subject),
    /// A token that grants something is for images of another signer.
    OtherSigner(Subject),
    /// A token that grants something is for other code.
    OtherCode(Subject),
    /// The signer may not grant these syscalls, and there is no token of somebody who may.
    Syscalls(Mask),
    /// The signer does not reach this endpoint, and there is no token of somebody who does.
    Unauthorized(u32),
    /// The signer's anchor reaches this endpoint but lacks the role *endpoints*, and there is no authorization token.
    SignerRole(u32),
    /// The authorization token of this endpoint is for another peer or direction.
    OtherAccess(u32),
    /// The authorization token of this endpoint is of somebody who does not reach it either.
    Reach(u32),
    /// The signer may not ask for that priority.
    Priority(Priority),
    /// The image asks for more memory than this device gives.
    Limits,
    /// Metadata, data and code together have more bytes than this device takes: how many, and how many it takes.
    Size(u64, u32),
    /// A hook may take longer than is allowed.
    Duration {
        /// Which hook.
        hook: Hook,
        /// The longest that the image wants it to take, in milliseconds.
        ms: u32,
        /// The longest allowed, in milliseconds.
        limit: u32,
        /// By whom.
        whose: Whose,
    },
    /// The image has more endpoints than this device takes.
    TooManyEndpoints,
    /// The image is of the 2024 format, which this device does not accept.
    Year2024,
    /// There is no token over the metadata: it is empty; or the image is of the 2024 format and has no tokens.
    Unsigned,
}

impl fmt::Display for ImageRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "the metadata is malformed: {error}"),
            Self::Token(which, why) => write!(f, "{which}: {why}"),
            Self::Digest(which) => write!(f, "{which}: changed since it was signed (the digest differs)"),
            Self::Unproven(which) => {
                write!(f, "{which}: proven by the metadata only, and that is not believed")
            }
            Self::Role(which) => write!(f, "{which}: the signer's role does not include this"),
            Self::Container(which) => write!(f, "{which}: this container is not in the signer's scope"),
            Self::OtherSigner(which) => {
                write!(f, "{which}: its token is for images of another signer than this one's")
            }
            Self::OtherCode(which) => write!(f, "{which}: its token is for other code than this image's"),
            Self::Syscalls(mask) => {
                f.write_str("syscalls: nobody who may has granted")?;
                mask.calls().try_for_each(|call| write!(f, " {}", call.name()))
            }
            Self::Unauthorized(id) => write!(
                f,
                "endpoint {id}: not in the signer's scope, and without an authorization token of \
                 somebody in whose scope it is"
            ),
            Self::SignerRole(id) => write!(
                f,
                "endpoint {id}: the signer's anchor reaches it but lacks the role `endpoints`, and there is \
                 no authorization token"
            ),
            Self::OtherAccess(id) => {
                write!(f, "endpoint {id}: its authorization token is for another peer or direction")
            }
            Self::Reach(id) => {
                write!(f, "endpoint {id}: not in the scope of whoever signed its authorization token")
            }
            Self::Priority(class) => {
                write!(f, "priority: the signer may not ask for {}", class.name())
            }
            Self::Limits => f.write_str("limits: more memory than this device gives a container"),
            Self::Size(bytes, ceiling) => write!(
                f,
                "sizes: metadata, data and code have {bytes} bytes together, and this device takes {ceiling}"
            ),
            Self::Duration { hook, ms, limit, whose } => write!(
                f,
                "durations: {} may take {ms} ms, and {} allows {limit} ms",
                hook.name(),
                whose.name()
            ),
            Self::TooManyEndpoints => {
                write!(f, "endpoints: more than the {MAX_ENDPOINTS} that this device takes")
            }
            Self::Year2024 => f.write_str(
                "format: of 2024, whose signatures bind to no container or device; not accepted here",
            ),
            Self::Unsigned => f.write_str("metadata: unsigned"),
        }
    }
}

impl core::error::Error for ImageRejected {}

/// One check that [`examine`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The format is taken here at all.
    Format,
    /// A token, over what it covers, by who may sign that.
    Proof(Subject),
    /// The priority class.
    Priority,
    /// The memory limits.
    Limits,
    /// The sizes of the whole image's parts.
    Sizes,
    /// How long the hooks may take.
    Durations,
}

/// What a check that holds has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds<'a> {
    /// Nothing more to say.
    Plain,
    /// It rests on the word of that anchor, by a token of its own.
    By(&'a str),
    /// It is covered by the metadata token and in its signer's scope.
    BySigner,
}

/// An image whose metadata is believed. Data and code still have to match their digests.
///
/// Only [`clear_into`] makes one.
#[derive(Debug, Clone)]
pub struct Cleared<'m> {
    metadata: Metadata<'m>,
    found: Found,
}

/// No bytes are known that have this digest.
const NO_DIGEST: [u8; 32] = [0; 32];

impl<'m> Cleared<'m> {
    /// Tells signers apart: the first 8 bytes, big-endian, of the COSE Key Thumbprint (RFC 9679) of the key that the
    /// metadata is signed with. For the 2024 format that is the key of the policy that accepts it.
    pub fn signer(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.found.signer.unwrap_or(NO_DIGEST);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// What the image says, now believed.
    pub fn metadata(&self) -> &Metadata<'m> {
        &self.metadata
    }

    /// The memory it gets.
    pub fn limits(&self) -> Limits {
        self.found.limits
    }

    /// The sizes that data and code must have. `None` for the 2024 format, which does not say.
    pub fn sizes(&self) -> Option<PartSizes> {
        self.metadata.sizes
    }

    /// What it was believed upon: to be asked again later whether that still holds.
    pub fn reliance(&self) -> &Reliance {
        &self.found.reliance
    }

    /// When it runs and how long.
    pub fn schedule(&self) -> Schedule {
        self.metadata.schedule
    }

    // Both digests are there: without them nothing is cleared.

    /// SHA-256 that the data must have.
    pub fn data_digest(&self) -> &[u8; 32] {
        self.found.data.as_ref().unwrap_or(&NO_DIGEST)
    }

    /// SHA-256 that the code must have.
    pub fn code_digest(&self) -> &[u8; 32] {
        self.found.code.as_ref().unwrap_or(&NO_DIGEST)
    }

    /// What the firewall is to let it do.
    pub fn grant(&self) -> Grant<MAX_ENDPOINTS> {
        let mut grant = Grant::issue(&ISSUER, self.found.mask.unwrap_or(Mask::NONE));
        for Endpoint { id, access, .. } in self.metadata.endpoints.iter() {
            // There are no more than fit: that was checked. What did not fit would not be granted.
            let _ = grant.allow(&ISSUER, Right { endpoint: id, direction: access.direction });
        }
        grant
    }
}

/// Decides whether an image's metadata is believed. See [`clear_into`], which needs less stack.
///
/// # Errors
/// The first reason not to.
pub fn clear<'m>(bytes: &'m [u8], device: &Device<'_>) -> Result<Cleared<'m>, ImageRejected> {
    let mut cleared = None;
    clear_into(bytes, device, &mut cleared)?;
    // There is one if nothing was refused.
    cleared.ok_or(ImageRejected::Unsigned)
}

/// Decides whether an image's metadata is believed, and makes what it says where the caller wants it. The place holds
/// something only if the metadata is believed.
///
/// # Errors
/// The first reason not to believe it.
// All that lives while a signature is checked lives in `into`; decoding and deciding have frames of their own.
#[inline(never)]
pub fn clear_into<'m>(
    bytes: &'m [u8],
    device: &Device<'_>,
    into: &mut Option<Cleared<'m>>,
) -> Result<(), ImageRejected> {
    decode(bytes, device, into)?;
    let outcome = into.as_mut().map_or(Err(ImageRejected::Unsigned), |cleared| decide(cleared, device));
    if outcome.is_err() {
        *into = None;
    }
    outcome
}

#[inline(never)]
fn decode<'m>(
    bytes: &'m [u8],
    device: &Device<'_>,
    into: &mut Option<Cleared<'m>>,
) -> Result<(), ImageRejected> {
    let decoded = match device.accept_2024 {
        Some(policy) => (policy.decode)(bytes),
        None if Metadata::is_2024(bytes) => return Err(ImageRejected::Year2024),
        None => Metadata::decode_profile1(bytes),
    };
    let metadata = decoded.map_err(ImageRejected::Malformed)?;
    *into = Some(Cleared { found: Found::new(metadata.limits), metadata });
    Ok(())
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
    match (refused, &cleared.found) {
        (Some(why), _) => Err(why),
        (None, Found { mask: Some(_), data: Some(_), code: Some(_), signer: Some(_), .. }) => Ok(()),
        // Without a refusal everything has been found; were it not so, nothing would be believed.
        (None, _) => Err(ImageRejected::Unsigned),
    }
}

/// What the checks have found out so far.
#[derive(Debug, Clone)]
pub struct Found {
    mask: Option<Mask>,
    data: Option<[u8; 32]>,
    code: Option<[u8; 32]>,
    limits: Limits,
    /// The thumbprint of the key that the metadata is signed with.
    signer: Option<[u8; 32]>,
    reliance: Reliance,
}

impl Found {
    fn new(limits: Limits) -> Self {
        Self { mask: None, data: None, code: None, limits, signer: None, reliance: Reliance::NONE }
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

/// Makes every check, in order, and tells `sink` each outcome: format, metadata, priority, limits, sizes, durations,
/// data, code, syscalls, each endpoint. What grants something may be bound to the signer and to the code, so both are
/// proven before.
pub fn examine(metadata: &Metadata<'_>, device: &Device<'_>, sink: &mut Sink<'_>) -> Found {
    let mut found = Found::new(metadata.limits);
    examine_into(metadata, device, &mut found, sink);
    found
}

fn examine_into(metadata: &Metadata<'_>, device: &Device<'_>, found: &mut Found, sink: &mut Sink<'_>) {
    let mut examiner = Examiner { metadata, device, scope: None, found, sink };
    // Break only means that the sink has heard enough.
    let _ = match (&metadata.proofs, &device.accept_2024) {
        (Proofs::Profile1(_), _) => examiner.profile1(),
        (Proofs::Format2024(proofs), Some(policy)) => (policy.examine)(&mut examiner, proofs, policy),
        (Proofs::Format2024(_), None) => examiner.report(Check::Format, Err(ImageRejected::Year2024)),
    };
}

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

    /// What a token for it must be for, and the role that its signer must have.
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

struct Examiner<'e, 'm, 's> {
    metadata: &'e Metadata<'m>,
    device: &'e Device<'e>,
    /// That of the metadata's signer, once it is known who that is. Without it nothing is in anybody's scope.
    scope: Option<Scope<'e>>,
    found: &'e mut Found,
    sink: &'e mut Sink<'s>,
}

/// A token's verification: `None` where there is no token to verify.
type Verdict<'m, 'e> = Option<Result<Verified<'m, 'e, Scope<'e>>, TokenError>>;

impl<'e, 'm> Examiner<'e, 'm, '_> {
    fn profile1(&mut self) -> ControlFlow<()> {
        self.report(Check::Format, Ok(Holds::Plain))?;
        self.steps(Step::Metadata)
    }

    /// All that tokens prove, from one step on. What decides before and after a verification has returned while the
    /// signature is checked, so that no token, and no number of endpoints, needs more stack than another.
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
            // Where the signer's word is enough, nobody else's is asked for.
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
        let Device { audiences, now, trust, .. } = self.device;
        verify(token, trust.anchors(), &Expected { sub: self.metadata.uid, audiences, use_, now: *now })
    }

    /// Decides over a step by what the verification of its token has shown.
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

    /// A token that holds, if its signer has the role, for this container.
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
        // Granting syscalls and endpoints has scopes of its own; signing is for certain containers.
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

    /// Remembers a token that was believed.
    fn rely(&mut self, token: &Verified<'_, '_, Scope<'_>>) {
        match self.device.trust.anchor_hash(token.anchor().kid) {
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

    /// Who has signed the metadata.
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

    /// What the metadata asks for without a token: priority, memory, sizes, time.
    #[inline(never)]
    fn settings(&mut self, whose: Whose) -> ControlFlow<()> {
        let Schedule { priority, .. } = self.metadata.schedule;
        let allowed = self.scope.is_some_and(|scope| priority <= scope.priority);
        self.report(Check::Priority, plain(allowed, ImageRejected::Priority(priority)))?;
        let Ceilings { linear_memory, stack, heap, image, .. } = self.device.ceilings;
        let asked = self.found.limits;
        let memory = asked.linear_memory <= linear_memory && asked.stack <= stack && asked.heap <= heap;
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

    /// No hook may take longer than the device and the signer's anchor allow. Without a believed signer only the
    /// device's ceiling is known.
    fn durations(&self, whose: Whose) -> Result<Holds<'static>, ImageRejected> {
        let Schedule { start_ms, loop_ms, stop_ms, .. } = self.metadata.schedule;
        let device = (Whose::Device, self.device.ceilings.hook_ms);
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
            // The digest is only as good as the metadata token.
            _ => Err(ImageRejected::Unproven(which)),
        };
        let digest = outcome.ok().map(|(digest, _)| digest);
        match which {
            Subject::Data => self.found.data = digest,
            _ => self.found.code = digest,
        }
        self.report(Check::Proof(which), outcome.map(|(_, holds)| holds))
    }

    /// The syscalls asked for, if all of them are granted by somebody who may.
    #[inline(never)]
    fn judge_syscalls(&mut self, verdict: &Verdict<'m, 'e>) -> ControlFlow<()> {
        let Proofs::Profile1(proofs) = &self.metadata.proofs else { return ControlFlow::Continue(()) };
        let asked = proofs.syscalls;
        let own = match self.scope {
            Some(scope) if scope.roles.has(Roles::SYSCALLS) => scope.syscalls,
            _ => Mask::NONE,
        };
        let outcome = match verdict {
            Some(verdict) => self.granted(verdict, asked, own),
            None if asked.within(own) => Ok(Holds::BySigner),
            None => Err(ImageRejected::Syscalls(Mask(asked.0 & !own.0))),
        };
        self.found.mask = outcome.ok().map(|_| asked);
        self.report(Check::Proof(Subject::Syscalls), outcome)
    }

    fn granted(
        &mut self,
        verdict: &Result<Verified<'m, 'e, Scope<'e>>, TokenError>,
        asked: Mask,
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
        let lacking = Mask(asked.0 & !(own.0 | granted.0));
        if lacking != Mask::NONE {
            return Err(ImageRejected::Syscalls(lacking));
        }
        self.rely(token);
        Ok(Holds::By(token.anchor().name))
    }

    /// An endpoint is in the signer's scope, or in that of whoever authorises it.
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
        // A remote peer without an address is in nobody's scope but that of 2024.
        if matches!(access.peer, Peer::RemoteUnaddressed { .. })
            || !token.anchor().scope.may_use(&endpoint.access)
        {
            return Err(ImageRejected::Reach(endpoint.id));
        }
        self.rely(token);
        Ok(Holds::By(token.anchor().name))
    }

    fn format2024(&mut self, proofs: &Format2024<'_>, policy: &Year2024<'e>) -> ControlFlow<()> {
        self.report(Check::Format, Ok(Holds::Plain))?;
        self.found.limits = policy.limits;
        let Some([data, code, whole]) = proofs.tokens else {
            return self.report(Check::Proof(Subject::Metadata), Err(ImageRejected::Unsigned));
        };
        let digest = |which, token| match year2024::verify(token, policy.key) {
            Ok(Claim2024::Digest(digest)) => Ok(*digest),
            Ok(Claim2024::Syscalls(_)) => Err(ImageRejected::Role(which)),
            Err(why) => Err(ImageRejected::Token(which, why)),
        };
        let metadata = digest(Subject::Metadata, whole).and_then(|digest| {
            if !policy.scope.covers_container(self.metadata.uid) {
                Err(ImageRejected::Container(Subject::Metadata))
            } else if covered_2024(proofs.file).contains(&digest) {
                Ok(Holds::Plain)
            } else {
                Err(ImageRejected::Digest(Subject::Metadata))
            }
        });
        self.report(Check::Proof(Subject::Metadata), metadata)?;
        // The policy's scope and key are what an anchor's would be.
        self.scope = Some(policy.scope);
        self.found.signer = Some(thumbprint(Key::Ed25519(policy.key)));
        self.found.reliance.add_2024(policy.key);
        // It does not say a priority: it has the one that the decoder gives all of them.
        self.settings(Whose::Policy2024)?;
        let (data, code) = (digest(Subject::Data, data), digest(Subject::Code, code));
        (self.found.data, self.found.code) = (data.ok(), code.ok());
        self.report(Check::Proof(Subject::Data), data.map(|_| Holds::Plain))?;
        self.report(Check::Proof(Subject::Code), code.map(|_| Holds::Plain))?;
        let mask = match year2024::verify(proofs.syscall_token, policy.key) {
            // A 2024 mask has bits for syscalls that never existed.
            Ok(Claim2024::Syscalls(mask)) => {
                Ok(Mask(mask).intersection(Mask::ALL).intersection(policy.scope.syscalls))
            }
            Ok(Claim2024::Digest(_)) => Err(ImageRejected::Role(Subject::Syscalls)),
            Err(why) => Err(ImageRejected::Token(Subject::Syscalls, why)),
        };
        self.found.mask = mask.ok();
        self.report(Check::Proof(Subject::Syscalls), mask.map(|_| Holds::Plain))?;
        self.steps(Step::Endpoint(0))
    }

    fn report(&mut self, check: Check, outcome: Result<Holds<'_>, ImageRejected>) -> ControlFlow<()> {
        (self.sink)(check, outcome)
    }
}

fn plain<'a>(holds: bool, refused: ImageRejected) -> Result<Holds<'a>, ImageRejected> {
    if holds { Ok(Holds::Plain) } else { Err(refused) }
}

/// SHA-256 over these pieces, one after the other.
#[inline(never)]
pub fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    pieces.iter().for_each(|piece| hash.update(piece));
    hash.finalize().into()
}

/// The two digests that the 2024 writers made of a metadata file: without its last token, and with
/// that token zeroed.
pub fn covered_2024(file: &[u8]) -> [[u8; 32]; 2] {
    let head = file.get(..file.len().saturating_sub(Format2024::TOKEN_LEN)).unwrap_or_default();
    [sha256(&[head]), sha256(&[head, &[0; Format2024::TOKEN_LEN]])]
}
