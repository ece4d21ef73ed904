//! What people write, and how it is read.
//!
//! | module | holds |
//! | --- | --- |
//! | [`fields`] | TOML, with all that is wrong at once |
//! | [`files`] | reading files, with limits |
//! | [`recipe`] | `container.toml` |
//! | [`trust_file`] | `trust.toml` |
//! | [`keys`] | keys in PEM |
//! | [`foreign_keys`] | key files of other forms, named as what they are |
//! | [`tokens`] | signing tokens |
//! | [`peer`] | peers: `gpio:17`, `container:uid:2` |
//! | [`size`] | sizes of memory: `64KB` |
//! | [`time`] | dates and durations |
//! | [`image_file`] | an image, or metadata with its parts in other files |

pub(crate) mod fields;
pub(crate) mod files;
pub(crate) mod foreign_keys;
pub(crate) mod image_file;
pub(crate) mod keys;
pub(crate) mod peer;
pub(crate) mod recipe;
pub(crate) mod size;
pub(crate) mod time;
pub(crate) mod tokens;
pub(crate) mod trust_file;
