//! What an input led to.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an input led to: inputs with different outcomes have taken different ways through the code. The corpora keep
/// one input for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome(pub u64);

/// The outcome that a value stands for: its debug text without digits, so that offsets and numbers do not count.
pub fn outcome(of: &impl Debug) -> Outcome {
    let mut hasher = DefaultHasher::new();
    let text = format!("{of:?}");
    text.bytes().filter(|byte| !byte.is_ascii_digit()).for_each(|byte| byte.hash(&mut hasher));
    Outcome(hasher.finish())
}
