/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* A driver for one kind of bus. src/drivers.rs calls it, through periph.c, for a peer that the firewall has granted to
 * a container. A result below 0 is one of TINYCONTAINER_IO_... or BUS_FAILED. */
#ifndef PERIPH_H
#define PERIPH_H

#include <stddef.h>
#include <stdint.h>

#include "tinycontainer.h"
#include "tinycontainer_board.h"

/* The result if a transfer fails. */
#define BUS_FAILED  (-5)

typedef struct {
    /* Returns an index, which the other functions take. There is no close: nothing is allocated. */
    int (*open)(uint32_t unit);
    /* In bytes; 0 for CONFIG_TINYCONTAINER_MAX_TRANSFER. */
    size_t (*max_transfer)(int index);
    /* Return how many bytes were transferred; `len` is never 0. */
    int (*read)(int index, uint8_t *buf, size_t len);
    int (*write)(int index, const uint8_t *buf, size_t len);
} tinycontainer_bus_t;

extern const tinycontainer_bus_t tinycontainer_bus_gpio;
extern const tinycontainer_bus_t tinycontainer_bus_i2c;
extern const tinycontainer_bus_t tinycontainer_bus_spi;
extern const tinycontainer_bus_t tinycontainer_bus_saul;

#endif
