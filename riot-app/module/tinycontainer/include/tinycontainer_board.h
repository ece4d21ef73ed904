/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Which unit of a bus is which pin or device of this board. An application selects the modules of the buses
 * (USEMODULE += tinycontainer_gpio, tinycontainer_i2c, tinycontainer_spi, tinycontainer_saul) and defines their tables in
 * any C file of its own. A unit that is in no table does not exist, whatever a container was granted.
 *
 *     const tinycontainer_gpio_t tinycontainer_gpios[] = { { 17, GPIO_PIN(0, 13), GPIO_OUT } };
 *     const unsigned tinycontainer_gpios_numof = ARRAY_SIZE(tinycontainer_gpios);
 *
 * What containers read and write:
 * - GPIO: one byte, 0 or 1.
 * - I2C, SPI: bytes as on the wire, each read and each write a transfer of its own.
 * - SAUL: 8 bytes: three values of 16 bits, lowest byte first, then RIOT's unit, then the exponent of 10.
 *   Its units are the positions in RIOT's registry, without a table.
 *
 * A transfer on I2C and SPI is at most `max_transfer` bytes long, 0 for CONFIG_TINYCONTAINER_MAX_TRANSFER: a container's
 * longer read or write is cut to it and returns the shorter count. A container's hook can exceed its budget by one
 * such transfer, and another container that waits for the bus waits as long: at 100 kHz, I2C takes 90 us for each byte.
 *
 * A device on SPI that answers a command within the same transfer cannot be reached in this way: its chip select is
 * released between a container's write and its read. A driver of the application can (tinycontainer_driver). */
#ifndef TINYCONTAINER_BOARD_H
#define TINYCONTAINER_BOARD_H

#include <stdint.h>

#ifdef MODULE_TINYCONTAINER_GPIO
#include "periph/gpio.h"
#endif
#ifdef MODULE_TINYCONTAINER_I2C
#include "periph/i2c.h"
#endif
#ifdef MODULE_TINYCONTAINER_SPI
#include "periph/spi.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The longest transfer, in bytes, of a device whose entry has 0. */
#ifndef CONFIG_TINYCONTAINER_MAX_TRANSFER
#define CONFIG_TINYCONTAINER_MAX_TRANSFER 64
#endif

#ifdef MODULE_TINYCONTAINER_GPIO
/* A pin. */
typedef struct {
    uint32_t unit;
    gpio_t pin;
    gpio_mode_t mode;
} tinycontainer_gpio_t;
extern const tinycontainer_gpio_t tinycontainer_gpios[];
extern const unsigned tinycontainer_gpios_numof;
#endif

#ifdef MODULE_TINYCONTAINER_I2C
/* A device on an I2C bus. An address above 0x7f is one of 10 bits. */
typedef struct {
    uint32_t unit;
    i2c_t bus;
    uint16_t address;
    uint16_t max_transfer;
} tinycontainer_i2c_t;
extern const tinycontainer_i2c_t tinycontainer_i2cs[];
extern const unsigned tinycontainer_i2cs_numof;
#endif

#ifdef MODULE_TINYCONTAINER_SPI
/* A device on an SPI bus. Mode and clock must be ones that the board has: RIOT's spi_acquire ends the device otherwise. The
 * chip selects of all entries of a bus become outputs, not selected, when the first of them is opened. */
typedef struct {
    uint32_t unit;
    spi_t bus;
    spi_cs_t cs;
    spi_mode_t mode;
    spi_clk_t clk;
    uint16_t max_transfer;
} tinycontainer_spi_t;
extern const tinycontainer_spi_t tinycontainer_spis[];
extern const unsigned tinycontainer_spis_numof;
#endif

#ifdef __cplusplus
}
#endif

#endif
