//! Decoding metadata: what decodes as profile 1 has exactly one encoding, which the encoder writes.

use crate::outcome::{Outcome, outcome};
use crate::year2024;
use tinycontainer::metadata::transport::Parts;
use tinycontainer::metadata::{Access, Draft, Endpoint, Metadata, Proofs};
use tinycontainer_testkit::{OWNER, OwnedPeer, PROVIDER_A, Spec, endpoint_token, syscall_token};

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    if let Ok(parts) = Parts::decode(bytes) {
        let mut again = Vec::new();
        parts.encode(&mut again).unwrap();
        assert_eq!(again, bytes);
        return run(parts.metadata);
    }
    if let Ok(access) = Access::decode(bytes) {
        let mut again = Vec::new();
        access.encode(&mut minicbor::Encoder::new(&mut again)).unwrap();
        assert_eq!(again, bytes, "{access}");
    }
    let decoded = Metadata::decode(bytes);
    let profile1 = Metadata::decode_profile1(bytes);
    let Ok(metadata) = decoded else {
        assert!(profile1.is_err());
        return outcome(&decoded.map(drop));
    };
    assert_eq!(metadata.file_bytes as usize, bytes.len());
    let endpoints: Vec<_> = metadata.endpoints.iter().collect();
    assert_eq!(endpoints.len(), metadata.endpoints.len());
    assert!(endpoints.windows(2).all(|pair| pair[0].id < pair[1].id));
    match metadata.proofs {
        Proofs::Profile1(_) => {
            assert_eq!(profile1, Ok(metadata));
            assert_eq!(encode(&metadata, &endpoints), bytes);
        }
        Proofs::Format2024(_) => {
            assert!(Metadata::is_2024(bytes) && profile1.is_err());
        }
    }
    outcome(&(
        profile1.is_ok(),
        metadata.kind,
        metadata.vendor_secu.is_some(),
        endpoints.first().map(|endpoint| (endpoint.access.peer, endpoint.token.is_some())),
        metadata.schedule.wake,
    ))
}

fn encode(metadata: &Metadata<'_>, endpoints: &[Endpoint<'_>]) -> Vec<u8> {
    let Proofs::Profile1(proofs) = metadata.proofs else { return Vec::new() };
    let draft = Draft {
        uid: metadata.uid,
        kind: metadata.kind,
        version: metadata.version,
        syscalls: proofs.syscalls,
        syscall_token: proofs.syscall_token,
        limits: metadata.limits,
        schedule: metadata.schedule,
        endpoints,
        vendor_secu: metadata.vendor_secu,
        sizes: metadata.sizes.unwrap(),
        data: proofs.data,
        code: proofs.code,
    };
    let mut scratch = vec![0; metadata.file_bytes as usize];
    let mut again = Vec::new();
    draft.encode_signed(&mut again, &mut scratch).unwrap();
    assert_eq!(again, proofs.signed);
    again.clear();
    draft.encode(&mut again, proofs.token, &mut scratch).unwrap();
    again
}

/// An image with everything that metadata can have, of an owner and a provider.
pub(crate) fn rich() -> Spec {
    use tinycontainer::Direction::{Both, In, Out};
    use tinycontainer::metadata::{Bus, Peer, Scheme};
    let mut spec = Spec::new("a.rich", tinycontainer_testkit::IDLE)
        .endpoint(1, OwnedPeer::Local(Bus::I2c, 72), In)
        .endpoint(2, OwnedPeer::Local(Bus::Gpio, 17), Out)
        .endpoint(3, OwnedPeer::Container("b.peer".into(), 9), Both)
        .endpoint(70, OwnedPeer::Remote(Scheme::Coaps, "[2001:db8::1]:5684".into()), Both)
        .endpoint(71, OwnedPeer::Local(Bus::Data, 0), In);
    let pin = Access { peer: Peer::Local { bus: Bus::Gpio, unit: 17 }, direction: Out };
    let host = Access {
        peer: Peer::Remote { scheme: Scheme::Coaps, authority: "[2001:db8::1]:5684" },
        direction: Both,
    };
    spec.endpoints[1].3 = Some(endpoint_token(OWNER, "a.rich", &pin));
    spec.endpoints[3].3 = Some(endpoint_token(OWNER, "a.rich", &host));
    spec.syscall_token = Some(syscall_token(OWNER, "a.rich", tinycontainer::Mask::ALL));
    spec.data = b"some data".to_vec();
    spec
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let plain = Spec::new("a.x", tinycontainer_testkit::IDLE).sign(PROVIDER_A);
    let mut file = Vec::new();
    plain.parts().encode(&mut file).unwrap();
    vec![plain.metadata, file, rich().sign(PROVIDER_A).metadata, year2024::image(b"data", b"code")]
}
