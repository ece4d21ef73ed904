/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* A container on RIOT's buses: which unit of a bus is which pin or device of this board. */
#include <stdio.h>
#include <string.h>

#include "saul_reg.h"
#include "thread.h"
#include "tinycontainer.h"
#include "tinycontainer_board.h"
#include "tinycontainer_images.h"

/* gpio:17 is a pin: on the emulated board the first LED, which can be read back. */
#ifdef MODULE_TINYCONTAINER_GPIO
#ifdef BOARD_QEMU_MPS2_AN386
#define PIN GPIO_PIN(0, 0)
#else
#define PIN GPIO_PIN(0, 13)
#endif
const tinycontainer_gpio_t tinycontainer_gpios[] = { { 17, PIN, GPIO_OUT } };
const unsigned tinycontainer_gpios_numof = 1;
#endif

/* i2c:72 is the device of that address. */
#ifdef MODULE_TINYCONTAINER_I2C
const tinycontainer_i2c_t tinycontainer_i2cs[] = { { 72, I2C_DEV(0), 0x48, 0 } };
const unsigned tinycontainer_i2cs_numof = 1;
#endif

#ifdef MODULE_TINYCONTAINER_SPI
const tinycontainer_spi_t tinycontainer_spis[] = {
    { 1, SPI_DEV(0), GPIO_PIN(0, 14), SPI_MODE_0, SPI_CLK_1MHZ, 0 },
};
const unsigned tinycontainer_spis_numof = 1;
#endif

/* saul:0, the first entry of RIOT's registry: 21.5 degrees. */
static int _read(const void *dev, phydat_t *res)
{
    (void)dev;
    res->val[0] = 215;
    res->unit = UNIT_TEMP_C;
    res->scale = -1;
    return 1;
}

static const saul_driver_t _driver = { .read = _read, .write = saul_write_notsup, .type = SAUL_SENSE_TEMP };
static saul_reg_t _sensor = { .dev = &_sensor, .name = "example", .driver = &_driver };

int main(void)
{
    saul_reg_add(&_sensor);
    if (tinycontainer_init(THREAD_PRIORITY_MAIN - 3, THREAD_PRIORITY_MAIN - 2, THREAD_PRIORITY_MAIN + 1, NULL) < 0) {
        puts("TinyContainer cannot start");
        return 1;
    }
    const tinycontainer_image_t *image = &tinycontainer_images[0];
    if (!tinycontainer_loadcontainer(image->metadata, image->metadata_len, image->data, image->data_len,
                                     image->code, image->code_len)
        || !tinycontainer_startcontainer((const uint8_t *)image->name, strlen(image->name))) {
        puts("the container is refused");
        return 1;
    }
    puts("the container runs");
    return 0;
}
