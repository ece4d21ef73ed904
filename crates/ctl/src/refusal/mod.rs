//! Why a device refuses an image, with the facts: which value, which limit, whose scope.
//!
//! A device's errors are small. Here the image is read again, and the trust store beside it, to say what they leave out.
//!
//! | module | holds |
//! | --- | --- |
//! | [`image`] | the facts of a refused image |
//! | [`token`] | the facts of a refused token: audience, dates, keys |
//! | [`form`] | which header, claim or order of a malformed token is not taken, and where |

pub(crate) mod form;
pub(crate) mod image;
pub(crate) mod token;

/// Why, and what to do about it.
pub(crate) struct Refusal {
    pub(crate) why: String,
    pub(crate) help: &'static str,
}
