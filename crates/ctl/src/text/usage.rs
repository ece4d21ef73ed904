//! What is wrong with a command line, as an error that `--json` can show.

use crate::text::error::with_help;

/// The message of clap without its usage lines.
pub(crate) fn error(error: &clap::Error) -> anyhow::Error {
    let text = error.render().to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let usage = rest.lines().find(|line| line.starts_with("Usage:")).unwrap_or("see --help");
    with_help(message, usage)
}
