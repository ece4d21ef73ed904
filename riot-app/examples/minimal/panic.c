/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* In place of RIOT's core_panic (the Makefile disables it), which is the only code of this program that formats text: with
 * RIOT's, printf is linked for it, 1.8 KB. It does the same without. */
#include <stdbool.h>
#include <stdio.h>

#include "irq.h"
#include "panic.h"
#ifdef MODULE_PERIPH_PM
#include "periph/pm.h"
#endif

NORETURN void core_panic(core_panic_t crash_code, const char *message)
{
    static bool crashed;

    (void)crash_code;
    /* Not again if the output itself fails. */
    if (!crashed) {
        crashed = true;
        puts("*** RIOT kernel panic:");
        puts(message);
    }
    irq_disable();
    panic_arch();
#if defined(MODULE_PERIPH_PM) && CONFIG_CORE_REBOOT_ON_PANIC
    pm_reboot();
#elif defined(MODULE_PERIPH_PM)
    pm_off();
#endif
    while (1) {}
}
