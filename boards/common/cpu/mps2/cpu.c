/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   CPU start-up
 */

#include "cpu.h"
#include "fence.h"
#include "kernel_init.h"
#include "periph/init.h"

void cpu_init(void)
{
    mps2_fence_init();
    cortexm_init();
    /* stdio comes up before the drivers, so that these can speak */
    early_init();
    periph_init();
}
