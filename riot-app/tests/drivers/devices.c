/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* In place of the drivers of I2C and SPI of a board. A transfer is recorded, with its first bytes, and what is against
 * the rules of RIOT's API or of a bus is counted: containers' threads call this, whose stacks are too small to print. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "irq.h"
#include "mutex.h"
#include "periph/i2c.h"
#include "periph/spi.h"
#include "thread.h"
#include "ztimer.h"

#include "devices.h"

#ifdef CPU_NATIVE
/* The linker gives the calls to these: see the Makefile. */
#define spi_init_cs         __wrap_spi_init_cs
#define spi_acquire         __wrap_spi_acquire
#define spi_release         __wrap_spi_release
#define spi_transfer_bytes  __wrap_spi_transfer_bytes
int spi_init_cs(spi_t bus, spi_cs_t cs);
void spi_acquire(spi_t bus, spi_cs_t cs, spi_mode_t mode, spi_clk_t clk);
void spi_release(spi_t bus);
void spi_transfer_bytes(spi_t bus, spi_cs_t cs, bool cont, const void *out, void *in, size_t len);
#endif

#define SLOW_MS     20

typedef struct {
    bool spi;
    bool write;
    uint16_t device;
    uint16_t len;
    int16_t result;
    uint8_t bytes[4];
} transfer_t;

static transfer_t _transfers[64];
static unsigned _transfers_numof;

enum {
    NOT_ACQUIRED,       /* a transfer or a release by a thread that does not have the bus */
    NESTED,             /* acquired by the thread that has the bus */
    BAD_FLAGS,          /* a stop or start condition left out */
    SELECT_KEPT,        /* released while a chip is selected */
    NOT_INITIALISED,    /* a chip select that is not an output yet */
    DISTURBED,          /* a chip select initialised during a transfer of that chip */
    BAD_MODE,           /* not the chip's mode, or too fast for it */
    EMPTY,              /* a transfer of no bytes, or to and from nowhere */
    FAULTS,
};
static const char *const _names[FAULTS] = {
    "transfer without the bus", "bus acquired twice", "start or stop left out", "chip still selected",
    "chip select not initialised", "chip select initialised during a transfer", "wrong mode or clock", "empty transfer",
};
static unsigned _faults[FAULTS];

typedef struct {
    mutex_t lock;
    kernel_pid_t owner;
} bus_t;

static bus_t _i2c = { MUTEX_INIT, KERNEL_PID_UNDEF };
static bus_t _spi = { MUTEX_INIT, KERNEL_PID_UNDEF };

static void _check(bool good, unsigned fault)
{
    if (!good) {
        unsigned state = irq_disable();
        _faults[fault]++;
        irq_restore(state);
    }
}

static void _acquire(bus_t *bus)
{
    _check(bus->owner != thread_getpid(), NESTED);
    mutex_lock(&bus->lock);
    bus->owner = thread_getpid();
}

static void _release(bus_t *bus)
{
    _check(bus->owner == thread_getpid(), NOT_ACQUIRED);
    bus->owner = KERNEL_PID_UNDEF;
    mutex_unlock(&bus->lock);
}

static int _record(bool spi, bool write, uint16_t device, const uint8_t *bytes, size_t len, int result)
{
    unsigned state = irq_disable();

    if (_transfers_numof < ARRAY_SIZE(_transfers)) {
        transfer_t *transfer = &_transfers[_transfers_numof++];
        *transfer = (transfer_t){ spi, write, device, len, result, { 0 } };
        if (bytes) {
            memcpy(transfer->bytes, bytes, len < sizeof(transfer->bytes) ? len : sizeof(transfer->bytes));
        }
    }
    irq_restore(state);
    return result;
}

void devices_print(void)
{
    for (unsigned i = 0; i < _transfers_numof; i++) {
        const transfer_t *transfer = &_transfers[i];
        printf("%s %x: %s of %u", transfer->spi ? "spi" : "i2c", transfer->device,
               transfer->write ? "write" : "read", transfer->len);
        for (unsigned k = 0; k < transfer->len && k < sizeof(transfer->bytes); k++) {
            printf("%s%02x", k == 0 ? ": " : "", transfer->bytes[k]);
        }
        puts(transfer->result == 0 ? "" : ", failed");
    }
    _transfers_numof = 0;
}

void devices_print_faults(void)
{
    bool any = false;

    for (unsigned i = 0; i < FAULTS; i++) {
        if (_faults[i]) {
            printf("fault: %s, %u times\n", _names[i], _faults[i]);
            any = true;
        }
    }
    if (!any) {
        puts("faults: none");
    }
}

/* I2C */

static uint16_t _registers[4] = { 0x1580, 0x60a0, 0x4b00, 0x5000 };
static uint8_t _pointer;
static uint8_t _memory[128];
static uint8_t _next;

void i2c_init(i2c_t dev)
{
    (void)dev;
}

void i2c_acquire(i2c_t dev)
{
    (void)dev;
    _acquire(&_i2c);
}

void i2c_release(i2c_t dev)
{
    (void)dev;
    _release(&_i2c);
}

