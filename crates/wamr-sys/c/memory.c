/* Compiles WAMR's wasm_memory.c with a page size of our own.
 *
 * It rounds every linear memory up to the page size of the operating system, because it takes it from
 * mmap. We give it memory of the pool, where a memory shrunk to 1,044 bytes may have 1,048; and a
 * guest sees the same size on a host as on a device. 8 is what the interpreter's accesses need. */
#include "wasm_runtime_common.h"
#include "../interpreter/wasm_runtime.h"
#include "mem_alloc.h"
#include "wasm_memory.h"

#undef os_getpagesize
#define os_getpagesize() 8

#include "wasm_memory.c"
