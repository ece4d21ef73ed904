/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   Which peripherals the board offers
 */

#include "macros/utils.h"
#include "periph_cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief  Nominal clock of the core. QEMU_ICOUNT sets how fast it runs. */
#define CLOCK_CORECLOCK         MPS2_CLOCK

/**
 * @name    Timers
 * @{
 */
#define TIMER_NUMOF             (1U)
#define TIMER_CHANNEL_NUMOF     (2)
#define TIMER_0_MAX_VALUE       (UINT32_MAX)
/** @} */

/**
 * @name    UARTs; the first is stdio
 * @{
 */
static const uart_conf_t uart_config[] = {
    { .dev = MPS2_UART0, .rx_irq = UART0_RX_IRQn },
    { .dev = MPS2_UART1, .rx_irq = UART1_RX_IRQn },
};

#define UART_NUMOF              ARRAY_SIZE(uart_config)
/** @} */

#ifdef __cplusplus
}
#endif
