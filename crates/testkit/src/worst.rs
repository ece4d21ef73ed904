//! The image whose verification takes the most stack and time: every possible token, each of another signer,
//! alternating COSE_Sign1 and COSE_Mac0, and the longest names that fit. Stacks are sized by it.

use crate::{IDLE, Image, sha256};
use tinycontainer_metadata::{
    Access, Bus, Direction, Draft, Endpoint, Limits, MAX_AUTHORITY, MAX_UID, MAX_VENDOR_SECU, Mask, Part,
    PartSizes, Peer, Priority, Schedule, Scheme, Syscall, Type,
};
use tinycontainer_policy::{AnchorSpec, MAX_ENDPOINTS, Pattern, Reach, Roles, Target, kid, trust};
use tinycontainer_token::issue::{Secret, issue, public_key};
use tinycontainer_token::{Claims, Key, Use, thumbprint};

/// How many endpoints are remote hosts with the longest authority, and how many are containers with the longest uid.
/// The others are local: with one more of either the metadata would exceed the 4,096 bytes that a device accepts.
const REMOTES: usize = 2;
const CONTAINERS: usize = 3;

/// One signer each for metadata, data, code, syscalls, and each endpoint.
const SIGNERS: usize = MAX_ENDPOINTS + 4;

/// One of the signers, with a TEST key.
struct Party {
    seed: [u8; 32],
    public: [u8; 32],
    name: String,
    mac: bool,
}

impl Party {
    fn new(number: usize) -> Self {
        let mut seed = *b"TEST key of the worst image, No.";
        seed[31] = number as u8;
        Self {
            seed,
            public: public_key(&seed),
            name: format!("TEST-worst-{number}"),
            // The signers of the metadata and of the last endpoint make signatures: verifying one takes more stack
            // than an authentication tag.
            mac: number % 2 == 1 && number != SIGNERS - 1,
        }
    }

    fn key(&self) -> Key<'_> {
        if self.mac { Key::Hmac256(&self.seed) } else { Key::Ed25519(&self.public) }
    }

    fn token(&self, claims: &Claims<'_>) -> Vec<u8> {
        let mut payload = Vec::new();
        claims.encode(&mut minicbor::Encoder::new(&mut payload)).unwrap();
        let secret = if self.mac { Secret::Hmac256(&self.seed) } else { Secret::Ed25519(&self.seed) };
        let mut token = Vec::new();
        issue(&payload, &kid(self.key()), secret, &mut token).unwrap();
        token
    }
}

/// The longest possible uid with that beginning.
fn long(beginning: &str, bytes: usize) -> String {
    format!("{beginning:-<bytes$}")
}

/// The trust store with the signers of [`worst`]. TEST keys.
pub fn worst_trust_store() -> Vec<u8> {
    let parties: Vec<_> = (0..SIGNERS).map(Party::new).collect();
    let any = [Reach { target: Target::Any, direction: Direction::Both }];
    let mut anchors: Vec<_> = parties
        .iter()
        .enumerate()
        .map(|(number, party)| AnchorSpec {
            name: &party.name,
            key: party.key(),
            // Each has only the scope that it needs: nothing is in the scope of two signers.
            roles: match number {
                0 => Roles::METADATA,
                1 | 2 => Roles::PARTS,
                3 => Roles::SYSCALLS,
                _ => Roles::ENDPOINTS,
            },
            containers: if number < 3 { &[Pattern("worst*")] } else { &[] },
            syscalls: if number == 3 { Mask::ALL } else { Mask::NONE },
            reaches: if number > 3 { &any } else { &[] },
            priority: Priority::High,
            hook_ms: 1000,
        })
        .collect();
    let mut out = Vec::new();
    trust::encode(&mut anchors, &mut out).unwrap();
    out
}

/// The image, for a device or class `aud`. With `bad_last` the signature of its last token is invalid: the image is
/// rejected after the most expensive checks.
pub fn worst(aud: &str, bad_last: bool) -> Image {
    let parties: Vec<_> = (0..SIGNERS).map(Party::new).collect();
    let uid = long("worst", MAX_UID);
    let code = wat::parse_str(IDLE).unwrap();
    let data = b"TEST".to_vec();
    let (code_digest, data_digest) = (sha256(&code), sha256(&data));
    let signer = thumbprint(parties[0].key());
    let claims = |use_| Claims { sub: Some(&uid), aud: Some(aud), use_: Some(use_), ..Claims::default() };
    let part = |number: usize, use_, digest: &[u8; 32]| {
        parties[number].token(&Claims { digest: Some(digest), ..claims(use_) })
    };
    let data_token = part(1, Use::Data, &data_digest);
    let code_token = part(2, Use::Code, &code_digest);
    let syscall_token = parties[3].token(&Claims {
        syscalls: Some(Mask::ALL.0),
        signer: Some(&signer),
        code: Some(&code_digest),
        ..claims(Use::Syscalls)
    });
    let names: Vec<_> = (0..MAX_ENDPOINTS)
        .map(|i| match i {
            i if i < REMOTES => long(&i.to_string(), MAX_AUTHORITY),
            i => long(&i.to_string(), MAX_UID),
        })
        .collect();
    let accesses: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let peer = if i < REMOTES {
                Peer::Remote { scheme: Scheme::Coap, authority: name }
            } else if i < REMOTES + CONTAINERS {
                Peer::Container { uid: name, endpoint: u32::MAX }
            } else {
                Peer::Local { bus: Bus::Gpio, unit: i as u32 }
            };
            Access { peer, direction: Direction::Out }
        })
        .collect();
    let tokens: Vec<_> = accesses
        .iter()
        .zip(&parties[4..])
        .map(|(access, party)| {
            let mut bytes = Vec::new();
            access.encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
            let claims = Claims { access: Some(&bytes), signer: Some(&signer), ..claims(Use::Endpoint) };
            let mut token = party.token(&claims);
            if bad_last && party.name == parties[SIGNERS - 1].name {
                *token.last_mut().unwrap() ^= 1;
            }
            token
        })
        .collect();
    let endpoints: Vec<_> = accesses
        .iter()
        .zip(&tokens)
        .enumerate()
        .map(|(i, (access, token))| Endpoint { id: i as u32, access: *access, token: Some(token) })
        .collect();
    let draft = Draft {
        uid: &uid,
        kind: Type::Wasm,
        version: 1,
        syscalls: Mask::of(&Syscall::ALL),
        syscall_token: Some(&syscall_token),
        limits: Limits { linear_memory: 1024, stack: 1024, heap: 8192 },
        schedule: Schedule {
            start_ms: 100,
            period_ms: 100,
            loop_ms: 100,
            stop_ms: 100,
            priority: Priority::High,
            ..Schedule::default()
        },
        endpoints: &endpoints,
        vendor_secu: Some(&[0x57; MAX_VENDOR_SECU]),
        sizes: PartSizes { data: data.len() as u32, code: code.len() as u32 },
        data: Part::Token(&data_token),
        code: Part::Token(&code_token),
    };
    let mut scratch = vec![0; 16384];
    let mut signed = Vec::new();
    draft.encode_signed(&mut signed, &mut scratch).unwrap();
    let digest = sha256(&signed);
    let token = parties[0].token(&Claims { digest: Some(&digest), ..claims(Use::Metadata) });
    let mut metadata = Vec::new();
    draft.encode(&mut metadata, &token, &mut scratch).unwrap();
    Image { metadata, data, code }
}
