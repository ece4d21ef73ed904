/* Where blocks end: the classic interpreter needs it when an `if` is entered and when a branch leaves a `block`. For
 * interp.c, and shim.c which places the table.
 *
 * WAMR reads on from the block's start until its end, and remembers the last few ends in the environment. Ours are in a
 * table that has an entry for each block of the module, so that each is searched once. It is filled while the guest
 * runs: what is never executed costs no time. */
#ifndef TC_BLOCKS_H
#define TC_BLOCKS_H

#include "../common/wasm_exec_env.h"
#include "wasm_opcode.h"

#if WASM_ENABLE_FAST_INTERP == 0

/* A place in the module, in bytes from its start. A processor of 32 bits has memory for 6 bytes a block, so there what
 * is behind the first 64 KiB of a module is searched each time. */
#if UINTPTR_MAX > UINT32_MAX
typedef uint32 tc_place;
#define TC_PLACE_MAX UINT32_MAX
#else
typedef uint16 tc_place;
#define TC_PLACE_MAX UINT16_MAX
#endif

struct tc_block {
    tc_place start;     /* behind the block's type; 0 if the entry is free: there is the module's header */
    tc_place otherwise; /* its `else`, or 0 */
    tc_place end;       /* its `end` */
};

/* The environment has a field for WAMR's cache of blocks, an array of one row of two entries. Their start addresses
 * stay NULL, so that the interpreter finds nothing there, and their other fields say where our table is. */
#define TC_BLOCKS_CODE(env) ((env)->block_addr_cache[0][0].else_addr)
#define TC_BLOCKS_TABLE(env) ((env)->block_addr_cache[0][0].end_addr)
#define TC_BLOCKS_COUNT(env) ((env)->block_addr_cache[0][1].end_addr)

/* The entries are a hash table with linear probing. It must have more of them than the module has blocks: then a free one
 * is always found, and soon. `tinycontainer_module::check` counts the blocks. */
static inline uint32
tc_blocks_entries(uint32 blocks)
{
    return blocks + blocks / 4 + 1;
}

static inline void
tc_blocks_place(WASMExecEnv *env, uint8 *code, void *table, uint32 blocks)
{
    uint32 entries = tc_blocks_entries(blocks);

    memset(table, 0, entries * sizeof(struct tc_block));
    TC_BLOCKS_CODE(env) = code;
    TC_BLOCKS_TABLE(env) = table;
    TC_BLOCKS_COUNT(env) = (uint8 *)(uintptr_t)entries;
}

static inline const uint8 *
tc_skip_leb(const uint8 *at)
{
    while (*at++ & 0x80)
        ;
    return at;
}

/* Reads on from behind a block's type to its `end`, in code that the loader has checked, and changed: it writes other
 * opcodes (EXT_OP) in place of some, of the same length. `*otherwise` becomes its `else`, or NULL. */
static inline const uint8 *
tc_blocks_search(const uint8 *at, const uint8 **otherwise)
{
    uint32 depth = 0, count, shift;

    *otherwise = NULL;
    for (;;) {
        uint8 opcode = *at++;

        switch (opcode) {
            case WASM_OP_BLOCK:
            case WASM_OP_LOOP:
            case WASM_OP_IF:
            case EXT_OP_BLOCK:
            case EXT_OP_LOOP:
            case EXT_OP_IF:
                depth++;
                at = tc_skip_leb(at);
                break;
            case WASM_OP_ELSE:
                if (depth == 0)
                    *otherwise = at - 1;
                break;
            case WASM_OP_END:
                if (depth-- == 0)
                    return at - 1;
                break;
            case WASM_OP_BR_TABLE:
            case EXT_OP_BR_TABLE_CACHE:
                /* The loader has made each target a byte, or has put all into a list; the rest are `nop`s. */
                count = shift = 0;
                do {
                    count |= (uint32)(*at & 0x7f) << shift;
                    shift += 7;
                } while (*at++ & 0x80);
                if (opcode == WASM_OP_BR_TABLE)
                    at += count + 1;
                break;
            case EXT_OP_GET_LOCAL_FAST:
            case EXT_OP_SET_LOCAL_FAST:
            case EXT_OP_TEE_LOCAL_FAST:
                at++;
                break;
            case WASM_OP_F32_CONST:
                at += 4;
                break;
            case WASM_OP_F64_CONST:
                at += 8;
                break;
            case WASM_OP_MISC_PREFIX:
                count = *at & 0x7f;
                at = tc_skip_leb(at);
                if (count == WASM_OP_MEMORY_COPY)
                    at = tc_skip_leb(at);
                if (count == WASM_OP_MEMORY_COPY || count == WASM_OP_MEMORY_FILL)
                    at = tc_skip_leb(at);
                break;
            case WASM_OP_CALL_INDIRECT:
            case WASM_OP_I32_LOAD ... WASM_OP_I64_STORE32:
                at = tc_skip_leb(at);
                /* and the second */
                __attribute__((fallthrough));
            case WASM_OP_BR:
            case WASM_OP_BR_IF:
            case WASM_OP_CALL:
            case WASM_OP_GET_GLOBAL_64:
            case WASM_OP_SET_GLOBAL_64:
            case WASM_OP_SET_GLOBAL_AUX_STACK:
            case WASM_OP_GET_LOCAL ... WASM_OP_SET_GLOBAL:
            case WASM_OP_MEMORY_SIZE:
            case WASM_OP_MEMORY_GROW:
            case WASM_OP_I32_CONST:
            case WASM_OP_I64_CONST:
                at = tc_skip_leb(at);
                break;
            default:
                break;
        }
    }
}

/* So many entries are looked at. A guest chooses where its blocks begin, and could put all of them one behind another in the
 * table, where looking is not charged. A block that is not found by then is searched in the code each time, and charged. */
#define TC_BLOCKS_LOOKS 8

/* Finds the `else` (NULL if there is none) and the `end` of the block that starts at `start`. Returns true if it had to
 * be searched. */
static __attribute__((noinline)) bool
tc_blocks_find(WASMExecEnv *env, const uint8 *start, uint8 **otherwise, uint8 **end)
{
    uint8 *code = TC_BLOCKS_CODE(env);
    struct tc_block *table = (struct tc_block *)TC_BLOCKS_TABLE(env), *block = NULL;
    uint32 entries = (uint32)(uintptr_t)TC_BLOCKS_COUNT(env);
    uintptr_t place = (uintptr_t)(start - code);

    if (table && place <= TC_PLACE_MAX) {
        /* Blocks that begin one behind another are put far apart: 40503 is 2^16 divided by the golden ratio. */
        uint32 looks = TC_BLOCKS_LOOKS;

        block = table + ((uint64)(uint16)(place * 40503U) * entries >> 16);
        while (block->start != place && block->start != 0 && --looks)
            if (++block == table + entries)
                block = table;
        if (looks == 0)
            block = NULL;
        else if (block->start != 0) {
            *otherwise = block->otherwise ? code + block->otherwise : NULL;
            *end = code + block->end;
            return false;
        }
    }
    *end = (uint8 *)tc_blocks_search(start, (const uint8 **)otherwise);
    if (block && (uintptr_t)(*end - code) <= TC_PLACE_MAX) {
        block->start = (tc_place)place;
        block->otherwise = *otherwise ? (tc_place)(*otherwise - code) : 0;
        block->end = (tc_place)(*end - code);
    }
    return true;
}

#endif
#endif
