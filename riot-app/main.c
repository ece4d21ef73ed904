/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* The shell program: containers are loaded and controlled by commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell.h"
#include "timex.h"
#include "ztimer.h"

#include "tinycontainer.h"
#include "tinycontainer_images.h"
#include "tinycontainer_riot.h"

#define CONTROLLER_PRIO     (THREAD_PRIORITY_MAIN - 3)
#define SERVICE_PRIO        (THREAD_PRIORITY_MAIN - 2)
#define CONTAINERS_PRIO     (THREAD_PRIORITY_MAIN + 1)

/* The peers `app:0` to `app:9` of this application: a read of any returns 32 bytes of text. A write to `app:9` takes
 * 5 ms for each piece. */
#define SLOW    9
static const char _text[] = "32 bytes of the application here";

static int _open(uint32_t peer)
{
    return peer < 10 ? (int)peer : -1;
}

static int _close(int fd)
{
    return fd;
}

#ifdef BOARD_QEMU_MPS2_AN386
#include "board_instructions.h"

/* The times of the reads of `bench`, for `measure`. */
static uint32_t _times[6 * 20];
static unsigned _times_numof;
#define MARK() do { if (_times_numof < ARRAY_SIZE(_times)) { _times[_times_numof++] = board_time(); } } while (0)
#else
#define MARK()
#endif

static int _read(int fd, uint8_t *buf, size_t len)
{
    (void)fd;
    MARK();
    if (len > 32) {
        len = 32;
    }
    memcpy(buf, _text, len);
    return len;
}

static int _write(int fd, uint8_t *buf, size_t len)
{
    (void)buf;
    if (fd == SLOW) {
        ztimer_spin(ZTIMER_USEC, 5000);
    }
    return len;
}

static const tinycontainer_image_t *_image(const char *name)
{
    for (unsigned i = 0; i < TINYCONTAINER_IMAGES_NUMOF; i++) {
        if (strcmp(tinycontainer_images[i].name, name) == 0) {
            return &tinycontainer_images[i];
        }
    }
    return NULL;
}

static int _done(const char *name, tinycontainer_result_t result)
{
    printf("%s: %s\n", name, result == 0 ? "ok" : tinycontainer_result_text(result));
    return result == 0 ? 0 : 1;
}

static tinycontainer_result_t _load_image(const tinycontainer_image_t *image)
{
    return tinycontainer_load(image->metadata, image->metadata_len, image->data, image->data_len,
                              image->code, image->code_len);
}

static int _expects(const char *usage)
{
    printf("usage: %s\n", usage);
    return 1;
}

static int _cmd_list(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return _expects("list");
    }
    for (unsigned i = 0; i < TINYCONTAINER_IMAGES_NUMOF; i++) {
        const tinycontainer_image_t *image = &tinycontainer_images[i];
        printf("%-16s %u bytes\n", image->name,
               (unsigned)(image->metadata_len + image->data_len + image->code_len));
    }
    return 0;
}
SHELL_COMMAND(list, "the images in this firmware", _cmd_list);

static int _cmd_load(int argc, char **argv)
{
    const tinycontainer_image_t *image = argc == 2 ? _image(argv[1]) : NULL;
    if (!image) {
        return _expects("load IMAGE (one of those that `list` shows)");
    }
    tinycontainer_result_t result = _load_image(image);
    if (result != 0) {
        char why[tinycontainer_load_error(NULL, 0) + 1];
        tinycontainer_load_error(why, sizeof(why));
        printf("%s: refused (%ld): %s\n", argv[1], (long)result, why);
        return 1;
    }
    return _done(argv[1], result);
}
SHELL_COMMAND(load, "load an image: load IMAGE", _cmd_load);

static int _cmd_unload(int argc, char **argv)
{
    if (argc != 2) {
        return _expects("unload UID");
    }
    return _done(argv[1], tinycontainer_unload((uint8_t *)argv[1], strlen(argv[1])));
}
SHELL_COMMAND(unload, "remove a container that does not run: unload UID", _cmd_unload);

static int _cmd_start(int argc, char **argv)
{
    if (argc != 2) {
        return _expects("start UID");
    }
    return _done(argv[1], tinycontainer_start((uint8_t *)argv[1], strlen(argv[1])));
}
SHELL_COMMAND(start, "start a container: start UID", _cmd_start);

