/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* The driver: peer 10 returns letters, and prints what is written to it. */
#include <stdio.h>

#include "driver.h"

enum { FD = 1000 };
static uint8_t next = 'a';

static int driver_open(uint32_t endpoint_id)
{
    printf("driver: open %u\n", (unsigned)endpoint_id);
    return endpoint_id == 10 ? FD : -1;
}

static int driver_close(int fd)
{
    puts("driver: close");
    return fd == FD ? 0 : -1;
}

static int driver_read(int fd, uint8_t *buffer, size_t buffer_size)
{
    if (fd != FD) {
        return -1;
    }
    for (size_t i = 0; i < buffer_size; i++) {
        buffer[i] = next;
        next = next == 'z' ? 'a' : next + 1;
    }
    return buffer_size;
}

static int driver_write(int fd, uint8_t *buffer, size_t buffer_size)
{
    if (fd != FD) {
        return -1;
    }
    printf("driver: write %.*s\n", (int)buffer_size, (const char *)buffer);
    return buffer_size;
}

tinycontainer_io_driver_t io_driver = {
    .open = driver_open,
    .close = driver_close,
    .read = driver_read,
    .write = driver_write,
};
