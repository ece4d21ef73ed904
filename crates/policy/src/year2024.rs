//! Images of the 2024 format: the policy that accepts them, and their examination.

use crate::examiner::{Check, Examiner, Holds};
use crate::legacy::{LegacyFormat, sealed::Sealed};
use crate::rejected::{ImageRejected, Subject, Whose};
use crate::sha256::sha256;
use crate::trust::Scope;
use core::ops::ControlFlow;
use tinycontainer_abi::Mask;
use tinycontainer_cbor::Error;
use tinycontainer_metadata::{Format2024, Limits, Metadata};
use tinycontainer_token::year2024::{Claim2024, verify};
use tinycontainer_token::{Key, thumbprint};

/// The policy that accepts images of the 2024 format.
#[derive(Debug, Clone, Copy)]
pub struct Year2024<'a> {
    key: &'a [u8; 32],
    scope: Scope<'a>,
    limits: Limits,
}

impl<'a> Year2024<'a> {
    /// Accepts images that are signed with one key. `scope` is what they may do at most and `limits` the memory they
    /// get: their tokens specify neither, so the device must.
    pub fn new(key: &'a [u8; 32], scope: Scope<'a>, limits: Limits) -> Self {
        Self { key, scope, limits }
    }
}

impl Sealed for Year2024<'_> {}

impl LegacyFormat for Year2024<'_> {
    fn key(&self) -> &[u8; 32] {
        self.key
    }

    fn decode<'m>(&self, bytes: &'m [u8]) -> Result<Metadata<'m>, Error> {
        Metadata::decode(bytes)
    }

    fn examine<'e>(
        &'e self,
        examiner: &mut Examiner<'e, '_, '_>,
        proofs: &Format2024<'_>,
    ) -> ControlFlow<()> {
        examiner.report(Check::Format, Ok(Holds::Plain))?;
        examiner.found.limits = self.limits;
        let Some([data, code, whole]) = proofs.tokens else {
            return examiner.report(Check::Proof(Subject::Metadata), Err(ImageRejected::Unsigned));
        };
        let digest = |which, token| match verify(token, self.key) {
            Ok(Claim2024::Digest(digest)) => Ok(*digest),
            Ok(Claim2024::Syscalls(_)) => Err(ImageRejected::Role(which)),
            Err(why) => Err(ImageRejected::Token(which, why)),
        };
        let metadata = digest(Subject::Metadata, whole).and_then(|digest| {
            if !self.scope.covers_container(examiner.metadata.uid) {
                Err(ImageRejected::Container(Subject::Metadata))
            } else if covered_2024(proofs.file).contains(&digest) {
                Ok(Holds::Plain)
            } else {
                Err(ImageRejected::Digest(Subject::Metadata))
            }
        });
        examiner.report(Check::Proof(Subject::Metadata), metadata)?;
        // The policy's scope and key are what an anchor's would be.
        examiner.scope = Some(self.scope);
        examiner.found.signer = Some(thumbprint(Key::Ed25519(self.key)));
        examiner.found.reliance.add_2024(self.key);
        // The format has no priority: the decoder gives all images the same.
        examiner.settings(Whose::Policy2024)?;
        let (data, code) = (digest(Subject::Data, data), digest(Subject::Code, code));
        (examiner.found.data, examiner.found.code) = (data.ok(), code.ok());
        examiner.report(Check::Proof(Subject::Data), data.map(|_| Holds::Plain))?;
        examiner.report(Check::Proof(Subject::Code), code.map(|_| Holds::Plain))?;
        let mask = match verify(proofs.syscall_token, self.key) {
            // A 2024 mask has bits for syscalls that never existed.
            Ok(Claim2024::Syscalls(mask)) => {
                Ok(Mask(mask).intersection(Mask::ALL).intersection(self.scope.syscalls))
            }
            Ok(Claim2024::Digest(_)) => Err(ImageRejected::Role(Subject::Syscalls)),
            Err(why) => Err(ImageRejected::Token(Subject::Syscalls, why)),
        };
        examiner.found.mask = mask.ok();
        examiner.report(Check::Proof(Subject::Syscalls), mask.map(|_| Holds::Plain))?;
        examiner.endpoints()
    }
}

/// The two digests that the 2024 writers computed over a metadata file: without its last token, and with that token
/// zeroed.
pub fn covered_2024(file: &[u8]) -> [[u8; 32]; 2] {
    let head = file.get(..file.len().saturating_sub(Format2024::TOKEN_LEN)).unwrap_or_default();
    [sha256(&[head]), sha256(&[head, &[0; Format2024::TOKEN_LEN]])]
}
