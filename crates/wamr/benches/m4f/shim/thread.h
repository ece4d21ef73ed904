/* In place of RIOT's, for riot-app's platform_internal.h: there is one thread. */
#ifndef THREAD_H
#define THREAD_H

#include <stdint.h>

typedef int16_t kernel_pid_t;

static inline kernel_pid_t thread_getpid(void)
{
    return 1;
}

#endif
