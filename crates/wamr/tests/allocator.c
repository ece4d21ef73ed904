/* For the specification's tests and the benches only: the allocator that a shared object needs, with a count. */
#include <stdlib.h>
#include <string.h>
#include <stdint.h>

/* What memory that is not linear is filled with. Linear memory is zero. */
#ifndef FILL
#define FILL 0
#endif

static size_t used, peak;

uint64_t
tc_variant_used(void)
{
    return used;
}

uint64_t
tc_variant_peak(void)
{
    uint64_t was = peak;
    peak = used;
    return was;
}

/* As the pool books it: a header of 4, rounded to 8. */
static size_t
booked(size_t size)
{
    return (size + 4 + 7) & ~(size_t)7;
}

void *
tc_alloc(uint32_t linear, uint32_t size)
{
    size_t *block = size ? malloc(size + 16) : NULL;
    if (!block)
        return NULL;
    block[0] = size;
    used += booked(size);
    if (used > peak)
        peak = used;
    return memset(block + 2, linear ? 0 : FILL, size);
}

void
tc_free(void *ptr)
{
    size_t *block = ptr;
    if (!block)
        return;
    used -= booked(block[-2]);
    free(block - 2);
}

void *
tc_realloc(uint32_t linear, void *ptr, uint32_t size)
{
    size_t *block = ptr;
    void *to = tc_alloc(linear, size);
    if (to && block) {
        memcpy(to, block, block[-2] < size ? block[-2] : size);
        tc_free(block);
    }
    return to;
}
