/* What our Rust needs of WAMR beyond its public header, in types without layout questions: an enum
 * has one byte with arm-none-eabi-gcc and four elsewhere, so none crosses this line. */
#ifndef TC_SHIM_H
#define TC_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include "wasm_export.h"

/* The allocator WAMR gets, to be implemented by the caller. `linear` is not 0 for a guest's linear
 * memory. Sizes were cut to 32 bits by WAMR: 0 must be answered with NULL. */
extern void *tc_alloc(uint32_t linear, uint32_t size);
extern void *tc_realloc(uint32_t linear, void *block, uint32_t size);
extern void tc_free(void *block);

/* wasm_runtime_full_init over tc_alloc, tc_realloc and tc_free. No native is registered: tc_link. */
bool tc_init(void);

/* 1 if a loaded module runs in the bytes that it was loaded from (the classic interpreter), 0 if it has been
 * translated and they may go. */
bool tc_keeps_code(void);

/* What a module says of itself. */
struct tc_module_info {
    uint64_t memory_bytes;   /* of its first memory, at the start */
    uint32_t start_function; /* not 0 if it declares one */
    uint32_t imports;
    uint32_t exports;
};
void tc_module_info(wasm_module_t module, struct tc_module_info *info);

/* Import number `index`: names, and the type if it is a function (else NULL). */
void tc_import(wasm_module_t module, uint32_t index, const char **module_name, const char **name,
               const struct WASMFuncType **type);
/* Links import number `index`, a function, to a native: WAMR puts each argument in a slot of 8 bytes ("raw"), and takes
 * the result from the first. */
void tc_link(wasm_module_t module, uint32_t index, void (*native)(wasm_exec_env_t env, uint64_t *slots));
/* Export number `index`: name, and the type if it is a function; NULL for a function that is imported itself. */
void tc_export(wasm_module_t module, uint32_t index, const char **name,
               const struct WASMFuncType **type);
/* 1 if it has `params` parameters and `results` results, all i32. */
bool tc_type_is(const struct WASMFuncType *type, uint32_t params, uint32_t results);

/* From now on memory.grow stops at `bytes`, rounded down to whole pages (but not below what it has). */
void tc_limit_memory(wasm_module_inst_t instance, uint32_t bytes);

/* The current linear memory of the instance that runs: where, and how large (0 if there is none). */
uint8_t *tc_memory(wasm_exec_env_t env, uint64_t *size);

/* How many bytes the environment of a module with so many blocks (`block` and `if`) should have for the table of their
 * ends, beside the module's bytes; 0 if the interpreter has no use for one (the fast one). */
uint32_t tc_blocks_bytes(uint32_t blocks);
/* Gives the environment its table: so many bytes, aligned to 4, for as long as the environment lives. `code` is where the
 * module was loaded from, `blocks` exactly how many there are. Without a table each block's end is searched each time. */
void tc_blocks(wasm_exec_env_t env, uint8_t *code, void *table, uint32_t blocks);

/* Instructions left of wasm_runtime_set_instruction_count_limit; negative once they were exceeded. */
int32_t tc_instructions_left(wasm_exec_env_t env);

/* Takes `instructions` off what is left, from within a native: counted when the native returns. */
void tc_charge(wasm_exec_env_t env, uint32_t instructions);

#endif
