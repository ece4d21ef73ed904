/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   Types and choices of the peripheral drivers
 */

#include "cpu.h"
#include "mps2.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief  exit.c has a way to end the emulation. */
#define PROVIDES_PM_OFF

/** @brief  The generic timer_set() may lose a tick and then waits 2^32 more. */
#define PERIPH_TIMER_PROVIDES_SET

/** @brief  Port 0 has the two LEDs, port 1 the two buttons. */
#define GPIO_PIN(port, pin)     (((port) << 8) | (pin))

/** @brief  One UART of the board. */
typedef struct {
    mps2_uart_t *dev;       /**< registers */
    IRQn_Type rx_irq;       /**< interrupt line for received bytes */
} uart_conf_t;

#ifdef __cplusplus
}
#endif
