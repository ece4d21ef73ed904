/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Counting instructions by virtual time
 */

#include <stdbool.h>

#include "board_instructions.h"
#include "irq.h"
#include "mps2.h"

#define NS_PER_STEP     (1000000000UL / MPS2_CLOCK)
#define DIVIDER         (MPS2_CLOCK / 1000000UL)

#define TRIAL_LOOPS     (1000UL)
#define TRIAL_LENGTH    (2 * TRIAL_LOOPS)

static bool _known;
static unsigned _shift;
static uint32_t _overhead;  /* steps between two calls with nothing between */

/* Must take equally many instructions each time: no branches here. */
uint32_t __attribute__((noinline)) board_time(void)
{
    mps2_fpgaio_t *io = MPS2_FPGAIO;
    unsigned state = irq_disable();
    uint32_t before = io->COUNTER;
    uint32_t left = io->PSCNTR;
    uint32_t after = io->COUNTER;

    irq_restore(state);

    /* Time is what it was when `left` was read. If the counter stepped around
     * then, a fresh `left` says that it had stepped already. The sign bit of
     * the difference is the comparison without a branch. */
    uint32_t stepped = (DIVIDER / 2 - left) >> 31;

    return (before + ((after - before) & stepped)) * DIVIDER + (DIVIDER - 1 - left);
}

static void _find_out(void)
{
    /* untouched since reset: every step of the counter is a clock */
    if (MPS2_FPGAIO->PRESCALE == 0) {
        MPS2_FPGAIO->PRESCALE = DIVIDER - 1;
    }

    unsigned state = irq_disable();
    uint32_t start = board_time();
    uint32_t idle = board_time();
    uint32_t loops = TRIAL_LOOPS;

    __asm__ volatile (
        "1: subs %0, %0, #1 \n"
        "   bne  1b         \n"
        : "+r" (loops) : : "cc");

    uint32_t busy = board_time();

    irq_restore(state);

    uint32_t ns = (busy - idle - (idle - start)) * NS_PER_STEP;

    /* the nearest power of two */
    _shift = 0;
    while ((_shift < 10) && (ns > (TRIAL_LENGTH << _shift) + (TRIAL_LENGTH << _shift) / 2)) {
        _shift++;
    }
    _overhead = idle - start;
    _known = true;
}

unsigned board_icount_shift(void)
{
    if (!_known) {
        _find_out();
    }
    return _shift;
}

uint32_t board_instructions(uint32_t start, uint32_t end)
{
    unsigned shift = board_icount_shift();
    uint64_t ns = (uint64_t)(end - start) * NS_PER_STEP;
    uint64_t own = (uint64_t)_overhead * NS_PER_STEP;
    uint64_t half = (1ULL << shift) / 2;
    uint64_t total = (ns + half) >> shift;
    uint64_t spent = (own + half) >> shift;

    return (total > spent) ? (uint32_t)(total - spent) : 0;
}
