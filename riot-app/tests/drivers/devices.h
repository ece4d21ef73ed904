/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Devices behind an I2C and an SPI bus, as models: they stand in for the drivers of RIOT's periph_i2c and periph_spi. */
#ifndef DEVICES_H
#define DEVICES_H

/* Addresses on I2C. */
#define THERMOMETER     0x48    /* four registers of 16 bits, behind a pointer */
#define ABSENT          0x49    /* does not acknowledge its address */
#define READ_ONLY       0x4a    /* does not acknowledge what is written */
#define MEMORY          0x50    /* 128 bytes, behind a pointer that counts up */
#define SLOW_MEMORY     0x51    /* holds the clock low for 20 ms in each transfer */
#define FAR_AWAY        0x150   /* a device with an address of 10 bits: two bytes to read */

/* Chip selects on SPI. */
#define SPI_MEMORY      1       /* 128 bytes; mode 3, at most 5 MHz */
#define SPI_SLOW        2       /* takes what is written, 20 ms for each transfer */
#define SPI_LOUD        3       /* if its chip select is not driven, it answers when others are asked */
#define SPI_NO_SELECT   9       /* not a pin of this board */

/* Prints and forgets the transfers since the last time. */
void devices_print(void);

/* Prints the ways in which the buses were used wrongly, each with how often; "faults: none" if there are none. */
void devices_print_faults(void);

#endif
