/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Power off ends the emulator, with an exit status
 */

#include <stdint.h>

#include "irq.h"
#include "mps2_exit.h"
#include "panic.h"
#include "periph/pm.h"

/* Arm semihosting */
#define SYS_EXIT_EXTENDED           (0x20U)
#define STOPPED_APPLICATION_EXIT    (0x20026U)

static int _status;

NORETURN void mps2_exit(int status)
{
    const uint32_t block[] = { STOPPED_APPLICATION_EXIT, (uint32_t)status };
    register uint32_t op __asm__("r0") = SYS_EXIT_EXTENDED;
    register const uint32_t *arg __asm__("r1") = block;

    irq_disable();
    __asm__ volatile ("bkpt 0xab" : : "r" (op), "r" (arg) : "memory");

    while (1) {}
}

void pm_off(void)
{
    mps2_exit(_status);
}

/* Named by the linker option --wrap=core_panic. */
NORETURN void __real_core_panic(core_panic_t code, const char *message);
NORETURN void __wrap_core_panic(core_panic_t code, const char *message);

NORETURN void __wrap_core_panic(core_panic_t code, const char *message)
{
    _status = 1;
    __real_core_panic(code, message);
}
