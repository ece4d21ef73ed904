/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Local buses, by RIOT's own drivers; called by src/drivers.rs for peers that the firewall has let a
 * container have. An open unit is its place in the board's table: nothing to give back. */
#include "tinycontainer.h"
#include "tinycontainer_board.h"

#ifdef MODULE_SAUL_REG
#include "saul_reg.h"
#endif

int tinycontainer_periph_open(uint8_t bus, uint32_t unit, uint8_t direction);
size_t tinycontainer_periph_max_transfer(uint8_t bus, int place);
int tinycontainer_periph_read(uint8_t bus, int place, uint8_t *buf, size_t len);
int tinycontainer_periph_write(uint8_t bus, int place, const uint8_t *buf, size_t len);

#define FAILED  (-5)

int tinycontainer_periph_open(uint8_t bus, uint32_t unit, uint8_t direction)
{
    (void)unit;
    (void)direction;
    switch (bus) {
#ifdef MODULE_PERIPH_GPIO
    case TINYCONTAINER_BUS_GPIO:
        for (unsigned i = 0; i < tinycontainer_gpios_numof; i++) {
            if (tinycontainer_gpios[i].unit == unit) {
                return gpio_init(tinycontainer_gpios[i].pin, tinycontainer_gpios[i].mode) == 0 ? (int)i : FAILED;
            }
        }
        break;
#endif
#ifdef MODULE_PERIPH_I2C
    case TINYCONTAINER_BUS_I2C:
        for (unsigned i = 0; i < tinycontainer_i2cs_numof; i++) {
            if (tinycontainer_i2cs[i].unit == unit) {
                return i;
            }
        }
        break;
#endif
#ifdef MODULE_PERIPH_SPI
    case TINYCONTAINER_BUS_SPI:
        for (unsigned i = 0; i < tinycontainer_spis_numof; i++) {
            if (tinycontainer_spis[i].unit == unit) {
                return spi_init_cs(tinycontainer_spis[i].bus, tinycontainer_spis[i].cs) == SPI_OK ? (int)i : FAILED;
            }
        }
        break;
#endif
#ifdef MODULE_SAUL_REG
    case TINYCONTAINER_BUS_SAUL:
        if (unit <= INT16_MAX && saul_reg_find_nth(unit)) {
            return unit;
        }
        break;
#endif
    default:
        break;
    }
    return TINYCONTAINER_IO_NO_PEER;
}

/* `place` is what open has given for that bus. */
size_t tinycontainer_periph_max_transfer(uint8_t bus, int place)
{
    size_t most = 0;

    (void)place;
    switch (bus) {
#ifdef MODULE_PERIPH_GPIO
    case TINYCONTAINER_BUS_GPIO:
        return 1;
#endif
#ifdef MODULE_PERIPH_I2C
    case TINYCONTAINER_BUS_I2C:
        most = tinycontainer_i2cs[place].max_transfer;
        break;
#endif
#ifdef MODULE_PERIPH_SPI
    case TINYCONTAINER_BUS_SPI:
        most = tinycontainer_spis[place].max_transfer;
        break;
#endif
#ifdef MODULE_SAUL_REG
    case TINYCONTAINER_BUS_SAUL:
        return 8;
#endif
    default:
        break;
    }
    return most ? most : TINYCONTAINER_MAX_TRANSFER;
}

#ifdef MODULE_PERIPH_SPI
static int _spi(int place, const void *out, void *in, size_t len)
{
    const tinycontainer_spi_t *dev = &tinycontainer_spis[place];

    spi_acquire(dev->bus, dev->cs, dev->mode, dev->clk);
    spi_transfer_bytes(dev->bus, dev->cs, false, out, in, len);
    spi_release(dev->bus);
    return len;
}
#endif

int tinycontainer_periph_read(uint8_t bus, int place, uint8_t *buf, size_t len)
{
    (void)place;
    (void)buf;
    if (len == 0) {
        return 0;
    }
    switch (bus) {
#ifdef MODULE_PERIPH_GPIO
    case TINYCONTAINER_BUS_GPIO:
        buf[0] = gpio_read(tinycontainer_gpios[place].pin) ? 1 : 0;
        return 1;
#endif
#ifdef MODULE_PERIPH_I2C
    case TINYCONTAINER_BUS_I2C: {
        const tinycontainer_i2c_t *dev = &tinycontainer_i2cs[place];
        i2c_acquire(dev->bus);
        int res = i2c_read_bytes(dev->bus, dev->address, buf, len, 0);
        i2c_release(dev->bus);
        return res == 0 ? (int)len : FAILED;
    }
#endif
#ifdef MODULE_PERIPH_SPI
    case TINYCONTAINER_BUS_SPI:
        return _spi(place, NULL, buf, len);
#endif
#ifdef MODULE_SAUL_REG
    case TINYCONTAINER_BUS_SAUL: {
        saul_reg_t *reg = saul_reg_find_nth(place);
        phydat_t data = { 0 };
        if (!reg || saul_reg_read(reg, &data) <= 0 || len < 8) {
            return FAILED;
        }
        for (unsigned i = 0; i < 3; i++) {
            buf[2 * i] = (uint16_t)data.val[i] & 0xff;
            buf[2 * i + 1] = (uint16_t)data.val[i] >> 8;
        }
        buf[6] = data.unit;
        buf[7] = (uint8_t)data.scale;
        return 8;
    }
#endif
    default:
        return TINYCONTAINER_IO_NO_PEER;
    }
}

int tinycontainer_periph_write(uint8_t bus, int place, const uint8_t *buf, size_t len)
{
    (void)place;
    (void)buf;
    if (len == 0) {
        return 0;
    }
    switch (bus) {
#ifdef MODULE_PERIPH_GPIO
    case TINYCONTAINER_BUS_GPIO:
        gpio_write(tinycontainer_gpios[place].pin, buf[0] != 0);
        return 1;
#endif
#ifdef MODULE_PERIPH_I2C
    case TINYCONTAINER_BUS_I2C: {
        const tinycontainer_i2c_t *dev = &tinycontainer_i2cs[place];
        i2c_acquire(dev->bus);
        int res = i2c_write_bytes(dev->bus, dev->address, buf, len, 0);
        i2c_release(dev->bus);
        return res == 0 ? (int)len : FAILED;
    }
#endif
#ifdef MODULE_PERIPH_SPI
    case TINYCONTAINER_BUS_SPI:
        return _spi(place, buf, NULL, len);
#endif
#ifdef MODULE_SAUL_REG
    case TINYCONTAINER_BUS_SAUL: {
        saul_reg_t *reg = saul_reg_find_nth(place);
        phydat_t data = { 0 };
        for (unsigned i = 0; i < 3 && 2 * i + 1 < len; i++) {
            data.val[i] = (int16_t)(buf[2 * i] | (uint16_t)buf[2 * i + 1] << 8);
        }
        return (reg && saul_reg_write(reg, &data) > 0) ? (int)len : FAILED;
    }
#endif
    default:
        return TINYCONTAINER_IO_NO_PEER;
    }
}
