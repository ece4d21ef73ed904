/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   What RIOT's Cortex-M code and CMSIS need to know of this CPU
 */

/** @brief  RIOT's default of 512 lets the fault dump overrun its own stack. */
#ifndef ISR_STACKSIZE
#define ISR_STACKSIZE           (1024U)
#endif

#include "cpu_conf_common.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief  Interrupt numbers, exceptions first. */
typedef enum {
    NonMaskableInt_IRQn = -14,
    HardFault_IRQn = -13,
    MemoryManagement_IRQn = -12,
    BusFault_IRQn = -11,
    UsageFault_IRQn = -10,
    SVCall_IRQn = -5,
    DebugMonitor_IRQn = -4,
    PendSV_IRQn = -2,
    SysTick_IRQn = -1,
    UART0_RX_IRQn = 0,
    UART0_TX_IRQn = 1,
    UART1_RX_IRQn = 2,
    UART1_TX_IRQn = 3,
    TIMER0_IRQn = 8,
    TIMER1_IRQn = 9,
} IRQn_Type;

/**
 * @name    The core, in the words of CMSIS
 * @{
 */
#define __CM4_REV               (0x0001U)
#define __MPU_PRESENT           (1U)
#define __FPU_PRESENT           (1U)
#define __NVIC_PRIO_BITS        (3U)
#define __Vendor_SysTickConfig  (0U)
/** @} */

#include "core_cm4.h"

/**
 * @name    The core, in the words of RIOT
 * @{
 */
#define CPU_DEFAULT_IRQ_PRIO    (1U)
#define CPU_IRQ_NUMOF           (32U)
#define CPU_FLASH_BASE          (0x00000000UL)
/** @} */

#ifdef __cplusplus
}
#endif
