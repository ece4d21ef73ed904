//! What a role, a container, a syscall and an endpoint in a signer's scope are worth, each alone.

use super::*;
use tinycontainer_cbor::{Error, Kind};
use tinycontainer_testkit::STRANGER;

/// The signers of the metadata, the data, the code, the syscalls and the endpoint of [`every_token`].
const SIGNERS: [Signer; 5] = [PROVIDER_A, PROVIDER_B, OWNER, MANAGER, STRANGER];
const SUBJECTS: [Subject; 5] =
    [Subject::Metadata, Subject::Data, Subject::Code, Subject::Syscalls, Subject::Endpoint(1)];
/// The only role that each of them needs.
const ROLES: [Roles; 5] = [Roles::METADATA, Roles::PARTS, Roles::PARTS, Roles::SYSCALLS, Roles::ENDPOINTS];

fn i2c(unit: u32, direction: Direction) -> Access<'static> {
    Access { peer: Peer::Local { bus: Bus::I2c, unit }, direction }
}

/// A token of `signer` for this access, in images of provider A.
fn authorization(signer: Signer, access: &Access<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    access.encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
    let to = thumbprint_of(PROVIDER_A);
    sign(&Claims { access: Some(&bytes), signer: Some(&to), ..claims(signer, "a.x", Use::Endpoint) }, signer)
}

/// A token of `signer` for these syscalls, in images of provider A.
fn syscalls(signer: Signer, mask: u32) -> Vec<u8> {
    let to = thumbprint_of(PROVIDER_A);
    sign(&Claims { syscalls: Some(mask), signer: Some(&to), ..claims(signer, "a.x", Use::Syscalls) }, signer)
}

/// An image with every kind of token, each of another signer.
fn every_token() -> Image {
    let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    let part = |signer, bytes: &[u8], use_| {
        sign(&Claims { digest: Some(&sha256(bytes)), ..claims(signer, "a.x", use_) }, signer)
    };
    spec.part_tokens.0 = Some(part(SIGNERS[1], &spec.data, Use::Data));
    spec.part_tokens.1 = Some(part(SIGNERS[2], &spec.code, Use::Code));
    spec.syscall_token = Some(syscalls(SIGNERS[3], spec.syscalls.0));
    spec.endpoints[0].3 = Some(authorization(SIGNERS[4], &i2c(72, Direction::In)));
    spec.sign(SIGNERS[0])
}

#[test]
fn a_signature_counts_only_with_the_role_for_it() {
    let image = every_token();
    let least = |i: usize, anchor: &mut AnchorSpec<'_>| anchor.roles = ROLES[i];
    on(&store(&SIGNERS, least), |device| assert_eq!(refused(&image, device), None));
    for (lacks, subject) in SUBJECTS.into_iter().enumerate() {
        let others = Roles(Roles::ALL.0 & !ROLES[lacks].0);
        let change = |i: usize, anchor: &mut AnchorSpec<'_>| {
            anchor.roles = if i == lacks { others } else { ROLES[i] };
        };
        on(&store(&SIGNERS, change), |device| {
            assert_eq!(refused(&image, device), Some(ImageRejected::Role(subject)));
        });
    }
}

#[test]
fn signing_is_limited_to_containers_and_granting_is_not() {
    let image = every_token();
    for (foreign, subject) in SUBJECTS.into_iter().enumerate() {
        let change = |i: usize, anchor: &mut AnchorSpec<'_>| {
            anchor.roles = ROLES[i];
            if i == foreign {
                anchor.containers = &[Pattern("b.*"), Pattern("a.xx")];
            }
        };
        let why = (foreign < 3).then_some(ImageRejected::Container(subject));
        on(&store(&SIGNERS, change), |device| assert_eq!(refused(&image, device), why));
    }
}

