/* Reads a thermometer once in each period, logs the temperature and sends it on.
 *
 * In: the register of a TMP102, two bytes. Out: two bytes, hundredths of a degree Celsius, signed, big-endian. */
#include "tinycontainer_guest.h"

/* The endpoints of container.toml: opened at their first use, and again after the peer was gone. */
static tc_port thermometer = TC_PORT(1);
static tc_port receiver = TC_PORT(2);

/* The register has twelve bits, left-justified, big-endian, of 0.0625 degrees each. */
static int32_t centi_degrees(uint8_t high, uint8_t low) {
    int32_t sixteenths = (int16_t)(high << 8 | low) >> 4;
    return (sixteenths * 25 + 2) >> 2;
}

/* Logs hundredths as in "-0.25 C". */
static void log_degrees(int32_t centi) {
    static char text[] = "-000.00 C";
    uint32_t rest = (uint32_t)(centi < 0 ? -centi : centi);
    uint32_t at = 7;
    text[--at] = (char)('0' + rest % 10);
    rest /= 10;
    text[--at] = (char)('0' + rest % 10);
    rest /= 10;
    text[--at] = '.';
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0 && at > 1);
    if (centi < 0) {
        text[--at] = '-';
    }
    tc_log(&text[at]);
}

TINYCONTAINER_START {
    tc_log("the sensor starts");
}

TINYCONTAINER_LOOP {
    uint8_t bytes[2];
    int32_t answer = tc_port_read(&thermometer, bytes, 2);
    if (answer == 2) {
        int32_t centi = centi_degrees(bytes[0], bytes[1]);
        log_degrees(centi);
        bytes[0] = (uint8_t)(centi >> 8);
        bytes[1] = (uint8_t)centi;
        answer = tc_port_write(&receiver, bytes, 2);
    }
    if (answer == TC_REFUSED) {
        tc_log("refused: see `tinycontainerctl explain`");
        return TC_STOP;
    }
    /* What is not there now is tried again in the next period. */
    return TC_AGAIN;
}

TINYCONTAINER_STOP {
    tc_log("the sensor stops");
}
