//! The bytes that are signed: the Sig_structure (RFC 9052, section 4.4) and MAC_structure (section 6.3), in pieces so
//! that no buffer is needed.

use crate::envelope::Form;
use minicbor::encode::Encoder;
use minicbor::encode::write::Cursor;

/// Passes the structure over `protected` and `payload`, without external data, to `absorb`.
pub(crate) fn feed(form: Form, protected: &[u8], payload: &[u8], absorb: &mut dyn FnMut(&[u8])) {
    // An array of four: the context, `protected`, no external data, `payload`.
    absorb(match form {
        Form::Sign1 => b"\x84\x6aSignature1",
        Form::Mac0 => b"\x84\x64MAC0",
    });
    feed_bytes(protected, absorb);
    feed_bytes(&[], absorb);
    feed_bytes(payload, absorb);
}

/// Passes a byte string with its head.
fn feed_bytes(bytes: &[u8], absorb: &mut dyn FnMut(&[u8])) {
    let mut head = [0; 9];
    let mut cursor = Cursor::new(&mut head[..]);
    // There is capacity for any head.
    let _ = Encoder::new(&mut cursor).bytes_len(bytes.len() as u64);
    let len = cursor.position();
    absorb(head.get(..len).unwrap_or_default());
    absorb(bytes);
}
