//! TEST keys, trust stores and signed images.
//!
//! It panics on errors, as tests do: it is for tests only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod tiny;
mod worst;
mod year2024;

use sha2::{Digest, Sha256};
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{
    Access, Direction, Draft, Endpoint, Limits, Mask, Part, PartSizes, Peer, Priority, Schedule, Type,
};
use tinycontainer_policy::{AnchorSpec, Ceilings, Device, Pattern, Reach, Roles, Target, Trust, kid, trust};
use tinycontainer_token::issue::{Secret, issue, public_key};
use tinycontainer_token::{Claims, Key, Use, thumbprint};

pub use tiny::Tiny;
pub use worst::{worst, worst_trust_store};
pub use year2024::{image_2024, key_2024, store_2024};

/// The name of devices in tests.
pub const DEVICE: &str = "device-1";
/// The class of devices in tests.
pub const CLASS: &str = "class-a";
/// The time in tests, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

/// A signer with a TEST key.
#[derive(Debug, Clone, Copy)]
pub struct Signer {
    /// The name of the anchor.
    pub name: &'static str,
    /// The private key. TEST only.
    pub seed: &'static [u8; 32],
    /// The private key whose kid its tokens carry: its own, except in a forgery.
    pub kid_of: &'static [u8; 32],
}

impl Signer {
    const fn new(name: &'static str, seed: &'static [u8; 32]) -> Self {
        Self { name, seed, kid_of: seed }
    }
}

/// Owns the device: may do everything.
pub const OWNER: Signer = Signer::new("owner", b"TEST key of the device owner....");
/// Signs containers `a.*`, which may use I2C 72 and communicate with containers.
pub const PROVIDER_A: Signer = Signer::new("provider-a", b"TEST key of service provider A..");
/// Signs containers `b.*`, which may communicate with containers; may not grant `heartbeat`.
pub const PROVIDER_B: Signer = Signer::new("provider-b", b"TEST key of service provider B..");
/// Grants syscalls and signs parts, but no metadata.
pub const MANAGER: Signer = Signer::new("manager", b"TEST key of the manager.........");
/// Is not a trust anchor of any device.
pub const STRANGER: Signer = Signer::new("stranger", b"TEST key that nobody trusts.....");

/// The trust store of devices in tests.
pub fn trust_store() -> Vec<u8> {
    let keys = [OWNER, PROVIDER_A, PROVIDER_B, MANAGER].map(|signer| public_key(signer.seed));
    let any = [Reach { target: Target::Any, direction: Direction::Both }];
    let containers = Reach {
        target: Target::Container { uid: Pattern("*"), endpoints: None },
        direction: Direction::Both,
    };
    let i2c = Reach {
        target: Target::Local { bus: Some(tinycontainer_metadata::Bus::I2c), units: Some((72, 72)) },
        direction: Direction::In,
    };
    let anchor = |signer: Signer, key| AnchorSpec {
        name: signer.name,
        key: Key::Ed25519(key),
        roles: Roles::METADATA.union(Roles::SYSCALLS).union(Roles::ENDPOINTS),
        containers: &[],
        syscalls: Mask::ALL,
        reaches: &[],
        priority: Priority::Normal,
        hook_ms: 10_000,
    };
    let [owner, a, b, manager] = &keys;
    let mut anchors = [
        AnchorSpec {
            roles: Roles::ALL,
            containers: &[Pattern("*")],
            reaches: &any,
            priority: Priority::High,
            ..anchor(OWNER, owner)
        },
        AnchorSpec { containers: &[Pattern("a.*")], reaches: &[i2c, containers], ..anchor(PROVIDER_A, a) },
        AnchorSpec {
            containers: &[Pattern("b.*")],
            reaches: &[containers],
            syscalls: Mask(Mask::ALL.0 & !1),
            ..anchor(PROVIDER_B, b)
        },
        AnchorSpec {
            roles: Roles::SYSCALLS.union(Roles::PARTS),
            containers: &[Pattern("*")],
            ..anchor(MANAGER, manager)
        },
    ];
    let mut out = Vec::new();
    trust::encode(&mut anchors, &mut out).unwrap();
    out
}

/// The device in tests, with a store from [`trust_store`].
pub fn device(store: &[u8]) -> Device<'_> {
    device_with(Trust::decode(store).unwrap())
}

