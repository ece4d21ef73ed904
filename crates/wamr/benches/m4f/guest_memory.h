/* The memory of WAMR and the guests: what a guest takes is given back when it has run, all at once. */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stddef.h>

/* How many bytes are taken. */
size_t memory_used(void);
/* Gives back what was taken since so many bytes were. */
void memory_release(size_t bytes);

#endif