/* What is common to both directions: 0, or the error that RIOT's API has for it. */
static int _i2c_begin(uint16_t addr, size_t len, uint8_t flags)
{
    _check(_i2c.owner == thread_getpid(), NOT_ACQUIRED);
    _check((flags & (I2C_NOSTOP | I2C_NOSTART)) == 0, BAD_FLAGS);
    _check(len > 0, EMPTY);
    /* An address of 7 bits with a byte of its own, or one of 10 bits as the flag says. */
    if (((flags & I2C_ADDR10) != 0) != (addr > 0x7f)) {
        return -EINVAL;
    }
    switch (addr) {
    case SLOW_MEMORY:
        ztimer_sleep(ZTIMER_MSEC, SLOW_MS);
        return 0;
    case THERMOMETER:
    case READ_ONLY:
    case MEMORY:
    case FAR_AWAY:
        return 0;
    default:
        return -ENXIO;
    }
}

int i2c_read_bytes(i2c_t dev, uint16_t addr, void *data, size_t len, uint8_t flags)
{
    uint8_t *bytes = data;
    int result = _i2c_begin(addr, len, flags);

    (void)dev;
    for (size_t i = 0; result == 0 && i < len; i++) {
        switch (addr) {
        case THERMOMETER:
            bytes[i] = i % 2 ? _registers[_pointer] & 0xff : _registers[_pointer] >> 8;
            break;
        case MEMORY:
        case SLOW_MEMORY:
            bytes[i] = _memory[_next++ % sizeof(_memory)];
            break;
        default:
            bytes[i] = 0xa0 + i;
        }
    }
    return _record(false, false, addr, result == 0 ? bytes : NULL, len, result);
}

int i2c_write_bytes(i2c_t dev, uint16_t addr, const void *data, size_t len, uint8_t flags)
{
    const uint8_t *bytes = data;
    int result = _i2c_begin(addr, len, flags);

    (void)dev;
    if (result == 0) {
        switch (addr) {
        case THERMOMETER:
            _pointer = bytes[0] % ARRAY_SIZE(_registers);
            if (len == 3) {
                _registers[_pointer] = (uint16_t)bytes[1] << 8 | bytes[2];
            }
            break;
        case MEMORY:
        case SLOW_MEMORY:
            _next = bytes[0];
            for (size_t i = 1; i < len; i++) {
                _memory[_next++ % sizeof(_memory)] = bytes[i];
            }
            break;
        default:
            result = -EIO;
        }
    }
    return _record(false, true, addr, bytes, len, result);
}

/* SPI */

#define SELECTS     10
static bool _initialised[SELECTS];
/* The chip that is selected; 0: none. */
static spi_cs_t _selected;
static bool _asked_well;
static uint8_t _spi_memory[128];
static uint8_t _spi_next;

#ifndef CPU_NATIVE
void spi_init(spi_t bus)
{
    (void)bus;
}

void spi_init_pins(spi_t bus)
{
    (void)bus;
}
#endif

int spi_init_cs(spi_t bus, spi_cs_t cs)
{
    if (bus >= SPI_NUMOF) {
        return SPI_NODEV;
    }
    if (cs == 0 || cs > SPI_LOUD) {
        return SPI_NOCS;
    }
    /* The pin becomes an output and goes high: the chip is not selected any more. */
    _check(_selected != cs, DISTURBED);
    _initialised[cs] = true;
    return SPI_OK;
}

void spi_acquire(spi_t bus, spi_cs_t cs, spi_mode_t mode, spi_clk_t clk)
{
    (void)bus;
    _acquire(&_spi);
    _asked_well = cs != SPI_MEMORY || (mode == SPI_MODE_3 && clk <= SPI_CLK_5MHZ);
    _check(_asked_well, BAD_MODE);
}

void spi_release(spi_t bus)
{
    (void)bus;
    _check(_selected == 0, SELECT_KEPT);
    _release(&_spi);
}

/* The memory's first byte from the host is a command: 02 writes what follows the address, 03 sets the address for the
 * next reading, 00 reads. */
static void _spi_command(const uint8_t *out, size_t len)
{
    if (len < 2) {
        return;
    }
    _spi_next = out[1];
    for (size_t i = 2; out[0] == 2 && i < len; i++) {
        _spi_memory[_spi_next++ % sizeof(_spi_memory)] = out[i];
    }
}

void spi_transfer_bytes(spi_t bus, spi_cs_t cs, bool cont, const void *out, void *in, size_t len)
{
    uint8_t *bytes = in;

    (void)bus;
    _check(_spi.owner == thread_getpid(), NOT_ACQUIRED);
    _check(len > 0 && (out || in), EMPTY);
    _check(cs < SELECTS && _initialised[cs], NOT_INITIALISED);
    _selected = cs;
    if (cs == SPI_SLOW) {
        ztimer_sleep(ZTIMER_MSEC, SLOW_MS);
    }
    if (cs == SPI_MEMORY && _asked_well) {
        if (out) {
            _spi_command(out, len);
        }
        for (size_t i = 0; in && i < len; i++) {
            bytes[i] = _spi_memory[_spi_next++ % sizeof(_spi_memory)];
        }
    }
    else if (in) {
        memset(in, 0xff, len);
    }
    /* A chip whose select floats takes part: the lower level is what the host sees. */
    if (in && !_initialised[SPI_LOUD]) {
        memset(in, 0, len);
    }
    if (!cont) {
        _selected = 0;
    }
    _record(true, out != NULL, cs, out ? out : in, len, 0);
}
