//! What an examination reports that goes on after a failure, as the command line does.

use super::*;
use tinycontainer_policy::{Found, Holds};

/// An outcome, with the name of the anchor that proves it.
type Outcome = (Check, Result<Option<String>, ImageRejected>);

fn outcomes(image: &Image, device: &Device<'_>) -> (Vec<Outcome>, Found) {
    let metadata = Metadata::decode(&image.metadata).unwrap();
    let mut all = Vec::new();
    let found = examine(&metadata, device, &mut |check, outcome| {
        let by = |holds| match holds {
            Holds::Plain => None,
            Holds::By(name) => Some(name.to_owned()),
            Holds::BySigner => Some("the signer".to_owned()),
        };
        all.push((check, outcome.map(by)));
        ControlFlow::Continue(())
    });
    (all, found)
}

/// An image of provider A with an endpoint, and all of its outcomes if every check holds.
fn good() -> (Image, [Outcome; 10]) {
    let signer = || Ok(Some("the signer".to_owned()));
    let outcomes = [
        (Check::Format, Ok(None)),
        (Check::Proof(Subject::Metadata), Ok(Some("provider-a".to_owned()))),
        (Check::Priority, Ok(None)),
        (Check::Limits, Ok(None)),
        (Check::Sizes, Ok(None)),
        (Check::Durations, Ok(None)),
        (Check::Proof(Subject::Data), signer()),
        (Check::Proof(Subject::Code), signer()),
        (Check::Proof(Subject::Syscalls), signer()),
        (Check::Proof(Subject::Endpoint(1)), signer()),
    ];
    (Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In).sign(PROVIDER_A), outcomes)
}

#[test]
fn each_outcome_names_what_proves_it() {
    let (image, expected) = good();
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        let (all, found) = outcomes(&image, device);
        assert_eq!(all, expected);
        assert_eq!(found.data_digest(), Some(&sha256(&image.data)));
        assert_eq!(found.code_digest(), Some(&sha256(&image.code)));
    });
    // Data, syscalls and the endpoint by tokens.
    let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    let digest = sha256(&spec.data);
    let data = Claims { digest: Some(&digest), ..claims(OWNER, "a.x", Use::Data) };
    spec.part_tokens.0 = Some(sign(&data, OWNER));
    spec.syscall_token = Some(tinycontainer_testkit::syscall_token(MANAGER, "a.x", spec.syscalls));
    let access = Access { peer: Peer::Local { bus: Bus::I2c, unit: 72 }, direction: Direction::In };
    spec.endpoints[0].3 = Some(endpoint_token(OWNER, "a.x", &access));
    let store = store(&[PROVIDER_A, OWNER, MANAGER], |i, anchor| {
        if i == 0 {
            anchor.reaches = &[];
        }
    });
    on(&store, |device| {
        let (all, found) = outcomes(&spec.sign(PROVIDER_A), device);
        let mut expected = expected.clone();
        for (at, name) in [(6, "owner"), (8, "manager"), (9, "owner")] {
            expected[at].1 = Ok(Some(name.to_owned()));
        }
        assert_eq!(all, expected);
        assert_eq!(found.data_digest(), Some(&sha256(&spec.data)));
    });
}

#[test]
fn without_a_valid_metadata_token_nothing_counts_that_only_the_metadata_proves() {
    let (image, mut expected) = good();
    on(&store(&[PROVIDER_B], |_, _| {}), |device| {
        let (all, found) = outcomes(&image, device);
        let unknown = ImageRejected::Token(Subject::Metadata, TokenError::UnknownKey);
        for (at, why) in [
            (1, unknown),
            (2, ImageRejected::Priority(Priority::Normal)),
            (6, ImageRejected::Unproven(Subject::Data)),
            (7, ImageRejected::Unproven(Subject::Code)),
            (8, ImageRejected::Syscalls(Spec::new("a.x", IDLE).syscalls)),
            (9, ImageRejected::Unauthorized(1)),
        ] {
            expected[at].1 = Err(why);
        }
        assert_eq!(all, expected);
        assert_eq!((found.data_digest(), found.code_digest()), (None, None));
    });
}

#[test]
fn a_token_that_fails_is_reported_and_the_others_are_judged_on_their_own() {
    let mut spec = Spec::new("a.x", IDLE).endpoint(1, BUS, Direction::In);
    let digest = sha256(&spec.code);
    let code = Claims { digest: Some(&digest), ..claims(OWNER, "a.x", Use::Code) };
    spec.part_tokens.1 = Some(sign(&code, OWNER));
    let image = spec.sign(PROVIDER_A);
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        let (all, found) = outcomes(&image, device);
        let mut failed = all.iter().filter(|(_, outcome)| outcome.is_err());
        let why = ImageRejected::Token(Subject::Code, TokenError::UnknownKey);
        assert_eq!(failed.next(), Some(&(Check::Proof(Subject::Code), Err(why))));
        assert!(failed.next().is_none() && all.len() == 10);
        assert_eq!((found.data_digest(), found.code_digest()), (Some(&sha256(b"")), None));
    });
}

#[test]
fn an_examination_ends_where_its_reader_has_enough() {
    let (image, expected) = good();
    let metadata = Metadata::decode(&image.metadata).unwrap();
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        for enough in 1..=expected.len() {
            let mut checks = 0;
            examine(&metadata, device, &mut |_, _| {
                checks += 1;
                if checks == enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(checks, enough);
        }
    });
}

#[test]
fn an_image_without_a_token_is_unsigned() {
    use tinycontainer_metadata::{Draft, Part, PartSizes, Type};
    let spec = Spec::new("a.x", IDLE);
    let digest = sha256(b"");
    let draft = Draft {
        uid: "a.x",
        kind: Type::Wasm,
        version: 1,
        syscalls: Mask::NONE,
        syscall_token: None,
        limits: spec.limits,
        schedule: spec.schedule,
        endpoints: &[],
        vendor_secu: None,
        sizes: PartSizes { data: 0, code: 1 },
        data: Part::Digest(&digest),
        code: Part::Digest(&digest),
    };
    let (mut metadata, mut scratch) = (Vec::new(), vec![0; 4096]);
    draft.encode(&mut metadata, &[], &mut scratch).unwrap();
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        assert_eq!(clear(&metadata, device).unwrap_err(), ImageRejected::Unsigned);
    });
}
