//! The facts of a refused token: audience, dates, keys.

use crate::input::keys::show_kid;
use crate::input::time::date;
use crate::refusal::form;
use crate::text::sentences::{list, span};
use tinycontainer_policy::{Device, Scope};
use tinycontainer_token::{
    ALG_ED25519, ALG_EDDSA, ALG_HMAC_256, Anchor, Claims, Envelope, Form, Key, TokenError,
};

/// A token's claims, with the signature not checked.
pub(crate) fn claims(token: &[u8]) -> Option<Claims<'_>> {
    Envelope::decode(token).ok().and_then(|envelope| Claims::decode(envelope.payload).ok())
}

/// What the error leaves out. `uid` is the container that the token should be about.
pub(crate) fn fact(why: TokenError, token: &[u8], uid: &str, device: &Device<'_>) -> Option<String> {
    let claims = claims(token);
    let now = device.now;
    match why {
        TokenError::Malformed(_) | TokenError::Critical | TokenError::UnprotectedAlgorithm => {
            form::fault(token)
        }
        TokenError::UnsupportedMessage(tag) => form::message(tag).map(|name| format!("it is {name}")),
        TokenError::UnknownKey => {
            let kid = Envelope::decode(token).ok()?.kid()?;
            let anchors = device.trust.anchors().map(|anchor| quoted(&anchor)).collect::<Vec<_>>();
            Some(format!("its kid is {}, and the anchors are {}", show_kid(kid), list(&anchors)))
        }
        TokenError::WrongAlgorithm(alg) => {
            let envelope = Envelope::decode(token).ok()?;
            algorithm(alg, envelope.form, &anchor(token, device)?)
        }
        TokenError::BadSignature => {
            Some(format!("checked with the key of the anchor {}", quoted(&anchor(token, device)?)))
        }
        TokenError::WrongSubject => Some(format!("it is about {}, and this is {uid}", claims?.sub?)),
        TokenError::WrongAudience => {
            let names: Vec<_> = device.audiences.iter().map(|name| format!("\"{name}\"")).collect();
            Some(format!("it is for \"{}\", and this is {}", claims?.aud?, names.join(" and of the class ")))
        }
        TokenError::WrongIssuer => Some(format!(
            "it says that \"{}\" has issued it, and the anchor with that key is {}",
            claims?.iss?,
            quoted(&anchor(token, device)?)
        )),
        TokenError::Expired => {
            let (exp, now) = (claims?.exp?, now?);
            Some(format!(
                "it was valid until {}, and it is {} here, {} later",
                date(exp),
                date(now),
                span(now.saturating_sub(exp))
            ))
        }
        TokenError::NotYetValid => {
            let (nbf, now) = (claims?.nbf?, now?);
            Some(format!(
                "it is valid from {} on, and it is {} here, {} earlier",
                date(nbf),
                date(now),
                span(nbf.saturating_sub(now))
            ))
        }
        TokenError::NoClock => {
            let claims = claims?;
            let from = claims.nbf.map(|nbf| format!("from {}", date(nbf)));
            let until = claims.exp.map(|exp| format!("until {}", date(exp)));
            let period: Vec<_> = from.into_iter().chain(until).collect();
            Some(format!("it is valid {}", period.join(" ")))
        }
        _ => None,
    }
}

/// The anchor that the kid of a token selects.
fn anchor<'a>(token: &[u8], device: &Device<'a>) -> Option<Anchor<'a, Scope<'a>>> {
    let kid = Envelope::decode(token).ok()?.kid()?;
    device.trust.anchors().find(|anchor| anchor.kid == kid)
}

fn quoted(anchor: &Anchor<'_, Scope<'_>>) -> String {
    format!("\"{}\" (kid {})", anchor.name, show_kid(anchor.kid))
}

/// Which of message, algorithm and key do not fit.
fn algorithm(alg: i64, form: Form, anchor: &Anchor<'_, Scope<'_>>) -> Option<String> {
    let (key, its_form, tag) = match anchor.key {
        Key::Ed25519(_) => ("Ed25519", Form::Sign1, 18),
        Key::Hmac256(_) => ("HMAC 256/256", Form::Mac0, 17),
    };
    let fits = match anchor.key {
        Key::Ed25519(_) => [ALG_EDDSA, ALG_ED25519].contains(&alg),
        Key::Hmac256(_) => alg == ALG_HMAC_256,
    };
    let name = form::algorithm(alg);
    Some(match (fits, form == its_form) {
        (true, false) => {
            format!("the algorithm {name} is that of the key, but the message has another tag than {tag}")
        }
        _ => format!("it is {name}, and the key of the anchor {} is for {key}", quoted(anchor)),
    })
}
