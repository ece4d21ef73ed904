//! What is signed: the Sig_structure (RFC 9052, section 4.4) and MAC_structure (section 6.3),
//! made piece by piece so that no buffer is needed.

use crate::envelope::Form;
use minicbor::encode::Encoder;
use minicbor::encode::write::Cursor;

/// Feeds the structure over `protected` and `payload`, without external data, to `absorb`.
pub(crate) fn feed(form: Form, protected: &[u8], payload: &[u8], absorb: &mut dyn FnMut(&[u8])) {
    let context = match form {
        Form::Sign1 => "Signature1",
        Form::Mac0 => "MAC0",
    };
    // array(4), the context, then the header of `protected`: at most 1 + 11 + 9 bytes.
    let mut head = [0; 24];
    absorb(pieces(&mut head, |e| {
        let _ = e.array(4).and_then(|e| e.str(context)).and_then(|e| e.bytes_len(protected.len() as u64));
    }));
    absorb(protected);
    absorb(pieces(&mut head, |e| {
        let _ = e.bytes(&[]).and_then(|e| e.bytes_len(payload.len() as u64));
    }));
    absorb(payload);
}

/// The bytes that `write` puts into `buffer`, which is large enough for all that is written here.
fn pieces(buffer: &mut [u8], write: impl FnOnce(&mut Encoder<&mut Cursor<&mut [u8]>>)) -> &[u8] {
    let mut cursor = Cursor::new(&mut *buffer);
    write(&mut Encoder::new(&mut cursor));
    let len = cursor.position();
    buffer.get(..len).unwrap_or_default()
}
