/* Averages temperatures and decides whether something is to be on.
 *
 * In: two bytes, hundredths of a degree Celsius, signed, big-endian. Out: one byte, 1 on or 0 off. */
#include "tinycontainer_guest.h"

/* The endpoints of container.toml. */
#define SENDER 1
#define RECEIVER 2

static int32_t sender = TC_PEER_GONE;
static int32_t receiver = TC_PEER_GONE;

/* The last values, and how many there were. */
static int16_t last[4];
static int32_t seen;
static uint8_t on;

/* The average of the last four values, or of as many as there were. */
static int32_t average(int16_t value) {
    last[0] = last[1];
    last[1] = last[2];
    last[2] = last[3];
    last[3] = value;
    if (seen < 4) {
        seen++;
    }
    return (last[0] + last[1] + last[2] + last[3]) / seen;
}

/* On above 25 degrees, off below 23, in between as it was. */
static uint8_t is_on(uint8_t was, int32_t centi) {
    return was ? centi >= 2300 : centi > 2500;
}

TINYCONTAINER_START {
    tc_log("the filter starts");
}

TINYCONTAINER_LOOP {
    uint8_t bytes[2];
    if (sender < 0) {
        sender = tc_open(SENDER);
    }
    if (receiver < 0) {
        receiver = tc_open(RECEIVER);
    }
    if (sender == TC_REFUSED || receiver == TC_REFUSED) {
        tc_log("refused: see `tinycontainerctl explain`");
        return TC_STOP;
    }
    /* What is not there now is tried again in the next period. */
    int32_t got = tc_read(sender, bytes, 2);
    if (got == TC_PEER_GONE) {
        tc_close(sender);
        sender = TC_PEER_GONE;
    }
    if (got != 2) {
        return TC_AGAIN;
    }
    uint8_t now = is_on(on, average((int16_t)(bytes[0] << 8 | bytes[1])));
    if (now != on) {
        on = now;
        tc_log(on ? "on" : "off");
    }
    if (receiver >= 0 && tc_write(receiver, &on, 1) == TC_PEER_GONE) {
        tc_close(receiver);
        receiver = TC_PEER_GONE;
    }
    return TC_AGAIN;
}

TINYCONTAINER_STOP {
    tc_log("the filter stops");
}
