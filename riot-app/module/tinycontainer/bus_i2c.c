/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* I2C: each read and each write is a transfer. */
#include "periph.h"

static int tinycontainer_i2c_open(uint32_t unit)
{
    for (unsigned i = 0; i < tinycontainer_i2cs_numof; i++) {
        if (tinycontainer_i2cs[i].unit == unit) {
            return i;
        }
    }
    return TINYCONTAINER_IO_NO_PEER;
}

static size_t tinycontainer_i2c_max_transfer(int index)
{
    return tinycontainer_i2cs[index].max_transfer;
}

/* An address of more than 7 bits is one of 10. */
static uint8_t _flags(const tinycontainer_i2c_t *dev)
{
    return dev->address > 0x7f ? I2C_ADDR10 : 0;
}

static int tinycontainer_i2c_read(int index, uint8_t *buf, size_t len)
{
    const tinycontainer_i2c_t *dev = &tinycontainer_i2cs[index];

    i2c_acquire(dev->bus);
    int res = i2c_read_bytes(dev->bus, dev->address, buf, len, _flags(dev));
    i2c_release(dev->bus);
    return res == 0 ? (int)len : BUS_FAILED;
}

static int tinycontainer_i2c_write(int index, const uint8_t *buf, size_t len)
{
    const tinycontainer_i2c_t *dev = &tinycontainer_i2cs[index];

    i2c_acquire(dev->bus);
    int res = i2c_write_bytes(dev->bus, dev->address, buf, len, _flags(dev));
    i2c_release(dev->bus);
    return res == 0 ? (int)len : BUS_FAILED;
}

const tinycontainer_bus_t tinycontainer_bus_i2c = {
    tinycontainer_i2c_open,
    tinycontainer_i2c_max_transfer,
    tinycontainer_i2c_read,
    tinycontainer_i2c_write,
};
