//! The decision over an image: every check it must pass, in one place.

use crate::reliance::Reliance;
use crate::trust::{Roles, Scope, Trust};
use core::fmt;
use core::ops::ControlFlow;
use sha2::{Digest, Sha256};
use tinycontainer_cbor::Error;
use tinycontainer_firewall::{Grant, Issuer, Mask, Right};
use tinycontainer_metadata::{
    Access, Endpoint, Format2024, Limits, Metadata, Part, PartSizes, Peer, Priority, Profile1, Proofs,
    Schedule,
};
use tinycontainer_token::year2024::{self, Claim2024};
use tinycontainer_token::{Anchor, Expected, Refusal, Use, Verified, verify};

/// The most endpoints of a container that a device takes. The format would allow 32.
pub const MAX_ENDPOINTS: usize = 8;

/// The authority to grant: this module's alone.
const ISSUER: Issuer = Issuer::new();

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

/// What no container may exceed, in bytes.
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

type Rules = fn(&mut Examiner<'_, '_, '_>, &Format2024<'_>, &Year2024<'_>, &mut Found) -> ControlFlow<()>;

impl<'a> Year2024<'a> {
    /// Accepts images that are signed with one key. `scope` is what they may do at most and `limits` the memory they
    /// get: their tokens do not say, so the device must.
    pub fn new(key: &'a [u8; 32], scope: Scope<'a>, limits: Limits) -> Self {
        Self {
            key,
            scope,
            limits,
            decode: |bytes| Metadata::decode(bytes),
            examine: |examiner, proofs, policy, found| examiner.format2024(proofs, policy, found),
        }
    }

    pub(crate) fn key(&self) -> &'a [u8; 32] {
        self.key
    }
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
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

impl fmt::Display for Which {
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

/// Why an image is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The metadata is not of the format. Its writer is to blame.
    Malformed(Error),
    /// A token is not believed.
    Token(Which, Refusal),
    /// A token holds, but over other bytes: somebody changed them.
    Digest(Which),
    /// Its digest stands in metadata that is not believed itself.
    Unproven(Which),
    /// A token's signer is no signer of such things.
    Role(Which),
    /// A token's signer may not sign for this container.
    Container(Which),
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
    /// The image has more endpoints than this device takes.
    TooManyEndpoints,
    /// The image is of the 2024 format, which this device does not accept.
    Year2024,
    /// There is no token over the metadata: it is empty; or the image is of the 2024 format and has no tokens.
    Unsigned,
}

impl fmt::Display for Refused {
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

impl core::error::Error for Refused {}

/// One check that [`examine`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The format is taken here at all.
    Format,
    /// A token, over what it covers, by who may sign that.
    Proof(Which),
    /// The priority class.
    Priority,
    /// The memory limits.
    Limits,
    /// The sizes of the whole image's parts.
    Sizes,
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
/// Only [`clear`] makes one.
#[derive(Debug, Clone)]
pub struct Cleared<'m> {
    metadata: Metadata<'m>,
    grant: Grant<MAX_ENDPOINTS>,
    limits: Limits,
    data: [u8; 32],
    code: [u8; 32],
    signer: u32,
    reliance: Reliance,
}

impl<'m> Cleared<'m> {
    /// Tells signers apart: the beginning of a hash of the kid. 0 for the 2024 format.
    pub fn signer(&self) -> u32 {
        self.signer
    }

    /// What the image says, now believed.
    pub fn metadata(&self) -> &Metadata<'m> {
        &self.metadata
    }

    /// The memory it gets.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The sizes that data and code must have. `None` for the 2024 format, which does not say.
    pub fn sizes(&self) -> Option<PartSizes> {
        self.metadata.sizes
    }

    /// What it was believed upon: to be asked again later whether that still holds.
    pub fn reliance(&self) -> &Reliance {
        &self.reliance
    }

    /// When it runs and how long.
    pub fn schedule(&self) -> Schedule {
        self.metadata.schedule
    }

    /// SHA-256 that the data must have.
    pub fn data_digest(&self) -> &[u8; 32] {
        &self.data
    }

    /// SHA-256 that the code must have.
    pub fn code_digest(&self) -> &[u8; 32] {
        &self.code
    }

    /// What the firewall is to let it do.
    pub fn into_grant(self) -> Grant<MAX_ENDPOINTS> {
        self.grant
    }

    /// What the firewall is to let it do.
    pub fn grant(&self) -> &Grant<MAX_ENDPOINTS> {
        &self.grant
    }
}

