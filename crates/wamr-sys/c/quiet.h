/* Comes before every file of WAMR's: its log says nothing. It would go to stdout, with names that a
 * module's author chose, and no setting removes it or its texts from flash. */
#ifndef TC_QUIET_H
#define TC_QUIET_H
#ifndef __ASSEMBLER__

#include "bh_platform.h"
#include "bh_log.h"

#undef LOG_FATAL
#undef LOG_ERROR
#undef LOG_WARNING
#undef LOG_VERBOSE
#define LOG_FATAL(...) ((void)0)
#define LOG_ERROR(...) ((void)0)
#define LOG_WARNING(...) ((void)0)
#define LOG_VERBOSE(...) ((void)0)

#endif
#endif
