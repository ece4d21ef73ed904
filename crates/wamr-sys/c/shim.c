/* Our own: see shim.h. */
#include "wasm_runtime_common.h"
#include "../interpreter/wasm_runtime.h"
#include "mem_alloc.h"
#include "blocks.h"
#include "shim.h"

static void *
hook_malloc(mem_alloc_usage_t usage, void *user_data, unsigned int size)
{
    (void)user_data;
    return tc_alloc(usage == Alloc_For_LinearMemory, size);
}

static void *
hook_realloc(mem_alloc_usage_t usage, bool full_size_mmaped, void *user_data, void *block,
             unsigned int size)
{
    (void)full_size_mmaped;
    (void)user_data;
    return tc_realloc(usage == Alloc_For_LinearMemory, block, size);
}

static void
hook_free(mem_alloc_usage_t usage, void *user_data, void *block)
{
    (void)usage;
    (void)user_data;
    tc_free(block);
}

bool
tc_init(void)
{
    RuntimeInitArgs args;

    memset(&args, 0, sizeof(args));
    args.mem_alloc_type = Alloc_With_Allocator;
    args.mem_alloc_option.allocator.malloc_func = (void *)hook_malloc;
    args.mem_alloc_option.allocator.realloc_func = (void *)hook_realloc;
    args.mem_alloc_option.allocator.free_func = (void *)hook_free;
    args.running_mode = Mode_Interp;
    return wasm_runtime_full_init(&args);
}

bool
tc_keeps_code(void)
{
    return WASM_ENABLE_FAST_INTERP == 0;
}

void
tc_module_info(wasm_module_t handle, struct tc_module_info *info)
{
    WASMModule *module = (WASMModule *)handle;

    memset(info, 0, sizeof(*info));
    if (module->import_memory_count == 0 && module->memory_count > 0) {
        WASMMemory *memory = &module->memories[0];
        info->memory_bytes = (uint64)memory->num_bytes_per_page * memory->init_page_count;
    }
    info->start_function = module->start_function != (uint32)-1;
    info->imports = module->import_count;
    info->exports = module->export_count;
}

void
tc_import(wasm_module_t handle, uint32_t index, const char **module_name, const char **name,
          const struct WASMFuncType **type)
{
    WASMImport *import = &((WASMModule *)handle)->imports[index];

    *module_name = import->u.names.module_name;
    *name = import->u.names.field_name;
    *type = import->kind == IMPORT_KIND_FUNC ? import->u.function.func_type : NULL;
}

void
tc_link(wasm_module_t handle, uint32_t index, void (*native)(wasm_exec_env_t env, uint64_t *slots))
{
    WASMFunctionImport *function = &((WASMModule *)handle)->imports[index].u.function;

    function->func_ptr_linked = (void *)native;
    function->call_conv_raw = true;
}

void
tc_export(wasm_module_t handle, uint32_t index, const char **name, const struct WASMFuncType **type)
{
    WASMModule *module = (WASMModule *)handle;
    WASMExport *export = &module->exports[index];
    uint32 imported = module->import_function_count;

    *name = export->name;
    *type = NULL;
    /* A native exported as a hook would run unmetered: an import has no type here. The loader has
     * checked the index. */
    if (export->kind == EXPORT_KIND_FUNC && export->index >= imported)
        *type = module->functions[export->index - imported]->func_type;
}

bool
tc_type_is(const struct WASMFuncType *type, uint32_t params, uint32_t results)
{
    uint32_t i;

    if (type->param_count != params || type->result_count != results)
        return false;
    for (i = 0; i < params + results; i++)
        if (type->types[i] != VALUE_TYPE_I32)
            return false;
    return true;
}

/* WAMR's own argument for this takes 0 pages for "no limit". */
void
tc_limit_memory(wasm_module_inst_t handle, uint32_t bytes)
{
    WASMModuleInstance *instance = (WASMModuleInstance *)handle;
    uint32_t i, pages;

    for (i = 0; i < instance->memory_count; i++) {
        WASMMemoryInstance *memory = instance->memories[i];
        pages = memory->num_bytes_per_page ? bytes / memory->num_bytes_per_page : 0;
        if (pages < memory->cur_page_count)
            pages = memory->cur_page_count;
        if (pages < memory->max_page_count)
            memory->max_page_count = pages;
    }
}

