//! The decision over images against the executable specification: both accept, or both refuse by the same check, and the
//! product's reason is one that the specification allows.

use crate::outcome::{Outcome, outcome};
use crate::spec_policy::{
    ANY, Accepted, Access, Anchor, CONTAINER, Check, Device, Digest, Endpoint, Image, LOCAL, Part, Party,
    REMOTE, Reach, Reason, Refused, Token, Use, decide,
};
use arbitrary::Unstructured;
use std::sync::OnceLock;
use tinycontainer::metadata::{
    self, Bus, Direction, Draft, Limits, Mask, Peer, Priority, Schedule, Scheme, Wake,
};
use tinycontainer::policy::{
    self, AnchorSpec, Ceilings, ImageRejected, Pattern, Roles, Subject, Target, Trust, clear, kid, sha256,
    trust,
};
use tinycontainer_token::issue::{Secret, issue, public_key};
use tinycontainer_token::{Claims, Key, TokenError, thumbprint};

const NOW: u64 = 1_800_000_000;
const NAMES: [&str; 4] = ["alice", "bob", "carol", "mallory"];
/// Signs images of `a.*`, and may do little.
const ALICE: Party = 0;
/// May do everything.
const BOB: Party = 1;
/// Has an Ed25519 key.
const CAROL: Party = 2;
/// Is not a trust anchor, unless the input makes it one.
const MALLORY: Party = 3;

/// Decisions from an input. The first bytes select at which places something unusual is chosen, the others what. Half of
/// these places are near to each other: what belongs together is chosen together.
struct Choices<'a> {
    bytes: Unstructured<'a>,
    unusual: Vec<u8>,
    place: u8,
}

impl<'a> Choices<'a> {
    fn new(input: &'a [u8]) -> Self {
        let mut bytes = Unstructured::new(input);
        let count = bytes.int_in_range(0..=7).unwrap_or(0);
        let near = bytes.arbitrary::<u8>().unwrap_or(0);
        let place = |index: u8| {
            let place = bytes.arbitrary::<u8>().unwrap_or(0);
            if index.is_multiple_of(2) { near.wrapping_add(place % 24) } else { place }
        };
        let unusual = (0..count).map(place).collect();
        Self { bytes, unusual, place: 0 }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.bytes.int_in_range(0..=bound as u8 - 1).unwrap_or(0).into()
    }

    fn flags(&mut self) -> u8 {
        self.bytes.arbitrary().unwrap_or(0)
    }

