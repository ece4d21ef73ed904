/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* GPIO: a container reads and writes one byte, 0 or 1. */
#include "periph.h"

static int tinycontainer_gpio_open(uint32_t unit)
{
    for (unsigned i = 0; i < tinycontainer_gpios_numof; i++) {
        const tinycontainer_gpio_t *pin = &tinycontainer_gpios[i];
        if (pin->unit == unit) {
            return gpio_init(pin->pin, pin->mode) == 0 ? (int)i : BUS_FAILED;
        }
    }
    return TINYCONTAINER_IO_NO_PEER;
}

static size_t tinycontainer_gpio_max_transfer(int index)
{
    (void)index;
    return 1;
}

static int tinycontainer_gpio_read(int index, uint8_t *buf, size_t len)
{
    (void)len;
    buf[0] = gpio_read(tinycontainer_gpios[index].pin) ? 1 : 0;
    return 1;
}

static int tinycontainer_gpio_write(int index, const uint8_t *buf, size_t len)
{
    (void)len;
    gpio_write(tinycontainer_gpios[index].pin, buf[0] != 0);
    return 1;
}

const tinycontainer_bus_t tinycontainer_bus_gpio = {
    tinycontainer_gpio_open,
    tinycontainer_gpio_max_transfer,
    tinycontainer_gpio_read,
    tinycontainer_gpio_write,
};
