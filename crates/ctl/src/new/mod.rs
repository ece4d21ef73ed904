//! A folder to begin a container with.
//!
//! | module | holds |
//! | --- | --- |
//! | [`template`] | what the templates do, and their peers |
//! | [`folder`] | the files of a folder |
//! | `templates/` | their source code and unit tests, in Rust and C |

pub(crate) mod folder;
pub(crate) mod template;
