//! Rewrites what compilers emit and devices do not take, where the same can be said in what they take.
//!
//! - A DataCount section is dropped: it announces how many segments there are for `memory.init`, which devices lack.
//! - A constant that is calculated (extended constant expressions) becomes its value: on a device no global is imported, so
//!   all of it is known here.
//!
//! Everything else stays byte by byte, and a module that cannot be read stays whole: the check has the better message.

use std::ops::Range;
use wasmparser::{
    BinaryReader, ConstExpr, DataKind, DataSectionReader, ElementKind, ElementSectionReader,
    GlobalSectionReader, Operator, Result,
};

mod section {
    pub(super) const GLOBAL: u8 = 6;
    pub(super) const ELEMENT: u8 = 9;
    pub(super) const DATA: u8 = 11;
    pub(super) const DATA_COUNT: u8 = 12;
}
const HEADER: usize = 8;
const I32_CONST: u8 = 0x41;
const I64_CONST: u8 = 0x42;
const END: u8 = 0x0b;

/// The value of an integer constant.
#[derive(Clone, Copy)]
enum Value {
    I32(i32),
    I64(i64),
}

/// A part of a section, and what replaces it.
type Change = (Range<usize>, Vec<u8>);

/// The module as devices take it.
pub(crate) fn lower(module: Vec<u8>) -> Vec<u8> {
    rewritten(&module).ok().flatten().unwrap_or(module)
}

/// None if nothing is to be changed.
fn rewritten(module: &[u8]) -> Result<Option<Vec<u8>>> {
    let Some((header, sections)) = module.split_at_checked(HEADER) else { return Ok(None) };
    let mut to = header.to_vec();
    let mut changed = false;
    let mut globals = Vec::new();
    let mut rest = BinaryReader::new(sections, 0);
    while !rest.eof() {
        let (id, len) = (rest.read_u8()?, rest.read_var_u32()?);
        let content = rest.read_bytes(len as usize)?;
        if id == section::DATA_COUNT {
            changed = true;
            continue;
        }
        let changes = match id {
            section::GLOBAL => of_globals(content, &mut globals)?,
            section::ELEMENT => of_elements(content, &globals)?,
            section::DATA => of_data(content, &globals)?,
            _ => Vec::new(),
        };
        changed |= !changes.is_empty();
        let content = with(content, changes);
        to.push(id);
        number(content.len(), &mut to);
        to.extend(content);
    }
    Ok(changed.then_some(to))
}

fn of_globals(content: &[u8], globals: &mut Vec<Option<Value>>) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for global in GlobalSectionReader::new(BinaryReader::new(content, 0))? {
        let global = global?;
        let value = value(&global.init_expr, globals);
        changes.extend(change(&global.init_expr, value));
        globals.push(value.filter(|_| !global.ty.mutable));
    }
    Ok(changes)
}

fn of_elements(content: &[u8], globals: &[Option<Value>]) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for segment in ElementSectionReader::new(BinaryReader::new(content, 0))? {
        if let ElementKind::Active { offset_expr, .. } = segment?.kind {
            changes.extend(change(&offset_expr, value(&offset_expr, globals)));
        }
    }
    Ok(changes)
}

fn of_data(content: &[u8], globals: &[Option<Value>]) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for segment in DataSectionReader::new(BinaryReader::new(content, 0))? {
        if let DataKind::Active { offset_expr, .. } = segment?.kind {
            changes.extend(change(&offset_expr, value(&offset_expr, globals)));
        }
    }
    Ok(changes)
}

/// What an expression gives, if it is an integer that is known.
fn value(expression: &ConstExpr<'_>, globals: &[Option<Value>]) -> Option<Value> {
    use Value::{I32, I64};
    let mut stack = Vec::new();
    let mut operators = expression.get_operators_reader();
    while !operators.is_end_then_eof() {
        let operator = operators.read().ok()?;
        let value = match operator {
            Operator::I32Const { value } => I32(value),
            Operator::I64Const { value } => I64(value),
            Operator::GlobalGet { global_index } => globals.get(global_index as usize).copied().flatten()?,
            _ => match (operator, stack.pop()?, stack.pop()?) {
                (Operator::I32Add, I32(right), I32(left)) => I32(left.wrapping_add(right)),
                (Operator::I32Sub, I32(right), I32(left)) => I32(left.wrapping_sub(right)),
                (Operator::I32Mul, I32(right), I32(left)) => I32(left.wrapping_mul(right)),
                (Operator::I64Add, I64(right), I64(left)) => I64(left.wrapping_add(right)),
                (Operator::I64Sub, I64(right), I64(left)) => I64(left.wrapping_sub(right)),
                (Operator::I64Mul, I64(right), I64(left)) => I64(left.wrapping_mul(right)),
                _ => return None,
            },
        };
        stack.push(value);
    }
    let value = stack.pop()?;
    stack.is_empty().then_some(value)
}

