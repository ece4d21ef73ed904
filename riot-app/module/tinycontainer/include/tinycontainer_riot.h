/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* Functions that a RIOT application may define to replace TinyContainer's defaults. */
#ifndef TINYCONTAINER_RIOT_H
#define TINYCONTAINER_RIOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A line that a container logged: `len` unchecked bytes, without a terminator. Called by the container's thread, whose
 * stack is too small for printf. The time it takes is charged to the container's budget, so it should not wait for a
 * device. The default puts "uid: line" into a buffer of CONFIG_TINYCONTAINER_LOG_BUFFER bytes, which
 * the controller's thread writes to standard output when it has no other work. A line that does not fit is dropped, and
 * the number of dropped lines is written later. A panic does not write the buffer. */
void tinycontainer_log(const uint8_t *uid, size_t uid_len, const uint8_t *line, size_t len);

/* A notice about a container: the event is "stopped: " or "refused: ", and the text the reason; or "lines dropped: " and their
 * number; or "device failed: endpoint " or "no such device: endpoint ", and the endpoint's number. The default
 * writes "[uid] event text". Called under the same conditions as tinycontainer_log. */
void tinycontainer_notice(const uint8_t *uid, size_t uid_len, const char *event, size_t event_len,
                          const char *text, size_t len);

/* While it is true, the defaults of both functions write nothing. */
extern bool tinycontainer_quiet;

#ifdef __cplusplus
}
#endif

#endif
