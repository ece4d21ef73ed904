//! A third party that lies, and whoever uses its tokens where they do not belong: grants for others, for other code,
//! expired ones, replayed ones.

use super::attack::{Attack, attack};
use super::craft::{anchor, encoded, good, part_token, public, store, store_of};
use super::trial::{Outcome, Trial};
use tinycontainer::firewall::{Direction, Mask};
use tinycontainer::metadata::{Access, Bus, Peer};
use tinycontainer::policy::{AnchorSpec, Roles};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{
    IDLE, MANAGER, NOW, OWNER, OwnedPeer, PROVIDER_A, PROVIDER_B, STRANGER, Signer, Spec, claims,
    endpoint_token, sha256, sign, syscall_token, thumbprint_of,
};
use tinycontainer_token::{Claims, Key, Use};

const PIN: Access<'_> = Access { peer: Peer::Local { bus: Bus::Gpio, unit: 17 }, direction: Direction::Out };
const HEARTBEAT: Mask = Mask(1);

/// A's image with the pin, which only the owner reaches, and this token for it.
fn with_pin(token: Vec<u8>) -> Spec {
    let mut spec = good();
    spec.endpoints.push((2, OwnedPeer::Local(Bus::Gpio, 17), Direction::Out, Some(token)));
    spec
}

/// A token of the owner's for the pin, with these changes.
fn pin(change: impl for<'c> FnOnce(Claims<'c>) -> Claims<'c>) -> Vec<u8> {
    let (access, to) = (encoded(&PIN), thumbprint_of(PROVIDER_A));
    sign(
        &change(Claims { access: Some(&access), signer: Some(&to), ..claims(OWNER, "a.x", Use::Endpoint) }),
        OWNER,
    )
}

/// B's image with a heartbeat, which only others may grant, and this token for it.
fn with_heartbeat(token: Vec<u8>) -> Spec {
    Spec { syscalls: Mask::ALL, syscall_token: Some(token), ..Spec::new("b.x", IDLE) }
}

/// A token of the manager's for the heartbeat, with these changes.
fn heartbeat(change: impl for<'c> FnOnce(Claims<'c>) -> Claims<'c>) -> Vec<u8> {
    let to = thumbprint_of(PROVIDER_B);
    let claims =
        Claims { syscalls: Some(HEARTBEAT.0), signer: Some(&to), ..claims(MANAGER, "b.x", Use::Syscalls) };
    sign(&change(claims), MANAGER)
}

/// The image with the pin is accepted with the right token, and not with this one.
fn pin_refused(t: &mut Trial<'_>, code: Code, token: Vec<u8>) -> Outcome {
    t.accepted(&with_pin(pin(|claims| claims)).sign(PROVIDER_A))?;
    t.remove("a.x")?;
    t.refused(&with_pin(token).sign(PROVIDER_A), code)
}

/// The image with the heartbeat is accepted with the right token, and not with this one.
fn heartbeat_refused(t: &mut Trial<'_>, code: Code, token: Vec<u8>) -> Outcome {
    t.accepted(&with_heartbeat(heartbeat(|claims| claims)).sign(PROVIDER_B))?;
    t.remove("b.x")?;
    t.refused(&with_heartbeat(token).sign(PROVIDER_B), code)
}

/// A's image with a metadata token of these claims is refused.
fn metadata(
    t: &mut Trial<'_>,
    code: Code,
    change: impl for<'c> FnOnce(&Claims<'c>) -> Claims<'c>,
) -> Outcome {
    t.refused(&good().sign_with(PROVIDER_A, change), code)
}

