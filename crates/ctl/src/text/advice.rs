//! What to do about an image that a device refuses.

use tinycontainer::ImageError;
use tinycontainer_metadata::{Error, Metadata};
use tinycontainer_policy::ImageRejected;
use tinycontainer_token::TokenError;

/// What is wrong with metadata that does not decode, and what to do about it.
pub(crate) fn malformed(metadata: &[u8], error: Error) -> (String, &'static str) {
    if Metadata::lacks_sizes(metadata) {
        return (
            "the metadata lacks the sizes of data and code (key 8 of the container section), without which a \
             device refuses an image"
                .into(),
            "it was built before they were required: rebuild it with tinycontainerctl",
        );
    }
    (
        format!("the metadata is malformed: {error}"),
        "was the file truncated or changed? Get a new copy from its author",
    )
}

/// What to do about an image that a device refuses.
pub(crate) fn advice(error: &ImageError) -> &'static str {
    match error {
        ImageError::Rejected(refused) => refused_advice(refused),
        ImageError::TooManySessions => "wait until one of the images is loaded, or end its session",
        ImageError::TimedOut => "send it again, without a pause of half a minute",
        ImageError::Full | ImageError::OutOfMemory => "unload a container that is not needed",
        ImageError::Size => {
            "an image has metadata of at most 4096 bytes, and code; was it built with tinycontainerctl?"
        }
        ImageError::UnsupportedType(_) => "devices run containers of type wasm: build it as one",
        ImageError::DuplicateUid => "unload the other one first, or give one of them another uid",
        ImageError::Downgrade(_) => "rebuild it with this `version` or a higher one",
        ImageError::OtherSizes(_) => {
            "data or code were changed since the image was signed: get a new copy from its author"
        }
        ImageError::TooManyQueues => "let fewer of its endpoints be written to by other containers",
        ImageError::TooLong | ImageError::TooShort | ImageError::Failed => {
            "was it truncated or changed? Get a new copy"
        }
    }
}

fn refused_advice(refused: &ImageRejected) -> &'static str {
    match refused {
        ImageRejected::Malformed(_) | ImageRejected::Digest(_) => {
            "was it truncated or changed? Get a new copy from its author"
        }
        ImageRejected::Token(_, why) => token_advice(why),
        ImageRejected::Role(_) => {
            "the trust store's `roles` for that signer decide; ask a signer that has the role"
        }
        ImageRejected::Container(_) => {
            "the trust store's `containers` for that signer decide; is it the right key?"
        }
        ImageRejected::Syscalls(_) => {
            "ask for fewer syscalls, or add a `syscall_grant` from a signer that may grant them \
             (tinycontainerctl grant syscalls)"
        }
        ImageRejected::Unauthorized(_) => {
            "add an `authorization` from the peer's owner (tinycontainerctl grant endpoint)"
        }
        ImageRejected::SignerRole(_) => {
            "give the signer's anchor the role `endpoints` in the trust store, or add an `authorization` \
             from the peer's owner (tinycontainerctl grant endpoint)"
        }
        ImageRejected::OtherAccess(_) => "ask the peer's owner for a token for just this peer and direction",
        ImageRejected::Reach(_) => {
            "the trust store's `endpoints` for the signer that authorised it decide; ask the peer's owner"
        }
        ImageRejected::Priority(_) => {
            "ask for a lower `priority`; the signer's trust anchor has the highest that it may ask for"
        }
        ImageRejected::Limits => "ask for less in [limits]; the device's ceilings decide",
        ImageRejected::Size(..) => {
            "make data or code smaller; the device's ceiling for a whole image decides"
        }
        ImageRejected::Duration { .. } => {
            "ask for less in [schedule]; the device's ceiling and `hook_ms` of the signer's trust anchor decide"
        }
        ImageRejected::OtherSigner(_) | ImageRejected::OtherCode(_) => {
            "ask who granted it for a token for this signer's image, or this code (tinycontainerctl grant \
             --for-signer, --for-code)"
        }
        ImageRejected::TooManyEndpoints => "list fewer endpoints",
        ImageRejected::Year2024 => "rebuild it with tinycontainerctl: its signatures bind to nothing",
        ImageRejected::Unsigned => "have it signed: tinycontainerctl build",
        ImageRejected::Unproven(_) => "see what is wrong with the metadata token first",
    }
}

fn token_advice(why: &TokenError) -> &'static str {
    match why {
        TokenError::UnknownKey | TokenError::NoKeyId => {
            "if its signer is to be believed, add their public key to the trust store"
        }
        TokenError::NoCwtTag | TokenError::NoCoseTag => {
            "have it issued again: a token begins with the tags 61 and 18 (or 17), as `tinycontainerctl` writes it"
        }
        TokenError::WrongAudience => "its issuer can make it for this device: --aud",
        TokenError::Expired => "its issuer can make a new one: --exp",
        TokenError::NotYetValid => "wait, or set the device's clock (here: --now)",
        TokenError::NoClock => {
            "give the device the time (here: --now), or have it made without --exp and --nbf"
        }
        TokenError::WrongIssuer => "--issuer must be the name that the trust store has for that key",
        TokenError::Unbound => {
            "have it issued again: `tinycontainerctl grant` binds it with --for-signer or --for-code"
        }
        TokenError::WrongSubject
        | TokenError::Misplaced(_)
        | TokenError::WrongUse(_)
        | TokenError::Missing(_) => "it is a token for something else: have one made for this",
        _ => "was it truncated or changed? Get a new copy from its author",
    }
}
