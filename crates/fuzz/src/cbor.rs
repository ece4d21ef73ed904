//! Our CBOR reader against `ciborium`: what ours accepts, the other decodes to the same value and encodes to the same
//! bytes; and of what the other would write, ours accepts all that it has types for.

use crate::outcome::{Outcome, outcome};
use ciborium::Value;
use tinycontainer_cbor::{Error, Keys, Kind, Reader, read};

/// The deepest nesting that is read. The decoders of the product have a fixed depth each.
const DEPTH: u32 = 12;

pub(crate) fn run(bytes: &[u8]) -> Outcome {
    let ours = read(bytes, |reader| item(reader, bytes, DEPTH));
    let mut rest = bytes;
    let theirs: Result<Value, _> = ciborium::from_reader(&mut rest);
    match (&ours, &theirs) {
        (Ok(value), _) if has_bignum(value) => {}
        (Ok(value), Ok(theirs)) => {
            assert_eq!(value, theirs);
            assert!(rest.is_empty());
            assert_eq!(encode(value), bytes);
        }
        (Ok(value), Err(error)) => panic!("ours reads {value:?}, the other fails: {error}"),
        (Err(error), Ok(value)) if rest.is_empty() && supported(value, DEPTH) && encode(value) == bytes => {
            panic!("ours fails to read {value:?}: {error}")
        }
        (Err(_), _) => {}
    }
    shape(ours, bytes)
}

fn shape(ours: Result<Value, Error>, bytes: &[u8]) -> Outcome {
    let first = bytes.first().map_or(0, |first| first >> 5);
    outcome(&(
        ["u", "n", "b", "t", "a", "m", "g", "s"][usize::from(first)],
        ours.map(drop).map_err(Error::kind),
    ))
}

fn item(reader: &mut Reader<'_>, bytes: &[u8], depth: u32) -> Value {
    let at = reader.position();
    if depth == 0 {
        reader.fail(Kind::Range, at);
        return Value::Null;
    }
    match bytes.get(at).map(|first| first >> 5) {
        Some(0) => Value::from(reader.uint()),
        Some(1) => Value::from(reader.i64()),
        Some(2) => Value::Bytes(reader.bytes().to_vec()),
        Some(3) => Value::Text(reader.text().to_owned()),
        Some(4) => {
            let mut items = Vec::new();
            for _ in 0..reader.array() {
                items.push(item(reader, bytes, depth - 1));
                if !reader.is_good() {
                    break;
                }
            }
            Value::Array(items)
        }
        Some(5) => {
            let mut keys = Keys::default();
            let mut pairs = Vec::new();
            for _ in 0..reader.map() {
                let key = reader.key(&mut keys);
                pairs.push((Value::from(key), item(reader, bytes, depth - 1)));
                if !reader.is_good() {
                    break;
                }
            }
            Value::Map(pairs)
        }
        Some(6) => {
            let tag = reader.tag();
            Value::Tag(tag, Box::new(item(reader, bytes, depth - 1)))
        }
        _ => Value::from(reader.uint()),
    }
}

/// Tags 2 and 3: integers beyond 64 bits, which the other makes numbers of.
fn has_bignum(value: &Value) -> bool {
    match value {
        Value::Tag(2 | 3, _) => true,
        Value::Tag(_, inner) => has_bignum(inner),
        Value::Array(items) => items.iter().any(has_bignum),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| has_bignum(value)),
        _ => false,
    }
}

/// Whether ours has types for all of it.
fn supported(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    match value {
        Value::Integer(number) => {
            let number = i128::from(*number);
            (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number)
        }
        Value::Bytes(_) | Value::Text(_) => true,
        Value::Array(items) => items.iter().all(|item| supported(item, depth - 1)),
        Value::Map(pairs) => {
            // In the order of the encodings: 0, 1, ..., -1, -2, ...
            let keys: Option<Vec<_>> = pairs
                .iter()
                .map(|(key, _)| {
                    let key = i64::try_from(key.as_integer()?).ok()?;
                    Some((key < 0, key.unsigned_abs()))
                })
                .collect();
            let ascending = keys.is_some_and(|keys| keys.windows(2).all(|pair| pair[0] < pair[1]));
            ascending && pairs.iter().all(|(_, value)| supported(value, depth - 1))
        }
        Value::Tag(tag, inner) => *tag != 2 && *tag != 3 && supported(inner, depth - 1),
        _ => false,
    }
}

fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let map = Value::Map(vec![
        (Value::from(1), Value::from(u64::MAX)),
        (
            Value::from(24),
            Value::Array(vec![Value::from(-1), Value::Text("text".into()), Value::from(i64::MIN)]),
        ),
        (Value::from(-1), Value::Tag(61, Box::new(Value::Bytes(vec![1, 2, 3])))),
        (Value::from(-65537), Value::Map(vec![])),
    ]);
    let long = Value::Array(vec![Value::Bytes(vec![0; 300]), Value::from(65536), Value::from(1_u64 << 32)]);
    vec![
        encode(&map),
        encode(&long),
        encode(&Value::Float(1.5)),
        encode(&Value::Bool(true)),
        vec![0x9f, 0xff],
    ]
}
