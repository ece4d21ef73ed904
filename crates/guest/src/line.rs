//! A line of text to log, without `core::fmt`.

use crate::ffi::Text;

/// A line under construction: at most 63 bytes; what does not fit is cut.
///
/// [`log!`](crate::log!) with more than one piece makes one.
#[derive(Clone, Copy)]
pub struct Line {
    text: Text,
}

impl Line {
    /// The capacity of a line, in bytes.
    pub const MAX: usize = Text::SIZE - 1;

    /// An empty line.
    pub const fn new() -> Self {
        Self { text: Text::new() }
    }

    /// Appends text.
    #[inline(never)]
    pub fn str(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            self.text.push(byte);
        }
        self
    }

    /// Appends an integer, in decimal.
    pub fn int(&mut self, value: i32) -> &mut Self {
        self.decimal(Decimal::new(value, 0))
    }

    /// Appends a number with decimal places.
    #[inline(never)]
    pub fn decimal(&mut self, number: Decimal) -> &mut Self {
        if number.value < 0 {
            self.text.push(b'-');
        }
        // From the last digit to the first, with at least one before the point.
        let places = usize::from(number.places);
        let mut reversed = [0; Decimal::DIGITS];
        let mut rest = number.value.unsigned_abs();
        let mut used = 0;
        for digit in &mut reversed {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            used += 1;
            if rest == 0 && used > places {
                break;
            }
        }
        for (place, digit) in reversed.iter().enumerate().take(used).rev() {
            self.text.push(*digit);
            if place == places && place > 0 {
                self.text.push(b'.');
            }
        }
        self
    }

    /// Its content.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Logs it.
    pub fn log(&mut self) {
        self.text.log();
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

/// A number with decimal places: `Decimal::new(2150, 2)` is 21.50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    value: i32,
    places: u8,
}

impl Decimal {
    /// Enough for the digits of an i32, and for nine decimal places and one digit before the point.
    const DIGITS: usize = 10;

    /// `value` with `places` decimal places, at most nine.
    pub const fn new(value: i32, places: u8) -> Self {
        Self { value, places: if places > 9 { 9 } else { places } }
    }
}

/// What can be appended to a [`Line`].
pub trait Piece {
    /// Appends it.
    fn put(self, line: &mut Line);
}

impl Piece for &str {
    fn put(self, line: &mut Line) {
        line.str(self);
    }
}

impl Piece for Decimal {
    fn put(self, line: &mut Line) {
        line.decimal(self);
    }
}

macro_rules! integer_pieces {
    ($($integer:ty),*) => {$(
        impl Piece for $integer {
            fn put(self, line: &mut Line) {
                line.int(i32::from(self));
            }
        }
    )*};
}

integer_pieces!(i32, i16, i8, u16, u8);

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::{format, string::String};

    fn text(line: &Line) -> String {
        String::from_utf8(line.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn integers_are_those_of_fmt() {
        for value in [0, 1, -1, 9, 10, -10, 99, 100, 12345, i32::MAX, i32::MIN] {
            assert_eq!(text(Line::new().int(value)), format!("{value}"));
        }
    }

    #[test]
    fn decimals() {
        for (value, places, expected) in [
            (2150, 2, "21.50"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (0, 1, "0.0"),
            (-100, 2, "-1.00"),
            (i32::MIN, 9, "-2.147483648"),
            (1, 9, "0.000000001"),
            (1, 200, "0.000000001"),
        ] {
            assert_eq!(text(Line::new().decimal(Decimal::new(value, places))), expected);
        }
    }

    #[test]
    fn pieces_follow_each_other() {
        let mut line = Line::new();
        "t = ".put(&mut line);
        Decimal::new(-75, 2).put(&mut line);
        (-3i16).put(&mut line);
        255u8.put(&mut line);
        assert_eq!(text(&line), "t = -0.75-3255");
    }

    #[test]
    fn too_long_is_cut() {
        let mut line = Line::new();
        for _ in 0..20 {
            line.str("1234567");
        }
        assert_eq!(line.as_bytes().len(), Line::MAX);
        line.int(7).log();
        assert_eq!(line.as_bytes().len(), Line::MAX);
    }
}
