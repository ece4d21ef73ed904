//! Errors for people: what is wrong, where, and what to do.

use crate::err;
use crate::text::style::{BAD, GOOD, shown};
use std::fmt;

/// Something that is wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct ErrorWithHelp {
    what: String,
    help: String,
}

impl fmt::Display for ErrorWithHelp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for ErrorWithHelp {}

/// An error with what to do about it.
pub(crate) fn with_help(what: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
    ErrorWithHelp { what: what.into(), help: help.into() }.into()
}

/// Shows an error: the outermost sentence first, then why, then what to do.
pub(crate) fn show(error: &anyhow::Error) {
    err!("{BAD}error:{BAD:#} {}", lines(&error.to_string()));
    for cause in error.chain().skip(1) {
        err!("  {BAD}why:{BAD:#} {}", lines(&cause.to_string()));
    }
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<ErrorWithHelp>() {
            err!(" {GOOD}help:{GOOD:#} {}", lines(&error.help));
        }
    }
}

/// The first thing to do about it, if that is known.
pub(crate) fn help(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| cause.downcast_ref::<ErrorWithHelp>()).map(|error| error.help.clone())
}

/// A message without the line feeds at its end.
pub(crate) fn message(text: &str) -> String {
    text.trim_end().to_owned()
}

/// Keeps the line feeds (a compiler's message has some), makes every other control character visible.
fn lines(text: &str) -> String {
    text.trim_end().lines().map(shown).collect::<Vec<_>>().join("\n       ")
}
