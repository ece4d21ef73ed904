/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#pragma once

/**
 * @file
 * @brief   The peripherals of Arm's MPS2 board with the AN386 image, as far as
 *          they are used here.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief  All peripherals below run from this clock, in Hz. */
#define MPS2_CLOCK          (25000000UL)

/** @brief  CMSDK APB UART. */
typedef struct {
    volatile uint32_t DATA;
    volatile uint32_t STATE;
    volatile uint32_t CTRL;
    volatile uint32_t INT;      /**< reads as status, a written 1 clears */
    volatile uint32_t BAUDDIV;
} mps2_uart_t;

#define MPS2_UART_STATE_TXFULL  (1UL << 0)
#define MPS2_UART_STATE_RXFULL  (1UL << 1)
#define MPS2_UART_CTRL_TXEN     (1UL << 0)
#define MPS2_UART_CTRL_RXEN     (1UL << 1)
#define MPS2_UART_CTRL_RXIRQ    (1UL << 3)
#define MPS2_UART_INT_RX        (1UL << 1)
#define MPS2_UART_BAUDDIV_MIN   (16UL)

/** @brief  CMSDK APB timer: counts down, one shot while RELOAD is 0. */
typedef struct {
    volatile uint32_t CTRL;
    volatile uint32_t VALUE;
    volatile uint32_t RELOAD;
    volatile uint32_t INT;      /**< reads as status, a written 1 clears */
} mps2_timer_t;

#define MPS2_TIMER_CTRL_EN      (1UL << 0)
#define MPS2_TIMER_CTRL_IRQ     (1UL << 3)

/** @brief  FPGA I/O block: LEDs, buttons, and a free-running up counter. */
typedef struct {
    volatile uint32_t LED;      /**< bits 0 and 1, read back as written */
    uint32_t reserved0;
    volatile uint32_t BUTTON;   /**< bits 0 and 1 */
    uint32_t reserved1[3];
    volatile uint32_t COUNTER;  /**< steps each time PSCNTR has run out */
    volatile uint32_t PRESCALE; /**< reload value of PSCNTR */
    volatile uint32_t PSCNTR;   /**< counts down at MPS2_CLOCK */
} mps2_fpgaio_t;

#define MPS2_TIMER0     ((mps2_timer_t *)0x40000000UL)
#define MPS2_TIMER1     ((mps2_timer_t *)0x40001000UL)
#define MPS2_UART0      ((mps2_uart_t *)0x40004000UL)
#define MPS2_UART1      ((mps2_uart_t *)0x40005000UL)
#define MPS2_FPGAIO     ((mps2_fpgaio_t *)0x40028000UL)

#ifdef __cplusplus
}
#endif