#[test]
fn each_token_is_for_its_own_use_only() {
    // A part's token in place of the other's: the same signer, the same container, the same digest.
    let mut spec = Spec::new("a.x", IDLE);
    spec.data = spec.code.clone();
    let token =
        |use_| sign(&Claims { digest: Some(&sha256(&spec.data)), ..claims(OWNER, "a.x", use_) }, OWNER);
    let (data, code) = (token(Use::Data), token(Use::Code));
    let with = |first: &Vec<u8>, second: &Vec<u8>| {
        let part_tokens = (Some(first.clone()), Some(second.clone()));
        Spec { part_tokens, ..spec.clone() }.sign(PROVIDER_A)
    };
    on(&store(&[PROVIDER_A, OWNER], |_, _| {}), |device| {
        let wrong = |subject, use_| Some(ImageRejected::Token(subject, TokenError::WrongUse(use_)));
        assert_eq!(refused(&with(&data, &code), device), None);
        assert_eq!(refused(&with(&code, &code), device), wrong(Subject::Data, Use::Code));
        assert_eq!(refused(&with(&data, &data), device), wrong(Subject::Code, Use::Data));
    });
}

#[test]
fn a_syscall_is_granted_by_the_signer_or_by_a_token() {
    // The signer's scope, the token's mask and its signer's scope, what the image asks for, and what is lacking.
    for (own, token, requested, lacking) in [
        (0b011, None, 0b011, 0),
        (0b011, None, 0b001, 0),
        (0b000, None, 0b000, 0),
        (0b011, None, 0b111, 0b100),
        (0b000, None, 0b101, 0b101),
        // Both grant the second: it is granted.
        (0b011, Some((0b110, 0x3f)), 0b111, 0),
        (0b111, Some((0b111, 0x3f)), 0b111, 0),
        (0b000, Some((0b111, 0x3f)), 0b111, 0),
        (0b001, Some((0b010, 0x3f)), 0b111, 0b100),
        (0b001, Some((0b010, 0x3f)), 0b110, 0b100),
        // More than its signer may grant.
        (0b011, Some((0b111, 0b011)), 0b111, 0b100),
        (0b000, Some((0b111, 0b010)), 0b111, 0b101),
        (0b001, Some((0b110, 0b000)), 0b001, 0),
    ] {
        let change = |i: usize, anchor: &mut AnchorSpec<'_>| {
            anchor.syscalls = Mask(if i == 0 { own } else { token.map_or(0, |(_, scope)| scope) });
        };
        let mut spec = Spec::new("a.x", IDLE);
        spec.syscalls = Mask(requested);
        spec.syscall_token = token.map(|(mask, _)| syscalls(MANAGER, mask));
        on(&store(&[PROVIDER_A, MANAGER], change), |device| {
            let image = spec.sign(PROVIDER_A);
            let why = (lacking != 0).then_some(ImageRejected::Syscalls(Mask(lacking)));
            assert_eq!(refused(&image, device), why, "{own:b} {token:?} {requested:b}");
            if why.is_none() {
                // No more than the image asks for, whoever would grant more.
                assert_eq!(clear(&image.metadata, device).unwrap().grant().mask(), Mask(requested));
            }
        });
        // Without the role, what is in the signer's own scope is not granted.
        if token.is_none() && requested != 0 {
            let without = |i: usize, anchor: &mut AnchorSpec<'_>| {
                change(i, anchor);
                anchor.roles = Roles(Roles::ALL.0 & !Roles::SYSCALLS.0);
            };
            on(&store(&[PROVIDER_A], without), |device| {
                let why = ImageRejected::Syscalls(Mask(requested));
                assert_eq!(refused(&spec.sign(PROVIDER_A), device), Some(why));
            });
        }
    }
}

#[test]
fn a_token_for_syscalls_that_do_not_exist_is_malformed() {
    let unknown = TokenError::Malformed(Error::new(Kind::Unknown, 0));
    for mask in [0x40, 0x7f, 0x8000_0001] {
        let mut spec = Spec::new("a.x", IDLE);
        spec.syscall_token = Some(syscalls(MANAGER, mask));
        on(&store(&[PROVIDER_A, MANAGER], |_, _| {}), |device| {
            let why = ImageRejected::Token(Subject::Syscalls, unknown);
            assert_eq!(refused(&spec.sign(PROVIDER_A), device), Some(why));
        });
    }
}

