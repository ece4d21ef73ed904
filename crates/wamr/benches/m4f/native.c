/* Calls the functions of ../guests/guests.c, compiled for the processor itself, and prints for each how many
 * instructions it executed and what it returned. scripts/guest-bench gives NAMES: CALL(name, argument) ... */
#include "board.h"

#define CALL(name, argument) uint32_t name(uint32_t);
NAMES
#undef CALL

static void run(uint32_t (*function)(uint32_t), uint32_t argument)
{
    uint32_t before = board_ns();
    uint32_t result = function(argument);
    uint32_t after = board_ns();

    board_print("run 0");
    board_print_number(after - before);
    board_print_number(result);
    board_print("\n");
}

int main(void)
{
#define CALL(name, argument) run(name, argument);
    NAMES
    return 0;
}
