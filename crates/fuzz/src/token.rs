//! Verifying tokens: nothing but the tokens that were issued is accepted, byte by byte.

use crate::outcome::{Outcome, outcome};
use std::collections::HashSet;
use std::sync::OnceLock;
use tinycontainer::metadata::{Access, Bus, Direction, Mask, Peer};
use tinycontainer::policy::kid;
use tinycontainer_testkit::{
    CLASS, DEVICE, NOW, OWNER, PROVIDER_A, STRANGER, claims, endpoint_token, sign, syscall_token,
};
use tinycontainer_token::issue::{Secret, issue, public_key};
use tinycontainer_token::{Anchor, Claims, Envelope, Expected, Key, TokenError, Use, verify, year2024};

/// The shared secret of an anchor. TEST only.
pub(crate) const SECRET: &[u8; 32] = b"TEST shared secret of fuzzing...";
const UID: &str = "a.x";

/// What the anchors' keys are, for a caller that makes anchors of them.
pub(crate) fn keys() -> &'static [(&'static str, [u8; 32]); 2] {
    static KEYS: OnceLock<[(&str, [u8; 32]); 2]> = OnceLock::new();
    KEYS.get_or_init(|| [OWNER, PROVIDER_A].map(|signer| (signer.name, public_key(signer.seed))))
}

/// Calls `f` with three anchors: two with Ed25519 keys, one with a shared secret.
pub(crate) fn with_anchors<T>(f: impl FnOnce(&[Anchor<'_, ()>]) -> T) -> T {
    static KIDS: OnceLock<[[u8; 8]; 3]> = OnceLock::new();
    let [owner, provider] = keys();
    let keys = [Key::Ed25519(&owner.1), Key::Ed25519(&provider.1), Key::Hmac256(SECRET)];
    let kids = KIDS.get_or_init(|| keys.map(kid));
    let names = [owner.0, provider.0, "shared"];
    let anchors = [0, 1, 2].map(|i| Anchor { name: names[i], kid: &kids[i], key: keys[i], scope: () });
    f(&anchors)
}

/// A token of the anchor with the shared secret.
pub(crate) fn by_secret(claims: &Claims<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    claims.encode(&mut minicbor::Encoder::new(&mut payload)).unwrap();
    let mut token = Vec::new();
    issue(&payload, &kid(Key::Hmac256(SECRET)), Secret::Hmac256(SECRET), &mut token).unwrap();
    token
}

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    static ISSUED: OnceLock<HashSet<Vec<u8>>> = OnceLock::new();
    let issued = ISSUED.get_or_init(|| seeds().into_iter().collect());

    if let Ok(claims) = Claims::decode(bytes) {
        let mut again = Vec::new();
        claims.encode(&mut minicbor::Encoder::new(&mut again)).unwrap();
        assert_eq!(again, bytes);
    }
    let _either = year2024::parse(bytes);
    let old = year2024::verify(bytes, &keys()[0].1);
    assert!(old.is_err(), "no token of 2024 was issued with this key");
    let envelope = Envelope::decode(bytes);
    if let Ok(envelope) = envelope
        && let Ok(headers) = envelope.headers()
    {
        assert_eq!(envelope.kid(), Some(headers.kid));
    }
    let mut accepted = 0;
    let mut first = None;
    for use_ in Use::ALL {
        for now in [Some(NOW), None] {
            let expected = Expected { sub: UID, audiences: &[DEVICE, CLASS], use_, now };
            let verified = with_anchors(|anchors| {
                let found = verify(bytes, anchors.iter().copied(), &expected);
                found.map(|verified| {
                    (verified.anchor().name.to_owned(), verified.expires(), verified.signer().is_some())
                })
            });
            if verified.is_ok() {
                accepted += 1;
                assert!(issued.contains(bytes), "a token that nobody has issued");
            }
            if let Err(TokenError::Malformed(_) | TokenError::BadSignature) = verified {
                // No other use or time makes it valid.
                return outcome(&verified);
            }
            first = first.or(Some(verified));
        }
    }
    // A token is for one use. Without a clock it is accepted too if it is valid for ever.
    assert!(accepted <= 2);
    outcome(&(accepted, first))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let digest = [7; 32];
    let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
    let metadata = Claims { digest: Some(&digest), ..claims(OWNER, UID, Use::Metadata) };
    let shared = Claims { iss: Some("shared"), ..metadata };
    let for_ever = Claims { exp: None, iat: None, cti: Some(b"1"), ..metadata };
    vec![
        sign(&metadata, OWNER),
        sign(&for_ever, OWNER),
        sign(&Claims { aud: Some(DEVICE), nbf: Some(NOW), ..metadata }, OWNER),
        sign(&Claims { exp: Some(NOW), ..metadata }, OWNER),
        sign(&Claims { nbf: Some(NOW + 1), ..metadata }, OWNER),
        sign(&Claims { aud: Some("other"), ..metadata }, OWNER),
        sign(&Claims { sub: Some("a.y"), ..metadata }, OWNER),
        sign(&Claims { use_: Some(Use::Code), iss: None, ..metadata }, PROVIDER_A),
        sign(&Claims { use_: Some(Use::Data), iss: Some("owner"), ..metadata }, PROVIDER_A),
        sign(&metadata, STRANGER),
        syscall_token(OWNER, UID, Mask::ALL),
        endpoint_token(OWNER, UID, &access),
        by_secret(&shared),
        by_secret(&Claims { use_: Some(Use::Syscalls), digest: None, syscalls: Some(3), ..shared }),
        by_secret(&Claims {
            use_: Some(Use::Syscalls),
            digest: None,
            syscalls: Some(3),
            code: Some(&digest),
            ..shared
        }),
    ]
}
