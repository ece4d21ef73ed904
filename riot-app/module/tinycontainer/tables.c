/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* The board's tables of an application that has none: empty. In a file of their own, or the compiler
 * would take them for the ones that are linked. */
#include "tinycontainer_board.h"

#ifdef MODULE_PERIPH_GPIO
__attribute__((weak)) const tinycontainer_gpio_t tinycontainer_gpios[1];
__attribute__((weak)) const unsigned tinycontainer_gpios_numof = 0;
#endif

#ifdef MODULE_PERIPH_I2C
__attribute__((weak)) const tinycontainer_i2c_t tinycontainer_i2cs[1];
__attribute__((weak)) const unsigned tinycontainer_i2cs_numof = 0;
#endif

#ifdef MODULE_PERIPH_SPI
__attribute__((weak)) const tinycontainer_spi_t tinycontainer_spis[1];
__attribute__((weak)) const unsigned tinycontainer_spis_numof = 0;
#endif

typedef int tinycontainer_tables_not_empty;
