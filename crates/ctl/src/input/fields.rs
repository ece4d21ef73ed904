//! Reading TOML key by key, so that all that is wrong with a file is reported at once, each with line and column.

use crate::text::style::shown;
use anyhow::{Result, anyhow};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A value with its place in the file.
pub(crate) type Value<'a> = toml::Spanned<DeValue<'a>>;

/// What is wrong with one file.
pub(crate) struct Problems<'a> {
    path: &'a Path,
    text: &'a str,
    list: Vec<(usize, String)>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, list: Vec::new() }
    }

    /// Notes what is wrong at that byte of the file.
    pub(crate) fn add(&mut self, at: usize, what: impl Into<String>) {
        self.list.push((at, what.into()));
    }

    /// Parses the file. Errors of the syntax are noted; what could be read is returned nevertheless.
    pub(crate) fn parse(&mut self) -> DeTable<'a> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.add(error.span().map_or(0, |span| span.start), shown(error.message()));
        }
        table.into_inner()
    }

    /// An error with all of them, if there are any.
    pub(crate) fn into_result(mut self) -> Result<()> {
        self.list.sort();
        self.list.dedup();
        let lines: Vec<_> = self
            .list
            .iter()
            .map(|(at, what)| {
                let (line, column) = place(self.text, *at);
                format!("{}:{line}:{column}: {what}", self.path.display())
            })
            .collect();
        match lines.as_slice() {
            [] => Ok(()),
            [one] => Err(anyhow!("{one}")),
            many => Err(anyhow!("{} things are wrong:\n{}", many.len(), many.join("\n"))),
        }
    }
}

/// Line and column of a byte, both from 1. Columns count characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// A table that is being read. Each key is asked for once; [`end`](Self::end) reports the others.
pub(crate) struct Fields<'a> {
    table: Option<&'a DeTable<'a>>,
    /// For messages: empty, or as in `[limits] `.
    name: String,
    /// Where the table begins.
    pub(crate) at: usize,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(table: &'a DeTable<'a>) -> Self {
        Self { table: Some(table), name: String::new(), at: 0, known: Vec::new() }
    }

    fn inner(table: &'a Value<'a>, name: String, problems: &mut Problems<'_>) -> Self {
        let at = table.span().start;
        if table.get_ref().as_table().is_none() {
            problems.add(at, format!("{name}: must be a table, not {}", kind(table.get_ref())));
        }
        Self { table: table.get_ref().as_table(), name: format!("{name} "), at, known: Vec::new() }
    }

    /// The value of a key.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value<'a>> {
        self.known.push(key);
        self.table?.get(key)
    }

    fn typed<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
        wanted: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.value(key)?;
        let at = value.span().start;
        match read(value.get_ref()) {
            Some(value) => Some(At { value, at }),
            None => {
                let is = kind(value.get_ref());
                problems.add(at, format!("{}{key}: must be {wanted}, not {is}", self.name));
                None
            }
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<At<String>> {
        self.typed(key, problems, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A number of 32 bits.
    pub(crate) fn number(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<At<u32>> {
        self.typed(key, problems, "a whole number from 0 to 4294967295", u32_of)
    }

    /// A number of 32 bits that is not 0.
    pub(crate) fn positive(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<At<u32>> {
        self.typed(key, problems, "a whole number from 1 to 4294967295", |value| {
            u32_of(value).filter(|number| *number != 0)
        })
    }

    /// A list of texts.
    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<Vec<At<String>>>> {
        self.typed(key, problems, "a list of texts, as in [\"one\", \"two\"]", |value| {
            let texts = value.as_array()?.iter().map(|item| {
                let text = item.get_ref().as_str()?;
                Some(At { value: text.to_owned(), at: item.span().start })
            });
            texts.collect()
        })
    }

    /// A table; an empty one if there is none.
    pub(crate) fn table(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Self {
        match self.value(key) {
            Some(table) => Self::inner(table, format!("[{key}]"), problems),
            None => Self { table: None, name: format!("[{key}] "), at: self.at, known: Vec::new() },
        }
    }

    /// A list of tables.
    pub(crate) fn tables(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Vec<Self> {
        let name = format!("[[{key}]]");
        match self.value(key) {
            None => Vec::new(),
            Some(list) => match list.get_ref().as_array() {
                Some(list) => list.iter().map(|table| Self::inner(table, name.clone(), problems)).collect(),
                None => {
                    problems
                        .add(list.span().start, format!("{name}: write it with two brackets on each side"));
                    Vec::new()
                }
            },
        }
    }

    /// Whether there is such a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Notes that a key is missing.
    pub(crate) fn missing(&self, key: &str, what: &str, problems: &mut Problems<'_>) {
        if !self.has(key) {
            problems.add(self.at, format!("{}{key} is missing: {what}", self.name));
        }
    }

    /// Notes the keys that were not asked for.
    pub(crate) fn end(self, problems: &mut Problems<'_>) {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            let name: &str = key.get_ref();
            if !self.known.contains(&name) {
                let what = format!(
                    "{}there is no key `{}`: {}",
                    self.name,
                    shown(name),
                    did_you_mean(name, &self.known)
                );
                problems.add(key.span().start, what);
            }
        }
    }
}

/// A value and where it is in the file, in bytes.
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) at: usize,
}

fn u32_of(value: &DeValue<'_>) -> Option<u32> {
    let integer = value.as_integer()?;
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".into(),
        DeValue::Integer(number) => format!("{number}"),
        DeValue::Float(_) => "a number with a fraction".into(),
        DeValue::Boolean(_) => "true or false".into(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "such a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

/// "did you mean `read`?" if one of the words is near, else all of them.
pub(crate) fn did_you_mean(word: &str, words: &[&str]) -> String {
    let near = words
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&word.to_lowercase(), known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min();
    match near {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        assert_eq!(place("a\nüb", 0), (1, 1));
        assert_eq!(place("a\nüb", 4), (2, 2));
        assert_eq!(place("a", 9), (1, 2));
    }

    #[test]
    fn near_words_are_offered() {
        assert_eq!(did_you_mean("raed", &["open", "read"]), "did you mean `read`?");
        assert_eq!(did_you_mean("Period_ms", &["period_ms"]), "did you mean `period_ms`?");
        assert_eq!(did_you_mean("reboot", &["open", "read"]), "open, read");
    }
}
