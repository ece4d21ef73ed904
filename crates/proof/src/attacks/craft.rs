//! Making images and tokens that no honest tool makes.

use ed25519_compact::{KeyPair, Seed};
use tinycontainer::firewall::Mask;
use tinycontainer::metadata::minicbor::Encoder;
use tinycontainer::metadata::{Access, Direction, Metadata, Priority, Proofs};
use tinycontainer::policy::{AnchorSpec, Pattern, Reach, Roles, Target, kid, trust};
use tinycontainer_testkit::{self as kit, Image, Signer, Spec, claims, sha256, sign};
use tinycontainer_token::issue::{Secret, issue, public_key};
use tinycontainer_token::{Claims, Envelope, Key, Use};

/// A byte string in CBOR.
pub(super) fn bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = Encoder::new(&mut out).bytes(bytes);
    out
}

/// The signed bytes of an image's metadata, and its token.
pub(super) fn split(image: &Image) -> (Vec<u8>, Vec<u8>) {
    match Metadata::decode(&image.metadata).map(|metadata| metadata.proofs) {
        Ok(Proofs::Profile1(proofs)) => (proofs.signed.to_vec(), proofs.token.to_vec()),
        _ => (Vec::new(), Vec::new()),
    }
}

/// The image with that token over its metadata.
pub(super) fn with_token(image: &Image, token: &[u8]) -> Image {
    with_encoded_token(image, &bytes(token))
}

/// The image with these bytes where the token is in its metadata.
pub(super) fn with_encoded_token(image: &Image, encoded: &[u8]) -> Image {
    let (mut metadata, _) = split(image);
    metadata.push(4);
    metadata.extend(encoded);
    Image { metadata, ..image.clone() }
}

/// The parts of a token, to put them together in another way.
pub(super) struct Message {
    pub(super) tags: Vec<u8>,
    pub(super) protected: Vec<u8>,
    /// The unprotected header, as CBOR.
    pub(super) unprotected: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) proof: Vec<u8>,
}

impl Message {
    /// The parts of a valid COSE_Sign1 token.
    pub(super) fn of(token: &[u8]) -> Self {
        let envelope = Envelope::decode(token);
        let part = |part: fn(&Envelope<'_>) -> Vec<u8>| envelope.as_ref().map(part).unwrap_or_default();
        Self {
            tags: vec![0xd8, 61, 0xd2],
            protected: part(|e| e.protected.to_vec()),
            unprotected: vec![0xa0],
            payload: part(|e| e.payload.to_vec()),
            proof: part(|e| e.proof.to_vec()),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = self.tags.clone();
        out.push(0x84);
        out.extend(bytes(&self.protected));
        out.extend(&self.unprotected);
        out.extend(bytes(&self.payload));
        out.extend(bytes(&self.proof));
        out
    }

    /// Signs it as it is now.
    pub(super) fn sign(mut self, signer: Signer) -> Self {
        let mut structure = b"\x84\x6aSignature1".to_vec();
        for part in [&self.protected[..], &[], &self.payload] {
            structure.extend(bytes(part));
        }
        self.proof = KeyPair::from_seed(Seed::new(*signer.seed)).sk.sign(&structure, None).to_vec();
        self
    }
}

/// The image with another arrangement of its token.
pub(super) fn rearranged(image: &Image, change: impl FnOnce(&mut Message)) -> Image {
    let mut message = Message::of(&split(image).1);
    change(&mut message);
    with_token(image, &message.encode())
}

/// The image with a token of which the signer has changed the parts before signing.
pub(super) fn reissued(image: &Image, signer: Signer, change: impl FnOnce(&mut Message)) -> Image {
    let mut message = Message::of(&split(image).1);
    change(&mut message);
    with_token(image, &message.sign(signer).encode())
}

/// An image of which the signer has changed the metadata's bytes before signing.
pub(super) fn edited(spec: &Spec, signer: Signer, change: impl FnOnce(&mut Vec<u8>)) -> Image {
    let image = spec.sign(signer);
    let (mut metadata, _) = split(&image);
    change(&mut metadata);
    let digest = sha256(&metadata);
    let token = sign(&Claims { digest: Some(&digest), ..claims(signer, &spec.uid, Use::Metadata) }, signer);
    metadata.push(4);
    metadata.extend(bytes(&token));
    Image { metadata, ..image }
}

/// Replaces these bytes, which occur once.
pub(super) fn replace(in_: &mut Vec<u8>, from: &[u8], to: &[u8]) {
    let at = in_.windows(from.len()).position(|window| window == from);
    if let Some(at) = at {
        in_.splice(at..at + from.len(), to.iter().copied());
    }
}

/// A token over data or code.
pub(super) fn part_token(signer: Signer, sub: &str, use_: Use, part: &[u8]) -> Vec<u8> {
    sign(&Claims { digest: Some(&sha256(part)), ..claims(signer, sub, use_) }, signer)
}

/// An access as in a token.
pub(super) fn encoded(access: &Access<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = access.encode(&mut Encoder::new(&mut out));
    out
}

/// COSE_Mac0 over claims, under the key id of `kid_of`.
pub(super) fn mac(claims: &Claims<'_>, kid_of: Key<'_>, secret: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    let _ = claims.encode(&mut Encoder::new(&mut payload));
    let mut token = Vec::new();
    let _ = issue(&payload, &kid(kid_of), Secret::Hmac256(secret), &mut token);
    token
}

/// The public key of a signer.
pub(super) fn public(signer: Signer) -> [u8; 32] {
    public_key(signer.seed)
}

/// An anchor that may do everything with everything, to be narrowed.
pub(super) fn anchor<'a>(name: &'a str, key: Key<'a>) -> AnchorSpec<'a> {
    const ANY: &[Reach<'_>] = &[Reach { target: Target::Any, direction: Direction::Both }];
    AnchorSpec {
        name,
        key,
        roles: Roles::ALL,
        containers: &[Pattern("*")],
        syscalls: Mask::ALL,
        reaches: ANY,
        priority: Priority::High,
        hook_ms: 10_000,
    }
}

/// A trust store of these anchors.
pub(super) fn store(anchors: &mut [AnchorSpec<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = trust::encode(anchors, &mut out);
    out
}

/// A store in which one signer's anchor is the only one.
pub(super) fn store_of(
    signer: Signer,
    change: impl for<'a> FnOnce(AnchorSpec<'a>) -> AnchorSpec<'a>,
) -> Vec<u8> {
    let key = public(signer);
    store(&mut [change(anchor(signer.name, Key::Ed25519(&key)))])
}

/// A container of A that does nothing.
pub(super) fn good() -> Spec {
    Spec::new("a.x", kit::IDLE)
}