    /// One of the others at the places that the input has selected.
    fn or<T: Clone>(&mut self, usual: T, others: &[T]) -> T {
        self.place = self.place.wrapping_add(1);
        if !self.unusual.contains(&self.place) {
            return usual;
        }
        let choice = self.below(others.len());
        others[choice].clone()
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn token(choices: &mut Choices<'_>, by: Party, uid: &str, use_: Use) -> Token {
    let by = choices.or(by, &[ALICE, BOB, CAROL, MALLORY]);
    let is_digest = matches!(use_, Use::Metadata | Use::Data | Use::Code);
    let digest = match use_ {
        Use::Metadata => Some(Digest::Metadata),
        Use::Data => Some(Digest::Data),
        Use::Code => Some(Digest::Code),
        Use::Syscalls | Use::Endpoint => None,
    };
    Token {
        key: by,
        kid: choices.or(by, &[ALICE, BOB, CAROL, MALLORY]),
        altered: choices.or(false, &[true]),
        iss: choices.or(Some(text(NAMES[by])), &[None, Some(text("bob")), Some(text(""))]),
        sub: choices.or(Some(text(uid)), &[None, Some(text("a.y")), Some(text("a."))]),
        aud: choices
            .or(Some(text("class")), &[None, Some(text("device")), Some(text("devic")), Some(text(""))]),
        exp: choices
            .or(Some(NOW + 100), &[None, Some(NOW), Some(NOW + 1), Some(0), Some(u64::MAX), Some(NOW + 50)]),
        nbf: choices.or(None, &[Some(NOW), Some(NOW + 1), Some(0), Some(NOW - 7)]),
        digest: choices.or(
            digest,
            &[
                None,
                Some(Digest::SomethingElse),
                Some(Digest::Metadata),
                Some(Digest::Data),
                Some(Digest::Code),
            ],
        ),
        syscalls: choices
            .or((use_ == Use::Syscalls).then_some(63), &[None, Some(0), Some(1), Some(62), Some(u32::MAX)]),
        access: None,
        use_: choices.or(
            Some(use_),
            &[
                None,
                Some(Use::Metadata),
                Some(Use::Data),
                Some(Use::Code),
                Some(Use::Syscalls),
                Some(Use::Endpoint),
            ],
        ),
        signer: choices.or((!is_digest).then_some(ALICE), &[None, Some(ALICE), Some(BOB), Some(CAROL)]),
        code: choices.or(None, &[Some(Digest::Code), Some(Digest::SomethingElse), Some(Digest::Data)]),
    }
}

fn access(kind: u8, name: &str, number: u32, direction: u8, address: u8) -> Access {
    Access { kind, name: text(name), number, direction, address }
}

/// Endpoints, and whether the usual one has a token of Bob.
fn endpoint(choices: &mut Choices<'_>, id: u32, uid: &str) -> Endpoint {
    let (usual, by_token) = [
        (access(LOCAL, "", 72, 0, 2), false),
        (access(LOCAL, "", 17, 1, 1), true),
        (access(CONTAINER, "b.y", 3, 2, 0), false),
        (access(REMOTE, "host:5683", 0, 2, 0), true),
        (access(LOCAL, "", 0, 0, 6), false),
        (access(LOCAL, "", 73, 0, 2), true),
    ][choices.below(6)]
    .clone();
    let long = "n".repeat(129);
    let mut asked = usual.clone();
    asked.direction = choices.or(usual.direction, &[0, 1, 2]);
    asked.number = choices.or(usual.number, &[0, 71, 72, 73, u32::MAX]);
    if asked.kind != LOCAL {
        asked.name =
            choices.or(asked.name, &[text("b.z"), text("c"), text(""), text("b y"), text("[::1]"), long]);
    }
    if asked.kind != CONTAINER {
        asked.address = choices.or(asked.address, &[0, 1, 2, 3]);
    }
    // Numbers and addresses that the format does not have for a kind do not count.
    if asked.kind == REMOTE {
        asked.number = 0;
    }
    let token = choices.or(by_token, &[!by_token]).then(|| {
        let mut token = token(choices, BOB, uid, Use::Endpoint);
        let mut granted = asked.clone();
        granted.direction = choices.or(granted.direction, &[0, 1, 2]);
        if granted.kind != REMOTE {
            granted.number = choices.or(granted.number, &[0, 72]);
        }
        token.access = choices.or(Some(granted), &[None]);
        token
    });
    Endpoint { id, access: asked, token }
}

fn image(choices: &mut Choices<'_>) -> Image {
    let uid =
        choices.or(text("a.x"), &[text("a."), text("a"), text("b.x"), text(""), text("a/x"), "a".repeat(65)]);
    let flags = choices.flags();
    let by_token = |flag: u8| flags & flag != 0;
    let syscalls = if by_token(1) { 63 } else { 62 };
    let count = choices.or(usize::from(flags >> 6), &[4, 5, 8, 9, 33]);
    let mut next = 1;
    let endpoints = (0..count)
        .map(|_| {
            let endpoint = endpoint(choices, next, &uid);
            next = choices.or(next.wrapping_add(1), &[next, u32::MAX, 0]);
            endpoint
        })
        .collect();
    Image {
        syscalls: choices.or(syscalls, &[0, 1, 2, 63, 64, u32::MAX, 10, 8]),
        syscall_token: choices
            .or(by_token(1), &[!by_token(1)])
            .then(|| token(choices, BOB, &uid, Use::Syscalls)),
        limits: [0, 1, 2].map(|_| choices.or(500, &[0, 1000, 1001, u32::MAX])),
        vendor_secu: choices.or(0, &[1, 256, 257]),
        sizes: [choices.or(10, &[0, u32::MAX]), choices.or(10, &[0, 1, u32::MAX])],
        endpoints,
        durations: [0, 1, 2].map(|_| choices.or(10, &[0, 1, 100, 101, 200, 201, u32::MAX])),
        period: choices.or(10, &[0, 11, u32::MAX]),
        heartbeat: choices.or(0, &[1, 9, 10, 11, u32::MAX]),
        priority: choices.or(1, &[0, 2]),
        wake_by_message: by_token(8),
        data: if by_token(2) { Part::Token(token(choices, BOB, &uid, Use::Data)) } else { Part::Digest },
        code: if by_token(4) { Part::Token(token(choices, CAROL, &uid, Use::Code)) } else { Part::Digest },
        token: choices.or(true, &[false]).then(|| token(choices, ALICE, &uid, Use::Metadata)),
        bytes: 0,
        uid,
    }
}

fn reach(
    kind: u8,
    name: Option<&str>,
    range: Option<(u32, u32)>,
    direction: u8,
    address: Option<u8>,
) -> Reach {
    Reach { kind, name: name.map(text), range, direction, address }
}

fn device(choices: &mut Choices<'_>) -> Device {
    let lists = [
        vec![],
        vec![reach(ANY, None, None, 2, None)],
        vec![reach(ANY, None, None, 0, None)],
        vec![
            reach(LOCAL, None, Some((70, 72)), 0, Some(2)),
            reach(CONTAINER, Some("b.*"), Some((3, 3)), 2, None),
        ],
        vec![reach(LOCAL, None, None, 1, None), reach(CONTAINER, None, None, 2, None)],
        vec![reach(REMOTE, Some("host*"), None, 2, None), reach(CONTAINER, Some("*"), Some((4, 9)), 2, None)],
        vec![reach(REMOTE, None, None, 1, Some(1)), reach(LOCAL, None, Some((9, 3)), 2, None)],
    ];
    let uids = |list: &[&str]| list.iter().map(|uid| text(uid)).collect::<Vec<_>>();
    let scopes = [
        uids(&[]),
        uids(&["*"]),
        uids(&["a"]),
        uids(&["a.x"]),
        uids(&["b.*", "a.*"]),
        uids(&["a.x*"]),
        uids(&["a*x"]),
    ];
    let present = [ALICE, BOB, CAROL, MALLORY].map(|party| choices.or(party != MALLORY, &[party == MALLORY]));
    let anchors = [ALICE, BOB, CAROL, MALLORY]
        .into_iter()
        .filter(|party| present[*party])
        .map(|party| {
            let (roles, scope, syscalls, reaches) = match party {
                ALICE => (13, &scopes[4], 62, &lists[3]),
                CAROL => (2, &scopes[1], 0, &lists[0]),
                _ => (15, &scopes[1], 63, &lists[1]),
            };
            Anchor {
                party,
                name: choices.or(text(NAMES[party]), &[text("")]),
                roles: choices.or(roles, &[0, 1, 2, 4, 8, 15, 14, 13, 11, 7]),
                uids: choices.or(scope.clone(), &scopes),
                syscalls: choices.or(syscalls, &[0, 1, 2, 62, 63, u32::MAX]),
                reaches: choices.or(reaches.clone(), &lists),
                priority: choices.or(1, &[0, 2]),
                hook_ms: choices.or(100, &[0, 9, 10, 200, u32::MAX]),
            }
        })
        .collect();
    Device {
        names: vec![text("device"), text("class")],
        now: choices.or(Some(NOW), &[None, Some(NOW - 1), Some(0), Some(u64::MAX)]),
        limits: [0, 1, 2].map(|_| choices.or(1000, &[0, 499, 500, u32::MAX])),
        image: 0,
        hook_ms: choices.or(200, &[0, 9, 10, 100, u32::MAX]),
        anchors,
        has_ed25519: vec![false, false, true, false],
    }
}

/// A party's key.
struct Keys {
    secret: [u8; 32],
    public: [u8; 32],
    kid: [u8; 8],
    thumbprint: [u8; 32],
}

fn keys(party: Party) -> &'static Keys {
    static KEYS: OnceLock<[Keys; 4]> = OnceLock::new();
    &KEYS.get_or_init(|| {
        [ALICE, BOB, CAROL, MALLORY].map(|party| {
            let mut secret = *b"TEST key of the party in fuzzing";
            secret[0] = b'0' + party as u8;
            let public = public_key(&secret);
            let key = if party == CAROL { Key::Ed25519(&public) } else { Key::Hmac256(&secret) };
            Keys { secret, public, kid: kid(key), thumbprint: thumbprint(key) }
        })
    })[party]
}

fn key(party: Party) -> Key<'static> {
    let keys = keys(party);
    if party == CAROL { Key::Ed25519(&keys.public) } else { Key::Hmac256(&keys.secret) }
}

