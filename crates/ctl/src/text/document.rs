//! What `--json` prints: one object for each run of the program, on standard output.

use crate::out;
use crate::text::error::{help, message};
use crate::text::style::json;
use anyhow::Result;
use serde::Serialize;

/// Counts up with each change that a script notices: a name that goes or means something else. New names do not count.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What all documents have in common. `docs/json` has their schemas.
#[derive(Serialize)]
struct Document<'a, T: Serialize> {
    schema_version: u32,
    /// The subcommand; none if the command line names none.
    command: Option<&'a str>,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
struct Failure {
    error: Error,
}

#[derive(Serialize)]
struct Error {
    message: String,
    /// What has led to it, the nearest first.
    causes: Vec<String>,
    help: Option<String>,
}

/// Prints what a command has found.
pub(crate) fn print(command: &str, body: &impl Serialize) -> Result<()> {
    let document = Document { schema_version: SCHEMA_VERSION, command: Some(command), body };
    out!("{}", json(&document)?);
    Ok(())
}

/// Prints why a command could not be done.
pub(crate) fn failed(command: Option<&str>, error: &anyhow::Error) {
    let causes = error.chain().skip(1).map(|cause| message(&cause.to_string())).collect();
    let error = Error { message: message(&error.to_string()), causes, help: help(error) };
    let document = Document { schema_version: SCHEMA_VERSION, command, body: Failure { error } };
    // Strings and a number: they always can be encoded.
    out!("{}", json(&document).unwrap_or_default());
}
