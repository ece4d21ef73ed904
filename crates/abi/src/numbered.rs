//! The macro for enums whose variants have permanent numbers.

/// Defines an enum whose variants have permanent numbers and names, each listed once.
///
/// Besides the enum (with `Debug`, `Clone`, `Copy`, `PartialEq`, `Eq`, `PartialOrd`, `Ord` and `Hash`) it defines
/// - `ALL`: every variant, in the order of the list;
/// - `from_number(number)`: the variant with that number, of any integer type; `None` if there is none;
/// - `name()`: the text after the number, and `c_name()`: the same for C; `from_name(name)`: the first variant with
///   that name;
/// - if each variant has a second text: `text()` and `c_text()`.
///
/// ```
/// tinycontainer_abi::numbered_enum! {
///     /// A bus.
///     pub enum Bus: u8 {
///         /// Pins.
///         Gpio = 1 => "gpio",
///         /// Two wires.
///         I2c = 2 => "i2c",
///     }
/// }
/// assert_eq!(Bus::from_number(2_u64), Some(Bus::I2c));
/// assert_eq!(Bus::from_number(-1), None);
/// assert_eq!(Bus::from_name("gpio").map(Bus::c_name), Some(c"gpio"));
/// assert_eq!(Bus::ALL.map(|bus| bus as u8), [1, 2]);
///
/// tinycontainer_abi::numbered_enum! {
///     /// Why not.
///     pub enum Reason: u8 {
///         /// The bus is busy.
///         Busy = 1 => "busy", "the bus is used by another",
///     }
/// }
/// assert_eq!(Reason::Busy.text(), "the bus is used by another");
/// ```
#[macro_export]
macro_rules! numbered_enum {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $Enum:ident: $number:ident {
            $($(#[$variant_attribute:meta])* $Variant:ident = $value:literal => $name:literal, $text:literal,)+
        }
    ) => {
        $crate::numbered_enum! {
            $(#[$attribute])*
            $visibility enum $Enum: $number {
                $($(#[$variant_attribute])* $Variant = $value => $name,)+
            }
        }

        impl $Enum {
            /// Its meaning, as a sentence without the full stop.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$Variant => $text,)+
                }
            }

            /// The same for C.
            pub const fn c_text(self) -> &'static ::core::ffi::CStr {
                match self {
                    $(Self::$Variant => $crate::c_text!($text),)+
                }
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $Enum:ident: $number:ident {
            $($(#[$variant_attribute:meta])* $Variant:ident = $value:literal => $name:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr($number)]
        $visibility enum $Enum {
            $($(#[$variant_attribute])* $Variant = $value,)+
        }

        impl $Enum {
            /// Every variant, in the order of the numbers.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$Variant),+];

            /// The variant with that number.
            pub fn from_number(number: impl TryInto<$number>) -> Option<Self> {
                let number: $number = number.try_into().ok()?;
                match number {
                    $($value => Some(Self::$Variant),)+
                    _ => None,
                }
            }

            /// Its name in text for people.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            /// The same for C.
            pub const fn c_name(self) -> &'static ::core::ffi::CStr {
                match self {
                    $(Self::$Variant => $crate::c_text!($name),)+
                }
            }

            /// The variant with that name; the first, if several have it.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|variant| variant.name() == name)
            }
        }
    };
}

/// A text for C that is linked into a firmware only if it is used. A literal would not be: the compiler merges all
/// literals of a program into one section, which a linker keeps or removes as a whole (3 KB in the C API).
#[macro_export]
macro_rules! c_text {
    ($text:expr) => {{
        static TEXT: [u8; $text.len() + 1] = $crate::with_nul($text);
        const { $crate::c_str(&TEXT) }
    }};
}

/// The text and a NUL. For [`c_text!`], at compile time.
#[doc(hidden)]
#[expect(clippy::indexing_slicing, reason = "at compile time")]
pub const fn with_nul<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut i = 0;
    while i < text.len() {
        bytes[i] = text.as_bytes()[i];
        i += 1;
    }
    bytes
}

/// The bytes as a C string. For [`c_text!`], at compile time.
#[doc(hidden)]
#[expect(clippy::panic, reason = "at compile time")]
pub const fn c_str(bytes: &'static [u8]) -> &'static core::ffi::CStr {
    match core::ffi::CStr::from_bytes_with_nul(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a text must not contain NUL"),
    }
}
