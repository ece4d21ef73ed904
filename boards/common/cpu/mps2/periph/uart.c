/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   UART driver
 */

#include "cpu.h"
#include "periph/uart.h"
#include "periph_conf.h"

static uart_isr_ctx_t _ctx[UART_NUMOF];

int uart_init(uart_t uart, uint32_t baudrate, uart_rx_cb_t rx_cb, void *arg)
{
    if (uart >= UART_NUMOF) {
        return UART_NODEV;
    }
    if ((baudrate == 0) || (MPS2_CLOCK / baudrate < MPS2_UART_BAUDDIV_MIN)) {
        return UART_NOBAUD;
    }

    const uart_conf_t *conf = &uart_config[uart];

    /* no interrupt may see half of a new callback */
    NVIC_DisableIRQ(conf->rx_irq);
    conf->dev->CTRL = 0;

    _ctx[uart].rx_cb = rx_cb;
    _ctx[uart].arg = arg;
    conf->dev->BAUDDIV = MPS2_CLOCK / baudrate;
    conf->dev->INT = MPS2_UART_INT_RX;

    uart_poweron(uart);
    if (rx_cb) {
        NVIC_EnableIRQ(conf->rx_irq);
    }
    return UART_OK;
}

void uart_write(uart_t uart, const uint8_t *data, size_t len)
{
    if (uart >= UART_NUMOF) {
        return;
    }

    mps2_uart_t *dev = uart_config[uart].dev;

    /* without this a write to a sleeping UART would wait for ever */
    if (!(dev->CTRL & MPS2_UART_CTRL_TXEN)) {
        return;
    }
    while (len--) {
        while (dev->STATE & MPS2_UART_STATE_TXFULL) {}
        dev->DATA = *data++;
    }
}

void uart_poweron(uart_t uart)
{
    if (uart >= UART_NUMOF) {
        return;
    }
    uart_config[uart].dev->CTRL = MPS2_UART_CTRL_TXEN
                                | (_ctx[uart].rx_cb ? MPS2_UART_CTRL_RXEN | MPS2_UART_CTRL_RXIRQ
                                                    : 0);
}

void uart_poweroff(uart_t uart)
{
    if (uart >= UART_NUMOF) {
        return;
    }
    uart_config[uart].dev->CTRL = 0;
}

static void _isr_rx(uart_t uart)
{
    mps2_uart_t *dev = uart_config[uart].dev;

    /* Clear before reading: reading makes room, and the next byte raises the
     * interrupt anew. */
    dev->INT = MPS2_UART_INT_RX;
    if (dev->STATE & MPS2_UART_STATE_RXFULL) {
        _ctx[uart].rx_cb(_ctx[uart].arg, (uint8_t)dev->DATA);
    }
    cortexm_isr_end();
}

void isr_uart0_rx(void)
{
    _isr_rx(UART_DEV(0));
}

void isr_uart1_rx(void)
{
    _isr_rx(UART_DEV(1));
}
