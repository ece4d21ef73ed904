//! Patterns of names.

/// A name, or the beginning of one followed by `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern<'a>(pub &'a str);

impl Pattern<'_> {
    /// Whether `name` fits.
    pub fn fits(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == name,
        }
    }
}