#[test]
fn an_authorization_is_for_one_peer_and_direction_in_its_signers_scope() {
    let spec = |direction, token: Option<Access<'_>>| {
        let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, direction);
        spec.endpoints[0].3 = token.map(|access| authorization(OWNER, &access));
        spec.sign(PROVIDER_A)
    };
    use Direction::{Both, In, Out};
    let other = |unit, direction| Some(i2c(unit, direction));
    let (other_access, reach) = (Some(ImageRejected::OtherAccess(1)), Some(ImageRejected::Reach(1)));
    // What the image asks for, what the token authorises, and in which direction the token's signer reaches unit 72.
    for (asked, token, scope, why) in [
        (In, None, Both, Some(ImageRejected::Unauthorized(1))),
        (In, other(72, In), Both, None),
        (In, other(72, Both), Both, None),
        (Both, other(72, Both), Both, None),
        (In, other(73, In), Both, other_access),
        (Out, other(72, In), Both, other_access),
        (Both, other(72, In), Both, other_access),
        (In, other(72, In), Out, reach),
        (Both, other(72, Both), In, reach),
        (Out, other(72, Both), In, reach),
        // The token authorises more than its signer reaches, and the image asks for what the signer reaches.
        (In, other(72, Both), In, None),
    ] {
        let reaches = [Reach {
            target: Target::Local { bus: Some(Bus::I2c), units: Some((72, 72)) },
            direction: scope,
        }];
        let keys = [public_key(PROVIDER_A.seed), public_key(OWNER.seed)];
        let anchor = |name, key, reaches| AnchorSpec {
            name,
            key: Key::Ed25519(key),
            roles: Roles::ALL,
            containers: &[Pattern("*")],
            syscalls: Mask::ALL,
            reaches,
            priority: Priority::High,
            hook_ms: u32::MAX,
        };
        let mut anchors =
            [anchor(PROVIDER_A.name, &keys[0], &[][..]), anchor(OWNER.name, &keys[1], &reaches[..])];
        let mut store = Vec::new();
        trust::encode(&mut anchors, &mut store).unwrap();
        on(&store, |device| {
            assert_eq!(refused(&spec(asked, token), device), why, "{asked:?} {token:?} {scope:?}");
        });
    }
}

#[test]
fn a_token_is_not_read_where_the_signer_itself_may_authorize() {
    let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    spec.endpoints[0].3 = Some(b"no token".to_vec());
    on(&store(&[PROVIDER_A], |_, _| {}), |device| assert_eq!(refused(&spec.sign(PROVIDER_A), device), None));
    let without = |_: usize, anchor: &mut AnchorSpec<'_>| anchor.reaches = &[];
    on(&store(&[PROVIDER_A], without), |device| {
        let why = refused(&spec.sign(PROVIDER_A), device);
        assert!(matches!(why, Some(ImageRejected::Token(Subject::Endpoint(1), _))), "{why:?}");
    });
}

#[test]
fn a_containers_own_data_is_read_only() {
    let spec = |direction| {
        let peer = OwnedPeer::Local(Bus::Data, 0);
        Spec::new("a.x", IDLE).endpoint(1, peer, direction)
    };
    let access = |direction| Access { peer: Peer::Local { bus: Bus::Data, unit: 0 }, direction };
    // No reach and no role is needed to read it; to write it, none is enough.
    let none = |_: usize, anchor: &mut AnchorSpec<'_>| {
        anchor.roles = Roles(Roles::ALL.0 & !Roles::ENDPOINTS.0);
        anchor.reaches = &[];
    };
    on(&store(&[PROVIDER_A], none), |device| {
        assert_eq!(refused(&spec(Direction::In).sign(PROVIDER_A), device), None);
    });
    on(&store(&[PROVIDER_A, OWNER], |_, _| {}), |device| {
        for direction in [Direction::Out, Direction::Both] {
            let mut spec = spec(direction);
            let why = Some(ImageRejected::Unauthorized(1));
            assert_eq!(refused(&spec.sign(PROVIDER_A), device), why);
            spec.endpoints[0].3 = Some(authorization(OWNER, &access(direction)));
            assert_eq!(refused(&spec.sign(PROVIDER_A), device), Some(ImageRejected::Reach(1)));
        }
    });
}

