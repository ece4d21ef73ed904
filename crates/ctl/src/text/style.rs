//! Colours, and what may reach a terminal. `anstream` removes the colours where there is none.

use anstyle::{AnsiColor, Style};
use std::fmt;
use std::io::{ErrorKind, Write as _};

pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
pub(crate) const HEAD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// A line on standard output.
#[macro_export]
macro_rules! out {
    ($($format:tt)*) => { $crate::text::style::print(format_args!($($format)*)) };
}

/// A line on standard error.
#[macro_export]
macro_rules! err {
    ($($format:tt)*) => { $crate::text::style::complain(format_args!($($format)*)) };
}

/// Prints a line on standard output. A closed pipe (`| head`) is ignored; any other failure ends the
/// program, so that a script does not take half of an answer for a whole one.
pub(crate) fn print(line: fmt::Arguments<'_>) {
    match writeln!(anstream::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(format_args!("{BAD}error:{BAD:#} cannot write to standard output: {error}"));
            std::process::exit(2)
        }
        _ => {}
    }
}

/// Prints a line on standard error. A failure cannot be reported and is ignored.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Text from outside, safe to print: characters that control a terminal or change the direction of writing
/// are escaped.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || steers(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Unicode's invisible formatting characters: joiners, marks and overrides of direction.
fn steers(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// JSON for scripts. Inside of it only strings from outside can have control characters.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(plain(&serde_json::to_string_pretty(value)?))
}

/// The same in one line.
pub(crate) fn json_line(value: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(plain(&serde_json::to_string(value)?))
}

fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c != '\n' && (c.is_control() || steers(c)) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Bytes as hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hex digits as bytes.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.trim().chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(shown("21.50 °C"), "21.50 °C");
        assert_eq!(shown("\u{1b}[2J\u{9b}m\r\u{202e}x"), "\\u{1b}[2J\\u{9b}m\\u{d}\\u{202e}x");
        let text = json(&"\u{1b}\u{9b}\u{e0001}").unwrap();
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "\u{1b}\u{9b}\u{e0001}");
    }

    #[test]
    fn hex_goes_both_ways() {
        assert_eq!(unhex(&hex(&[0, 0xab, 0xff])), Some(vec![0, 0xab, 0xff]));
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("+f"), None);
    }
}
