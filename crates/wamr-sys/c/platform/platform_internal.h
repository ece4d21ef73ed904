/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* What WAMR requires of an operating system, on a device. WAMR creates no thread here and waits for nothing, so only a
 * mutex and a thread's number are needed: those of the device's system are in its own tc_threads.h.
 *
 * WAMR's own riot platform is not used: its timed waits are inverted, it treats errors of RIOT's threads as success,
 * frees the stack of the running thread, and needs printf and malloc. */
#ifndef TINYCONTAINER_PLATFORM_INTERNAL_H
#define TINYCONTAINER_PLATFORM_INTERNAL_H

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* korp_tid, korp_mutex, and the functions tc_mutex_init, _lock, _unlock and tc_self. */
#include "tc_threads.h"

#define BH_APPLET_PRESERVED_STACK_SIZE  2048
#define BH_THREAD_DEFAULT_PRIORITY      7

typedef korp_tid korp_thread;

/* Types that WAMR's headers name and that its sources, with our settings, never use. */
typedef struct { char unused; } korp_cond;
typedef struct { char unused; } korp_rwlock;
typedef unsigned korp_sem;
typedef int os_file_handle;
typedef void *os_dir_stream;
typedef int os_raw_file_handle;
typedef int os_poll_file_handle;
typedef unsigned os_nfds_t;
typedef int os_timespec;

static inline os_file_handle os_get_invalid_handle(void)
{
    return -1;
}

/* c/memory.c replaces it where it matters. */
static inline int os_getpagesize(void)
{
    return 8;
}

#endif
