/* Compiles WAMR's wasm_runtime.c without what no module of ours comes to.
 *
 * Between loading and instantiating, crates/wamr refuses a module with an import that is no function, and one that has code
 * to run when it is instantiated (linked.rs, Module::check). It asks for no "app heap" either. WAMR's code for these is compiled
 * for numbers that are always 0. */
#include "wasm_runtime.h"
#include "wasm_loader.h"
#include "wasm_interp.h"
#include "bh_log.h"
#include "mem_alloc.h"
#include "../common/wasm_runtime_common.h"
#include "../common/wasm_memory.h"
#include "../common/wasm_native.h"

#define import_table_count import_table_count * 0
#define import_memory_count import_memory_count * 0
#define import_global_count import_global_count * 0
#define host_managed_heap_size host_managed_heap_size * 0

/* Behind the function itself. */
#define execute_post_instantiate_functions(instance, is_sub_instance, env) true
#pragma push_macro("execute_post_instantiate_functions")
#undef execute_post_instantiate_functions
#define wasm_instantiate \
    _Pragma("pop_macro(\"execute_post_instantiate_functions\")") wasm_instantiate

/* crates/wamr links natives to imports itself (tc_link), and loads without WAMR's search for them. A bench registers one with
 * WAMR, on a host. */
#ifdef TC_DEVICE
#define wasm_native_resolve_symbol(module, name, type, signature, attachment, raw) NULL
#endif

#include "wasm_runtime.c"
