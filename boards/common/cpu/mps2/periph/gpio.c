/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Pins: the board's two LEDs (port 0), which read back as they were
 *          written, and its two buttons (port 1), which QEMU never presses.
 */

#include <stdbool.h>

#include "irq.h"
#include "mps2.h"
#include "periph/gpio.h"

#define PINS    2

static bool _is_led(gpio_t pin)
{
    return pin < GPIO_PIN(0, PINS);
}

static bool _is_button(gpio_t pin)
{
    return pin >= GPIO_PIN(1, 0) && pin < GPIO_PIN(1, PINS);
}

static uint32_t _mask(gpio_t pin)
{
    return 1UL << (pin & 0xff);
}

int gpio_init(gpio_t pin, gpio_mode_t mode)
{
    return (_is_led(pin) && mode == GPIO_OUT) || (_is_button(pin) && mode == GPIO_IN) ? 0 : -1;
}

bool gpio_read(gpio_t pin)
{
    return ((_is_button(pin) ? MPS2_FPGAIO->BUTTON : MPS2_FPGAIO->LED) & _mask(pin)) != 0;
}

void gpio_write(gpio_t pin, bool value)
{
    if (_is_led(pin)) {
        unsigned state = irq_disable();
        uint32_t leds = MPS2_FPGAIO->LED;
        MPS2_FPGAIO->LED = value ? leds | _mask(pin) : leds & ~_mask(pin);
        irq_restore(state);
    }
}

void gpio_set(gpio_t pin)
{
    gpio_write(pin, true);
}

void gpio_clear(gpio_t pin)
{
    gpio_write(pin, false);
}

void gpio_toggle(gpio_t pin)
{
    unsigned state = irq_disable();
    gpio_write(pin, !gpio_read(pin));
    irq_restore(state);
}
