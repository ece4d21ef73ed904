/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Runs containers on RIOT's drivers of I2C and SPI and on drivers of the application, and prints what reached the devices.
 * tests/01-run.py compares it. */
#include <alloca.h>
#include <stdio.h>
#include <string.h>

#include "irq.h"
#include "ps.h"
#include "thread.h"
#include "tinycontainer.h"
#include "tinycontainer_board.h"
#include "tinycontainer_images.h"
#include "ztimer.h"

#include "devices.h"

const tinycontainer_i2c_t tinycontainer_i2cs[] = {
    { 72, I2C_DEV(0), THERMOMETER, 0 },
    { 73, I2C_DEV(0), ABSENT, 0 },
    { 74, I2C_DEV(0), READ_ONLY, 0 },
    { 80, I2C_DEV(0), MEMORY, 16 },
    { 81, I2C_DEV(0), SLOW_MEMORY, 8 },
    { 100, I2C_DEV(0), FAR_AWAY, 0 },
};
const unsigned tinycontainer_i2cs_numof = ARRAY_SIZE(tinycontainer_i2cs);

const tinycontainer_spi_t tinycontainer_spis[] = {
    { 1, SPI_DEV(0), SPI_MEMORY, SPI_MODE_3, SPI_CLK_5MHZ, 16 },
    { 2, SPI_DEV(0), SPI_SLOW, SPI_MODE_0, SPI_CLK_1MHZ, 8 },
    { 3, SPI_DEV(0), SPI_LOUD, SPI_MODE_0, SPI_CLK_1MHZ, 0 },
    { 4, SPI_DEV(0), SPI_NO_SELECT, SPI_MODE_0, SPI_CLK_1MHZ, 0 },
    { 5, SPI_DEV(7), SPI_MEMORY, SPI_MODE_0, SPI_CLK_1MHZ, 0 },
};
const unsigned tinycontainer_spis_numof = ARRAY_SIZE(tinycontainer_spis);

/* The bytes of a container's stack that riot-app/README.md and the module's Kconfig promise to a driver of the application. */
#define DRIVER_STACK                400
#define DRIVER_STACK_REMOTE_OPEN    208

enum { OPEN, OPEN_REMOTE, CLOSE, READ, WRITE, WATCH, CALLS };
static const char *const _calls[CALLS] = { "open", "open of a remote peer", "close", "read", "write", "watch" };
/* The most that a driver's function has used, and the least that was left of the thread's stack below that. */
static struct {
    unsigned used;
    unsigned left;
} _depths[CALLS];

/* Uses that many bytes of the stack below `entry`, the caller's stack pointer at its first instruction. Inlined: the
 * caller's own frame is part of it. */
static inline __attribute__((always_inline)) void _use_stack(unsigned call, size_t promised, char *entry)
{
    volatile char here;
    size_t more = (promised - (entry - (char *)&here)) & ~7U;
    volatile char *bytes = alloca(more);

    for (size_t i = 0; i < more; i++) {
        bytes[i] = 0x5a;
    }
    unsigned used = entry - (char *)bytes;
    unsigned left = (char *)bytes - (char *)thread_get_stackstart(thread_get_active());
    if (used > _depths[call].used) {
        _depths[call].used = used;
    }
    if (_depths[call].left == 0 || left < _depths[call].left) {
        _depths[call].left = left;
    }
}

#define USE_STACK(call) _use_stack(call, DRIVER_STACK, __builtin_dwarf_cfa())

static int _open(void *context, const tinycontainer_peer_t *peer)
{
    (void)context;
    (void)peer;
    USE_STACK(OPEN);
    return 7;
}

static int _open_remote(void *context, const tinycontainer_peer_t *peer)
{
    (void)context;
    (void)peer;
    _use_stack(OPEN_REMOTE, DRIVER_STACK_REMOTE_OPEN, __builtin_dwarf_cfa());
    return 7;
}

static void _close(void *context, int handle)
{
    (void)context;
    (void)handle;
    USE_STACK(CLOSE);
}

