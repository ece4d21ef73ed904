/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   Leaving the emulator
 */

#include "compiler_hints.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   End the emulation; the emulator process exits with @p status.
 *
 * pm_off() does the same with status 0, or 1 after a panic.
 */
NORETURN void mps2_exit(int status);

#ifdef __cplusplus
}
#endif
