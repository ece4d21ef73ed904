/* For the specification's tests only: what they need of WAMR beyond its interface and shim.h. */
#include "wasm_runtime_common.h"
#include "../interpreter/wasm_runtime.h"
#include "shim.h"

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
