//! The answer of a command, from which the exit status follows.

/// What a command that answers a question answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// All is as it should be: exit status 0.
    Yes,
    /// Refused, or other than expected: exit status 1.
    No,
}
