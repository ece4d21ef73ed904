/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Interrupt vectors of the peripherals
 */

#include "cpu.h"
#include "vectors_cortexm.h"

/* WEAK_DEFAULT makes aliases of this one. */
void dummy_handler(void)
{
    dummy_handler_default();
}

WEAK_DEFAULT void isr_uart0_rx(void);
WEAK_DEFAULT void isr_uart1_rx(void);
WEAK_DEFAULT void isr_timer0(void);
WEAK_DEFAULT void isr_timer1(void);

/* The ranges must not overlap the single entries (-Woverride-init). */
ISR_VECTOR(1) const isr_t vector_cpu[CPU_IRQ_NUMOF] = {
    [UART0_RX_IRQn] = isr_uart0_rx,
    [UART0_TX_IRQn] = dummy_handler,
    [UART1_RX_IRQn] = isr_uart1_rx,
    [UART1_TX_IRQn ... TIMER0_IRQn - 1] = dummy_handler,
    [TIMER0_IRQn] = isr_timer0,
    [TIMER1_IRQn] = isr_timer1,
    [TIMER1_IRQn + 1 ... CPU_IRQ_NUMOF - 1] = dummy_handler,
};
