/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* RIOT's mutexes and thread numbers, for WAMR: see crates/wamr-sys/c/platform. */
#ifndef TC_THREADS_H
#define TC_THREADS_H

#include "mutex.h"
#include "thread.h"

typedef kernel_pid_t korp_tid;
typedef mutex_t korp_mutex;

static inline korp_tid tc_self(void)
{
    return thread_getpid();
}

static inline void tc_mutex_init(korp_mutex *mutex)
{
    mutex_init(mutex);
}

static inline void tc_mutex_lock(korp_mutex *mutex)
{
    mutex_lock(mutex);
}

static inline void tc_mutex_unlock(korp_mutex *mutex)
{
    mutex_unlock(mutex);
}

#endif
