/* Comes after quiet.h, on a device: WAMR does not say why it refuses a module, only that it does. Its texts, and
 * the printf that they need, take 8 KB of flash. A host runs the same checks and has the texts
 * (`tinycontainerctl run`).
 *
 * What stays is the reason of a trap: the interpreter tells its host by that text. */
#ifndef TC_DEVICE_H
#define TC_DEVICE_H
#ifndef __ASSEMBLER__

#include <stdarg.h>
#include <stdio.h>
#include "bh_platform.h"

/* Copies `text`, at most `size` bytes with its end. */
int tc_put(char *to, unsigned size, const char *text);

/* wamr.settings turns the labels off on a device, for flash. The fast interpreter is metered with them only: runs.h. */
#if WASM_ENABLE_FAST_INTERP != 0
#undef WASM_ENABLE_LABELS_AS_VALUES
#define WASM_ENABLE_LABELS_AS_VALUES 1
#endif

#define TC_FIRST(first, ...) first
#define snprintf(to, size, format, ...)                                            \
    (__builtin_strcmp(format, "Exception: %s") == 0                                \
         ? tc_put(to, size, (const char *)TC_FIRST(__VA_ARGS__ __VA_OPT__(, ) "")) \
         : 0)
#define vsnprintf(to, size, format, args) ((void)(format), (void)(args), 0)
/* A function that does nothing with its arguments is not called, and their texts are not kept. */
#undef va_start
#undef va_end
#define va_start(args, last) ((void)0)
#define va_end(args) ((void)0)

#endif
#endif
