/* What src/bindings.rs is generated from. */
#include "wasm_export.h"
#include "shim.h"
