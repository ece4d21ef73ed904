/* See board.h. Calls main after a reset, and ends QEMU when main returns. */
#include "board.h"

#include <string.h>

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

uint32_t board_ns(void)
{
    return COUNTER * NS_PER_TICK;
}

uint32_t board_open(const char *name, uint32_t len)
{
    const void *arguments[3] = { name, (void *)1 /* "rb" */, (void *)len };

    return semihosting(SYS_OPEN, arguments);
}

bool board_read(uint32_t file, void *to, uint32_t len)
{
    const void *arguments[3] = { (void *)file, to, (void *)len };

    return semihosting(SYS_READ, arguments) == 0;
}

void board_print(const char *text)
{
    semihosting(SYS_WRITE0, text);
}

void board_print_number(uint32_t number)
{
    char digits[12], *at = digits + sizeof(digits);

    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    *--at = ' ';
    board_print(at);
}

_Noreturn void board_fail(const char *why)
{
    board_print(why);
    board_print("\n");
    leave(1);
}

static void fault(void)
{
    board_fail("a fault of the processor");
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
