/* See core_portme.h. Seeds and size are those of CoreMark's performance run. */
#include "coremark.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name)
#endif

volatile ee_s32 seed1_volatile = 0;
volatile ee_s32 seed2_volatile = 0;
volatile ee_s32 seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile = 0;
volatile ee_s32 seed5_volatile = 0;
ee_u32 default_num_contexts = 1;

static unsigned checked, errors;

int coremark_main(void);

/* Returns 1 if CoreMark has found its own results right. */
EXPORT(coremark) ee_u32
coremark(ee_u32 iterations)
{
    seed4_volatile = (ee_s32)iterations;
    checked = errors = 0;
    coremark_main();
    return checked && !errors;
}

static int
begins_with(const char *text, const char *with)
{
    while (*with && *text == *with) {
        text++;
        with++;
    }
    return !*with;
}

/* Nothing is printed. What CoreMark would say of its results is what it is asked for. */
int
ee_printf(const char *format, ...)
{
    if (begins_with(format, "Correct operation validated")) {
        checked = 1;
    }
    if (begins_with(format, "Errors detected") || begins_with(format, "Cannot validate")) {
        errors = 1;
    }
    return 0;
}

void
portable_init(core_portable *port, int *argc, char *argv[])
{
    (void)argc;
    (void)argv;
    port->portable_id = 1;
}

void
portable_fini(core_portable *port)
{
    port->portable_id = 0;
}

void
start_time(void)
{
}

void
stop_time(void)
{
}

CORE_TICKS
get_time(void)
{
    return 10;
}

/* It is not valid if it takes fewer than 10. */
secs_ret
time_in_secs(CORE_TICKS ticks)
{
    return ticks;
}
