//! Which lines are shown while containers run, and how.

use clap::ValueEnum;

/// How lines are shown.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub(crate) struct Shown {
    /// Show only lines of these containers. All run, and all are in the table at the end.
    #[arg(long, value_name = "UID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// The time before each line.
    #[arg(long, value_enum, default_value_t = Stamps::Run)]
    pub(crate) timestamps: Stamps,
    /// Lines for people, or a JSON object for each; the last one, `end`, is what --json prints.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) log_format: Format,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamps {
    /// None.
    None,
    /// Seconds since the device began.
    Run,
    /// The time of day, in UTC.
    Utc,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Shown {
    /// Whether lines of that container are shown.
    pub(crate) fn has(&self, uid: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == uid)
    }
}
