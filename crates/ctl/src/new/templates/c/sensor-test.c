/* A unit test on this machine. */
#include "main.c"
#include "calls.h"

int main(void) {
    tinycontainer_start();
    absent = 1;
    assert(loop_with("\x01\x01", 2) == TC_AGAIN);
    absent = 0;
    assert(loop_with("\x19\x00", 2) == TC_AGAIN);
    assert(strcmp(logged, "25.00 C") == 0);
    assert(written[0] == 2500 >> 8 && written[1] == (2500 & 255));
    assert(loop_with("\xff\xc0", 2) == TC_AGAIN);
    assert(strcmp(logged, "-0.25 C") == 0);
    assert(centi_degrees(0x7f, 0xf0) == 12794);
    puts("ok");
    return 0;
}
