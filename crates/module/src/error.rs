//! Why a module is refused.

use core::fmt;

/// What there is too much of. The limits are in [`limits`](crate::limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Function types.
    Types,
    /// Parameters of one type.
    Params,
    /// Results of one type.
    Results,
    /// Imports.
    Imports,
    /// Exports.
    Exports,
    /// Initial elements of the table.
    Table,
    /// Locals of one function.
    Locals,
    /// Blocks within each other.
    Nesting,
    /// Values on the operand stack.
    Operands,
    /// Work to load it: see [`work`](crate::work).
    Work,
}

/// How much there is of it, or at least, and how much may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// Of what.
    pub limit: Limit,
    /// How much there is, or where counting stopped.
    pub value: u32,
    /// How much may be.
    pub most: u32,
}

/// Why a module is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckError {
    /// It is not a module, or uses what the interpreter is built without.
    Malformed(&'static str),
    /// It is more than an ordinary module is.
    Over(Excess),
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, value, most } = self;
        let what = match limit {
            Limit::Types => "function types",
            Limit::Params => "parameters of one function type",
            Limit::Results => "results of one function type",
            Limit::Imports => "imports",
            Limit::Exports => "exports",
            Limit::Table => "initial table elements",
            Limit::Locals => "locals in one function",
            Limit::Nesting => "blocks nested in each other",
            Limit::Operands => "values on one function's operand stack",
            Limit::Work => {
                return write!(f, "the code costs {value} units of work to load, and its size allows {most}");
            }
        };
        write!(f, "the code has {value} {what}, and a device takes {most}")
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the code is not a module that devices take: {what}"),
            Self::Over(excess) => excess.fmt(f),
        }
    }
}

impl core::error::Error for CheckError {}