fn product_access(access: &Access) -> metadata::Access<'_> {
    let peer = match access.kind {
        CONTAINER => Peer::Container { uid: &access.name, endpoint: access.number },
        LOCAL => Peer::Local { bus: Bus::from_number(access.address).unwrap(), unit: access.number },
        _ => Peer::Remote { scheme: Scheme::from_number(access.address).unwrap(), authority: &access.name },
    };
    metadata::Access { peer, direction: Direction::from_number(access.direction).unwrap() }
}

/// Digests of data and code, which are never loaded here.
const DATA: [u8; 32] = [0xda; 32];
const CODE: [u8; 32] = [0xc0; 32];
const SOMETHING_ELSE: [u8; 32] = [0xee; 32];

fn encode_token(token: &Token, metadata: &[u8; 32]) -> Vec<u8> {
    let digest = |digest| match digest {
        Digest::Metadata => metadata,
        Digest::Data => &DATA,
        Digest::Code => &CODE,
        Digest::SomethingElse => &SOMETHING_ELSE,
    };
    let access = token.access.as_ref().map(|access| {
        let mut bytes = Vec::new();
        product_access(access).encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
        bytes
    });
    let claims = Claims {
        iss: token.iss.as_deref(),
        sub: token.sub.as_deref(),
        aud: token.aud.as_deref(),
        exp: token.exp,
        nbf: token.nbf,
        digest: token.digest.map(digest),
        syscalls: token.syscalls,
        access: access.as_deref(),
        use_: token.use_.map(|use_| tinycontainer_token::Use::from_number(use_ as u8).unwrap()),
        signer: token.signer.map(|party| &keys(party).thumbprint),
        code: token.code.map(digest),
        ..Claims::default()
    };
    let mut payload = Vec::new();
    claims.encode(&mut minicbor::Encoder::new(&mut payload)).unwrap();
    let secret = &keys(token.key).secret;
    let secret = if token.key == CAROL { Secret::Ed25519(secret) } else { Secret::Hmac256(secret) };
    let mut bytes = Vec::new();
    issue(&payload, &keys(token.kid).kid, secret, &mut bytes).unwrap();
    if token.altered {
        *bytes.last_mut().unwrap() ^= 1;
    }
    bytes
}