static int _read(void *context, int handle, uint8_t *buf, size_t len)
{
    (void)context;
    (void)handle;
    USE_STACK(READ);
    memset(buf, 0x5a, len);
    return len;
}

static int _write(void *context, int handle, const uint8_t *buf, size_t len)
{
    (void)context;
    (void)handle;
    (void)buf;
    USE_STACK(WRITE);
    return len;
}

static void _watch(void *context, int handle, uint32_t waker)
{
    (void)context;
    (void)handle;
    (void)waker;
    USE_STACK(WATCH);
}

static const tinycontainer_driver_t _driver = {
    .open = _open, .close = _close, .read = _read, .write = _write, .watch = _watch,
};

static const tinycontainer_driver_t _remote_driver = {
    .open = _open_remote, .close = _close, .read = _read, .write = _write, .watch = _watch,
};

/* The driver of 2024. */
static int _open_2024(uint32_t peer)
{
    (void)peer;
    USE_STACK(OPEN);
    return 7;
}

static int _close_2024(int fd)
{
    (void)fd;
    USE_STACK(CLOSE);
    return 0;
}

static int _read_2024(int fd, uint8_t *buf, size_t len)
{
    (void)fd;
    USE_STACK(READ);
    memset(buf, 0x5a, len);
    return len;
}

static int _write_2024(int fd, uint8_t *buf, size_t len)
{
    (void)fd;
    (void)buf;
    USE_STACK(WRITE);
    return len;
}

static const tinycontainer_io_driver_t _driver_2024 = { _open_2024, _close_2024, _read_2024, _write_2024 };

static bool _load(const char *uid)
{
    for (unsigned i = 0; i < TINYCONTAINER_IMAGES_NUMOF; i++) {
        const tinycontainer_image_t *image = &tinycontainer_images[i];
        if (strcmp(image->name, uid) != 0) {
            continue;
        }
        if (tinycontainer_load(image->metadata, image->metadata_len, image->data, image->data_len,
                               image->code, image->code_len) == 0) {
            return true;
        }
        char why[tinycontainer_load_error(NULL, 0) + 1];
        tinycontainer_load_error(why, sizeof(why));
        printf("%s is refused: %s\n", uid, why);
    }
    return false;
}

static bool _begin(const char *uid)
{
    return _load(uid) && tinycontainer_start((const uint8_t *)uid, strlen(uid)) == 0;
}

/* Waits until the container has stopped and its output is written. One that waits for a message is stopped. */
static void _wait(const char *uid)
{
    for (unsigned ms = 0; tinycontainer_iscontainerrunning((const uint8_t *)uid, strlen(uid)); ms += 10) {
        if (ms == 2000) {
            tinycontainer_stop((const uint8_t *)uid, strlen(uid));
        }
        ztimer_sleep(ZTIMER_MSEC, 10);
    }
    ztimer_sleep(ZTIMER_MSEC, 200);
    tinycontainer_unload((const uint8_t *)uid, strlen(uid));
}

static void _run(const char *uid)
{
    printf("== %s\n", uid);
    if (_begin(uid)) {
        _wait(uid);
    }
    devices_print();
}

int main(void)
{
    tinycontainer_driver(TINYCONTAINER_BUS_APP, 0, 9, &_driver);
    tinycontainer_remote_driver(TINYCONTAINER_SCHEME_COAP, &_remote_driver);
    if (tinycontainer_init(THREAD_PRIORITY_MAIN - 3, THREAD_PRIORITY_MAIN - 2, THREAD_PRIORITY_MAIN + 1,
                           &_driver_2024) < 0) {
        puts("TinyContainer cannot start");
        return 1;
    }
    _run("wires-i2c");
    _run("wires-spi");
    _run("outside");

    puts("== sharers");
    if (_begin("sharer-low") && _begin("sharer-high")) {
        _wait("sharer-high");
        _wait("sharer-low");
    }
    devices_print();
    devices_print_faults();

    _run("deep");
    for (unsigned i = 0; i < CALLS; i++) {
        printf("%s: the driver used %u bytes, %u left\n", _calls[i], _depths[i].used, _depths[i].left);
    }
    ps();
    puts("== end");
    return 0;
}