static int _cmd_stop(int argc, char **argv)
{
    if (argc != 2) {
        return _expects("stop UID");
    }
    return _done(argv[1], tinycontainer_stop((uint8_t *)argv[1], strlen(argv[1])));
}
SHELL_COMMAND(stop, "ask a container to stop: stop UID", _cmd_stop);

static int _cmd_status(int argc, char **argv)
{
    if (argc > 2) {
        return _expects("status [UID]");
    }
    tinycontainer_memory_t memory;
    tinycontainer_status_t status;
    bool found = false;
    tinycontainer_result_t result = 0;

    for (unsigned slot = 0; ; slot++) {
        result = tinycontainer_status_at(slot, &status);
        if (result == TINYCONTAINER_RESULT_END) {
            break;
        }
        if (result != 0 || (argc == 2 && strcmp(argv[1], status.uid) != 0)) {
            continue;
        }
        found = true;
        printf("%s: %s%s%s loops=%lu missed=%lu calls=%lu refused=%lu starts=%lu image=%lu used=%lu peak=%lu\n",
               status.uid, tinycontainer_state_text(status.state), status.reason ? ", stopped: " : "",
               tinycontainer_stop_reason_text(status.reason), (unsigned long)status.loops, (unsigned long)status.missed,
               (unsigned long)status.calls, (unsigned long)status.refusals, (unsigned long)status.starts,
               (unsigned long)status.image_bytes, (unsigned long)status.memory_used,
               (unsigned long)status.memory_peak);
    }
    if (argc == 2 && !found) {
        return _done(argv[1], TINYCONTAINER_RESULT_NOT_FOUND);
    }
    tinycontainer_memory(&memory);
    printf("memory: %u of %u bytes free, largest piece %u\n", (unsigned)memory.free, (unsigned)memory.total,
           (unsigned)memory.largest);
    return 0;
}
SHELL_COMMAND(status, "state of containers and memory: status [UID]", _cmd_status);

static int _cmd_audit(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return _expects("audit");
    }
    tinycontainer_audit_record_t refusal;
    uint64_t last = 0;
    while (tinycontainer_audit_next(last, &refusal) == 0) {
        last = refusal.number;
        printf("%lu: %s: %s", (unsigned long)refusal.number, refusal.uid, tinycontainer_call_text(refusal.call));
        if (refusal.has_endpoint) {
            printf(" on endpoint %lu", (unsigned long)refusal.endpoint);
        }
        printf(": refused because %s\n", tinycontainer_deny_reason_text(refusal.reason));
    }
    printf("%lu refusals\n", (unsigned long)last);
    return 0;
}
SHELL_COMMAND(audit, "the calls that were refused", _cmd_audit);

/* Waits at most `ms` milliseconds for the container to end. */
static bool _ended(const char *uid, unsigned long ms)
{
    while (tinycontainer_iscontainerrunning((const uint8_t *)uid, strlen(uid))) {
        if (ms < 5) {
            return false;
        }
        ztimer_sleep(ZTIMER_MSEC, 5);
        ms -= 5;
    }
    return true;
}

static bool _number(const char *text, unsigned long *number)
{
    char *end;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && *number <= 3600000;
}

static int _cmd_wait(int argc, char **argv)
{
    unsigned long ms = 10000;
    if (argc == 2 && _number(argv[1], &ms)) {
        ztimer_sleep(ZTIMER_MSEC, ms);
        puts("waited");
        return 0;
    }
    if ((argc != 2 && argc != 3) || (argc == 3 && !_number(argv[2], &ms))) {
        return _expects("wait MS, or wait UID [MS] (MS: 0 to 3600000)");
    }
    bool ended = _ended(argv[1], ms);
    printf("%s: %s\n", argv[1], ended ? "does not run" : "still runs");
    return ended ? 0 : 1;
}
SHELL_COMMAND(wait, "wait for a container to end, or for a time: wait UID [MS], wait MS", _cmd_wait);

