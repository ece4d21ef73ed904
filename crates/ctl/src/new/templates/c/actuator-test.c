/* A unit test on this machine. */
#include "main.c"
#include "calls.h"

int main(void) {
    tinycontainer_start();
    absent = 1;
    assert(loop_with("\x01\x01", 2) == TC_AGAIN);
    tinycontainer_stop();
    absent = 0;
    assert(loop_with("\x01", 1) == TC_AGAIN);
    assert(written[0] == 1 && strcmp(logged, "on") == 0);
    assert(loop_with("\x07", 1) == TC_AGAIN);
    assert(written[0] == 1 && level == 1);
    tinycontainer_stop();
    assert(written[0] == 0);
    puts("ok");
    return 0;
}