/// The device in tests, with a store that was decoded before, as devices do at start-up.
pub fn device_with(trust: Trust<'_>) -> Device<'_> {
    Device {
        audiences: &[DEVICE, CLASS],
        trust,
        now: Some(NOW),
        ceilings: Ceilings {
            linear_memory: 65536,
            stack: 8192,
            heap: 65536,
            image: 1 << 20,
            hook_ms: 10_000,
        },
        accept_2024: None,
    }
}

/// The claims of a valid token about `sub`.
pub fn claims(signer: Signer, sub: &str, use_: Use) -> Claims<'_> {
    Claims {
        iss: Some(signer.name),
        sub: Some(sub),
        aud: Some(CLASS),
        exp: Some(NOW + 1000),
        iat: Some(NOW),
        use_: Some(use_),
        ..Claims::default()
    }
}

/// Signs claims.
pub fn sign(claims: &Claims<'_>, signer: Signer) -> Vec<u8> {
    let mut payload = Vec::new();
    claims.encode(&mut minicbor::Encoder::new(&mut payload)).unwrap();
    let mut token = Vec::new();
    issue(&payload, &kid(Key::Ed25519(&public_key(signer.kid_of))), Secret::Ed25519(signer.seed), &mut token)
        .unwrap();
    token
}

/// The COSE Key Thumbprint of a signer's key.
pub fn thumbprint_of(signer: Signer) -> [u8; 32] {
    thumbprint(Key::Ed25519(&public_key(signer.seed)))
}

/// The signer of containers with that uid in tests.
fn provider(sub: &str) -> Signer {
    match sub.split_once('.') {
        Some(("a", _)) => PROVIDER_A,
        Some(("b", _)) => PROVIDER_B,
        _ => OWNER,
    }
}

/// A token that grants syscalls, to an image of the provider that signs containers with that uid.
pub fn syscall_token(signer: Signer, sub: &str, mask: Mask) -> Vec<u8> {
    let to = thumbprint_of(provider(sub));
    sign(&Claims { syscalls: Some(mask.0), signer: Some(&to), ..claims(signer, sub, Use::Syscalls) }, signer)
}

/// A token that authorizes an endpoint, to an image of the provider that signs containers with that uid.
pub fn endpoint_token(signer: Signer, sub: &str, access: &Access<'_>) -> Vec<u8> {
    let to = thumbprint_of(provider(sub));
    let mut bytes = Vec::new();
    access.encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
    sign(&Claims { access: Some(&bytes), signer: Some(&to), ..claims(signer, sub, Use::Endpoint) }, signer)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The specification of a container, to make an image from it. The default is valid.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its uid.
    pub uid: String,
    /// Its type.
    pub kind: Type,
    /// Its version.
    pub version: u32,
    /// The syscalls it asks for.
    pub syscalls: Mask,
    /// A token for them.
    pub syscall_token: Option<Vec<u8>>,
    /// The memory it asks for.
    pub limits: Limits,
    /// When it runs.
    pub schedule: Schedule,
    /// Its endpoints.
    pub endpoints: Vec<(u32, OwnedPeer, Direction, Option<Vec<u8>>)>,
    /// Its data.
    pub data: Vec<u8>,
    /// Its module.
    pub code: Vec<u8>,
    /// Whether data and code are proven by tokens and not by digests.
    pub part_tokens: (Option<Vec<u8>>, Option<Vec<u8>>),
    /// The sizes in the metadata, if they are to differ from those of data and code.
    pub sizes: Option<PartSizes>,
}

/// A peer, by value.
#[derive(Debug, Clone)]
pub enum OwnedPeer {
    /// A local bus and unit.
    Local(tinycontainer_metadata::Bus, u32),
    /// Another container's endpoint.
    Container(String, u32),
    /// A remote host.
    Remote(tinycontainer_metadata::Scheme, String),
}

impl OwnedPeer {
    /// The peer as in the metadata.
    pub fn peer(&self) -> Peer<'_> {
        match self {
            Self::Local(bus, unit) => Peer::Local { bus: *bus, unit: *unit },
            Self::Container(uid, endpoint) => Peer::Container { uid, endpoint: *endpoint },
            Self::Remote(scheme, authority) => Peer::Remote { scheme: *scheme, authority },
        }
    }
}

