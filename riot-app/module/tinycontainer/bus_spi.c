/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* SPI: each read and each write is a transfer. */
#include "periph.h"

static int tinycontainer_spi_open(uint32_t unit)
{
    for (unsigned i = 0; i < tinycontainer_spis_numof; i++) {
        const tinycontainer_spi_t *dev = &tinycontainer_spis[i];
        if (dev->unit == unit) {
            return spi_init_cs(dev->bus, dev->cs) == SPI_OK ? (int)i : BUS_FAILED;
        }
    }
    return TINYCONTAINER_IO_NO_PEER;
}

static size_t tinycontainer_spi_max_transfer(int index)
{
    return tinycontainer_spis[index].max_transfer;
}

static int _transfer(int index, const void *out, void *in, size_t len)
{
    const tinycontainer_spi_t *dev = &tinycontainer_spis[index];

    spi_acquire(dev->bus, dev->cs, dev->mode, dev->clk);
    spi_transfer_bytes(dev->bus, dev->cs, false, out, in, len);
    spi_release(dev->bus);
    return len;
}

static int tinycontainer_spi_read(int index, uint8_t *buf, size_t len)
{
    return _transfer(index, NULL, buf, len);
}

static int tinycontainer_spi_write(int index, const uint8_t *buf, size_t len)
{
    return _transfer(index, buf, NULL, len);
}

const tinycontainer_bus_t tinycontainer_bus_spi = {
    tinycontainer_spi_open,
    tinycontainer_spi_max_transfer,
    tinycontainer_spi_read,
    tinycontainer_spi_write,
};
