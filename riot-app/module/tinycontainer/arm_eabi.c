/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* What a compiler for ARM calls to copy and clear memory (ARM's run-time ABI, section 4.3.4), by the C library's
 * functions, which are in the firmware anyway. Rust and the C library have implementations of their own, which are
 * linked otherwise: 3 KB. */
#include <stddef.h>
#include <string.h>

void __aeabi_memcpy(void *to, const void *from, size_t len)
{
    memcpy(to, from, len);
}

void __aeabi_memmove(void *to, const void *from, size_t len)
{
    memmove(to, from, len);
}

/* The order of the arguments is not memset's. */
void __aeabi_memset(void *to, size_t len, int byte)
{
    memset(to, byte, len);
}

void __aeabi_memclr(void *to, size_t len)
{
    memset(to, 0, len);
}

/* For addresses that are multiples of 4 and 8. */
#define SAME(name, of, ...) void name(__VA_ARGS__) __attribute__((alias(#of)))
SAME(__aeabi_memcpy4, __aeabi_memcpy, void *, const void *, size_t);
SAME(__aeabi_memcpy8, __aeabi_memcpy, void *, const void *, size_t);
SAME(__aeabi_memmove4, __aeabi_memmove, void *, const void *, size_t);
SAME(__aeabi_memmove8, __aeabi_memmove, void *, const void *, size_t);
SAME(__aeabi_memset4, __aeabi_memset, void *, size_t, int);
SAME(__aeabi_memset8, __aeabi_memset, void *, size_t, int);
SAME(__aeabi_memclr4, __aeabi_memclr, void *, size_t);
SAME(__aeabi_memclr8, __aeabi_memclr, void *, size_t);
