//! The answer of a command, from which the exit status follows.

/// The answer of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes, or done: exit status 0.
    Yes,
    /// Refused, or other than expected: exit status 1.
    No,
    /// It cannot be said: exit status 2.
    Unknown,
}