uint8_t *
tc_memory(wasm_exec_env_t env, uint64_t *size)
{
    WASMModuleInstance *instance = (WASMModuleInstance *)env->module_inst;

    if (instance->memory_count == 0) {
        *size = 0;
        return NULL;
    }
    *size = instance->memories[0]->memory_data_size;
    return instance->memories[0]->memory_data;
}

uint32_t
tc_blocks_bytes(uint32_t blocks)
{
#if WASM_ENABLE_FAST_INTERP == 0
    return tc_blocks_entries(blocks) * (uint32)sizeof(struct tc_block);
#else
    (void)blocks;
    return 0;
#endif
}

void
tc_blocks(wasm_exec_env_t env, uint8_t *code, void *table, uint32_t blocks)
{
#if WASM_ENABLE_FAST_INTERP == 0
    tc_blocks_place(env, code, table, blocks);
#else
    (void)env;
    (void)code;
    (void)table;
    (void)blocks;
#endif
}

int32_t
tc_instructions_left(wasm_exec_env_t env)
{
#if WASM_ENABLE_INSTRUCTION_METERING != 0
    return env->instructions_to_execute;
#else
    (void)env;
    return 0;
#endif
}

/* While the interpreter runs, its count is a local of its own (interp.c), and this field is free to carry
 * what a native costs. */
void
tc_charge(wasm_exec_env_t env, uint32_t instructions)
{
#if WASM_ENABLE_INSTRUCTION_METERING != 0
    /* Set, not added: a native settles once, and the sum of two could overflow. The largest charge is more than any
     * budget has left. */
    env->instructions_to_execute = instructions > INT32_MAX ? -INT32_MAX : -(int32_t)instructions;
#else
    (void)env;
    (void)instructions;
#endif
}

/* Of WAMR's log, which is not compiled: see quiet.h. */
void
bh_log_set_verbose_level(uint32 level)
{
    (void)level;
}

/* Of the WebAssembly C API, which is not compiled: natives registered through it do not exist. */
void
wasm_trap_delete(void *trap)
{
    (void)trap;
}

/* WAMR links its own heap for an "app heap" in linear memory and for a pool of its own. We use
 * neither (heap size 0, an allocator of ours), so here is one that has nothing to give. */
mem_allocator_t
mem_allocator_create(void *mem, uint32_t size)
{
    (void)mem;
    (void)size;
    return NULL;
}

mem_allocator_t
mem_allocator_create_with_struct_and_pool(void *struct_buf, uint32_t struct_buf_size, void *pool_buf,
                                          uint32_t pool_buf_size)
{
    (void)struct_buf;
    (void)struct_buf_size;
    (void)pool_buf;
    (void)pool_buf_size;
    return NULL;
}

int
mem_allocator_destroy(mem_allocator_t allocator)
{
    (void)allocator;
    return 0;
}

uint32
mem_allocator_get_heap_struct_size(void)
{
    return 8;
}

void *
mem_allocator_malloc(mem_allocator_t allocator, uint32_t size)
{
    (void)allocator;
    (void)size;
    return NULL;
}

void *
mem_allocator_malloc_aligned(mem_allocator_t allocator, uint32_t size, uint32_t alignment)
{
    (void)allocator;
    (void)size;
    (void)alignment;
    return NULL;
}

void *
mem_allocator_realloc(mem_allocator_t allocator, void *ptr, uint32_t size)
{
    (void)allocator;
    (void)ptr;
    (void)size;
    return NULL;
}

void
mem_allocator_free(mem_allocator_t allocator, void *ptr)
{
    (void)allocator;
    (void)ptr;
}

int
mem_allocator_migrate(mem_allocator_t allocator, char *pool_buf_new, uint32 pool_buf_size)
{
    (void)allocator;
    (void)pool_buf_new;
    (void)pool_buf_size;
    return -1;
}

bool
mem_allocator_is_heap_corrupted(mem_allocator_t allocator)
{
    (void)allocator;
    return false;
}

bool
mem_allocator_get_alloc_info(mem_allocator_t allocator, void *info)
{
    (void)allocator;
    (void)info;
    return false;
}

#ifdef TC_DEVICE
int
tc_put(char *to, unsigned size, const char *text)
{
    while (size-- > 1 && *text)
        *to++ = *text++;
    *to = 0;
    return 0;
}
#endif
