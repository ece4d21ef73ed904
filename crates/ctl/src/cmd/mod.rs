//! The subcommands, one file each.

pub(crate) mod answer;
pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod explain;
pub(crate) mod grant;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod man;
pub(crate) mod measure;
pub(crate) mod new;
pub(crate) mod run;
pub(crate) mod trust;
pub(crate) mod values;
pub(crate) mod verify;
