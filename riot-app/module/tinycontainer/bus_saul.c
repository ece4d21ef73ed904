/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* SAUL: the unit is the position in RIOT's registry, a value has 8 bytes (tinycontainer_board.h). */
#include "periph.h"
#include "saul_reg.h"

static int tinycontainer_saul_open(uint32_t unit)
{
    return unit <= INT16_MAX && saul_reg_find_nth(unit) ? (int)unit : TINYCONTAINER_IO_NO_PEER;
}

static size_t tinycontainer_saul_max_transfer(int index)
{
    (void)index;
    return 8;
}

static int tinycontainer_saul_read(int index, uint8_t *buf, size_t len)
{
    saul_reg_t *reg = saul_reg_find_nth(index);
    phydat_t data = { 0 };

    if (!reg || saul_reg_read(reg, &data) <= 0 || len < 8) {
        return BUS_FAILED;
    }
    for (unsigned i = 0; i < 3; i++) {
        buf[2 * i] = (uint16_t)data.val[i] & 0xff;
        buf[2 * i + 1] = (uint16_t)data.val[i] >> 8;
    }
    buf[6] = data.unit;
    buf[7] = (uint8_t)data.scale;
    return 8;
}

static int tinycontainer_saul_write(int index, const uint8_t *buf, size_t len)
{
    saul_reg_t *reg = saul_reg_find_nth(index);
    phydat_t data = { 0 };

    for (unsigned i = 0; i < 3 && 2 * i + 1 < len; i++) {
        data.val[i] = (int16_t)(buf[2 * i] | (uint16_t)buf[2 * i + 1] << 8);
    }
    return reg && saul_reg_write(reg, &data) > 0 ? (int)len : BUS_FAILED;
}

const tinycontainer_bus_t tinycontainer_bus_saul = {
    tinycontainer_saul_open,
    tinycontainer_saul_max_transfer,
    tinycontainer_saul_read,
    tinycontainer_saul_write,
};
