/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   Counting instructions
 *
 * QEMU models no cycle counter, and its semihosting clocks show the host's
 * time. But with `-icount shift=N` every instruction takes 2^N ns of virtual
 * time, and the board's counter shows that time in steps of 40 ns. So from
 * N = 7 on (`make term QEMU_ICOUNT=7`), where one instruction is worth more
 * than three steps, a span of instructions is counted exactly; below that, to
 * within 80 / 2^N instructions: 5 at 4, 80 at 0.
 *
 *     uint32_t start = board_time();
 *     work();
 *     printf("%" PRIu32 "\n", board_instructions(start, board_time()));
 *
 * What else runs in the span counts too: interrupts, other threads, and any
 * time asleep as if it had been spent working. Needs the timer as ztimer sets
 * it up (1 MHz, never stopped); starts it if it does not run. A span must be shorter
 * than 171 s of virtual time, which is 1.3 * 10^9 instructions at 7. Values of
 * 9 and 10 for N are too coarse for the way in which the counter is read.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief  Virtual time now, in steps of 40 ns. */
uint32_t board_time(void);

/**
 * @brief   Instructions executed between two calls of board_time(), those of
 *          the call itself not counted.
 */
uint32_t board_instructions(uint32_t start, uint32_t end);

/** @brief  The N this emulator runs with, found by trial. */
unsigned board_icount_shift(void);

#ifdef __cplusplus
}
#endif
