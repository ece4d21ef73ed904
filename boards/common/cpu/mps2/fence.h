/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   Makes the emulated memories as small and as stubborn as real ones
 */

/** @brief  Set up MPU regions 3 to 7 and switch the MPU on. */
void mps2_fence_init(void);