fn encode_image(image: &Image) -> Vec<u8> {
    let unknown = [0; 32];
    let encode = |token: &Option<Token>| token.as_ref().map(|token| encode_token(token, &unknown));
    let endpoint_tokens: Vec<_> = image.endpoints.iter().map(|endpoint| encode(&endpoint.token)).collect();
    let endpoints: Vec<_> = image
        .endpoints
        .iter()
        .zip(&endpoint_tokens)
        .map(|(endpoint, token)| metadata::Endpoint {
            id: endpoint.id,
            access: product_access(&endpoint.access),
            token: token.as_deref(),
        })
        .collect();
    let parts = [&image.data, &image.code].map(|part| match part {
        Part::Digest => None,
        Part::Token(token) => Some(encode_token(token, &unknown)),
    });
    let part = |index: usize, digest| {
        parts[index].as_deref().map_or(metadata::Part::Digest(digest), metadata::Part::Token)
    };
    let syscall_token = encode(&image.syscall_token);
    let vendor_secu = vec![7; image.vendor_secu];
    let draft = Draft {
        uid: &image.uid,
        kind: metadata::Type::Wasm,
        version: 1,
        syscalls: Mask(image.syscalls),
        syscall_token: syscall_token.as_deref(),
        limits: Limits { linear_memory: image.limits[0], stack: image.limits[1], heap: image.limits[2] },
        schedule: Schedule {
            start_ms: image.durations[0],
            loop_ms: image.durations[1],
            stop_ms: image.durations[2],
            period_ms: image.period,
            heartbeat_ms: image.heartbeat,
            priority: Priority::from_number(image.priority).unwrap(),
            wake: if image.wake_by_message { Wake::Message } else { Wake::Period },
            ..Schedule::default()
        },
        endpoints: &endpoints,
        vendor_secu: (!vendor_secu.is_empty()).then_some(&vendor_secu[..]),
        sizes: metadata::PartSizes { data: image.sizes[0], code: image.sizes[1] },
        data: part(0, &DATA),
        code: part(1, &CODE),
    };
    let mut scratch = vec![0; 16384];
    let mut signed = Vec::new();
    draft.encode_signed(&mut signed, &mut scratch).unwrap();
    let digest = sha256(&[&signed]);
    let token = image.token.as_ref().map_or(Vec::new(), |token| encode_token(token, &digest));
    let mut bytes = Vec::new();
    draft.encode(&mut bytes, &token, &mut scratch).unwrap();
    bytes
}

