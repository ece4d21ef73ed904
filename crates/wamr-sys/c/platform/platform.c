/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* See platform_internal.h. All memory is the pool's (tc_alloc), so these return none. */
#include "platform_api_vmcore.h"

int bh_platform_init(void)
{
    return 0;
}

void bh_platform_destroy(void)
{
}

void *os_malloc(unsigned size)
{
    (void)size;
    return NULL;
}

void *os_realloc(void *block, unsigned size)
{
    (void)block;
    (void)size;
    return NULL;
}

void os_free(void *block)
{
    (void)block;
}

void *os_mmap(void *hint, size_t size, int prot, int flags, os_file_handle file)
{
    (void)hint;
    (void)size;
    (void)prot;
    (void)flags;
    (void)file;
    return NULL;
}

void *os_mremap(void *block, size_t old_size, size_t new_size)
{
    (void)block;
    (void)old_size;
    (void)new_size;
    return NULL;
}

void os_munmap(void *block, size_t size)
{
    (void)block;
    (void)size;
}

int os_mprotect(void *block, size_t size, int prot)
{
    (void)block;
    (void)size;
    (void)prot;
    return 0;
}

void os_dcache_flush(void)
{
}

void os_icache_flush(void *start, size_t len)
{
    (void)start;
    (void)len;
}

/* WAMR's output is for its developers, and may contain text of a module's author. */
int os_printf(const char *format, ...)
{
    (void)format;
    return 0;
}

int os_vprintf(const char *format, va_list args)
{
    (void)format;
    (void)args;
    return 0;
}

korp_tid os_self_thread(void)
{
    return tc_self();
}

/* The platform passes the boundary with each call (CurrentAccount::stack_boundary). */
uint8 *os_thread_get_stack_boundary(void)
{
    return NULL;
}

void os_thread_jit_write_protect_np(bool enabled)
{
    (void)enabled;
}

int os_mutex_init(korp_mutex *mutex)
{
    tc_mutex_init(mutex);
    return BHT_OK;
}

int os_mutex_destroy(korp_mutex *mutex)
{
    (void)mutex;
    return BHT_OK;
}

int os_mutex_lock(korp_mutex *mutex)
{
    tc_mutex_lock(mutex);
    return BHT_OK;
}

int os_mutex_unlock(korp_mutex *mutex)
{
    tc_mutex_unlock(mutex);
    return BHT_OK;
}

/* In place of the C library's qsort (-Dqsort=tc_sort), which takes 1.4 KB to be fast for many items: WAMR sorts its list of
 * natives, which are few. */
void tc_sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    char *items = base;

    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && compare(items + (j - 1) * size, items + j * size) > 0; j--) {
            for (size_t k = 0; k < size; k++) {
                char byte = items[(j - 1) * size + k];
                items[(j - 1) * size + k] = items[j * size + k];
                items[j * size + k] = byte;
            }
        }
    }
}
