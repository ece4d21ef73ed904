/* Compiles WAMR's wasm_loader.c without its search for functions of the guest that allocate, by their names: WAMR would call
 * them to put values into the guest's memory for its host, which ours does not ask for. And without WAMR's own test module. */
#include "wasm_loader.h"
#include "wasm_opcode.h"
#include "wasm_runtime.h"
#include "wasm_loader_common.h"
#include "../common/wasm_native.h"
#include "../common/wasm_memory.h"

#define TC_IS(text, name) (__builtin_strcmp(text, name) == 0)
#define TC_NOT_SEARCHED(text)                                                                            \
    (__builtin_constant_p(*(text))                                                                       \
     && (TC_IS(text, "malloc") || TC_IS(text, "__new") || TC_IS(text, "__retain") || TC_IS(text, "__pin")  \
         || TC_IS(text, "free") || TC_IS(text, "__release") || TC_IS(text, "__unpin")                      \
         || TC_IS(text, "spectest")))
#undef strcmp
#define strcmp(one, other) (TC_NOT_SEARCHED(one) || TC_NOT_SEARCHED(other) ? 1 : (strcmp)(one, other))

#include "wasm_loader.c"
