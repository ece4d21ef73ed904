//! How segments are written. The encoder writes active segments of the only table in a form that came with passive ones; the text
//! means the first form too.

use wasmparser::{BinaryReader, ElementItems, ElementKind, ElementSectionReader, Operator, Parser, Payload};

const ELEMENT_SECTION: u8 = 9;
const FUNCTION_LIST: u8 = 0;

/// Whether a valid module has a segment in a later form than the first.
pub(crate) fn later(module: &[u8]) -> bool {
    let form = |start: u64| module[start as usize] & 0x7f != 0;
    Parser::new(0).parse_all(module).any(|payload| match payload {
        Ok(Payload::ElementSection(section)) => {
            section.into_iter().any(|segment| segment.is_ok_and(|segment| form(segment.range.start)))
        }
        Ok(Payload::DataSection(section)) => {
            section.into_iter().any(|segment| segment.is_ok_and(|segment| form(segment.range.start)))
        }
        _ => false,
    })
}

/// Puts the element section of what the encoder made into its first form, if it has one.
pub(crate) fn in_first_form(module: Vec<u8>) -> Vec<u8> {
    let mut to = module[..8].to_vec();
    let mut rest = BinaryReader::new(&module[8..], 0);
    while !rest.eof() {
        let (id, len) = (rest.read_u8().unwrap(), rest.read_var_u32().unwrap());
        let content = rest.read_bytes(len as usize).unwrap();
        let content = match id {
            ELEMENT_SECTION => elements(content).unwrap_or_else(|| content.to_vec()),
            _ => content.to_vec(),
        };
        to.push(id);
        number(content.len() as u32, &mut to);
        to.extend(content);
    }
    to
}

fn elements(content: &[u8]) -> Option<Vec<u8>> {
    let section = ElementSectionReader::new(BinaryReader::new(content, 0)).ok()?;
    let mut to = Vec::new();
    number(section.count(), &mut to);
    for segment in section {
        let segment = segment.ok()?;
        let ElementKind::Active { table_index: None | Some(0), offset_expr } = segment.kind else {
            return None;
        };
        let mut functions = Vec::new();
        match segment.items {
            ElementItems::Functions(items) => {
                for index in items {
                    functions.push(index.ok()?);
                }
            }
            ElementItems::Expressions(_, items) => {
                for item in items {
                    let Ok(Operator::RefFunc { function_index }) = item.ok()?.get_operators_reader().read()
                    else {
                        return None;
                    };
                    functions.push(function_index);
                }
            }
        }
        let offset = offset_expr.get_binary_reader().range();
        to.push(FUNCTION_LIST);
        to.extend(&content[offset.start as usize..offset.end as usize]);
        number(functions.len() as u32, &mut to);
        for index in functions {
            number(index, &mut to);
        }
    }
    Some(to)
}

fn number(mut value: u32, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
