//! What people read about a refusal: the facts, and each reason apart from the others.

use super::*;
use std::collections::BTreeSet;
use tinycontainer_cbor::{Error, Kind};

#[test]
fn each_reason_has_its_own_text_with_the_facts() {
    let malformed = Error::new(Kind::Range, 7);
    let expired = TokenError::Expired;
    let duration = |hook, whose| ImageRejected::Duration { hook, ms: 11, limit: 10, whose };
    let reasons: &[(ImageRejected, &[&str])] = &[
        (ImageRejected::Malformed(malformed), &["metadata", &malformed.to_string()]),
        (ImageRejected::Token(Subject::Metadata, expired), &["metadata", &expired.to_string()]),
        (ImageRejected::Token(Subject::Data, expired), &["data", &expired.to_string()]),
        (ImageRejected::Token(Subject::Code, expired), &["code", &expired.to_string()]),
        (ImageRejected::Token(Subject::Syscalls, expired), &["syscalls", &expired.to_string()]),
        (ImageRejected::Token(Subject::Endpoint(77), expired), &["endpoint 77", &expired.to_string()]),
        (ImageRejected::Digest(Subject::Code), &["code", "changed"]),
        (ImageRejected::Unproven(Subject::Code), &["code", "not accepted"]),
        (ImageRejected::Role(Subject::Code), &["code", "role"]),
        (ImageRejected::Container(Subject::Code), &["code", "scope"]),
        (ImageRejected::OtherSigner(Subject::Code), &["code", "another signer"]),
        (ImageRejected::OtherCode(Subject::Code), &["code", "other code"]),
        (ImageRejected::Syscalls(Mask(0b1010)), &[" open", " read"]),
        (ImageRejected::Unauthorized(77), &["endpoint 77", "authorization token"]),
        (ImageRejected::SignerRole(77), &["endpoint 77", "lacks the role"]),
        (ImageRejected::OtherAccess(77), &["endpoint 77", "another peer"]),
        (ImageRejected::Reach(77), &["endpoint 77", "scope of the signer"]),
        (ImageRejected::Priority(Priority::High), &["priority", "high"]),
        (ImageRejected::Limits, &["memory"]),
        (ImageRejected::Size(4321, 1234), &["4321", "1234"]),
        (duration(Hook::Start, Whose::Device), &["start()", "11 ms", "10 ms", "the device allows"]),
        (duration(Hook::Loop, Whose::Anchor), &["loop()", "trust anchor"]),
        (duration(Hook::Stop, Whose::Policy2024), &["stop()", "2024"]),
        (ImageRejected::TooManyEndpoints, &["endpoints", "8"]),
        (ImageRejected::Year2024, &["2024"]),
        (ImageRejected::Unsigned, &["unsigned"]),
    ];
    let texts: BTreeSet<String> = reasons.iter().map(|(why, _)| why.to_string()).collect();
    assert_eq!(texts.len(), reasons.len());
    for (why, facts) in reasons {
        let text = why.to_string();
        for fact in *facts {
            assert!(text.contains(fact), "{text}: {fact}");
        }
    }
    assert!(!ImageRejected::Syscalls(Mask(0b1010)).to_string().contains("heartbeat"));
}

#[test]
fn each_reason_why_a_decision_no_longer_holds_has_its_own_text() {
    let all = [Lapsed::Expired(1234), Lapsed::NotYetValid(1234), Lapsed::NoClock, Lapsed::AnchorGone];
    let texts: BTreeSet<String> = all.iter().map(Lapsed::to_string).collect();
    assert_eq!(texts.len(), all.len());
    assert!(all[..2].iter().all(|why| why.to_string().contains("1234")));
}
