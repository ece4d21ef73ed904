//! What goes wrong in a runtime, and who is to blame.

use core::fmt;
use tinycontainer_abi::Hook;
use tinycontainer_module::Excess;

/// A short text taken from the outside, cut at 31 bytes and to printable ASCII: fit to show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; 31],
    len: u8,
}

impl Name {
    /// The name for these bytes. What is not printable ASCII becomes `?`; what is too long is cut.
    pub fn new(from: &[u8]) -> Self {
        let mut name = Self { bytes: [0; 31], len: 0 };
        for (to, byte) in name.bytes.iter_mut().zip(from) {
            *to = if byte.is_ascii_graphic() || *byte == b' ' { *byte } else { b'?' };
            name.len += 1;
        }
        name
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// There is none of that name.
    Missing,
    /// It is there with other parameters or results, or is no function.
    WrongType,
}

/// One of the three [`Limits`](crate::Limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// WebAssembly linear memory.
    LinearMemory,
    /// The interpreter's operand stack.
    Stack,
    /// What the interpreter itself needs.
    Heap,
}

/// How much a module needs of one of its limits, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Which limit.
    pub of: Share,
    /// What is needed, at least: of the heap, up to the first request that was refused.
    pub needed: u32,
    /// What there is.
    pub limit: u32,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, needed, limit } = self;
        let (what, at_least) = match of {
            Share::LinearMemory => ("linear memory", ""),
            Share::Stack => ("operand stack", ""),
            Share::Heap => ("heap", "at least "),
        };
        write!(f, "the code needs {at_least}{needed} bytes of {what}, and its metadata allows {limit}")
    }
}

/// Why a module cannot be made ready. Unless said otherwise, the container's author is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleError {
    /// The module is not valid WebAssembly, or uses what this interpreter was built without.
    Malformed(Name),
    /// The module has more of something, or costs more to load, than ordinary modules do.
    Excessive(Excess),
    /// The module imports what no host gives.
    UnknownImport(Name),
    /// The module imports a native with other parameters or results than it has.
    WrongImport(Name),
    /// A hook is missing or has the wrong type.
    Hook(Hook, Export),
    /// The module declares a WebAssembly start function, which would run before any check.
    StartFunction,
    /// The module needs more than one of its [`Limits`](crate::Limits) allows.
    OverLimit(Shortage),
    /// The host's pool has no room now. Nobody's fault: try again when others have stopped.
    OutOfMemory,
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the code is not a module this runtime takes: {what}"),
            Self::Excessive(excess) => excess.fmt(f),
            Self::UnknownImport(name) => write!(f, "the code imports `{name}`, which does not exist"),
            Self::WrongImport(name) => {
                write!(f, "the code imports `{name}` with the wrong parameters or results")
            }
            Self::Hook(hook, Export::Missing) => write!(f, "the code does not export `{}`", hook.name()),
            Self::Hook(hook, Export::WrongType) => write!(
                f,
                "the code exports `{}`, but not as {}",
                hook.name(),
                if hook.returns_i32() { "`() -> i32`" } else { "`()`" }
            ),
            Self::StartFunction => f.write_str("the code declares a WebAssembly start function"),
            Self::OverLimit(shortage) => shortage.fmt(f),
            Self::OutOfMemory => f.write_str("the device has no memory left for it now"),
        }
    }
}

impl core::error::Error for ModuleError {}

impl From<tinycontainer_module::CheckError> for ModuleError {
    fn from(refused: tinycontainer_module::CheckError) -> Self {
        match refused {
            tinycontainer_module::CheckError::Malformed(what) => Self::Malformed(Name::new(what.as_bytes())),
            tinycontainer_module::CheckError::Over(excess) => Self::Excessive(excess),
        }
    }
}

/// Why a hook was cut short. The container is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// An `unreachable` was executed: a panic or an assertion of the guest's.
    Unreachable,
    /// An access outside of linear memory.
    OutOfBounds,
    /// A division by zero.
    DivideByZero,
    /// An integer did not fit.
    IntegerOverflow,
    /// An indirect call to nothing or to a function of another type.
    IndirectCall,
    /// The operand stack is used up.
    StackOverflow,
    /// The budget is used up.
    BudgetExhausted,
    /// Any other.
    Other,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable executed",
            Self::OutOfBounds => "out-of-bounds memory access",
            Self::DivideByZero => "division by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::IndirectCall => "bad indirect call",
            Self::StackOverflow => "stack overflow",
            Self::BudgetExhausted => "instruction budget exhausted",
            Self::Other => "trap",
        })
    }
}

impl core::error::Error for Trap {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_and_cleaned() {
        assert_eq!(Name::new(b"env.read").as_str(), "env.read");
        assert_eq!(Name::new(b"a\x1b[31mb\n").as_str(), "a?[31mb?");
        assert_eq!(Name::new(&[b'x'; 99]).as_str().len(), 31);
        assert_eq!(Name::new("h\u{e9}".as_bytes()).as_str(), "h??");
    }
}
