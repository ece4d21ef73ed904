/* QEMU's mps2-an386, a Cortex-M4F: its start, its counter, and the files and the terminal of the host. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds since some moment, in steps of 40; wraps after 171 s. With `-icount shift=0,sleep=off` QEMU executes one
 * instruction of the processor in each, so a difference is a number of instructions (not of cycles). */
uint32_t board_ns(void);

/* Opens a file of the host for reading. */
uint32_t board_open(const char *name, uint32_t len);
/* Reads exactly `len` bytes; false if there are fewer. */
bool board_read(uint32_t file, void *to, uint32_t len);

void board_print(const char *text);
/* A space and a number. */
void board_print_number(uint32_t number);

/* Prints why, and ends QEMU with an error. */
_Noreturn void board_fail(const char *why);

#endif
