/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Makes the emulated memories as small and as stubborn as real ones
 *
 * QEMU's flash is writable RAM, both memories are 4 MB, and mirrors and a
 * 16 MB PSRAM follow. A stray access that faults on an nRF52840 would go
 * unnoticed. Where regions overlap, the higher number wins. RIOT has number 0
 * (no execution from RAM) and the stack guards 1 and 2, so the RAM in use must
 * stay free of ours: three regions whose first eighth is switched off cover
 * all that follows it, up to where QEMU has nothing mapped and faults itself.
 */

#include "cpu.h"
#include "fence.h"
#include "mpu.h"

/* Sub-region disable: leave out the first eighth of a region. */
#define SKIP_FIRST_EIGHTH   (1UL << MPU_RASR_SRD_Pos)

#define NO_ACCESS(size)     MPU_ATTR(1, AP_NO_NO, 0, 1, 0, 1, (size))

#define FLASH_BASE          (0x00000000UL)
#define RAM_BASE            (0x20000000UL)

void mps2_fence_init(void)
{
    /* The whole code area is closed, but for 1 MB that can only be read. That
     * comes first: with stack guards, the MPU is on already. */
    mpu_configure(4, FLASH_BASE, MPU_ATTR(0, AP_RO_RO, 0, 1, 0, 1, MPU_SIZE_1M));
    mpu_configure(3, FLASH_BASE, NO_ACCESS(MPU_SIZE_512M));

    /* 256 KB to 2 MB, 2 MB to 16 MB, 16 MB to 128 MB */
    mpu_configure(5, RAM_BASE, NO_ACCESS(MPU_SIZE_2M) | SKIP_FIRST_EIGHTH);
    mpu_configure(6, RAM_BASE, NO_ACCESS(MPU_SIZE_16M) | SKIP_FIRST_EIGHTH);
    mpu_configure(7, RAM_BASE, NO_ACCESS(MPU_SIZE_128M) | SKIP_FIRST_EIGHTH);

    mpu_enable();
}
