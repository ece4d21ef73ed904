//! Errors for people: what is wrong, where, and what to do.

use crate::err;
use crate::text::style::{BAD, GOOD, shown};
use std::fmt;

/// Something that is wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Trouble {
    what: String,
    help: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Trouble {}

/// An error that also says what to do.
pub(crate) fn trouble(what: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
    Trouble { what: what.into(), help: help.into() }.into()
}

/// Shows an error: the outermost sentence first, then why, then what to do.
pub(crate) fn show(error: &anyhow::Error) {
    err!("{BAD}error:{BAD:#} {}", lines(&error.to_string()));
    for cause in error.chain().skip(1) {
        err!("  {BAD}why:{BAD:#} {}", lines(&cause.to_string()));
    }
    for cause in error.chain() {
        if let Some(trouble) = cause.downcast_ref::<Trouble>() {
            err!(" {GOOD}help:{GOOD:#} {}", lines(&trouble.help));
        }
    }
}

/// Keeps the line feeds (a compiler's message has some), makes every other control character visible.
fn lines(text: &str) -> String {
    text.trim_end().lines().map(shown).collect::<Vec<_>>().join("\n       ")
}
