/* Sets a pin to what it is sent, and to 0 when it stops.
 *
 * In: one byte, 1 on or 0 off. Out: the pin. */
#include "tinycontainer_guest.h"

/* The endpoints of container.toml. */
#define SENDER 1
#define PIN 2

#define UNKNOWN 255

static int32_t sender = TC_PEER_GONE;
static int32_t pin = TC_PEER_GONE;
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
    if (sender < 0) {
        sender = tc_open(SENDER);
    }
    if (pin < 0) {
        pin = tc_open(PIN);
    }
    if (sender == TC_REFUSED || pin == TC_REFUSED) {
        tc_log("refused: see `tinycontainerctl explain`");
        return TC_STOP;
    }
    /* What is not there now is tried again in the next period. */
    int32_t got = tc_read(sender, &command, 1);
    if (got == TC_PEER_GONE) {
        tc_close(sender);
        sender = TC_PEER_GONE;
    }
    if (got != 1 || level_of(command) == UNKNOWN || level_of(command) == level) {
        return TC_AGAIN;
    }
    if (tc_write(pin, &command, 1) == 1) {
        level = command;
        tc_log(level ? "on" : "off");
    }
    return TC_AGAIN;
}

TINYCONTAINER_STOP {
    /* Off is the safe state. */
    uint8_t off = 0;
    tc_write(pin, &off, 1);
    tc_log("the actuator stops");
}
