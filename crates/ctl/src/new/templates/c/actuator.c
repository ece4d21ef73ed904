/* Sets a pin to what it is sent, and to 0 when it stops.
 *
 * In: one byte, 1 on or 0 off. Out: the pin. */
#include "tinycontainer_guest.h"

#define UNKNOWN 255

/* The endpoints of container.toml: opened at their first use, and again after the peer was gone. */
static tc_port sender = TC_PORT(1);
static tc_port pin = TC_PORT(2);
static uint8_t level = UNKNOWN;

/* A command from another container may be anything. */
static uint8_t level_of(uint8_t command) {
    return command <= 1 ? command : UNKNOWN;
}

TINYCONTAINER_START {
    tc_log("the actuator starts");
}

TINYCONTAINER_LOOP {
    uint8_t command;
    int32_t answer = tc_port_read(&sender, &command, 1);
    if (answer == 1 && level_of(command) != UNKNOWN && level_of(command) != level) {
        answer = tc_port_write(&pin, &command, 1);
        if (answer == 1) {
            level = command;
            tc_log(level ? "on" : "off");
        }
    }
    if (answer == TC_REFUSED) {
        tc_log("refused: see `tinycontainerctl explain`");
        return TC_STOP;
    }
    /* What is not there now is tried again in the next period. */
    return TC_AGAIN;
}

TINYCONTAINER_STOP {
    /* Off is the safe state. */
    uint8_t off = 0;
    tc_port_write(&pin, &off, 1);
    tc_log("the actuator stops");
}
