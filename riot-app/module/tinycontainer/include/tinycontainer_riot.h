/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* What a RIOT application may define for TinyContainer beside what tinycontainer.h offers. All of it
 * has a default. */
#ifndef TINYCONTAINER_RIOT_H
#define TINYCONTAINER_RIOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A line that a container logged: any bytes, none of them checked, without an end. Called by the
 * container's thread, which has no stack for printf; the time it takes is charged to the container's budget, so it
 * should not wait for a device. The default puts "uid: line" into a buffer of CONFIG_TINYCONTAINER_LOG_BUFFER bytes, which
 * the controller's thread writes to standard output when it has nothing else to do. A line for which the buffer has no
 * room is dropped whole, and how many were is said later. A panic does not write what is in the buffer. */
void tinycontainer_log(const uint8_t *uid, size_t uid_len, const uint8_t *line, size_t len);

/* Something happened to a container: "stopped: ", "refused: ", "lines dropped: ", and why or how many. The default writes
 * "[uid] event text". Called as tinycontainer_log is. */
void tinycontainer_notice(const uint8_t *uid, size_t uid_len, const char *event, size_t event_len,
                          const char *text, size_t len);

/* While it is true, the defaults of both write nothing. */
extern bool tinycontainer_quiet;

#ifdef __cplusplus
}
#endif

#endif
