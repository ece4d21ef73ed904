//! What `run` consists of.
//!
//! | module | holds |
//! | --- | --- |
//! | [`tally`] | what happened, counted exactly, in bounded memory |
//! | [`screen`] | what people see while it happens |
//! | [`table`] | what there is to say at the end |
//! | [`expect`] | what should have come out |
//! | [`recorded`] | what was written to the buses |

pub(crate) mod expect;
pub(crate) mod recorded;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod tally;

/// The name of a refusal's reason, as `expect.toml` and JSON have it.
pub(crate) const fn reason_name(reason: tinycontainer_firewall::Reason) -> &'static str {
    use tinycontainer_firewall::Reason;
    match reason {
        Reason::NotGranted => "not-granted",
        Reason::NoSuchEndpoint => "no-such-endpoint",
        Reason::WrongDirection => "wrong-direction",
        Reason::NotOpen => "not-open",
        Reason::NotYours => "not-yours",
        Reason::BadPointer => "bad-pointer",
        Reason::TooManyOpen => "too-many-open",
        Reason::NotMutual => "not-mutual",
    }
}
