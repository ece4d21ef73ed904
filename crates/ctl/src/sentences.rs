//! How things are said.

use tinycontainer::LoadError;
use tinycontainer_metadata::{Access, Bus, Direction, Error, Metadata, Peer};
use tinycontainer_policy::Refused;
use tinycontainer_token::Refusal;

/// What an endpoint reaches: "reads i2c:72".
pub(crate) fn access(access: &Access<'_>) -> String {
    let direction = access.direction;
    let verb = |reads: &str, writes: &str| match direction {
        Direction::In => reads.to_owned(),
        Direction::Out => writes.to_owned(),
        Direction::Both => format!("{reads} and {writes}"),
    };
    match access.peer {
        Peer::Local { bus: Bus::Data, .. } => verb("reads its own data", "writes its own data"),
        Peer::Local { .. } => format!("{} {}", verb("reads", "writes"), access.peer),
        Peer::Container { uid, endpoint } => verb(
            &format!("reads what the container {uid} sends from its endpoint {endpoint}"),
            &format!("writes to endpoint {endpoint} of the container {uid}"),
        ),
        Peer::Remote { .. } => format!("{} {}", verb("reads from", "writes to"), access.peer),
        Peer::RemoteUnaddressed { endpoint } => {
            format!("names endpoint {endpoint} of a remote peer without an address: it can never be opened")
        }
    }
}

/// "20 ms", "1.5 s".
pub(crate) fn ms(ms: u32) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{} s", f64::from(ms) / 1000.0) }
}

/// What is wrong with metadata that does not decode, and what to do about it.
pub(crate) fn malformed(metadata: &[u8], error: Error) -> (String, &'static str) {
    if Metadata::lacks_sizes(metadata) {
        return (
            "the metadata lacks the sizes of data and code (key 8 of the container section), without which no \
             device takes an image"
                .into(),
            "it was built before they were required: build it anew with tinycontainerctl",
        );
    }
    (
        format!("the metadata is malformed: {error}"),
        "was the file cut or changed on its way? Get it again from whoever made it",
    )
}

/// What to do about an image that a device does not take.
pub(crate) fn advice(error: &LoadError) -> &'static str {
    match error {
        LoadError::Refused(refused) => refused_advice(refused),
        LoadError::TooManySessions => "wait until one of the images is loaded, or end its session",
        LoadError::TimedOut => "send it again, without a pause of half a minute",
        LoadError::Full | LoadError::OutOfMemory => "unload a container that is not needed",
        LoadError::Size => {
            "an image has metadata of at most 4096 bytes, and code; was it built with tinycontainerctl?"
        }
        LoadError::UnsupportedType(_) => "devices run containers of type wasm: build it as one",
        LoadError::DuplicateUid => "unload the other one first, or give one of them another uid",
        LoadError::Downgrade(_) => "build it anew with this `version` or a higher one",
        LoadError::OtherSizes(_) => {
            "data or code were changed since the image was signed: get it again from whoever made it"
        }
        LoadError::TooManyQueues => "let fewer of its endpoints be written to by other containers",
        LoadError::TooLong | LoadError::TooShort | LoadError::Failed => {
            "was it cut or changed on its way? Get it again"
        }
    }
}

fn refused_advice(refused: &Refused) -> &'static str {
    match refused {
        Refused::Malformed(_) | Refused::Digest(_) => {
            "was it cut or changed on its way? Get it again from whoever made it"
        }
        Refused::Token(_, why) => token_advice(why),
        Refused::Role(_) => {
            "the trust store's `roles` for that signer decide; ask somebody who has the role to sign"
        }
        Refused::Container(_) => {
            "the trust store's `containers` for that signer decide; is it the right key?"
        }
        Refused::Syscalls(_) => {
            "ask for fewer syscalls, or bring a `syscall_grant` of somebody who may grant them \
             (tinycontainerctl grant syscalls)"
        }
        Refused::Unauthorized(_) => {
            "bring an `authorization` of the peer's owner (tinycontainerctl grant endpoint)"
        }
        Refused::SignerRole(_) => {
            "give the signer's anchor the role `endpoints` in the trust store, or bring an `authorization` \
             of the peer's owner (tinycontainerctl grant endpoint)"
        }
        Refused::OtherAccess(_) => "ask the peer's owner for a token for just this peer and direction",
        Refused::Reach(_) => {
            "the trust store's `endpoints` for whoever authorised it decide; ask the peer's owner"
        }
        Refused::Priority(_) => {
            "ask for a lower `priority`; the trust store says how high this signer may go"
        }
        Refused::Limits => "ask for less in [limits]; the device's ceilings decide",
        Refused::Size(..) => "make data or code smaller; the device's ceiling for a whole image decides",
        Refused::Duration { .. } => {
            "ask for less in [schedule]; the device's ceiling and `hook_ms` of the signer's trust anchor decide"
        }
        Refused::OtherSigner(_) | Refused::OtherCode(_) => {
            "ask who granted it for a token for this signer's image, or this code (tinycontainerctl grant \
             --for-signer, --for-code)"
        }
        Refused::TooManyEndpoints => "list fewer endpoints",
        Refused::Year2024 => "build it anew with tinycontainerctl: its signatures bind to nothing",
        Refused::Unsigned => "have it signed: tinycontainerctl build",
        Refused::Unproven(_) => "see what is wrong with the metadata token first",
    }
}

fn token_advice(why: &Refusal) -> &'static str {
    match why {
        Refusal::UnknownKey | Refusal::NoKeyId => {
            "if its signer is to be believed, add their public key to the trust store"
        }
        Refusal::NoCwtTag | Refusal::NoCoseTag => {
            "have it made anew: a token begins with the tags 61 and 18 (or 17), as `tinycontainerctl` writes it"
        }
        Refusal::WrongAudience => "its issuer can make it for this device: --aud",
        Refusal::Expired => "its issuer can make a new one: --exp",
        Refusal::NotYetValid => "wait, or set the device's clock (here: --now)",
        Refusal::NoClock => "give the device the time (here: --now), or have it made without --exp and --nbf",
        Refusal::WrongIssuer => "--issuer must be the name that the trust store has for that key",
        Refusal::Unbound => {
            "have it made anew: `tinycontainerctl grant` binds it with --for-signer or --for-code"
        }
        Refusal::WrongSubject | Refusal::Misplaced(_) | Refusal::WrongUse(_) | Refusal::Missing(_) => {
            "it is a token for something else: have one made for this"
        }
        _ => "was it cut or changed on its way? Get it again from whoever made it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_the_containers() {
        let container = Peer::Container { uid: "processor", endpoint: 1 };
        let said = |peer, direction| access(&Access { peer, direction });
        assert_eq!(said(container, Direction::Out), "writes to endpoint 1 of the container processor");
        assert_eq!(said(Peer::Local { bus: Bus::Gpio, unit: 2 }, Direction::Both), "reads and writes gpio:2");
    }

    #[test]
    fn durations() {
        assert_eq!([ms(20), ms(1000), ms(1500)], ["20 ms", "1 s", "1.5 s"]);
    }
}
