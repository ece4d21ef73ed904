/* Averages temperatures and decides whether something is to be on.
 *
 * In: two bytes, hundredths of a degree Celsius, signed, big-endian. Out: one byte, 1 on or 0 off. */
#include "tinycontainer_guest.h"

/* The endpoints of container.toml: opened at their first use, and again after the peer was gone. */
static tc_port sender = TC_PORT(1);
static tc_port receiver = TC_PORT(2);

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
    int32_t answer = tc_port_read(&sender, bytes, 2);
    if (answer == 2) {
        uint8_t now = is_on(on, average((int16_t)(bytes[0] << 8 | bytes[1])));
        if (now != on) {
            on = now;
            tc_log(on ? "on" : "off");
        }
        answer = tc_port_write(&receiver, &on, 1);
    }
    if (answer == TC_REFUSED) {
        tc_log("refused: see `tinycontainerctl explain`");
        return TC_STOP;
    }
    /* What is not there now is tried again in the next period. */
    return TC_AGAIN;
}

TINYCONTAINER_STOP {
    tc_log("the filter stops");
}
