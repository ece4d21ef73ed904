//! A signer outside of its scope: its tokens are valid, but it may not sign what they say.

use super::attack::{Attack, attack};
use super::craft::{edited, encoded, good, part_token, reissued, replace, store_of};
use super::trial::{Outcome, Trial};
use tinycontainer::firewall::{Direction, Mask};
use tinycontainer::metadata::{Access, Bus, Limits, PartSizes, Peer, Priority, Schedule, Scheme, Type};
use tinycontainer::policy::{AnchorSpec, Pattern, Reach, Roles, Target};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{
    IDLE, Image, MANAGER, OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, Signer, Spec, claims, endpoint_token,
    sign, syscall_token,
};
use tinycontainer_token::{Claims, Use};

const HEARTBEAT: Mask = Mask(1);

/// B's container that asks for a heartbeat, which B may not grant.
fn with_heartbeat() -> Spec {
    Spec { syscalls: Mask::ALL, ..Spec::new("b.x", IDLE) }
}

/// A's image with an endpoint to that peer is refused.
fn not_granted(t: &mut Trial<'_>, peer: OwnedPeer, direction: Direction) -> Outcome {
    t.refused(&good().endpoint(2, peer, direction).sign(PROVIDER_A), Code::EndpointNotGranted)
}

/// A's image with these settings is refused.
fn settings(t: &mut Trial<'_>, code: Code, change: impl FnOnce(&mut Spec)) -> Outcome {
    let mut spec = good();
    change(&mut spec);
    t.refused(&spec.sign(PROVIDER_A), code)
}

