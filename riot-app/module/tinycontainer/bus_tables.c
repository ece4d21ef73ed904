/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* The tables of an application that defines none: empty. In a separate file, because the compiler would use the
 * contents of a weak definition in the same file. */
#include "tinycontainer_board.h"

#ifdef MODULE_TINYCONTAINER_GPIO
__attribute__((weak)) const tinycontainer_gpio_t tinycontainer_gpios[1];
__attribute__((weak)) const unsigned tinycontainer_gpios_numof = 0;
#endif

#ifdef MODULE_TINYCONTAINER_I2C
__attribute__((weak)) const tinycontainer_i2c_t tinycontainer_i2cs[1];
__attribute__((weak)) const unsigned tinycontainer_i2cs_numof = 0;
#endif

#ifdef MODULE_TINYCONTAINER_SPI
__attribute__((weak)) const tinycontainer_spi_t tinycontainer_spis[1];
__attribute__((weak)) const unsigned tinycontainer_spis_numof = 0;
#endif

typedef int tinycontainer_bus_tables_not_empty;