impl Spec {
    /// A container `uid` with this module in text form, every syscall, and no endpoint.
    pub fn new(uid: &str, wat: &str) -> Self {
        Self {
            uid: uid.into(),
            kind: Type::Wasm,
            version: 1,
            syscalls: Mask(Mask::ALL.0 & !1),
            syscall_token: None,
            limits: Limits { linear_memory: 65536, stack: 2048, heap: 32768 },
            schedule: Schedule {
                start_ms: 100,
                period_ms: 10,
                loop_ms: 10,
                stop_ms: 100,
                ..Schedule::default()
            },
            endpoints: Vec::new(),
            data: Vec::new(),
            code: wat::parse_str(wat).unwrap(),
            part_tokens: (None, None),
            sizes: None,
        }
    }

    /// Adds an endpoint without a token.
    pub fn endpoint(mut self, id: u32, peer: OwnedPeer, direction: Direction) -> Self {
        self.endpoints.push((id, peer, direction, None));
        self
    }

    /// The image, signed.
    pub fn sign(&self, signer: Signer) -> Image {
        self.sign_with(signer, |claims| *claims)
    }

    /// The image, signed, with claims that the test may change.
    pub fn sign_with<'a>(
        &'a self,
        signer: Signer,
        change: impl for<'c> FnOnce(&Claims<'c>) -> Claims<'c>,
    ) -> Image {
        let endpoints: Vec<Endpoint<'a>> = self
            .endpoints
            .iter()
            .map(|(id, peer, direction, token)| Endpoint {
                id: *id,
                access: Access { peer: peer.peer(), direction: *direction },
                token: token.as_deref(),
            })
            .collect();
        let (data, code) = (sha256(&self.data), sha256(&self.code));
        let draft = Draft {
            uid: &self.uid,
            kind: self.kind,
            version: self.version,
            syscalls: self.syscalls,
            syscall_token: self.syscall_token.as_deref(),
            limits: self.limits,
            schedule: self.schedule,
            endpoints: &endpoints,
            vendor_secu: None,
            sizes: self
                .sizes
                .unwrap_or(PartSizes { data: self.data.len() as u32, code: self.code.len() as u32 }),
            data: self.part_tokens.0.as_deref().map_or(Part::Digest(&data), Part::Token),
            code: self.part_tokens.1.as_deref().map_or(Part::Digest(&code), Part::Token),
        };
        let mut scratch = vec![0; 16384];
        let mut signed = Vec::new();
        draft.encode_signed(&mut signed, &mut scratch).unwrap();
        let digest = sha256(&signed);
        let claims = change(&Claims { digest: Some(&digest), ..claims(signer, &self.uid, Use::Metadata) });
        let token = sign(&claims, signer);
        let mut metadata = Vec::new();
        draft.encode(&mut metadata, &token, &mut scratch).unwrap();
        Image { metadata, data: self.data.clone(), code: self.code.clone() }
    }
}

/// The three parts of an image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Signed.
    pub metadata: Vec<u8>,
    /// Matches the digest in the metadata.
    pub data: Vec<u8>,
    /// Matches the digest in the metadata.
    pub code: Vec<u8>,
}

impl Image {
    /// The parts.
    pub fn parts(&self) -> Parts<'_> {
        Parts { metadata: &self.metadata, data: &self.data, code: &self.code }
    }
}

/// The imports of all natives, and one page of memory.
pub const IMPORTS: &str = r#"
    (import "env" "logger" (func $logger (param i32)))
    (import "env" "heartbeat" (func $heartbeat (result i32)))
    (import "env" "open" (func $open (param i32) (result i32)))
    (import "env" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "env" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "env" "close" (func $close (param i32) (result i32)))
    (memory 1)
"#;

/// A module with these bodies of its hooks, the natives and one page of memory.
pub fn module(start: &str, loop_: &str, stop: &str) -> String {
    format!(
        r#"(module {IMPORTS}
            (func (export "start") {start})
            (func (export "loop") (result i32) {loop_})
            (func (export "stop") {stop}))"#
    )
}

/// A module that does nothing and goes on.
pub const IDLE: &str = r#"(module (func (export "start")) (func (export "loop") (result i32) i32.const 0) (func (export "stop")))"#;
