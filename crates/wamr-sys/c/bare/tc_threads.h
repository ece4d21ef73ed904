/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* For a device without an operating system: all code that calls WAMR runs in one thread, so its mutexes do nothing. */
#ifndef TC_THREADS_H
#define TC_THREADS_H

#include <stdint.h>

typedef int16_t korp_tid;
typedef struct { char unused; } korp_mutex;

static inline korp_tid tc_self(void)
{
    return 1;
}

static inline void tc_mutex_init(korp_mutex *mutex)
{
    (void)mutex;
}

static inline void tc_mutex_lock(korp_mutex *mutex)
{
    (void)mutex;
}

static inline void tc_mutex_unlock(korp_mutex *mutex)
{
    (void)mutex;
}

#endif
