//! The facts of a refused image.

use crate::refusal::{Refusal, form, token};
use crate::text::advice;
use crate::text::sentences::{calls, containers, list, reaches, roles};
use crate::text::style::hex;
use sha2::{Digest, Sha256};
use tinycontainer::ImageError;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Access, Endpoint, Metadata, Part, Profile1, Proofs};
use tinycontainer_policy::{Check, Device, ImageRejected, MAX_ENDPOINTS, Scope, Subject, examine};
use tinycontainer_token::{Anchor, Envelope, TokenError, thumbprint};

/// Why the device refuses an image; `parts` are those that are known.
pub(crate) fn refusal(
    error: &ImageError,
    metadata: &[u8],
    parts: Option<&Parts<'_>>,
    device: &Device<'_>,
) -> Refusal {
    match error {
        // The device's error does not name the key that is wrong in the metadata.
        ImageError::Rejected(ImageRejected::Malformed(error)) => {
            let (why, help) = advice::malformed(metadata, *error);
            Refusal { why, help }
        }
        ImageError::Rejected(rejected) => match Metadata::decode(metadata) {
            Ok(metadata) => rejection(rejected, &metadata, device),
            Err(_) => Refusal { why: rejected.to_string(), help: advice::advice(error) },
        },
        _ => {
            let fact = parts.and_then(|parts| part_facts(error, parts));
            Refusal { why: with(error.to_string(), fact), help: advice::advice(error) }
        }
    }
}

/// Why the policy rejects an image.
pub(crate) fn rejection(rejected: &ImageRejected, metadata: &Metadata<'_>, device: &Device<'_>) -> Refusal {
    let facts = Facts { metadata, device };
    let help = match rejected {
        ImageRejected::Token(_, TokenError::Malformed(_)) => form::HELP,
        _ => advice::advice(&ImageError::Rejected(*rejected)),
    };
    Refusal { why: with(facts.named(rejected), facts.of(rejected)), help }
}

fn with(what: String, fact: Option<String>) -> String {
    match fact {
        Some(fact) => format!("{what}: {fact}"),
        None => what,
    }
}

fn part_facts(error: &ImageError, parts: &Parts<'_>) -> Option<String> {
    match error {
        ImageError::Size => Some(format!(
            "metadata {} bytes, data {}, code {}",
            parts.metadata.len(),
            parts.data.len(),
            parts.code.len()
        )),
        ImageError::OtherSizes(_) => {
            Some(format!("the file has {} bytes of data, {} of code", parts.data.len(), parts.code.len()))
        }
        _ => None,
    }
}

/// What is known beside the error.
struct Facts<'a, 'm> {
    metadata: &'a Metadata<'m>,
    device: &'a Device<'a>,
}

