/* Compiles WAMR's interpreter with a cheaper way of counting, that also survives its return.
 *
 * WAMR's own counts down a copy that is lost when the hook ends, in two comparisons. Ours counts down
 * exec_env->instructions_to_execute itself, in one: below 0 the budget is exceeded. The guarantee is
 * WAMR's: the check stands before every instruction, so exactly as many run as were allowed.
 *
 * WAMR defines the macro with the check in the file itself. So ours is pushed away before and popped
 * back at the first line of the interpreter's function, which calls wasm_get_default_memory. Were that
 * to change, WAMR's own check would be compiled, the count would not come down, and the tests of the
 * crate `wamr` would fail.
 *
 * The jump goes to the label that reports an access out of bounds; a count below 0 tells the
 * two apart. It saves some 20 bytes of flash in each of 200 places. */
#include "wasm_interp.h"
#include "bh_log.h"
#include "wasm_runtime.h"
#include "wasm_opcode.h"
#include "wasm_loader.h"
#include "wasm_memory.h"
#include "../common/wasm_exec_env.h"

#if WASM_ENABLE_INSTRUCTION_METERING != 0 && !defined(TC_STOCK_METERING)

#define CHECK_INSTRUCTION_LIMIT()                                         \
    do {                                                                  \
        if (__builtin_expect(--exec_env->instructions_to_execute < 0, 0)) \
            goto out_of_bounds;                                           \
    } while (0)
#pragma push_macro("CHECK_INSTRUCTION_LIMIT")
#undef CHECK_INSTRUCTION_LIMIT

#define wasm_get_default_memory(instance) \
    (wasm_get_default_memory)(instance) _Pragma("pop_macro(\"CHECK_INSTRUCTION_LIMIT\")")

#endif

#if WASM_ENABLE_FAST_INTERP != 0
#include "wasm_interp_fast.c"
#else
#include "wasm_interp_classic.c"
#endif
