/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   The emulated board: a Cortex-M4F, two UARTs, a timer
 */

#include "cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @name    ztimer on the only timer
 * @{
 */
#define CONFIG_ZTIMER_USEC_TYPE     ZTIMER_TYPE_PERIPH_TIMER
#define CONFIG_ZTIMER_USEC_DEV      TIMER_DEV(0)
#define CONFIG_ZTIMER_USEC_FREQ     (1000000LU)
/** @} */

#ifdef __cplusplus
}
#endif