impl<'m> Facts<'_, 'm> {
    /// The error, with the name of the signer where it is known.
    fn named(&self, rejected: &ImageRejected) -> String {
        let text = rejected.to_string();
        match (rejected, self.anchor(Subject::Metadata)) {
            (ImageRejected::Unauthorized(_), Some(signer)) => {
                text.replace("the signer's scope", &format!("the scope of \"{}\"", signer.name))
            }
            _ => text,
        }
    }

    fn of(&self, rejected: &ImageRejected) -> Option<String> {
        match *rejected {
            ImageRejected::Token(subject, why) => {
                token::fact(why, self.token(subject)?, self.metadata.uid, self.device)
            }
            ImageRejected::Digest(Subject::Metadata) => {
                let says = token::claims(self.token(Subject::Metadata)?)?.digest?;
                let is = Sha256::digest(self.profile1()?.signed);
                Some(format!("the token covers {}, and this metadata has {}", hex(says), hex(&is)))
            }
            ImageRejected::Role(subject) => {
                let anchor = self.anchor(subject)?;
                let has = list(&roles(anchor.scope.roles));
                Some(format!(
                    "the anchor \"{}\" has the roles {has}, and this needs {}",
                    anchor.name,
                    role(subject)
                ))
            }
            ImageRejected::Container(subject) => {
                let anchor = self.anchor(subject)?;
                let signs = list(&containers(&anchor.scope));
                Some(format!(
                    "the anchor \"{}\" signs {signs}, and this is {}",
                    anchor.name, self.metadata.uid
                ))
            }
            ImageRejected::OtherSigner(subject) => {
                let wants = token::claims(self.token(subject)?)?.signer?;
                let signer = self.anchor(Subject::Metadata)?;
                Some(format!(
                    "it is for the key {}, and this image is signed by \"{}\", {}",
                    hex(wants),
                    signer.name,
                    hex(&thumbprint(signer.key))
                ))
            }
            ImageRejected::OtherCode(subject) => {
                let wants = token::claims(self.token(subject)?)?.code?;
                let is = self.digest(self.profile1()?.code)?;
                Some(format!("it is for the code {}, and this is {}", hex(wants), hex(&is)))
            }
            ImageRejected::Syscalls(_) => {
                let mut grants = vec![self.may_grant(Subject::Metadata)?];
                grants.extend(self.profile1()?.syscall_token.and_then(|_| self.may_grant(Subject::Syscalls)));
                Some(grants.join("; "))
            }
            ImageRejected::Unauthorized(id) | ImageRejected::SignerRole(id) => {
                Some(self.ends(id, &self.anchor(Subject::Metadata)?))
            }
            ImageRejected::Reach(id) => Some(self.ends(id, &self.anchor(Subject::Endpoint(id))?)),
            ImageRejected::OtherAccess(id) => {
                let granted =
                    Access::decode(token::claims(self.token(Subject::Endpoint(id))?)?.access?).ok()?;
                Some(format!("it is for {granted}, and the endpoint is {}", self.endpoint(id)?.access))
            }
            ImageRejected::Priority(_) => {
                let anchor = self.anchor(Subject::Metadata)?;
                Some(format!(
                    "the anchor \"{}\" allows {} at most",
                    anchor.name,
                    anchor.scope.priority.name()
                ))
            }
            ImageRejected::Limits => self.limits(),
            ImageRejected::TooManyEndpoints => {
                Some(format!("it has {}, which is more than {MAX_ENDPOINTS}", self.metadata.endpoints.len()))
            }
            ImageRejected::Size(bytes, ceiling) => {
                Some(format!("{} bytes too many", bytes.saturating_sub(ceiling.into())))
            }
            ImageRejected::Unproven(_) => self.why_not_signed(),
            _ => None,
        }
    }

    fn profile1(&self) -> Option<&Profile1<'m>> {
        match &self.metadata.proofs {
            Proofs::Profile1(proofs) => Some(proofs),
            Proofs::Format2024(_) => None,
        }
    }

    fn endpoint(&self, id: u32) -> Option<Endpoint<'m>> {
        self.metadata.endpoints.find(id)
    }

    /// The token over that, or for that.
    fn token(&self, subject: Subject) -> Option<&'m [u8]> {
        let proofs = self.profile1()?;
        let of = |part| match part {
            Part::Token(token) => Some(token),
            Part::Digest(_) => None,
        };
        match subject {
            Subject::Metadata => Some(proofs.token),
            Subject::Data => of(proofs.data),
            Subject::Code => of(proofs.code),
            Subject::Syscalls => proofs.syscall_token,
            Subject::Endpoint(id) => self.endpoint(id)?.token,
        }
    }

    /// The anchor that its kid selects.
    fn anchor(&self, subject: Subject) -> Option<Anchor<'_, Scope<'_>>> {
        let kid = Envelope::decode(self.token(subject)?).ok()?.kid()?;
        self.device.trust.anchors().find(|anchor| anchor.kid == kid)
    }

    fn digest(&self, part: Part<'m>) -> Option<[u8; 32]> {
        match part {
            Part::Digest(digest) => Some(*digest),
            Part::Token(token) => token::claims(token)?.digest.copied(),
        }
    }

    fn may_grant(&self, subject: Subject) -> Option<String> {
        let Anchor { name, scope, .. } = self.anchor(subject)?;
        Some(if scope.roles.has(tinycontainer_policy::Roles::SYSCALLS) {
            format!("the anchor \"{name}\" may grant {}", calls(scope.syscalls))
        } else {
            format!("the anchor \"{name}\" lacks the role syscalls")
        })
    }

    /// Which anchor's scope ends where.
    fn ends(&self, id: u32, anchor: &Anchor<'_, Scope<'_>>) -> String {
        let reaches = list(&reaches(&anchor.scope));
        let asks = self.endpoint(id).map(|endpoint| endpoint.access.to_string()).unwrap_or_default();
        format!("it is {asks}, and the anchor \"{}\" reaches {reaches}", anchor.name)
    }

    /// Which limit, by how much.
    fn limits(&self) -> Option<String> {
        let (asks, gives) = (self.metadata.limits, self.device.ceilings);
        let rows = [
            ("linear_memory", asks.linear_memory, gives.linear_memory),
            ("stack", asks.stack, gives.stack),
            ("heap", asks.heap, gives.heap),
        ];
        let over: Vec<_> = rows
            .iter()
            .filter(|(_, asks, gives)| asks > gives)
            .map(|(name, asks, gives)| {
                format!("{name} is {asks} bytes, {} more than the {gives} that it gives", asks - gives)
            })
            .collect();
        Some(list(&over)).filter(|_| !over.is_empty())
    }

    /// Why the metadata is not accepted, which proves the rest.
    fn why_not_signed(&self) -> Option<String> {
        let mut why = None;
        examine(self.metadata, self.device, &mut |check, outcome| {
            if let (Check::Proof(Subject::Metadata), Err(rejected)) = (check, outcome) {
                why = Some(rejected);
            }
            core::ops::ControlFlow::Continue(())
        });
        let why = why.filter(|why| !matches!(why, ImageRejected::Unproven(_)))?;
        Some(with(why.to_string(), self.of(&why)))
    }
}

/// The role that the signer of that needs.
fn role(subject: Subject) -> &'static str {
    match subject {
        Subject::Metadata => "metadata",
        Subject::Data | Subject::Code => "parts",
        Subject::Syscalls => "syscalls",
        Subject::Endpoint(_) => "endpoints",
    }
}
