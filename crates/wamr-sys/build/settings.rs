//! Reads `wamr.settings`. Its head says what the lines mean.

use std::path::Path;
use std::{fs, io};

pub(crate) struct Settings(Vec<Line>);

struct Line {
    word: String,
    only: Option<String>,
    value: String,
}

impl Settings {
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Self(
            lines
                .map(|line| {
                    let (key, value) = line.split_once(' ').unwrap_or((line, ""));
                    let (word, only) = match key.split_once('@') {
                        Some((word, only)) => (word, Some(only.to_owned())),
                        None => (key, None),
                    };
                    Line { word: word.to_owned(), only, value: value.trim().to_owned() }
                })
                .collect(),
        ))
    }

    fn all<'a>(&'a self, word: &'static str, tags: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |line| line.word == word)
            .filter(|line| line.only.as_ref().is_none_or(|only| tags.contains(only)))
            .map(|line| line.value.as_str())
    }

    pub(crate) fn defines<'a>(
        &'a self,
        tags: &'a [String],
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.all("define", tags).map(|define| match define.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (define, None),
        })
    }

    pub(crate) fn includes<'a>(&'a self, tags: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.all("include", tags)
    }

    pub(crate) fn sources<'a>(&'a self, tags: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.all("source", tags)
    }

    pub(crate) fn own(&self) -> impl Iterator<Item = &str> {
        self.all("own", &[])
    }

    pub(crate) fn first<'a>(&'a self, tags: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.all("first", tags)
    }

    /// The value of a line that occurs once.
    pub(crate) fn one(&self, word: &'static str) -> &str {
        self.all(word, &[]).next().unwrap_or_default()
    }
}
