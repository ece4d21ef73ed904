/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Lines that containers log, and notices about containers, are stored in a ring buffer, which the controller's thread
 * writes to standard output (src/sys.rs, serve). A container's thread never waits for the console. printf is not used: a
 * container's thread does not have the stack for it. */
#include <stdint.h>
#include <string.h>

#include "irq.h"
#include "stdio_base.h"
#include "tinycontainer_riot.h"

#define SIZE    CONFIG_TINYCONTAINER_LOG_BUFFER
/* Kept for notices: log lines leave so much free, so that they cannot displace the reason why a container stopped. */
#define RESERVE 128
_Static_assert(SIZE >= RESERVE + 64 + 256 + 3, "CONFIG_TINYCONTAINER_LOG_BUFFER cannot hold the longest line");
/* The longest piece that is written at once. */
#define PIECE   64

bool tinycontainer_output_waits(void);
void tinycontainer_output_write(void);

/* Used while interrupts are off. A line is stored whole, with interrupts off as long as that takes: at most 64 bytes of uid and
 * 256 of text are copied. */
static uint8_t _buffer[SIZE];
static size_t _first;
static size_t _used;
/* Lines that did not fit since the last report of dropped lines. */
static uint32_t _dropped;

bool tinycontainer_quiet;

typedef struct {
    const void *bytes;
    size_t len;
} _part_t;

static void _put_byte(uint8_t byte)
{
    size_t end = _first + _used;

    _buffer[end < SIZE ? end : end - SIZE] = byte;
    _used++;
}

static void _put(const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        _put_byte(((const uint8_t *)bytes)[i]);
    }
}

/* Writes the report of dropped lines to the end of `text`; returns where it begins. */
static size_t _format_dropped(char text[32])
{
    static const char end[] = " lines dropped]\n";
    size_t first = 32 - (sizeof(end) - 1);
    uint32_t n = _dropped;

    memcpy(&text[first], end, sizeof(end) - 1);
    do {
        text[--first] = '0' + n % 10;
        n /= 10;
    } while (n);
    text[--first] = '[';
    return first;
}

static bool _put_dropped(size_t then)
{
    char text[32];
    size_t first = _format_dropped(text);

    if (SIZE - _used < sizeof(text) - first + then) {
        return false;
    }
    _put(&text[first], sizeof(text) - first);
    _dropped = 0;
    return true;
}

/* Stores a line, whole or not at all. In a log line, bytes of the container (the last part but one) that are not printable
 * ASCII are replaced by '?': they could control a terminal. */
static void _line(const _part_t *parts, unsigned parts_numof, bool log)
{
    size_t len = 0, size = log ? SIZE - RESERVE : SIZE;

    if (tinycontainer_quiet) {
        return;
    }
    for (unsigned i = 0; i < parts_numof; i++) {
        len += parts[i].len;
    }
    unsigned state = irq_disable();
    if (_used + len > size || (_dropped && !_put_dropped(len))) {
        _dropped++;
    }
    else {
        for (unsigned i = 0; i < parts_numof; i++) {
            const uint8_t *bytes = parts[i].bytes;
            if (!log || i + 2 != parts_numof) {
                _put(bytes, parts[i].len);
                continue;
            }
            for (size_t k = 0; k < parts[i].len; k++) {
                _put_byte(bytes[k] >= ' ' && bytes[k] <= '~' ? bytes[k] : '?');
            }
        }
    }
    irq_restore(state);
}

__attribute__((weak)) void tinycontainer_log(const uint8_t *uid, size_t uid_len,
                                             const uint8_t *line, size_t len)
{
    const _part_t parts[] = { { uid, uid_len }, { ": ", 2 }, { line, len }, { "\n", 1 } };

    _line(parts, 4, true);
}

__attribute__((weak)) void tinycontainer_notice(const uint8_t *uid, size_t uid_len,
                                                const char *event, size_t event_len,
                                                const char *text, size_t len)
{
    const _part_t parts[] = { { "[", 1 }, { uid, uid_len }, { "] ", 2 }, { event, event_len }, { text, len }, { "\n", 1 } };

    _line(parts, 6, false);
}

bool tinycontainer_output_waits(void)
{
    unsigned state = irq_disable();
    bool waits = _used > 0 || _dropped > 0;

    irq_restore(state);
    return waits;
}

/* Writes a piece of the buffer, a line at most. Must be called by one thread only. */
void tinycontainer_output_write(void)
{
    uint8_t piece[PIECE];
    size_t n = 0;
    unsigned state = irq_disable();

    if (_used == 0 && _dropped > 0) {
        _put_dropped(0);
    }
    while (n < sizeof(piece) && _used > 0) {
        uint8_t byte = _buffer[_first];
        _first = _first + 1 < SIZE ? _first + 1 : 0;
        _used--;
        piece[n++] = byte;
        if (byte == '\n') {
            break;
        }
    }
    irq_restore(state);
    if (n > 0) {
        stdio_write(piece, n);
    }
}
