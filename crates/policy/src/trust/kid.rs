//! Key ids.

use tinycontainer_token::{Key, thumbprint};

/// How many bytes a kid has.
pub const KID_LEN: usize = 8;

/// The kid of an anchor with that key: the first 8 bytes of the COSE Key Thumbprint (RFC 9679) with SHA-256.
pub fn kid(key: Key<'_>) -> [u8; KID_LEN] {
    let [a, b, c, d, e, f, g, h, ..] = thumbprint(key);
    [a, b, c, d, e, f, g, h]
}
