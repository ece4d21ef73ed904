//! What is known to fail: `known.txt`.

use std::collections::BTreeMap;

const TEXT: &str = include_str!("known.txt");

/// Whether unchanged WAMR fails at a place too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Shared,
    Ours,
}

/// By place.
pub(crate) fn all() -> BTreeMap<&'static str, Whose> {
    let mut known = BTreeMap::new();
    let mut whose = None;
    for line in TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(place) => assert_eq!(known.insert(place, whose.unwrap()), None, "{place}"),
            None if line.starts_with("shared: ") => whose = Some(Whose::Shared),
            None if line.starts_with("ours: ") => whose = Some(Whose::Ours),
            None => panic!("known.txt: {line}"),
        }
    }
    known
}
