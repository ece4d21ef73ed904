//! Arrays of CBOR that are read from the store each time.

use tinycontainer_cbor::Reader;

/// Reads an array that was checked when the store was decoded.
pub(super) fn list<'a, T>(
    bytes: &'a [u8],
    read: impl Fn(&mut Reader<'a>) -> Option<T>,
) -> impl Iterator<Item = T> {
    let mut reader = Reader::new(bytes);
    (0..reader.array()).map_while(move |_| read(&mut reader))
}

/// Reads an array and returns its bytes.
pub(super) fn span<'a, T>(reader: &mut Reader<'a>, mut read: impl FnMut(&mut Reader<'a>) -> T) -> &'a [u8] {
    let start = reader.position();
    for _ in 0..reader.array() {
        if reader.is_good() {
            read(reader);
        }
    }
    reader.since(start)
}