fn product_reach(reach: &Reach) -> policy::Reach<'_> {
    let name = Pattern(reach.name.as_deref().unwrap_or("*"));
    let target = match reach.kind {
        ANY => Target::Any,
        CONTAINER => Target::Container { uid: name, endpoints: reach.range },
        LOCAL => Target::Local { bus: reach.address.and_then(Bus::from_number), units: reach.range },
        _ => Target::Remote { scheme: reach.address.and_then(Scheme::from_number), authority: name },
    };
    policy::Reach { target, direction: Direction::from_number(reach.direction).unwrap() }
}

fn encode_store(anchors: &[Anchor]) -> Vec<u8> {
    let uids: Vec<Vec<_>> =
        anchors.iter().map(|anchor| anchor.uids.iter().map(|uid| Pattern(uid)).collect()).collect();
    let reaches: Vec<Vec<_>> =
        anchors.iter().map(|anchor| anchor.reaches.iter().map(product_reach).collect()).collect();
    let mut specs: Vec<_> = anchors
        .iter()
        .zip(uids.iter().zip(&reaches))
        .map(|(anchor, (containers, reaches))| AnchorSpec {
            name: &anchor.name,
            key: key(anchor.party),
            roles: Roles(anchor.roles),
            containers,
            syscalls: Mask(anchor.syscalls),
            reaches,
            priority: Priority::from_number(anchor.priority).unwrap(),
            hook_ms: anchor.hook_ms,
        })
        .collect();
    let mut store = Vec::new();
    trust::encode(&mut specs, &mut store).unwrap();
    store
}

/// The check and the reason of a refusal, in the words of the specification.
fn refusal(why: ImageRejected) -> (Check, Reason) {
    let proof = |subject| match subject {
        Subject::Metadata => Check::Metadata,
        Subject::Data => Check::Data,
        Subject::Code => Check::Code,
        Subject::Syscalls => Check::Syscalls,
        Subject::Endpoint(id) => Check::Endpoint(id),
    };
    match why {
        ImageRejected::Malformed(_) | ImageRejected::Year2024 => (Check::Format, Reason::Plain),
        ImageRejected::Token(subject, error) => (proof(subject), token_reason(error)),
        ImageRejected::Digest(subject) => (proof(subject), Reason::Digest),
        ImageRejected::Unproven(subject) => (proof(subject), Reason::Plain),
        ImageRejected::Role(subject) => (proof(subject), Reason::Role),
        ImageRejected::Container(subject) => (proof(subject), Reason::Scope),
        ImageRejected::OtherSigner(subject) => (proof(subject), Reason::OtherSigner),
        ImageRejected::OtherCode(subject) => (proof(subject), Reason::OtherCode),
        ImageRejected::Syscalls(_) => (Check::Syscalls, Reason::NotGranted),
        ImageRejected::Unauthorized(id) => (Check::Endpoint(id), Reason::NotGranted),
        ImageRejected::SignerRole(id) => (Check::Endpoint(id), Reason::Role),
        ImageRejected::OtherAccess(id) => (Check::Endpoint(id), Reason::OtherAccess),
        ImageRejected::Reach(id) => (Check::Endpoint(id), Reason::Scope),
        ImageRejected::Priority(_) => (Check::Priority, Reason::Plain),
        ImageRejected::Limits => (Check::Limits, Reason::Plain),
        ImageRejected::Size(..) => (Check::Sizes, Reason::Plain),
        ImageRejected::Duration { .. } => (Check::Durations, Reason::Plain),
        ImageRejected::TooManyEndpoints => (Check::Limits, Reason::TooManyEndpoints),
        ImageRejected::Unsigned => (Check::Metadata, Reason::Unsigned),
    }
}

