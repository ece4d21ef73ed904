/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Where containers' lines and what happens to them go: standard output, past printf, whose stack a
 * container's thread does not have. */
#include <stdint.h>

#include "mutex.h"
#include "stdio_base.h"
#include "tinycontainer_riot.h"

static mutex_t _lock = MUTEX_INIT;
bool tinycontainer_quiet;

static void _put(const void *text, size_t len)
{
    if (len > 0 && !tinycontainer_quiet) {
        stdio_write(text, len);
    }
}

/* A container's bytes: whatever could steer a terminal becomes a '?'. */
static void _put_visible(const uint8_t *text, size_t len)
{
    char piece[16];

    while (len > 0) {
        size_t n = 0;
        for (; n < sizeof(piece) && n < len; n++) {
            piece[n] = (text[n] >= ' ' && text[n] <= '~') ? (char)text[n] : '?';
        }
        _put(piece, n);
        text += n;
        len -= n;
    }
}

__attribute__((weak)) void tinycontainer_log(const uint8_t *uid, size_t uid_len,
                                             const uint8_t *line, size_t len)
{
    mutex_lock(&_lock);
    _put(uid, uid_len);
    _put(": ", 2);
    _put_visible(line, len);
    _put("\n", 1);
    mutex_unlock(&_lock);
}

__attribute__((weak)) void tinycontainer_notice(const uint8_t *uid, size_t uid_len,
                                                const char *event, size_t event_len,
                                                const char *text, size_t len)
{
    mutex_lock(&_lock);
    _put("[", 1);
    _put(uid, uid_len);
    _put("] ", 2);
    _put(event, event_len);
    _put(text, len);
    _put("\n", 1);
    mutex_unlock(&_lock);
}
