/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef DRIVER_H
#define DRIVER_H

#include "tinycontainer.h"

extern tinycontainer_io_driver_t io_driver;

#endif /* DRIVER_H */
