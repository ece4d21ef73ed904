/* A unit test on this machine. */
#include "main.c"
#include "calls.h"

int main(void) {
    tinycontainer_start();
    absent = 1;
    assert(loop_with("\x01\x01", 2) == TC_AGAIN);
    absent = 0;
    assert(loop_with("\x0b\xb8", 2) == TC_AGAIN); /* 30.00 */
    assert(written[0] == 1 && strcmp(logged, "on") == 0);
    for (int i = 0; i < 4; i++) {
        assert(loop_with("\x03\xe8", 2) == TC_AGAIN); /* 10.00 */
    }
    assert(written[0] == 0 && strcmp(logged, "off") == 0);
    assert(is_on(1, 2300) && !is_on(1, 2299) && is_on(0, 2501) && !is_on(0, 2500));
    puts("ok");
    return 0;
}
