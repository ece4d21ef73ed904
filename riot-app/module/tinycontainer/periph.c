/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* The local buses of this firmware, for src/drivers.rs. */
#include "periph.h"

int tinycontainer_periph_open(uint8_t bus, uint32_t unit, uint8_t direction);
size_t tinycontainer_periph_max_transfer(uint8_t bus, int index);
int tinycontainer_periph_read(uint8_t bus, int index, uint8_t *buf, size_t len);
int tinycontainer_periph_write(uint8_t bus, int index, const uint8_t *buf, size_t len);

static const tinycontainer_bus_t *_driver(uint8_t bus)
{
    switch (bus) {
#ifdef MODULE_TINYCONTAINER_GPIO
    case TINYCONTAINER_BUS_GPIO:
        return &tinycontainer_bus_gpio;
#endif
#ifdef MODULE_TINYCONTAINER_I2C
    case TINYCONTAINER_BUS_I2C:
        return &tinycontainer_bus_i2c;
#endif
#ifdef MODULE_TINYCONTAINER_SPI
    case TINYCONTAINER_BUS_SPI:
        return &tinycontainer_bus_spi;
#endif
#ifdef MODULE_TINYCONTAINER_SAUL
    case TINYCONTAINER_BUS_SAUL:
        return &tinycontainer_bus_saul;
#endif
    default:
        return NULL;
    }
}

int tinycontainer_periph_open(uint8_t bus, uint32_t unit, uint8_t direction)
{
    const tinycontainer_bus_t *driver = _driver(bus);

    (void)direction;
    return driver ? driver->open(unit) : TINYCONTAINER_IO_NO_PEER;
}

/* `index` is what open has returned for that bus. */
size_t tinycontainer_periph_max_transfer(uint8_t bus, int index)
{
    const tinycontainer_bus_t *driver = _driver(bus);
    size_t max = driver ? driver->max_transfer(index) : 0;

    return max ? max : CONFIG_TINYCONTAINER_MAX_TRANSFER;
}

int tinycontainer_periph_read(uint8_t bus, int index, uint8_t *buf, size_t len)
{
    const tinycontainer_bus_t *driver = _driver(bus);

    if (len == 0) {
        return 0;
    }
    return driver ? driver->read(index, buf, len) : TINYCONTAINER_IO_NO_PEER;
}

int tinycontainer_periph_write(uint8_t bus, int index, const uint8_t *buf, size_t len)
{
    const tinycontainer_bus_t *driver = _driver(bus);

    if (len == 0) {
        return 0;
    }
    return driver ? driver->write(index, buf, len) : TINYCONTAINER_IO_NO_PEER;
}