/// The constant in place of an expression that is not one yet.
fn change(expression: &ConstExpr<'_>, value: Option<Value>) -> Option<Change> {
    let constant = matches!(
        expression.get_operators_reader().read(),
        Ok(Operator::I32Const { .. } | Operator::I64Const { .. })
    );
    let mut operators = expression.get_operators_reader();
    let single = operators.read().is_ok() && operators.is_end_then_eof();
    if constant && single {
        return None;
    }
    let mut bytes = Vec::new();
    match value? {
        Value::I32(value) => signed(I32_CONST, value.into(), &mut bytes),
        Value::I64(value) => signed(I64_CONST, value, &mut bytes),
    }
    bytes.push(END);
    let range = expression.get_binary_reader().range();
    Some((usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?, bytes))
}

/// The content with its changes, which are in ascending order.
fn with(content: &[u8], changes: Vec<Change>) -> Vec<u8> {
    let mut to = Vec::with_capacity(content.len());
    let mut at = 0;
    for (range, bytes) in changes {
        to.extend(content.get(at..range.start).unwrap_or_default());
        to.extend(bytes);
        at = range.end;
    }
    to.extend(content.get(at..).unwrap_or_default());
    to
}

/// An unsigned LEB128.
fn number(mut value: usize, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A constant: its opcode, and a signed LEB128.
fn signed(opcode: u8, mut value: i64, to: &mut Vec<u8>) {
    to.push(opcode);
    while !(-0x40..0x40).contains(&value) {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8 & 0x7f);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowered(text: &str) -> Vec<u8> {
        lower(wat::parse_str(text).unwrap())
    }

    #[test]
    fn calculated_constants_become_their_values() {
        let calculated = lowered(
            "(module (memory 1) (table 9 funcref) (func)
               (global i32 i32.const 100)
               (global i32 (i32.sub (i32.mul (i32.const -7) (i32.const 300)) (i32.const 1)))
               (global (mut i64) (i64.add (i64.const 0x7fffffffffffffff) (i64.const 1)))
               (global f32 f32.const 1.5)
               (elem (offset (i32.add (i32.const 3) (i32.const 4))) 0)
               (data (offset (i32.add (global.get 0) (i32.const 64))) \"abc\")
               (data (offset (global.get 0)) \"d\"))",
        );
        let plain = wat::parse_str(
            "(module (memory 1) (table 9 funcref) (func)
               (global i32 i32.const 100)
               (global i32 (i32.const -2101))
               (global (mut i64) (i64.const -0x8000000000000000))
               (global f32 f32.const 1.5)
               (elem (i32.const 7) 0)
               (data (i32.const 164) \"abc\")
               (data (i32.const 100) \"d\"))",
        );
        assert_eq!(calculated, plain.unwrap());
    }

    #[test]
    fn the_data_count_is_dropped() {
        let module = wat::parse_str("(module (memory 1) (data (i32.const 0) \"abc\"))").unwrap();
        // Before the data section, whose id and length are two bytes.
        let at = module.len() - 11;
        assert_eq!(module[at], section::DATA);
        let counted = [&module[..at], &[section::DATA_COUNT, 1, 1], &module[at..]].concat();
        assert_eq!(lower(counted), module);
    }

    #[test]
    fn what_is_not_known_or_not_a_module_stays() {
        for text in [
            "(module (import \"env\" \"base\" (global i32)) (global i32 (i32.add (global.get 0) (i32.const 1))))",
            "(module (global (mut i32) i32.const 1) (global i32 (global.get 0)))",
            "(module (memory 1) (data \"passive\") (data (i32.const 0) \"\"))",
        ] {
            let module = wat::parse_str(text).unwrap();
            assert_eq!(lower(module.clone()), module, "{text}");
        }
        for bytes in
            [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x06\x05\x01", b"\0asm\x01\0\0\0\x06\x04\x01\x7f\0\x6a"]
        {
            assert_eq!(lower(bytes.to_vec()), bytes);
        }
    }
}
