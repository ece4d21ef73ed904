//! The subcommands.

pub(crate) mod build;
pub(crate) mod explain;
pub(crate) mod grant;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod run;
pub(crate) mod trust;
pub(crate) mod verify;
