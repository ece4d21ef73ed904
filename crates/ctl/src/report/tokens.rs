//! The tokens of an image, as lines of a report.

use crate::input::keys::show_kid;
use crate::input::time::date;
use crate::refusal::token::{claims, fact};
use crate::report::types::{TokenLine, names};
use crate::text::style::hex;
use tinycontainer_abi::Mask;
use tinycontainer_metadata::Access;
use tinycontainer_policy::Device;
use tinycontainer_token::{Envelope, Expected, Form, TokenError, Use, thumbprint, verify};

pub(crate) fn token_line(what: String, use_: Use, token: &[u8], uid: &str, device: &Device<'_>) -> TokenLine {
    let mut line = TokenLine { what, bytes: token.len(), ..TokenLine::default() };
    let envelope = Envelope::decode(token).ok();
    if let Some(envelope) = &envelope {
        line.form = Some(match envelope.form {
            Form::Sign1 => "COSE_Sign1",
            Form::Mac0 => "COSE_Mac0",
        });
        line.alg = envelope.headers().ok().map(|headers| headers.alg);
        line.kid = envelope.kid().map(show_kid);
        line.anchor = envelope.kid().and_then(|kid| {
            device.trust.anchors().find(|anchor| anchor.kid == kid).map(|anchor| anchor.name.to_owned())
        });
    }
    if let Some(claims) = claims(token) {
        line.iss = claims.iss.map(Into::into);
        line.sub = claims.sub.map(Into::into);
        line.aud = claims.aud.map(Into::into);
        line.exp_s = claims.exp;
        line.exp_date = claims.exp.map(date);
        line.nbf_s = claims.nbf;
        line.nbf_date = claims.nbf.map(date);
        line.iat_s = claims.iat;
        line.cti = claims.cti.map(hex);
        line.r#use = claims.use_.map(Use::name);
        line.digest = claims.digest.map(|digest| hex(digest));
        line.grants = claims.syscalls.map(|mask| names(Mask(mask)));
        line.for_signer = claims.signer.map(|signer| hex(signer));
        line.for_anchor = claims.signer.and_then(|signer| {
            let mut anchors = device.trust.anchors();
            anchors.find(|anchor| thumbprint(anchor.key) == *signer).map(|anchor| anchor.name.to_owned())
        });
        line.for_code = claims.code.map(|code| hex(code));
        line.access = claims.access.map(|bytes| match Access::decode(bytes) {
            Ok(access) => access.to_string(),
            Err(error) => format!("malformed: {error}"),
        });
    }
    let expected = Expected { sub: uid, audiences: device.audiences, use_, now: device.now };
    match verify(token, device.trust.anchors(), &expected) {
        Ok(_) => {
            line.signature = Some(true);
            line.accepted = true;
        }
        Err(why) => {
            line.signature = signature_holds(why);
            line.why = Some(match fact(why, token, uid, device) {
                Some(fact) => format!("{why}: {fact}"),
                None => why.to_string(),
            });
        }
    }
    line
}

/// Whether a token that is not accepted has a valid signature: that is checked before the claims.
fn signature_holds(why: TokenError) -> Option<bool> {
    match why {
        TokenError::Missing(_)
        | TokenError::Misplaced(_)
        | TokenError::Unbound
        | TokenError::WrongSubject
        | TokenError::WrongAudience
        | TokenError::WrongIssuer
        | TokenError::WrongUse(_)
        | TokenError::Expired
        | TokenError::NotYetValid
        | TokenError::NoClock => Some(true),
        TokenError::BadSignature => Some(false),
        // Refused before the signature was checked: it may be valid.
        TokenError::UnknownKey
        | TokenError::NoKeyId
        | TokenError::Malformed(_)
        | TokenError::UnsupportedMessage(_)
        | TokenError::NoCwtTag
        | TokenError::NoCoseTag
        | TokenError::NoAlgorithm
        | TokenError::UnprotectedAlgorithm
        | TokenError::Critical
        | TokenError::WrongAlgorithm(_) => None,
    }
}
