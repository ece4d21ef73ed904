//! What `build` puts into an image.
//!
//! | module | holds |
//! | --- | --- |
//! | [`grants`] | tokens of other parties |
//! | [`image`] | signing, and reading back |

pub(crate) mod grants;
pub(crate) mod image;
