/* Calls a function of each guest and prints what its budget lost, how many instructions the processor executed, and
 * what it returned.
 *
 * The guests are in the file guests.bin of the host, which `benches/opcodes.rs` and scripts/guest-bench write: for
 * each a `struct guest` and its module; a length of 0 ends them. */
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "guest_memory.h"
#include "wasm_export.h"
#include "shim.h"

struct guest {
    uint32_t len;       /* of the module, in bytes */
    uint32_t blocks;    /* how many `block`s and `if`s it has */
    uint32_t arguments; /* that the function takes: 0 or 1 */
    uint32_t argument;
    char function[20]; /* ends with a zero */
};

/* The C library's heap, which printf wants where WAMR's texts are compiled: nothing is printed. */
void *_sbrk(int more)
{
    (void)more;
    return (void *)-1;
}

static void run(const struct guest *guest, uint8_t *code)
{
    LoadArgs how = { .name = "", .wasm_binary_freeable = true };
    char why[64] = "it cannot be loaded";
    void *table;
    uint32_t before, after, cells[2] = { guest->argument };
    wasm_module_t module = wasm_runtime_load_ex(code, guest->len, &how, why, sizeof(why));
    wasm_module_inst_t instance = module ? wasm_runtime_instantiate(module, 32768, 0, why, sizeof(why)) : NULL;
    wasm_exec_env_t env = instance ? wasm_runtime_create_exec_env(instance, 32768) : NULL;
    wasm_function_inst_t function = env ? wasm_runtime_lookup_function(instance, guest->function) : NULL;

    if (!function) {
        board_fail(why);
    }
    table = tc_blocks_bytes(guest->blocks) ? tc_alloc(0, tc_blocks_bytes(guest->blocks)) : NULL;
    if (table) {
        tc_blocks(env, code, table, guest->blocks);
    }
    wasm_runtime_set_instruction_count_limit(env, INT_MAX);
    before = board_ns();
    if (!wasm_runtime_call_wasm(env, function, guest->arguments, cells)) {
        board_fail(wasm_runtime_get_exception(instance));
    }
    after = board_ns();
    board_print("run");
    board_print_number((uint32_t)(INT_MAX - tc_instructions_left(env)));
    board_print_number(after - before);
    board_print_number(cells[0]);
    board_print("\n");
}

int main(void)
{
    const char name[] = "guests.bin";
    uint32_t file = board_open(name, sizeof(name) - 1);
    struct guest guest;

    if (!tc_init()) {
        board_fail("WAMR does not start");
    }
    size_t between = memory_used();
    while (board_read(file, &guest, sizeof(guest)) && guest.len > 0) {
        uint8_t *code = tc_alloc(0, guest.len);
        if (!code || !board_read(file, code, guest.len)) {
            board_fail("a guest cannot be read");
        }
        run(&guest, code);
        memory_release(between);
    }
    return 0;
}
