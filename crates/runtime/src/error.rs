//! The errors of a runtime, and whether they are the container's fault.

use core::fmt;
use tinycontainer_abi::Hook;
use tinycontainer_module::Excess;

/// A short text from outside, cut at 31 bytes and limited to printable ASCII, so that it is safe to print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; 31],
    len: u8,
}

impl Name {
    /// The name from these bytes. A byte that is not printable ASCII becomes `?`; what is too long is cut.
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

/// The error in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// There is no export with that name.
    Missing,
    /// It exists with other parameters or results, or is not a function.
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
    /// The required size, at least: of the heap, up to the first request that failed.
    pub needed: u32,
    /// The available size.
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

/// Why a module cannot be instantiated. Unless stated otherwise, it is the fault of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleError {
    /// The module is not valid WebAssembly, or uses a feature that this interpreter was built without.
    Malformed(Name),
    /// The module has more of something, or costs more to load, than the limits for modules allow.
    Excessive(Excess),
    /// The module imports something that no host provides.
    UnknownImport(Name),
    /// The module imports a native with other parameters or results than it has.
    WrongImport(Name),
    /// A hook is missing or has the wrong type.
    Hook(Hook, Export),
    /// The module declares a WebAssembly start function, which would run before any check of the host.
    StartFunction,
    /// The module needs more than one of its [`Limits`](crate::Limits) allows.
    OverLimit(Shortage),
    /// The host's pool has not enough free memory now. Not the container's fault: try again when others have stopped.
    OutOfMemory,
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the code is not a module that this runtime accepts: {what}"),
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
            Self::OutOfMemory => f.write_str("the device has not enough free memory for it now"),
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

/// Why a hook was aborted. It is the fault of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// An `unreachable` was executed: a panic or a failed assertion of the guest.
    Unreachable,
    /// An access outside of linear memory.
    OutOfBounds,
    /// A division by zero.
    DivideByZero,
    /// An integer overflow.
    IntegerOverflow,
    /// An indirect call of an empty table entry, or of a function of another type.
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
