/* For the specification's tests only: what they need of WAMR beyond its interface and shim.h, and the allocator. */
#include <stdlib.h>
#include "wasm_runtime_common.h"
#include "../interpreter/wasm_runtime.h"
#include "shim.h"

static size_t used;

/* Bytes that are allocated. */
uint64_t
spec_used(void)
{
    return used;
}

/* Function number `index` of the module, imported ones first. By number, for a name may hold a NUL. */
wasm_function_inst_t
spec_function(wasm_module_inst_t handle, uint32_t index)
{
    return &((WASMModuleInstance *)handle)->e->functions[index];
}

/* The place of global number `index`. */
uint8_t *
spec_global(wasm_module_inst_t handle, uint32_t index)
{
    WASMModuleInstance *instance = (WASMModuleInstance *)handle;

    return instance->global_data + instance->e->globals[index].data_offset;
}

/* The values of all globals. */
uint8_t *
spec_globals(wasm_module_inst_t handle, uint64_t *size)
{
    WASMModuleInstance *instance = (WASMModuleInstance *)handle;

    *size = instance->global_data_size;
    return instance->global_data;
}

/* A native without a result, of any parameters. */
void
spec_print(wasm_exec_env_t env, uint64_t *slots)
{
    (void)env;
    (void)slots;
}

/* Linear memory is zero; other memory is filled with what no code may rely on. */
static void
fill(uint32_t linear, uint8_t *from, size_t size)
{
    memset(from, linear ? 0 : 0xa5, size);
}

void *
tc_alloc(uint32_t linear, uint32_t size)
{
    size_t *block = size ? malloc(size + 16) : NULL;

    if (!block)
        return NULL;
    block[0] = size;
    used += size;
    fill(linear, (uint8_t *)(block + 2), size);
    return block + 2;
}

void
tc_free(void *ptr)
{
    size_t *block = ptr;

    if (!block)
        return;
    used -= block[-2];
    free(block - 2);
}

void *
tc_realloc(uint32_t linear, void *ptr, uint32_t size)
{
    size_t *block = ptr;
    void *to = tc_alloc(linear, size);

    if (to && block) {
        memcpy(to, block, block[-2] < size ? block[-2] : size);
        tc_free(block);
    }
    return to;
}