fn schedule(t: &mut Trial<'_>, change: impl FnOnce(Schedule) -> Schedule) -> Outcome {
    settings(t, Code::HookTooLong, |spec| spec.schedule = change(spec.schedule))
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("a container that is not in the signer's scope", &["policy-container", "policy-verdict"], |t| {
        t.refused(&good().sign(PROVIDER_B), Code::OutOfScope)
    }),
    attack("a name that contains the pattern and begins otherwise", &["trust-pattern"], |t| {
        t.refused(&Spec::new("x.a.y", IDLE).sign(PROVIDER_A), Code::OutOfScope)
    }),
    attack("a name that begins with the one in scope", &["trust-exact"], |t| {
        let store = store_of(PROVIDER_A, |a| AnchorSpec { containers: &[Pattern("a.x")], ..a });
        t.trust(&store)?;
        t.refused(&Spec::new("a.xy", IDLE).sign(PROVIDER_A), Code::OutOfScope)?;
        t.accepted(&good().sign(PROVIDER_A))
    }),
    attack("metadata signed without the role", &["policy-role"], |t| {
        t.refused(&good().sign(MANAGER), Code::WrongRole)
    }),
    attack("code signed without the role", &["policy-role"], |t| {
        let spec = good();
        let token = part_token(PROVIDER_A, "a.x", Use::Code, &spec.code);
        t.refused(&Spec { part_tokens: (None, Some(token)), ..spec }.sign(PROVIDER_A), Code::WrongRole)
    }),
    attack("data signed without the role", &["policy-role"], |t| {
        let spec = Spec { data: b"data".to_vec(), ..good() };
        let token = part_token(PROVIDER_A, "a.x", Use::Data, &spec.data);
        t.refused(&Spec { part_tokens: (Some(token), None), ..spec }.sign(PROVIDER_A), Code::WrongRole)
    }),
    attack("code of a container that is not in the scope of who signs it", &["policy-container"], |t| {
        let store = store_with_parts_of_b();
        t.trust(&store)?;
        let spec = good();
        let token = part_token(PROVIDER_B, "a.x", Use::Code, &spec.code);
        t.refused(&Spec { part_tokens: (None, Some(token)), ..spec }.sign(PROVIDER_A), Code::OutOfScope)
    }),
    attack("a syscall that the signer may not grant", &["policy-syscalls", "policy-verdict"], |t| {
        t.refused(&with_heartbeat().sign(PROVIDER_B), Code::SyscallsNotGranted)
    }),
    attack("a token of its own for that syscall", &["policy-syscalls-granter"], |t| {
        let token = syscall_token(PROVIDER_B, "b.x", HEARTBEAT);
        t.refused(
            &Spec { syscall_token: Some(token), ..with_heartbeat() }.sign(PROVIDER_B),
            Code::SyscallsNotGranted,
        )
    }),
    attack("syscalls in scope without the role", &["policy-syscalls"], |t| {
        let store = store_of(PROVIDER_A, |a| AnchorSpec { roles: Roles::METADATA, ..a });
        t.trust(&store)?;
        t.refused(&good().sign(PROVIDER_A), Code::SyscallsNotGranted)
    }),
    attack("an endpoint outside of the scope", &["policy-endpoint", "policy-verdict"], |t| {
        not_granted(t, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out)
    }),
    attack("the unit after the one in scope", &["reach-unit", "policy-endpoint"], |t| {
        not_granted(t, OwnedPeer::Local(Bus::I2c, 73), Direction::In)
    }),
    attack("the unit in scope of another bus", &["reach-bus"], |t| {
        not_granted(t, OwnedPeer::Local(Bus::Spi, 72), Direction::In)
    }),
    attack("a unit to write whose scope is to read", &["reach-direction"], |t| {
        not_granted(t, OwnedPeer::Local(Bus::I2c, 72), Direction::Out)?;
        not_granted(t, OwnedPeer::Local(Bus::I2c, 72), Direction::Both)
    }),
    attack("a token of its own for a peer that it does not reach", &["policy-endpoint-granter"], |t| {
        let access = Access { peer: Peer::Local { bus: Bus::Gpio, unit: 17 }, direction: Direction::Out };
        let mut spec = good();
        let token = endpoint_token(PROVIDER_A, "a.x", &access);
        spec.endpoints.push((2, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out, Some(token)));
        t.refused(&spec.sign(PROVIDER_A), Code::EndpointNotGranted)
    }),
    attack("a peer in scope without the role endpoints", &["reach-role"], |t| {
        let store =
            store_of(PROVIDER_A, |a| AnchorSpec { roles: Roles::METADATA.union(Roles::SYSCALLS), ..a });
        t.trust(&store)?;
        let spec = good().endpoint(2, OwnedPeer::Local(Bus::I2c, 72), Direction::In);
        t.refused(&spec.sign(PROVIDER_A), Code::WrongRole)
    }),
    attack("a container that the signer does not reach", &["reach-container"], |t| {
        const REACHES: &[Reach<'_>] = &[Reach {
            target: Target::Container { uid: Pattern("a.*"), endpoints: None },
            direction: Direction::Both,
        }];
        let store = store_of(PROVIDER_A, |a| AnchorSpec { reaches: REACHES, ..a });
        t.trust(&store)?;
        not_granted(t, OwnedPeer::Container("b.y".into(), 1), Direction::Out)
    }),
    attack("a remote host that the signer does not reach", &["reach-remote"], |t| {
        const REACHES: &[Reach<'_>] = &[Reach {
            target: Target::Remote { scheme: None, authority: Pattern("good.example*") },
            direction: Direction::Both,
        }];
        let store = store_of(PROVIDER_A, |a| AnchorSpec { reaches: REACHES, ..a });
        t.trust(&store)?;
        not_granted(t, OwnedPeer::Remote(Scheme::Coap, "evil.example:5683".into()), Direction::Out)
    }),
    attack("its own data to write", &["reach-own-data"], |t| {
        not_granted(t, OwnedPeer::Local(Bus::Data, 0), Direction::Out)?;
        not_granted(t, OwnedPeer::Local(Bus::Data, 0), Direction::Both)
    }),
    attack("a priority above the signer's", &["policy-priority", "policy-verdict"], |t| {
        settings(t, Code::PriorityNotGranted, |spec| spec.schedule.priority = Priority::High)
    }),
    attack("more linear memory than the device gives", &["policy-memory", "policy-verdict"], |t| {
        settings(t, Code::OverLimits, |spec| spec.limits.linear_memory = 65537)
    }),
    attack("more stack than the device gives", &["policy-memory"], |t| {
        settings(t, Code::OverLimits, |spec| spec.limits = Limits { stack: 1 << 20, ..spec.limits })
    }),
    attack("more heap than the device gives", &["policy-memory"], |t| {
        settings(t, Code::OverLimits, |spec| spec.limits.heap = u32::MAX)
    }),
    attack("nine endpoints", &["policy-endpoints"], |t| {
        let spec =
            (0..9).fold(good(), |spec, id| spec.endpoint(id, OwnedPeer::Local(Bus::I2c, 72), Direction::In));
        t.refused(&spec.sign(PROVIDER_A), Code::TooManyEndpoints)
    }),
    attack("five endpoints with a queue", &["load-queues"], |t| {
        let peer = || OwnedPeer::Container("a.y".into(), 1);
        let spec = (0..5).fold(good(), |spec, id| spec.endpoint(id, peer(), Direction::In));
        t.refused(&spec.sign(PROVIDER_A), Code::TooManyQueues)
    }),
    attack("a start() longer than the device allows", &["policy-hook-device"], |t| {
        t.trust(&store_of(PROVIDER_A, |a| AnchorSpec { hook_ms: u32::MAX, ..a }))?;
        schedule(t, |s| Schedule { start_ms: 10_001, ..s })
    }),
    attack("a loop() longer than the device allows", &["policy-hook-device"], |t| {
        t.trust(&store_of(PROVIDER_A, |a| AnchorSpec { hook_ms: u32::MAX, ..a }))?;
        schedule(t, |s| Schedule { loop_ms: u32::MAX, ..s })
    }),
    attack("a start() longer than the anchor allows", &["policy-hook-anchor"], |t| {
        t.trust(&store_of(PROVIDER_A, |a| AnchorSpec { hook_ms: 100, ..a }))?;
        schedule(t, |s| Schedule { start_ms: 101, ..s })
    }),
    attack("a loop() longer than the anchor allows", &["policy-hook-anchor"], |t| {
        t.trust(&store_of(PROVIDER_A, |a| AnchorSpec { hook_ms: 100, ..a }))?;
        schedule(t, |s| Schedule { loop_ms: 101, ..s })
    }),
    attack("a stop() longer than the anchor allows", &["policy-hook-anchor"], |t| {
        t.trust(&store_of(PROVIDER_A, |a| AnchorSpec { hook_ms: 100, ..a }))?;
        schedule(t, |s| Schedule { stop_ms: 101, ..s })
    }),
    attack("signed sizes larger than the device takes", &["policy-size"], |t| {
        settings(t, Code::BadImageSize, |spec| spec.sizes = Some(PartSizes { data: 0, code: u32::MAX }))
    }),
    attack("code of a type that the device does not run", &["load-type"], |t| {
        settings(t, Code::UnsupportedType, |spec| spec.kind = Type::Bpf)
    }),
    attack("syscalls that do not exist", &["metadata-syscalls"], |t| {
        settings(t, Code::Malformed, |spec| spec.syscalls = Mask(0x7e))
    }),
    attack("a name that steers a terminal", &["metadata-uid"], |t| {
        let mut spec = Spec::new("a.\x1b[2J", IDLE);
        t.refused(&spec.sign(PROVIDER_A), Code::Malformed)?;
        spec.uid = "a.x y".into();
        t.refused(&spec.sign(PROVIDER_A), Code::Malformed)
    }),
    attack("a name of 65 bytes", &[], |t| {
        t.refused(&Spec::new(&format!("a.{}", "x".repeat(63)), IDLE).sign(PROVIDER_A), Code::Malformed)
    }),
    attack("a remote host with user information", &["metadata-authority"], |t| {
        let peer = OwnedPeer::Remote(Scheme::Coap, "good.example@evil.example".into());
        t.refused(&Spec::new("o.x", IDLE).endpoint(1, peer, Direction::Out).sign(OWNER), Code::Malformed)
    }),
    attack("one endpoint number for two peers", &["metadata-endpoint-order"], |t| {
        let spec = good().endpoint(1, OwnedPeer::Local(Bus::I2c, 72), Direction::In);
        t.refused(
            &spec.endpoint(1, OwnedPeer::Local(Bus::Data, 0), Direction::In).sign(PROVIDER_A),
            Code::Malformed,
        )
    }),
    attack("an endpoint with a field of another kind of peer", &["metadata-endpoint-fields"], |t| {
        let spec = good().endpoint(1, OwnedPeer::Local(Bus::I2c, 72), Direction::In);
        t.accepted(&edited(&spec, PROVIDER_A, |_| ()))?;
        t.remove("a.x")?;
        let image = edited(&spec, PROVIDER_A, |metadata| {
            // In the list of one: a name beside the unit.
            replace(
                metadata,
                &[0x4d, 0x81, 0xa5, 1, 1, 2, 1, 4],
                &[0x50, 0x81, 0xa6, 1, 1, 2, 1, 3, 0x41, b'a', 4],
            );
        });
        t.refused(&image, Code::Malformed)
    }),
    attack("metadata of a format version of the future", &["metadata-version"], |t| {
        // After the tag (9 bytes), the map and its first key.
        t.refused(&edited(&good(), PROVIDER_A, |metadata| metadata[11] = 2), Code::Malformed)
    }),
    attack("a claim twice", &["cbor-key-order"], |t| {
        let image = reissued(&good().sign(PROVIDER_A), PROVIDER_A, |message| {
            message.payload[0] += 1;
            let sub = [2, 0x63, b'a', b'.', b'x'];
            let twice = [sub, sub].concat();
            replace(&mut message.payload, &sub, &twice);
        });
        t.refused(&image, Code::BadToken)
    }),
    attack("a claim that the token's use does not have", &["token-fit"], |t| {
        let image = good().sign_with(PROVIDER_A, |claims| Claims { syscalls: Some(0x3f), ..*claims });
        t.refused(&image, Code::BadToken)
    }),
    attack("another signer's name as the issuer", &["token-issuer"], |t| {
        t.refused(
            &good().sign_with(PROVIDER_A, |claims| Claims { iss: Some("owner"), ..*claims }),
            Code::WrongToken,
        )
    }),
    attack("an algorithm that is not the key's", &["token-algorithm"], |t| {
        let image = reissued(&good().sign(PROVIDER_A), PROVIDER_A, |message| {
            // ES256 in place of EdDSA.
            replace(&mut message.protected, &[1, 0x27], &[1, 0x26]);
        });
        t.refused(&image, Code::BadToken)
    }),
    attack("a critical header that is signed", &["token-crit-protected"], |t| {
        let image = reissued(&good().sign(PROVIDER_A), PROVIDER_A, |message| {
            let kid = message.protected.split_off(3);
            message.protected = vec![0xa2, 1, 0x27, 2];
            message.unprotected = [vec![0xa1], kid].concat();
        });
        t.refused(&image, Code::BadToken)
    }),
    attack("a digest of data that the image does not have", &["load-no-data"], |t| {
        let spec = Spec { data: b"data".to_vec(), ..good() };
        let sizes = PartSizes { data: 0, code: spec.code.len() as u32 };
        let image = Spec { sizes: Some(sizes), ..spec }.sign(PROVIDER_A);
        t.refused(&Image { data: vec![], ..image }, Code::BadDigest)
    }),
    attack("the highest version, to lock out another signer", &["load-version-signer"], |t| {
        t.accepted(&Spec { version: u32::MAX, ..good() }.sign(OWNER))?;
        t.remove("a.x")?;
        t.accepted(&good().sign(PROVIDER_A))
    }),
    attack("many images, so that a version is forgotten", &["load-version"], |t| {
        t.accepted(&Spec { version: 5, ..good() }.sign(PROVIDER_A))?;
        t.remove("a.x")?;
        for n in 0..30 {
            let uid = format!("a.{n}");
            t.accepted(&Spec { version: 9, ..Spec::new(&uid, IDLE) }.sign(PROVIDER_A))?;
            t.remove(&uid)?;
        }
        t.refused(&Spec { version: 4, ..good() }.sign(PROVIDER_A), Code::Downgrade)
    }),
    attack("an access with a byte after it", &["cbor-trailing"], |t| {
        let access = Access { peer: Peer::Local { bus: Bus::Gpio, unit: 17 }, direction: Direction::Out };
        let mut bytes = encoded(&access);
        bytes.push(0);
        let signer: [u8; 32] = tinycontainer_testkit::thumbprint_of(PROVIDER_A);
        let claims =
            Claims { access: Some(&bytes), signer: Some(&signer), ..claims(OWNER, "a.x", Use::Endpoint) };
        let mut spec = good();
        spec.endpoints.push((2, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out, Some(sign(&claims, OWNER))));
        t.refused(&spec.sign(PROVIDER_A), Code::BadToken)
    }),
];

/// A store in which B may sign parts of its own containers.
fn store_with_parts_of_b() -> Vec<u8> {
    use super::craft::{anchor, public, store};
    use tinycontainer_token::Key;
    let keys = [PROVIDER_A, PROVIDER_B].map(public);
    let [a, b] = &keys;
    let of = |signer: Signer, key| anchor(signer.name, Key::Ed25519(key));
    store(&mut [of(PROVIDER_A, a), AnchorSpec { containers: &[Pattern("b.*")], ..of(PROVIDER_B, b) }])
}