/// A container of A's that is loaded, by a token with these claims.
fn loaded(t: &mut Trial<'_>, change: impl for<'c> FnOnce(&Claims<'c>) -> Claims<'c>) -> Outcome {
    t.accepted(&good().sign_with(PROVIDER_A, change))
}

/// It is not started.
fn not_started(t: &mut Trial<'_>, code: Code) -> Outcome {
    t.unchanged("starting it", code, |device| device.start("a.x"))
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("metadata for another device", &["token-audience"], |t| {
        metadata(t, Code::WrongAudience, |claims| Claims { aud: Some("device-2"), ..*claims })
    }),
    attack("metadata that has expired", &["token-expired"], |t| {
        metadata(t, Code::Expired, |claims| Claims { exp: Some(NOW), ..*claims })
    }),
    attack("metadata that is not valid yet", &["token-not-before"], |t| {
        metadata(t, Code::NotYetValid, |claims| Claims { nbf: Some(NOW + 1), ..*claims })
    }),
    attack("metadata that is valid for a time, on a device without a clock", &["token-clock"], |t| {
        t.device.set_time(None);
        metadata(t, Code::NoClock, |claims| Claims { exp: Some(NOW + 1), ..*claims })?;
        t.device.set_time(Some(NOW));
        Ok(())
    }),
    attack("metadata about another container", &["token-subject"], |t| {
        metadata(t, Code::WrongToken, |claims| Claims { sub: Some("a.y"), ..*claims })
    }),
    attack("a token without a subject", &["token-subject"], |t| {
        metadata(t, Code::BadToken, |claims| Claims { sub: None, ..*claims })
    }),
    attack("a grant of syscalls for another container", &["token-subject"], |t| {
        heartbeat_refused(t, Code::WrongToken, syscall_token(MANAGER, "b.y", HEARTBEAT))
    }),
    attack("a grant of syscalls for another device", &["token-audience"], |t| {
        heartbeat_refused(
            t,
            Code::WrongAudience,
            heartbeat(|claims| Claims { aud: Some("class-b"), ..claims }),
        )
    }),
    attack("a grant of syscalls that has expired", &["token-expired"], |t| {
        heartbeat_refused(t, Code::Expired, heartbeat(|claims| Claims { exp: Some(NOW), ..claims }))
    }),
    attack("a grant of syscalls for another signer", &["policy-other-signer"], |t| {
        let to = thumbprint_of(PROVIDER_A);
        let token = Claims { syscalls: Some(1), signer: Some(&to), ..claims(MANAGER, "b.x", Use::Syscalls) };
        heartbeat_refused(t, Code::WrongToken, sign(&token, MANAGER))
    }),
    attack("a grant of syscalls for other code", &["policy-other-code"], |t| {
        heartbeat_refused(t, Code::WrongToken, heartbeat(|claims| Claims { code: Some(&[7; 32]), ..claims }))
    }),
    attack("a grant of syscalls for no signer and no code", &["token-bound"], |t| {
        heartbeat_refused(t, Code::BadToken, heartbeat(|claims| Claims { signer: None, ..claims }))
    }),
    attack("a grant of fewer syscalls than requested", &["policy-syscalls-granted"], |t| {
        heartbeat_refused(t, Code::SyscallsNotGranted, syscall_token(MANAGER, "b.x", Mask(2)))
    }),
    attack("a grant of syscalls that do not exist", &["policy-syscalls-bits"], |t| {
        heartbeat_refused(t, Code::BadToken, syscall_token(MANAGER, "b.x", Mask(0xffff_ffff)))
    }),
    attack("a grant of syscalls without the role", &["policy-role"], |t| {
        let keys = [PROVIDER_B, MANAGER].map(public);
        let [b, manager] = &keys;
        let of = |signer: Signer, key| anchor(signer.name, Key::Ed25519(key));
        let all_but = |roles: Roles| Roles(Roles::ALL.0 & !roles.0);
        let store = store(&mut [
            AnchorSpec { roles: all_but(Roles::SYSCALLS), ..of(PROVIDER_B, b) },
            AnchorSpec { roles: all_but(Roles::SYSCALLS), ..of(MANAGER, manager) },
        ]);
        t.trust(&store)?;
        t.refused(&with_heartbeat(heartbeat(|claims| claims)).sign(PROVIDER_B), Code::WrongRole)
    }),
    attack("a grant of another unit", &["policy-endpoint-access"], |t| {
        let other = Access { peer: Peer::Local { bus: Bus::Gpio, unit: 18 }, ..PIN };
        pin_refused(t, Code::EndpointNotGranted, endpoint_token(OWNER, "a.x", &other))
    }),
    attack("a grant of another direction", &["policy-endpoint-access"], |t| {
        let other = Access { direction: Direction::In, ..PIN };
        pin_refused(t, Code::EndpointNotGranted, endpoint_token(OWNER, "a.x", &other))
    }),
    attack("a grant of a unit that its signer does not reach", &["policy-endpoint-granter"], |t| {
        pin_refused(t, Code::EndpointNotGranted, endpoint_token(PROVIDER_B, "a.x", &PIN))
    }),
    attack("a grant of a unit without the role", &["policy-role"], |t| {
        pin_refused(t, Code::WrongRole, endpoint_token(MANAGER, "a.x", &PIN))
    }),
    attack("a grant of a unit with a key that no anchor has", &[], |t| {
        pin_refused(t, Code::UnknownKey, endpoint_token(STRANGER, "a.x", &PIN))
    }),
    attack("a grant of a unit for another container", &["token-subject"], |t| {
        pin_refused(t, Code::WrongToken, endpoint_token(OWNER, "a.y", &PIN))
    }),
    attack("a grant of a unit for another device", &["token-audience"], |t| {
        pin_refused(t, Code::WrongAudience, pin(|claims| Claims { aud: Some(""), ..claims }))
    }),
    attack("a grant of a unit that has expired", &["token-expired"], |t| {
        pin_refused(t, Code::Expired, pin(|claims| Claims { exp: Some(1), ..claims }))
    }),
    attack("a grant of a unit for another signer's image", &["policy-other-signer"], |t| {
        // The owner may sign `a.x` too; the grant is for its image.
        let (to, access) = (thumbprint_of(OWNER), encoded(&PIN));
        let token =
            Claims { access: Some(&access), signer: Some(&to), ..claims(OWNER, "a.x", Use::Endpoint) };
        pin_refused(t, Code::WrongToken, sign(&token, OWNER))
    }),
    attack("a grant of a unit for the code of an earlier version", &["policy-other-code"], |t| {
        pin_refused(t, Code::WrongToken, pin(|claims| Claims { code: Some(&[1; 32]), ..claims }))
    }),
    attack("a grant of a unit for no signer and no code", &["token-bound"], |t| {
        pin_refused(t, Code::BadToken, pin(|claims| Claims { signer: None, ..claims }))
    }),
    attack("a grant of syscalls used for a unit", &["token-use"], |t| {
        pin_refused(t, Code::WrongToken, syscall_token(OWNER, "a.x", Mask::ALL))
    }),
    attack("data of another party used as code", &["token-use"], |t| {
        let spec = good();
        let token = part_token(MANAGER, "a.x", Use::Data, &spec.code);
        t.refused(&Spec { part_tokens: (None, Some(token)), ..spec }.sign(PROVIDER_A), Code::WrongToken)
    }),
    attack("a token of another party over other code", &["load-digest"], |t| {
        let spec = good();
        let token = part_token(MANAGER, "a.x", Use::Code, b"other");
        t.refused(&Spec { part_tokens: (None, Some(token)), ..spec }.sign(PROVIDER_A), Code::BadDigest)
    }),
    attack("a token of another party over code for another container", &["token-subject"], |t| {
        let spec = good();
        let token = part_token(MANAGER, "a.y", Use::Code, &spec.code);
        t.refused(&Spec { part_tokens: (None, Some(token)), ..spec }.sign(PROVIDER_A), Code::WrongToken)
    }),
    attack("a container that is started after its token has expired", &["start-expired"], |t| {
        loaded(t, |claims| Claims { exp: Some(NOW + 10), ..*claims })?;
        t.device.set_time(Some(NOW + 10));
        not_started(t, Code::Expired)
    }),
    attack("a container that is started after another party's grant has expired", &["start-expired"], |t| {
        let spec = with_pin(pin(|claims| Claims { exp: Some(NOW + 10), ..claims }));
        t.accepted(&spec.sign_with(PROVIDER_A, |claims| Claims { exp: None, ..*claims }))?;
        t.device.set_time(Some(NOW + 10));
        not_started(t, Code::Expired)
    }),
    attack("a container that is started when the device has lost the time", &["start-clock"], |t| {
        loaded(t, |claims| Claims { exp: Some(NOW + 10), ..*claims })?;
        t.device.set_time(None);
        not_started(t, Code::NoClock)?;
        t.device.set_time(Some(NOW));
        Ok(())
    }),
    attack("a container that is started after the clock was set back", &["start-time"], |t| {
        loaded(t, |claims| Claims { exp: Some(NOW + 10), ..*claims })?;
        t.device.set_time(Some(NOW + 10));
        not_started(t, Code::Expired)?;
        t.device.set_time(Some(NOW));
        not_started(t, Code::Expired)
    }),
    attack("a container that is started after its signer's anchor was removed", &["start-anchor"], |t| {
        loaded(t, |claims| *claims)?;
        t.trust(&store_of(OWNER, |anchor| anchor))?;
        not_started(t, Code::UnknownKey)
    }),
    attack("a container that is started after its signer's scope was narrowed", &["start-anchor"], |t| {
        loaded(t, |claims| *claims)?;
        let store = store_of(PROVIDER_A, |anchor| AnchorSpec { hook_ms: 9999, ..anchor });
        t.trust(&store)?;
        not_started(t, Code::UnknownKey)
    }),
    attack("a grant whose code claim is right and whose signer is not", &["policy-other-signer"], |t| {
        let to = thumbprint_of(OWNER);
        let code = sha256(&good().code);
        let access = encoded(&PIN);
        let token = Claims {
            access: Some(&access),
            signer: Some(&to),
            code: Some(&code),
            ..claims(OWNER, "a.x", Use::Endpoint)
        };
        pin_refused(t, Code::WrongToken, sign(&token, OWNER))
    }),
];