/// Decides whether an image's metadata is believed.
///
/// # Errors
/// The first reason not to.
#[inline(never)]
pub fn clear<'m>(bytes: &'m [u8], device: &Device<'_>) -> Result<Cleared<'m>, Refused> {
    let mut decoded = None;
    decode(bytes, device, &mut decoded)?;
    let Some(metadata) = &decoded else { return Err(Refused::Unsigned) };
    let found = decide(metadata, device)?;
    // Without a refusal everything has been found; were it not so, nothing would be believed.
    let Found { mask: Some(mask), data: Some(data), code: Some(code), limits, signer, reliance } = found
    else {
        return Err(Refused::Unsigned);
    };
    let mut grant = Grant::issue(&ISSUER, mask);
    for Endpoint { id, access, .. } in metadata.endpoints.iter() {
        let right = Right { endpoint: id, direction: access.direction };
        grant.allow(&ISSUER, right).map_err(|_| Refused::TooManyEndpoints)?;
    }
    Ok(Cleared { metadata: *metadata, grant, limits, data, code, signer, reliance })
}

// In frames of their own: a signature is verified in the second.
#[inline(never)]
fn decode<'m>(bytes: &'m [u8], device: &Device<'_>, into: &mut Option<Metadata<'m>>) -> Result<(), Refused> {
    let decoded = match device.accept_2024 {
        Some(policy) => (policy.decode)(bytes),
        None if Metadata::is_2024(bytes) => return Err(Refused::Year2024),
        None => Metadata::decode_profile1(bytes),
    };
    *into = Some(decoded.map_err(Refused::Malformed)?);
    Ok(())
}

#[inline(never)]
fn decide(metadata: &Metadata<'_>, device: &Device<'_>) -> Result<Found, Refused> {
    let mut refused = None;
    let found = examine(metadata, device, &mut |_, outcome| match outcome {
        Ok(_) => ControlFlow::Continue(()),
        Err(why) => {
            refused = Some(why);
            ControlFlow::Break(())
        }
    });
    refused.map_or(Ok(found), Err)
}

/// What the checks have found out so far.
#[derive(Debug)]
pub struct Found {
    mask: Option<Mask>,
    data: Option<[u8; 32]>,
    code: Option<[u8; 32]>,
    limits: Limits,
    signer: u32,
    reliance: Reliance,
}

impl Found {
    fn new(limits: Limits) -> Self {
        Self { mask: None, data: None, code: None, limits, signer: 0, reliance: Reliance::NONE }
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
pub type Sink<'s> = dyn FnMut(Check, Result<Holds<'_>, Refused>) -> ControlFlow<()> + 's;

/// Makes every check, in order, and tells `sink` each outcome.
pub fn examine(metadata: &Metadata<'_>, device: &Device<'_>, sink: &mut Sink<'_>) -> Found {
    let mut found = Found::new(metadata.limits);
    let mut examiner = Examiner { metadata, device, sink, reliance: Reliance::NONE };
    // Break only means that the sink has heard enough.
    let _ = match (&metadata.proofs, &device.accept_2024) {
        (Proofs::Profile1(proofs), _) => examiner.profile1(proofs, &mut found),
        (Proofs::Format2024(proofs), Some(policy)) => {
            (policy.examine)(&mut examiner, proofs, policy, &mut found)
        }
        (Proofs::Format2024(_), None) => examiner.tell(Check::Format, Err(Refused::Year2024)),
    };
    found.reliance = examiner.reliance;
    found
}

struct Examiner<'e, 'm, 's> {
    metadata: &'e Metadata<'m>,
    device: &'e Device<'e>,
    sink: &'e mut Sink<'s>,
    reliance: Reliance,
}

