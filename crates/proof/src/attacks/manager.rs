//! A manager: it has the control functions and no key.

use super::attack::{Attack, attack};
use super::craft::{anchor, good, mac, public, split, store, with_token};
use super::trial::{NEIGHBOUR, Outcome, Trial, expect, hooks};
use tinycontainer::Sizes;
use tinycontainer::policy::{AnchorSpec, Roles};
use tinycontainer_capi::Code;
use tinycontainer_testkit::{OWNER, PROVIDER_A, STRANGER, claims, sha256, trust_store};
use tinycontainer_token::{Claims, Key, Use};

/// The device refuses the store, and goes on with the one it has.
fn bad_store(t: &mut Trial<'_>, store: &[u8]) -> Outcome {
    t.unchanged("setting a bad trust store", Code::BadTrust, |device| device.set_trust(store))
}

const SHORT: &[u8] = b"TEST short secret";

pub(super) const ATTACKS: &[Attack] = &[
    attack("starts a container that runs", &["life-start-once"], |t| {
        t.unchanged("starting it again", Code::Running, |device| device.start(NEIGHBOUR))
    }),
    attack("unloads a container that runs", &["life-unload"], |t| {
        t.unchanged("unloading it", Code::Running, |device| device.unload(NEIGHBOUR))
    }),
    attack("stops a container that does not run", &["life-stop-idle"], |t| {
        t.accepted(&good().sign(PROVIDER_A))?;
        t.unchanged("stopping it", Code::NotRunning, |device| device.stop("a.x"))
    }),
    attack("controls containers that do not exist", &[], |t| {
        for uid in ["", "a.y", "o.neighbou", "o.neighbour.", "\u{0}", "a'b"] {
            t.unchanged("starting", Code::NotFound, |device| device.start(uid))?;
            t.unchanged("stopping", Code::NotFound, |device| device.stop(uid))?;
            t.unchanged("unloading", Code::NotFound, |device| device.unload(uid))?;
        }
        Ok(())
    }),
    attack("unloads a container while it stops", &["life-unload-stopping"], |t| {
        let mut spec = hooks("o.x", "", "", "(i32.const 0)", "");
        spec.schedule.period_ms = 1000;
        t.start(&spec)?;
        t.run(50);
        expect("stopping it", t.device.stop("o.x"), Code::Ok)?;
        t.unchanged("unloading it", Code::Running, |device| device.unload("o.x"))?;
        t.unchanged("starting it", Code::Running, |device| device.start("o.x"))?;
        t.run(50);
        t.stopped("o.x", "stop requested")
    }),
    attack("controls an image that is being loaded", &[], |t| {
        let image = good().sign(PROVIDER_A);
        let sizes = Sizes { metadata: image.metadata.len(), data: 0, code: image.code.len() };
        let session = t.device.begin(sizes).map_err(|code| format!("{code:?}"))?;
        expect("its metadata", t.device.write(session, &image.metadata), Code::Ok)?;
        t.unchanged("starting it", Code::NotFound, |device| device.start("a.x"))?;
        t.unchanged("stopping it", Code::NotFound, |device| device.stop("a.x"))?;
        t.unchanged("unloading it", Code::NotFound, |device| device.unload("a.x"))?;
        t.device.drop_session(session);
        Ok(())
    }),
    attack("loads, starts, stops and unloads fifty times", &["load-slot"], |t| {
        let image = good().sign(PROVIDER_A);
        for _ in 0..50 {
            t.accepted(&image)?;
            expect("starting it", t.device.start("a.x"), Code::Ok)?;
            expect("stopping it before it runs", t.device.stop("a.x"), Code::Ok)?;
            t.run(1);
            t.stopped("a.x", "stop requested")?;
            expect("unloading it", t.device.unload("a.x"), Code::Ok)?;
            t.refused(&good().sign(STRANGER), Code::UnknownKey)?;
        }
        Ok(())
    }),
    attack("drops sessions at each stage of loading", &["load-slot"], |t| {
        let image = good().sign(PROVIDER_A);
        let all = [&image.metadata[..], &image.code].concat();
        let sizes = Sizes { metadata: image.metadata.len(), data: 0, code: image.code.len() };
        // More often than there are slots, so that none is lost.
        let step = all.len() / (usize::from(t.device.slots()) + 4);
        for len in (0..=all.len()).step_by(step) {
            t.unchanged("a session that is dropped", Code::Ok, |device| {
                let Ok(session) = device.begin(sizes) else { return Code::Busy };
                let code = device.write(session, &all[..len]);
                device.drop_session(session);
                code
            })?;
        }
        Ok(())
    }),
    attack("a trust store with a key under another's key id", &["trust-kid"], |t| {
        // The stranger's key where the owner's is.
        let key = public(OWNER);
        let mut bytes = store(&mut [anchor("owner", Key::Ed25519(&key))]);
        super::craft::replace(&mut bytes, &key, &public(STRANGER));
        bad_store(t, &bytes)
    }),
    attack("a trust store with a key twice", &["trust-order"], |t| {
        let key = public(OWNER);
        let one = anchor("owner", Key::Ed25519(&key));
        bad_store(t, &store(&mut [AnchorSpec { roles: Roles::METADATA, ..one }, one]))
    }),
    attack("a trust store with a short secret", &["trust-secret"], |t| {
        bad_store(t, &store(&mut [anchor("owner", Key::Hmac256(SHORT))]))
    }),
    attack("a trust store with a role that does not exist", &["trust-roles"], |t| {
        let key = public(OWNER);
        bad_store(t, &store(&mut [AnchorSpec { roles: Roles(0x1f), ..anchor("owner", Key::Ed25519(&key)) }]))
    }),
    attack("a trust store that was cut", &[], |t| {
        let store = trust_store();
        bad_store(t, &store[..store.len() - 1])
    }),
    attack("a trust store with a byte after it", &["cbor-trailing"], |t| {
        bad_store(t, &[&trust_store()[..], &[0]].concat())
    }),
    attack("an image under a short secret", &["token-secret"], |t| {
        bad_store(t, &store(&mut [anchor("provider-a", Key::Hmac256(SHORT))]))?;
        let image = good().sign(PROVIDER_A);
        let digest = sha256(&split(&image).0);
        let claims = Claims { digest: Some(&digest), ..claims(PROVIDER_A, "a.x", Use::Metadata) };
        t.refused(&with_token(&image, &mac(&claims, Key::Hmac256(SHORT), SHORT)), Code::UnknownKey)
    }),
    attack("an empty trust store", &[], |t| {
        t.trust(&store(&mut []))?;
        t.refused(&good().sign(OWNER), Code::UnknownKey)
    }),
    attack("a time before the present one", &["start-time"], |t| {
        t.device.set_time(Some(tinycontainer_testkit::NOW + 5000));
        t.refused(&good().sign(PROVIDER_A), Code::Expired)?;
        t.device.set_time(Some(1));
        t.refused(&good().sign(PROVIDER_A), Code::Expired)
    }),
];
