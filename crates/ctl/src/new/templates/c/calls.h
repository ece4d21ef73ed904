/* For unit tests on this machine: the calls of a container, which answer what the test sets and check that each descriptor
 * is open. */
#include "tinycontainer_guest.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What the next read gives, what was written and logged last. */
static const char *input = "";
static uint32_t input_len;
static uint8_t written[8];
static char logged[80];
/* Whether no peer is there. */
static int absent;

int32_t tc_heartbeat(void) { return 0; }
int32_t tc_open(uint32_t endpoint) { return absent ? TC_PEER_GONE : (int32_t)endpoint; }
int32_t tc_close(int32_t fd) { return fd < 0 ? TC_REFUSED : 0; }
int32_t tc_read(int32_t fd, void *buf, uint32_t len) {
    assert(fd >= 0);
    if (input_len == 0 || input_len > len) {
        return input_len == 0 ? TC_WOULD_BLOCK : TC_TOO_LONG;
    }
    memcpy(buf, input, input_len);
    return (int32_t)input_len;
}
int32_t tc_write(int32_t fd, const void *buf, uint32_t len) {
    assert(fd >= 0 && len <= sizeof written);
    memcpy(written, buf, len);
    return (int32_t)len;
}
void tc_log(const char *text) { snprintf(logged, sizeof logged, "%s", text); }

/* Runs one loop, with that to read. */
static inline int32_t loop_with(const char *bytes, uint32_t len) {
    input = bytes;
    input_len = len;
    return tinycontainer_loop();
}
