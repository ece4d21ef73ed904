/* In place of RIOT's, for riot-app's platform_internal.h: there is one thread. */
#ifndef MUTEX_H
#define MUTEX_H

typedef struct { char unused; } mutex_t;

static inline void mutex_init(mutex_t *mutex)
{
    (void)mutex;
}

static inline void mutex_lock(mutex_t *mutex)
{
    (void)mutex;
}

static inline void mutex_unlock(mutex_t *mutex)
{
    (void)mutex;
}

#endif