fn token_reason(error: TokenError) -> Reason {
    match error {
        TokenError::UnknownKey => Reason::UnknownKey,
        TokenError::WrongAlgorithm(_) => Reason::Algorithm,
        TokenError::BadSignature => Reason::Signature,
        TokenError::Missing(_)
        | TokenError::Misplaced(_)
        | TokenError::Unbound
        | TokenError::Malformed(_) => Reason::Claims,
        TokenError::WrongSubject => Reason::Subject,
        TokenError::WrongAudience => Reason::Audience,
        TokenError::WrongIssuer => Reason::Issuer,
        TokenError::WrongUse(_) => Reason::Use,
        TokenError::Expired => Reason::Expired,
        TokenError::NotYetValid => Reason::NotYetValid,
        TokenError::NoClock => Reason::NoClock,
        other => panic!("no token here has such an envelope: {other:?}"),
    }
}

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    let mut choices = Choices::new(bytes);
    let mut image = image(&mut choices);
    let mut device = device(&mut choices);
    let encoded = encode_image(&image);
    image.bytes = encoded.len() as u64;
    let total = image.bytes + u64::from(image.sizes[0]) + u64::from(image.sizes[1]);
    device.image =
        u64::from(u32::try_from(choices.or(total + 1, &[total, total - 1, 0])).unwrap_or(u32::MAX));
    let store = encode_store(&device.anchors);
    let audiences: Vec<_> = device.names.iter().map(|name| &name[..]).collect();
    let [linear_memory, stack, heap] = device.limits;
    let ours = clear(
        &encoded,
        &policy::Device {
            audiences: &audiences,
            trust: Trust::decode(&store).unwrap(),
            now: device.now,
            ceilings: Ceilings {
                linear_memory,
                stack,
                heap,
                image: device.image as u32,
                hook_ms: device.hook_ms,
            },
            accept_2024: None,
        },
    );
    let specified = decide(&image, &device);
    match (&ours, &specified) {
        (Ok(cleared), Ok(Accepted { signer, not_before, expires })) => {
            assert_eq!(cleared.signer().to_be_bytes(), keys(*signer).kid);
            assert_eq!(cleared.reliance().not_before(), *not_before, "{image:?}");
            assert_eq!(cleared.reliance().expires(), *expires, "{image:?}");
            assert_eq!(cleared.grant().mask(), Mask(image.syscalls));
            for endpoint in &image.endpoints {
                let right = cleared.grant().right(endpoint.id).unwrap();
                assert_eq!(right.direction as u8, endpoint.access.direction);
            }
        }
        (Err(why), Err(Refused { check, reasons })) => {
            let (our_check, reason) = refusal(*why);
            assert!(
                our_check == *check && reasons.contains(&reason),
                "refused by {why:?}, specified: {check:?} {reasons:?}\n{image:?}\n{device:?}"
            );
        }
        (Ok(_), Err(refused)) => panic!("accepted; specified: {refused:?}\n{image:?}\n{device:?}"),
        (Err(why), Ok(_)) => panic!("refused by {why:?}; specified: accepted\n{image:?}\n{device:?}"),
    }
    outcome(&ours.map(drop))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    // All usual; then with tokens for everything and three endpoints of different kinds.
    let mut seeds = vec![vec![], vec![0, 0, 0xcf, 0, 1, 2], vec![0, 0, 0xc7, 3, 4, 5]];
    // Found by libFuzzer: the container's own data in another direction, with a token.
    seeds.push(vec![
        7, 2, 0x81, 0xcf, 6, 2, 0x61, 2, 0x81, 0xcf, 6, 2, 0x61, 0x2e, 0x79, 0x81, 0x2e, 0x79, 0x81, 0xcf,
    ]);
    // Something unusual at each place, one at a time.
    seeds.extend((1..120).step_by(10).map(|place| vec![1, place, 0, 0xcf, 0, 1, 2, 1]));
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The corpus is accepted, and refused for at least so many reasons.
    #[test]
    fn the_corpus_reaches_most_reasons() {
        let target = crate::target("policy");
        let outcomes: BTreeSet<_> =
            crate::corpus::read(target).unwrap().iter().map(|input| run(input)).collect();
        assert!(outcomes.contains(&outcome(&Ok::<(), ImageRejected>(()))));
        assert!(outcomes.len() > 50, "{}", outcomes.len());
    }
}
