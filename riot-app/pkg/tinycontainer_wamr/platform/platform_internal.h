/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* What WAMR asks of an operating system, for RIOT.
 *
 * Why not WAMR's own riot platform: its timed waits are inverted, it takes RIOT's thread errors for
 * success, frees the stack of the running thread, and pulls in printf and malloc. We create no thread
 * and wait for nothing through WAMR, so a mutex and a thread's identity are all that is left. */
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

#include "mutex.h"
#include "thread.h"

#define BH_APPLET_PRESERVED_STACK_SIZE  2048
#define BH_THREAD_DEFAULT_PRIORITY      7

typedef kernel_pid_t korp_tid;
typedef kernel_pid_t korp_thread;
typedef mutex_t korp_mutex;

/* Types that WAMR's headers name and its sources, as we compile them, never use. */
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
