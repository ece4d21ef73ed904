/* Counts its loops. */
#include "tinycontainer_guest.h"

static uint32_t loops;

/* The number as text: its last three digits. */
static const char *text_of(uint32_t number) {
    static char text[] = "loop 000";
    text[5] = (char)('0' + number / 100 % 10);
    text[6] = (char)('0' + number / 10 % 10);
    text[7] = (char)('0' + number % 10);
    return text;
}

TINYCONTAINER_START {
    tc_log("it starts");
}

TINYCONTAINER_LOOP {
    tc_log(text_of(++loops));
    return TC_AGAIN;
}

TINYCONTAINER_STOP {
    tc_log("it stops");
}
