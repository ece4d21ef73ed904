/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* What the Makefile names (TINYCONTAINER_TRUST and others) is compiled in here, and installed by tinycontainer_init: what the
 * application has set before counts more. Only what is named is linked. */
#include <stdbool.h>
#include <stdio.h>

#include "tinycontainer.h"
#include "tinycontainer_device.h"

/* In src/device.rs. */
bool tinycontainer_default_trust(const uint8_t *cbor, size_t len);
void tinycontainer_default_names(const char *name, size_t name_len, const char *class, size_t class_len);

bool tinycontainer_install_device(void);

bool tinycontainer_install_device(void)
{
#ifdef TINYCONTAINER_DEVICE_NOTE
    puts(TINYCONTAINER_DEVICE_NOTE);
#endif
#ifdef TINYCONTAINER_DEVICE_NAME
    tinycontainer_default_names(TINYCONTAINER_DEVICE_NAME, sizeof(TINYCONTAINER_DEVICE_NAME) - 1,
                                TINYCONTAINER_DEVICE_CLASS, sizeof(TINYCONTAINER_DEVICE_CLASS) - 1);
#endif
#ifdef TINYCONTAINER_DEVICE_2024
    static const tinycontainer_limits_t limits = { TINYCONTAINER_DEVICE_2024 };
    tinycontainer_accept_2024(_year2024, sizeof(_year2024), &limits);
#endif
#ifdef TINYCONTAINER_DEVICE_TRUST
    return tinycontainer_default_trust(_trust, sizeof(_trust));
#else
    return true;
#endif
}
