//! The trust store: the keys that a device accepts, and what each may sign.
//!
//! ```text
//! trust   = [ 1, [ * anchor ] ]      ; in strictly ascending order of the kids
//! anchor  = { 1: name tstr, 2: kid bstr .size 8, 3: 0 Ed25519 / 1 HMAC, 4: key bstr, 5: roles uint, 6: [ * pattern tstr ],
//!             7: syscalls uint, 8: [ * reach ], 9: highest priority 0..2, 10: longest duration of a hook, ms uint32 }
//! reach   = { 2: peer type, ? 3: pattern tstr, ? 4: [ first unit or endpoint, last ], 5: direction, ? 7: bus or scheme }
//! ```
//! The kid is the first 8 bytes of the COSE Key Thumbprint (RFC 9679) of the key, so a store in that order has each kid
//! and each key once, which takes one comparison for each anchor to check. A pattern is a name, or the beginning of one followed by `*`. In a reach an absent field means
//! any; peer type 3 means any peer. What an anchor reaches counts only with the role *endpoints*. A signer's container
//! gets what the signer's own anchor reaches; for more it needs a token of an anchor that reaches it.

mod encode;
mod kid;
mod list;
mod pattern;
mod reach;
mod scope;
mod store;

pub use encode::{AnchorSpec, encode};
pub use kid::{KID_LEN, kid};
pub use pattern::Pattern;
pub use reach::{Reach, Target};
pub use scope::{Roles, Scope};
pub use store::{AnchorHash, Trust};