impl<'e, 'm> Examiner<'e, 'm, '_> {
    #[inline(never)]
    fn profile1(&mut self, proofs: &Profile1<'_>, found: &mut Found) -> ControlFlow<()> {
        self.tell(Check::Format, Ok(Holds::Plain))?;
        let signer = self.signer(proofs);
        // Without a signer nothing of what follows is in anybody's scope.
        let scope = signer.as_ref().ok().map(|anchor| anchor.scope);
        self.tell(Check::Proof(Which::Metadata), signer.as_ref().map(|a| Holds::By(a.name)).map_err(|e| *e))?;

        if let Ok(anchor) = &signer {
            let [a, b, c, d, ..] = sha256(&[anchor.kid]);
            found.signer = u32::from_be_bytes([a, b, c, d]);
        }
        let priority = self.metadata.schedule.priority;
        let allowed = scope.is_some_and(|scope| priority <= scope.priority);
        self.tell(Check::Priority, plain(allowed, Refused::Priority(priority)))?;
        self.limits(found.limits)?;
        self.sizes()?;
        found.mask = self.syscalls(proofs, scope)?;
        self.endpoints(scope)?;
        found.data = self.part(Which::Data, proofs.data, scope.is_some())?;
        found.code = self.part(Which::Code, proofs.code, scope.is_some())?;
        ControlFlow::Continue(())
    }

    /// Who has signed the metadata.
    #[inline(never)]
    fn signer(&mut self, proofs: &Profile1<'_>) -> Result<Anchor<'e, Scope<'e>>, Refused> {
        if proofs.token.is_empty() {
            return Err(Refused::Unsigned);
        }
        let token = self.token(proofs.token, Which::Metadata, Use::Metadata, Roles::METADATA)?;
        let digest = token.digest().map_err(|why| Refused::Token(Which::Metadata, why))?;
        if *digest == sha256(&[proofs.signed]) {
            Ok(*token.anchor())
        } else {
            Err(Refused::Digest(Which::Metadata))
        }
    }

    fn format2024(
        &mut self,
        proofs: &Format2024<'_>,
        policy: &Year2024<'_>,
        found: &mut Found,
    ) -> ControlFlow<()> {
        self.tell(Check::Format, Ok(Holds::Plain))?;
        found.limits = policy.limits;
        self.reliance.add_2024(policy.key);
        let Some([data, code, whole]) = proofs.tokens else {
            return self.tell(Check::Proof(Which::Metadata), Err(Refused::Unsigned));
        };
        let digest = |which, token| match year2024::verify(token, policy.key) {
            Ok(Claim2024::Digest(digest)) => Ok(*digest),
            Ok(Claim2024::Syscalls(_)) => Err(Refused::Role(which)),
            Err(why) => Err(Refused::Token(which, why)),
        };
        let metadata = digest(Which::Metadata, whole).and_then(|digest| {
            if !policy.scope.covers_container(self.metadata.uid) {
                Err(Refused::Container(Which::Metadata))
            } else if covered_2024(proofs.file).contains(&digest) {
                Ok(Holds::Plain)
            } else {
                Err(Refused::Digest(Which::Metadata))
            }
        });
        self.tell(Check::Proof(Which::Metadata), metadata)?;
        // It does not say a priority: it has the one that the decoder gives all of them.
        let priority = self.metadata.schedule.priority;
        let allowed = priority <= policy.scope.priority;
        self.tell(Check::Priority, plain(allowed, Refused::Priority(priority)))?;
        self.limits(found.limits)?;
        let mask = match year2024::verify(proofs.syscall_token, policy.key) {
            // A 2024 mask has bits for syscalls that never existed.
            Ok(Claim2024::Syscalls(mask)) => Ok(Mask(mask).and(Mask::ALL).and(policy.scope.syscalls)),
            Ok(Claim2024::Digest(_)) => Err(Refused::Role(Which::Syscalls)),
            Err(why) => Err(Refused::Token(Which::Syscalls, why)),
        };
        self.tell(Check::Proof(Which::Syscalls), mask.map(|_| Holds::Plain))?;
        found.mask = mask.ok();
        self.endpoints(Some(policy.scope))?;
        let (data, code) = (digest(Which::Data, data), digest(Which::Code, code));
        self.tell(Check::Proof(Which::Data), data.map(|_| Holds::Plain))?;
        self.tell(Check::Proof(Which::Code), code.map(|_| Holds::Plain))?;
        found.data = data.ok();
        found.code = code.ok();
        ControlFlow::Continue(())
    }

    fn limits(&mut self, limits: Limits) -> ControlFlow<()> {
        let Ceilings { linear_memory, stack, heap, .. } = self.device.ceilings;
        let within = limits.linear_memory <= linear_memory && limits.stack <= stack && limits.heap <= heap;
        self.tell(Check::Limits, plain(within, Refused::Limits))
    }

    /// Whether the device takes an image as large as the metadata says.
    fn sizes(&mut self) -> ControlFlow<()> {
        let PartSizes { data, code } = self.metadata.sizes.unwrap_or_default();
        let bytes = [self.metadata.file_bytes, data, code].into_iter().map(u64::from).sum();
        let ceiling = self.device.ceilings.image;
        self.tell(Check::Sizes, plain(bytes <= u64::from(ceiling), Refused::Size(bytes, ceiling)))
    }

    /// The syscalls asked for, if all of them are granted by somebody who may.
    #[inline(never)]
    fn syscalls(
        &mut self,
        proofs: &Profile1<'_>,
        signer: Option<Scope<'_>>,
    ) -> ControlFlow<(), Option<Mask>> {
        let asked = proofs.syscalls;
        let of = |scope: Scope<'_>| {
            if scope.roles.has(Roles::SYSCALLS) { scope.syscalls } else { Mask::NONE }
        };
        let own = signer.map_or(Mask::NONE, of);
        let outcome = match proofs.syscall_token {
            Some(token) => {
                self.token(token, Which::Syscalls, Use::Syscalls, Roles::SYSCALLS).and_then(|token| {
                    let granted = token.syscalls().map_err(|why| Refused::Token(Which::Syscalls, why))?;
                    let granted = Mask(granted).and(token.anchor().scope.syscalls);
                    let lacking = Mask(asked.0 & !(own.0 | granted.0));
                    if lacking == Mask::NONE {
                        Ok(Holds::By(token.anchor().name))
                    } else {
                        Err(Refused::Syscalls(lacking))
                    }
                })
            }
            None if asked.within(own) => Ok(Holds::BySigner),
            None => Err(Refused::Syscalls(Mask(asked.0 & !own.0))),
        };
        self.tell(Check::Proof(Which::Syscalls), outcome)?;
        ControlFlow::Continue(outcome.ok().map(|_| asked))
    }

    /// Each endpoint is in the signer's scope, or in that of whoever authorises it.
    #[inline(never)]
    fn endpoints(&mut self, signer: Option<Scope<'_>>) -> ControlFlow<()> {
        if self.metadata.endpoints.len() > MAX_ENDPOINTS {
            self.tell(Check::Limits, Err(Refused::TooManyEndpoints))?;
        }
        for endpoint in self.metadata.endpoints.iter() {
            let which = Which::Endpoint(endpoint.id);
            let in_scope = signer.is_some_and(|scope| scope.may_use(&endpoint.access));
            let reached = signer.is_some_and(|scope| scope.covers_access(&endpoint.access));
            let outcome = match endpoint.token {
                _ if in_scope => Ok(Holds::BySigner),
                None if reached => Err(Refused::SignerRole(endpoint.id)),
                None => Err(Refused::Unauthorized(endpoint.id)),
                Some(token) => self
                    .token(token, which, Use::Endpoint, Roles::ENDPOINTS)
                    .and_then(|token| authorized(&endpoint, &token)),
            };
            self.tell(Check::Proof(which), outcome)?;
        }
        ControlFlow::Continue(())
    }

    fn part(&mut self, which: Which, part: Part<'_>, signed: bool) -> ControlFlow<(), Option<[u8; 32]>> {
        let outcome = match part {
            Part::Digest(digest) if signed => Ok((*digest, Holds::BySigner)),
            // The digest is only as good as the metadata token.
            Part::Digest(_) => Err(Refused::Unproven(which)),
            Part::Token(token) => {
                let use_ = if which == Which::Data { Use::Data } else { Use::Code };
                self.token(token, which, use_, Roles::PARTS).and_then(|token| {
                    let digest = token.digest().map_err(|why| Refused::Token(which, why))?;
                    Ok((*digest, Holds::By(token.anchor().name)))
                })
            }
        };
        self.tell(Check::Proof(which), outcome.map(|(_, holds)| holds))?;
        ControlFlow::Continue(outcome.ok().map(|(digest, _)| digest))
    }

    /// Verifies a token, and that its signer has the role, for this container.
    fn token<'t>(
        &mut self,
        token: &'t [u8],
        which: Which,
        use_: Use,
        role: Roles,
    ) -> Result<Verified<'t, 'e, Scope<'e>>, Refused> {
        let expected =
            Expected { sub: self.metadata.uid, audiences: self.device.audiences, use_, now: self.device.now };
        let token = verify(token, self.device.trust.anchors(), &expected)
            .map_err(|why| Refused::Token(which, why))?;
        let scope = &token.anchor().scope;
        if !scope.roles.has(role) {
            return Err(Refused::Role(which));
        }
        // Granting syscalls and endpoints has scopes of its own; signing is for certain containers.
        let signs = role == Roles::METADATA || role == Roles::PARTS;
        if signs && !scope.covers_container(self.metadata.uid) {
            return Err(Refused::Container(which));
        }
        if let Some(hash) = self.device.trust.anchor_hash(token.anchor().kid) {
            self.reliance.add(hash, token.not_before(), token.expires());
        }
        Ok(token)
    }

    fn tell(&mut self, check: Check, outcome: Result<Holds<'_>, Refused>) -> ControlFlow<()> {
        (self.sink)(check, outcome)
    }
}

/// Whether a verified token authorises an endpoint.
fn authorized<'a>(
    endpoint: &Endpoint<'_>,
    token: &Verified<'_, 'a, Scope<'a>>,
) -> Result<Holds<'a>, Refused> {
    let which = Which::Endpoint(endpoint.id);
    let access = token
        .access()
        .and_then(|bytes| Access::decode(bytes).map_err(Refusal::Malformed))
        .map_err(|why| Refused::Token(which, why))?;
    if !endpoint.access.within(&access) {
        return Err(Refused::OtherAccess(endpoint.id));
    }
    // A remote peer without an address is in nobody's scope but that of 2024.
    if matches!(access.peer, Peer::RemoteUnaddressed { .. })
        || !token.anchor().scope.covers_access(&endpoint.access)
    {
        return Err(Refused::Reach(endpoint.id));
    }
    Ok(Holds::By(token.anchor().name))
}

fn plain<'a>(holds: bool, refused: Refused) -> Result<Holds<'a>, Refused> {
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