static int _cmd_rounds(int argc, char **argv)
{
    unsigned long count;
    const tinycontainer_image_t *image = argc == 3 ? _image(argv[1]) : NULL;
    if (!image || !_number(argv[2], &count)) {
        return _expects("rounds IMAGE COUNT: load, start, stop, unload, so many times");
    }
    tinycontainer_memory_t before, after;
    const uint8_t *uid = (const uint8_t *)argv[1];
    size_t len = strlen(argv[1]);

    tinycontainer_memory(&before);
    for (unsigned long i = 0; i < count; i++) {
        tinycontainer_result_t result = _load_image(image);
        if (result == 0) {
            result = tinycontainer_start(uid, len);
        }
        /* It runs in every second round. */
        if (result == 0 && i % 2 == 0) {
            ztimer_sleep(ZTIMER_MSEC, 2);
        }
        if (result == 0) {
            result = tinycontainer_stop(uid, len);
        }
        if (result == 0 && !_ended(argv[1], 1000)) {
            result = TINYCONTAINER_RESULT_RUNNING;
        }
        if (result == 0) {
            result = tinycontainer_unload(uid, len);
        }
        if (result != 0) {
            printf("round %lu: ", i);
            return _done(argv[1], result);
        }
    }
    tinycontainer_memory(&after);
    printf("%lu rounds: free before %u, after %u, largest piece %u\n", count, (unsigned)before.free,
           (unsigned)after.free, (unsigned)after.largest);
    return 0;
}
SHELL_COMMAND(rounds, "load, start, stop and unload many times: rounds IMAGE COUNT", _cmd_rounds);

#ifdef BOARD_QEMU_MPS2_AN386
static uint32_t _least(unsigned which)
{
    uint32_t least = UINT32_MAX;
    /* Four reads in a cycle. Other threads make a span longer, so the shortest counts. */
    for (unsigned i = which; i + 1 < _times_numof; i += 4) {
        uint32_t n = board_instructions(_times[i], _times[i + 1]);
        least = n < least ? n : least;
    }
    return least;
}

/* Counts instructions: run with QEMU_ICOUNT=7. */
static int _cmd_measure(int argc, char **argv)
{
    (void)argv;
    const tinycontainer_image_t *image = _image("bench");
    if (argc != 1 || !image) {
        return _expects("measure (with the image `bench`, and nothing else loaded)");
    }
    static const uint8_t uid[] = "bench";
    tinycontainer_memory_t before, loaded, runs;

    board_icount_shift();
    tinycontainer_memory(&before);
    uint32_t start = board_time();
    tinycontainer_result_t result = _load_image(image);
    uint32_t load = board_instructions(start, board_time());
    if (result != 0) {
        return _done("bench", result);
    }
    tinycontainer_memory(&loaded);
    tinycontainer_quiet = true;
    /* This thread has a lower priority than containers: when it continues, the container has done its first read. */
    _times_numof = 0;
    start = board_time();
    tinycontainer_start(uid, 5);
    ztimer_sleep(ZTIMER_MSEC, 300);
    tinycontainer_memory(&runs);
    uint32_t begun = board_instructions(start, _times[0]);
    tinycontainer_stop(uid, 5);
    _ended("bench", 1000);
    tinycontainer_unload(uid, 5);
    tinycontainer_quiet = false;

    uint32_t r = _least(0), er = _least(1), fr = _least(2);
    printf("image %u bytes, module %u bytes\n", (unsigned)(image->metadata_len + image->data_len + image->code_len),
           (unsigned)image->code_len);
    printf("load %lu\nstart %lu\nread %lu\nrefused %lu\nloop %lu\n", (unsigned long)load, (unsigned long)begun,
           (unsigned long)(r - (er - r)), (unsigned long)(fr - er), (unsigned long)(er - r));
    printf("pool %u loaded, %u running\n", (unsigned)(before.free - loaded.free), (unsigned)(before.free - runs.free));
    return 0;
}
SHELL_COMMAND(measure, "count instructions; on the emulated board with QEMU_ICOUNT=7", _cmd_measure);
#endif

#ifdef MODULE_MPU_STACK_GUARD
static int _deeper(volatile char *above)
{
    volatile char here[64];
    here[0] = above[0];
    return here[0] == 1 ? 0 : _deeper(here) + here[0];
}

static int _cmd_overflow(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return _expects("overflow");
    }
    puts("leaving the stack");
    char start = 0;
    return _deeper(&start);
}
SHELL_COMMAND(overflow, "overflow this thread's stack, which stops the device: shows that the guard works", _cmd_overflow);
#endif

int main(void)
{
    static const tinycontainer_io_driver_t driver = { _open, _close, _read, _write };

    int pid = tinycontainer_init(CONTROLLER_PRIO, SERVICE_PRIO, CONTAINERS_PRIO, &driver);
    if (pid < 0) {
        printf("TinyContainer cannot start: %s\n", tinycontainer_result_text(-pid));
        return 1;
    }
    puts("TinyContainer is ready. `help` shows the commands.");

    char line[SHELL_DEFAULT_BUFSIZE];
    shell_run(NULL, line, sizeof(line));
    return 0;
}
