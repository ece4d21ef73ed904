/* A unit test on this machine. */
#include "main.c"
#include "calls.h"

int main(void) {
    tinycontainer_start();
    assert(loop_with("", 0) == TC_AGAIN && strcmp(logged, "loop 001") == 0);
    assert(loop_with("", 0) == TC_AGAIN && strcmp(logged, "loop 002") == 0);
    assert(strcmp(text_of(1234), "loop 234") == 0);
    puts("ok");
    return 0;
}