#[test]
fn a_grant_is_what_was_asked_for_and_proven() {
    let image = Spec::new("a.x", IDLE)
        .endpoint(3, BUS, Direction::In)
        .endpoint(9, OwnedPeer::Container("b.y".into(), 5), Direction::Out)
        .sign(PROVIDER_A);
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        let grant = clear(&image.metadata, device).unwrap().grant();
        let direction = |endpoint| grant.right(endpoint).map(|right| (right.endpoint, right.direction));
        assert_eq!(direction(3), Some((3, Direction::In)));
        assert_eq!(direction(9), Some((9, Direction::Out)));
        // The peer's own numbers, and places in the list, are no endpoints of the container.
        for endpoint in [0, 1, 2, 5, 72, u32::MAX] {
            assert_eq!(direction(endpoint), None);
        }
    });
}

#[test]
fn a_valid_signature_over_other_bytes_proves_nothing() {
    // The claims are right but for one bit of the digest: no part of it is left out of the comparison.
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        for at in 0..32 {
            let image = Spec::new("a.x", IDLE).sign_with(PROVIDER_A, |claims| {
                let mut digest = *claims.digest.unwrap();
                digest[at] ^= 1;
                Claims { digest: Some(Box::leak(Box::new(digest))), ..*claims }
            });
            assert_eq!(refused(&image, device), Some(ImageRejected::Digest(Subject::Metadata)));
        }
    });
}

#[test]
fn a_token_is_for_this_device_this_container_and_this_time() {
    let spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    let narrow = |i: usize, anchor: &mut AnchorSpec<'_>| {
        if i == 0 {
            anchor.reaches = &[];
        }
    };
    let mut bytes = Vec::new();
    i2c(72, Direction::In).encode(&mut minicbor::Encoder::new(&mut bytes)).unwrap();
    let to = thumbprint_of(PROVIDER_A);
    let endpoint = Claims { access: Some(&bytes), signer: Some(&to), ..claims(OWNER, "a.x", Use::Endpoint) };
    type Change = fn(Claims<'_>) -> Claims<'_>;
    let cases: [(Change, Option<TokenError>); 9] = [
        (|claims| claims, None),
        (|claims| Claims { aud: Some(tinycontainer_testkit::DEVICE), ..claims }, None),
        (|claims| Claims { aud: Some("device-2"), ..claims }, Some(TokenError::WrongAudience)),
        (|claims| Claims { sub: Some("a.y"), ..claims }, Some(TokenError::WrongSubject)),
        (|claims| Claims { iss: Some("owner-2"), ..claims }, Some(TokenError::WrongIssuer)),
        (|claims| Claims { exp: Some(NOW), ..claims }, Some(TokenError::Expired)),
        (|claims| Claims { exp: Some(NOW + 1), ..claims }, None),
        (|claims| Claims { nbf: Some(NOW + 1), ..claims }, Some(TokenError::NotYetValid)),
        (|claims| Claims { nbf: Some(NOW), ..claims }, None),
    ];
    on(&store(&[PROVIDER_A, OWNER], narrow), |device| {
        for (change, why) in cases {
            let rejected = |subject| why.map(|why| ImageRejected::Token(subject, why));
            let mut spec = spec.clone();
            spec.endpoints[0].3 = Some(sign(&change(endpoint), OWNER));
            assert_eq!(refused(&spec.sign(PROVIDER_A), device), rejected(Subject::Endpoint(1)));
            spec.endpoints[0].3 = Some(sign(&endpoint, OWNER));
            let image = spec.sign_with(PROVIDER_A, |claims| change(*claims));
            assert_eq!(refused(&image, device), rejected(Subject::Metadata));
        }
        // A device that does not know the time accepts no token that has one.
        let unknown = Device { now: None, ..*device };
        let why = ImageRejected::Token(Subject::Metadata, TokenError::NoClock);
        assert_eq!(refused(&spec.sign(PROVIDER_A), &unknown), Some(why));
    });
}
