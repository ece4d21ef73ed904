/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#include <stdlib.h>

/* Rust's precompiled core refers to it in its tables for unwinding. Nothing unwinds: a panic aborts. */
__attribute__((weak)) void rust_eh_personality(void)
{
    abort();
}
