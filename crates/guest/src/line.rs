//! A line of text to log, without `core::fmt`.

use crate::ffi::Text;

/// A line under construction: at most 63 bytes. A line that is cut ends with `...`.
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
    pub fn decimal(&mut self, number: Decimal) -> &mut Self {
        self.digits(number.value < 0, number.value.unsigned_abs().into(), number.places)
    }

    #[inline(never)]
    fn digits(&mut self, negative: bool, magnitude: u64, places: u8) -> &mut Self {
        if negative {
            self.text.push(b'-');
        }
        // What one digit is worth, from the first to the last; `point` is before the decimal point.
        let point = 10_u64.pow(places.into());
        let mut unit = point;
        while magnitude.checked_div(unit).is_some_and(|digits| digits > 9) {
            unit *= 10;
        }
        while let Some(digits) = magnitude.checked_div(unit) {
            self.text.push(b'0' + (digits % 10) as u8);
            if unit == point && point > 1 {
                self.text.push(b'.');
            }
            unit /= 10;
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
    /// `value` with `places` decimal places, at most nine.
    pub const fn new(value: i32, places: u8) -> Self {
        Self { value, places: if places > 9 { 9 } else { places } }
    }
}

/// What can be appended to a [`Line`]: text, integers of up to 64 bits and [`Decimal`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be logged",
    label = "neither text, an integer nor a `Decimal`",
    note = "a floating-point number with two decimal places: `Decimal::new((value * 100.0) as i32, 2)`"
)]
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
    ($($signed:ty, $unsigned:ty;)*) => {$(
        impl Piece for $signed {
            fn put(self, line: &mut Line) {
                // Lossless: an integer has at most 64 bits on each target.
                line.digits(self < 0, self.unsigned_abs() as u64, 0);
            }
        }

        impl Piece for $unsigned {
            fn put(self, line: &mut Line) {
                line.digits(false, self as u64, 0);
            }
        }
    )*};
}

integer_pieces! {
    i8, u8;
    i16, u16;
    i32, u32;
    i64, u64;
    isize, usize;
}

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
    fn every_integer_is_that_of_fmt() {
        fn check<T: Piece + Copy + std::fmt::Display>(values: &[T]) {
            for value in values {
                let mut line = Line::new();
                value.put(&mut line);
                assert_eq!(text(&line), format!("{value}"));
            }
        }
        check(&[i8::MIN, 0, i8::MAX]);
        check(&[0, u8::MAX]);
        check(&[i16::MIN, -1, i16::MAX]);
        check(&[0, u16::MAX]);
        check(&[i32::MIN, 0, i32::MAX]);
        check(&[0, 1 << 31, u32::MAX]);
        check(&[i64::MIN, -10_000_000_000, -1, i64::MAX]);
        check(&[0, 10_000_000_000, u64::MAX]);
        check(&[isize::MIN, isize::MAX]);
        check(&[0, usize::MAX]);
    }

    #[test]
    fn a_line_that_is_cut_ends_with_dots() {
        let whole = "123456789 123456789 123456789 123456789 123456789 123456789 123";
        assert_eq!(whole.len(), Line::MAX);
        let mut line = Line::new();
        assert_eq!(text(line.str(whole)), whole, "a line that just fits is whole");
        assert_eq!(text(line.int(4)), "123456789 123456789 123456789 123456789 123456789 123456789 ...");
        line.str("more").log();
        assert!(text(&line).ends_with("789 ...") && line.as_bytes().len() == Line::MAX);
    }
}
