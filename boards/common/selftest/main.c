/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Counts instructions, then executes one command from stdin
 *
 * The counting comes first, for what follows the first byte of input is no
 * longer the same in each run: the arrival of a byte depends on the host.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "board_instructions.h"
#include "mps2_exit.h"
#include "panic.h"
#include "ztimer.h"

#define NOPS(n)     __asm__ volatile (".rept " #n "\n nop\n .endr")

/* Print the least and the greatest count of many, each at another phase of
 * the board's counter. */
#define COUNT(n) \
    do { \
        uint32_t least = UINT32_MAX, most = 0; \
        for (uint32_t i = 0; i < 100; i++) { \
            for (volatile uint32_t k = 0; k < i; k++) {} \
            uint32_t start = board_time(); \
            NOPS(n); \
            uint32_t count = board_instructions(start, board_time()); \
            least = (count < least) ? count : least; \
            most = (count > most) ? count : most; \
        } \
        printf("count %u: %" PRIu32 " %" PRIu32 "\n", n, least, most); \
    } while (0)

static void _count(void)
{
    printf("shift %u\n", board_icount_shift());
    COUNT(0);
    COUNT(1);
    COUNT(7);
    COUNT(200);
    /* a sleep moves virtual time by what is no multiple of an instruction */
    ztimer_sleep(ZTIMER_USEC, 1003);
    COUNT(1);
    COUNT(200);
    printf("time %" PRIu32 "\n", board_time());
}

int main(void)
{
    char line[32];

    _count();
    puts("ready");
    if (fgets(line, sizeof(line), stdin) == NULL) {
        mps2_exit(2);
    }

    uint32_t value = strtoul(&line[1], NULL, 16);
    volatile uint32_t *addr = (volatile uint32_t *)(uintptr_t)value;

    switch (line[0]) {
    case 'r':
        (void)*addr;
        break;
    case 'w':
        *addr = 1;
        break;
    case 'x':
        mps2_exit(value);
    case 'p':
        core_panic(PANIC_GENERAL_ERROR, "requested");
    }
    puts("done");
    mps2_exit(0);
}
