/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* SPI: each read and each write is a transfer. */
#include <stdbool.h>

#include "mutex.h"
#include "periph.h"

/* For each bus: held during a transfer and while chip selects are set up. That sets them high, which would end the
 * transfer of a chip that is selected. */
static mutex_t _locks[SPI_NUMOF];
/* Whether the chip selects of all devices on the bus have been set up: before that a chip may take part in what is meant
 * for another. */
static bool _driven[SPI_NUMOF];

static int _set_up(const tinycontainer_spi_t *dev)
{
    if (dev->bus >= SPI_NUMOF) {
        return BUS_FAILED;
    }
    mutex_lock(&_locks[dev->bus]);
    for (unsigned i = 0; !_driven[dev->bus] && i < tinycontainer_spis_numof; i++) {
        const tinycontainer_spi_t *other = &tinycontainer_spis[i];
        if (other->bus == dev->bus) {
            /* Its result is that of its own open. */
            (void)spi_init_cs(other->bus, other->cs);
        }
    }
    _driven[dev->bus] = true;
    int res = spi_init_cs(dev->bus, dev->cs);
    mutex_unlock(&_locks[dev->bus]);
    return res == SPI_OK ? 0 : BUS_FAILED;
}

static int tinycontainer_spi_open(uint32_t unit)
{
    for (unsigned i = 0; i < tinycontainer_spis_numof; i++) {
        if (tinycontainer_spis[i].unit == unit) {
            return _set_up(&tinycontainer_spis[i]) == 0 ? (int)i : BUS_FAILED;
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

    mutex_lock(&_locks[dev->bus]);
    spi_acquire(dev->bus, dev->cs, dev->mode, dev->clk);
    spi_transfer_bytes(dev->bus, dev->cs, false, out, in, len);
    spi_release(dev->bus);
    mutex_unlock(&_locks[dev->bus]);
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
