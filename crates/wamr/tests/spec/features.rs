//! What our build of WAMR takes of WebAssembly, and what it does not.

use wasmparser::{Validator, WasmFeatures};

use crate::segments;

/// What `wamr-sys/wamr.settings` compiles in: the first WebAssembly with exported globals that change, `memory.copy` and
/// `memory.fill`, and the long form of the table index of `call_indirect`; and what WAMR has no setting for: extension
/// of the sign, conversions to integers that saturate, and several results.
pub(crate) const ON: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG);

const LATER_SEGMENTS: &str = "passive segments, `table.copy`, `table.init`";

/// What is off, in the words of the table. The first that makes a module valid is why it is skipped.
const OFF: [(WasmFeatures, &str); 6] = [
    (WasmFeatures::REFERENCE_TYPES, "reference types"),
    (WasmFeatures::BULK_MEMORY, LATER_SEGMENTS),
    (WasmFeatures::REFERENCE_TYPES.union(WasmFeatures::BULK_MEMORY), "reference types with passive segments"),
    (WasmFeatures::EXTENDED_CONST, "arithmetic in constants"),
    (WasmFeatures::MULTI_MEMORY, "several memories"),
    (WasmFeatures::all(), "other later features"),
];

fn valid(module: &[u8], features: WasmFeatures) -> bool {
    Validator::new_with_features(features).validate_all(module).is_ok()
}

/// What a module needs of what is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// Is valid with this feature.
    Off(&'static str),
    /// Is not valid whatever is on.
    Invalid,
}

pub(crate) fn needs(module: &[u8]) -> Needs {
    if valid(module, ON) {
        // The validator takes their binary form without the feature.
        return if segments::later(module) { Needs::Off(LATER_SEGMENTS) } else { Needs::Nothing };
    }
    let off = OFF.into_iter().find(|(more, _)| valid(module, ON.union(*more)));
    off.map_or(Needs::Invalid, |(_, name)| Needs::Off(name))
}
