//! What `build` puts into an image.
//!
//! | module | holds |
//! | --- | --- |
//! | [`inputs`] | the files that a container is built from |
//! | [`order`] | what to build, from flags, settings and `container.toml` |
//! | [`make`] | from that to an image in memory |
//! | [`limits`] | the memory that a container asks for, measured where it is left out |
//! | [`measure`] | how much a module needs |
//! | [`warnings`] | what is allowed and probably not meant |
//! | [`grants`] | tokens of other parties |
//! | [`image`] | signing, and reading back |
//! | [`project`] | building the folders that `run` is given |

pub(crate) mod grants;
pub(crate) mod image;
pub(crate) mod inputs;
pub(crate) mod limits;
pub(crate) mod make;
pub(crate) mod measure;
pub(crate) mod order;
pub(crate) mod project;
pub(crate) mod warnings;
