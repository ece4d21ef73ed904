/* Runs guests on QEMU's mps2-an386, a Cortex-M4F, and prints for each how many instructions its budget lost and how
 * many the processor executed. QEMU must run with `-icount shift=0,sleep=off`: then one processor instruction takes
 * 1 ns. It counts instructions, not cycles.
 *
 * The guests are in the file guests.bin of the host, which `benches/opcodes.rs` writes: for each its length (32 bits,
 * little-endian) and its module; a length of 0 ends them. */
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include "wasm_export.h"
#include "shim.h"


/* The board's free-running counter of 25 MHz. */
#define COUNTER (*(volatile uint32_t *)0x40028018)
#define NS_PER_TICK 40
/* Coprocessor access: the FPU is off after a reset. */
#define CPACR (*(volatile uint32_t *)0xE000ED88)

extern uint32_t data_start[], data_end[], data_from[], bss_start[], bss_end[], stack_top[];

int main(void);

enum { SYS_OPEN = 0x01, SYS_WRITE0 = 0x04, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };

static uint32_t semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static _Noreturn void leave(uint32_t status)
{
    const uint32_t reason[2] = { 0x20026, status }; /* ADP_Stopped_ApplicationExit */

    for (;;) {
        semihosting(SYS_EXIT_EXTENDED, reason);
    }
}

static _Noreturn void fail(const char *why)
{
    semihosting(SYS_WRITE0, why);
    semihosting(SYS_WRITE0, "\n");
    leave(1);
}

static void fault(void)
{
    fail("a fault of the processor");
}

__attribute__((naked)) void reset(void)
{
    __asm__ volatile("b start");
}

__attribute__((used)) static void start(void)
{
    CPACR |= 0xFU << 20;
    __asm__ volatile("dsb\n\tisb");
    memcpy(data_start, data_from, (uintptr_t)data_end - (uintptr_t)data_start);
    memset(bss_start, 0, (uintptr_t)bss_end - (uintptr_t)bss_start);
    leave(main());
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, reset, fault, fault, fault, fault, fault,
};

/* What a guest takes is given back when it has run: all at once. */
static _Alignas(8) uint8_t memory[3 << 20];
static size_t used;

void *tc_alloc(uint32_t linear, uint32_t size)
{
    size_t whole = 8 + ((size + 7) & ~7U);
    uint32_t *block = (uint32_t *)(memory + used);

    (void)linear;
    if (size == 0 || whole > sizeof(memory) - used) {
        return NULL;
    }
    used += whole;
    block[0] = size;
    return memset(block + 2, 0, size);
}

void tc_free(void *block)
{
    (void)block;
}

void *tc_realloc(uint32_t linear, void *block, uint32_t size)
{
    uint32_t before = block ? ((uint32_t *)block)[-2] : 0;
    void *to;

    if (block && size <= before) {
        return block;
    }
    to = tc_alloc(linear, size);
    return to && block ? memcpy(to, block, before) : to;
}

/* The C library's heap, which printf wants where WAMR's texts are compiled: nothing is printed. */
void *_sbrk(int more)
{
    (void)more;
    return (void *)-1;
}

static bool get(uint32_t file, void *to, uint32_t len)
{
    const void *arguments[3] = { (void *)file, to, (void *)len };

    return semihosting(SYS_READ, arguments) == 0;
}

static void put_number(uint32_t number)
{
    char digits[12], *at = digits + sizeof(digits);

    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    semihosting(SYS_WRITE0, " ");
    semihosting(SYS_WRITE0, at);
}

static void run(uint8_t *code, uint32_t len)
{
    LoadArgs how = { .name = "", .wasm_binary_freeable = true };
    char why[64] = "it cannot be loaded";
    uint32_t before, ticks, cells[2] = { 0 };
    wasm_module_t module = wasm_runtime_load_ex(code, len, &how, why, sizeof(why));
    wasm_module_inst_t instance = module ? wasm_runtime_instantiate(module, 32768, 0, why, sizeof(why)) : NULL;
    wasm_exec_env_t env = instance ? wasm_runtime_create_exec_env(instance, 32768) : NULL;
    wasm_function_inst_t function = env ? wasm_runtime_lookup_function(instance, "loop") : NULL;

    if (!function) {
        fail(why);
    }
    wasm_runtime_set_instruction_count_limit(env, INT_MAX);
    before = COUNTER;
    if (!wasm_runtime_call_wasm(env, function, 0, cells)) {
        fail(wasm_runtime_get_exception(instance));
    }
    ticks = COUNTER - before;
    semihosting(SYS_WRITE0, "run");
    put_number(INT_MAX - tc_instructions_left(env));
    put_number(ticks * NS_PER_TICK);
    semihosting(SYS_WRITE0, "\n");
}

int main(void)
{
    const char name[] = "guests.bin";
    const void *arguments[3] = { name, (void *)1 /* "rb" */, (void *)(sizeof(name) - 1) };
    uint32_t file = semihosting(SYS_OPEN, arguments), len;

    if (!tc_init()) {
        fail("WAMR does not start");
    }
    size_t between = used;
    while (get(file, &len, sizeof(len)) && len > 0) {
        uint8_t *code = tc_alloc(0, len);
        if (!code || !get(file, code, len)) {
            fail("a guest cannot be read");
        }
        run(code, len);
        used = between;
    }
    return 0;
}
