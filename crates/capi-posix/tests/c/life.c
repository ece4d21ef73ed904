/* The whole life of containers, by way of all that the header has. */
#include "harness.h"
#include "tinycontainer.h"

#define UID(name) (const uint8_t *)(name), strlen(name)
#define OK TINYCONTAINER_RESULT_OK

static int app_open(uint32_t peer)
{
    return (int)peer;
}

static int app_close(int fd)
{
    (void)fd;
    return 0;
}

static int app_read(int fd, uint8_t *buf, size_t len)
{
    memset(buf, fd, len);
    return (int)len;
}

static int app_write(int fd, uint8_t *buf, size_t len)
{
    (void)fd;
    (void)buf;
    return (int)len;
}

/* A pin, by way of the driver table. */
typedef struct {
    volatile uint8_t level;
    volatile int opened, closed, writes;
} pin_t;

static int pin_open(void *context, const tinycontainer_peer_t *peer)
{
    pin_t *pin = context;
    CHECK(peer->bus == TINYCONTAINER_BUS_GPIO && peer->direction == 2);
    CHECK(peer->uid_len == 3 && memcmp(peer->uid, "pin", 3) == 0);
    CHECK(peer->scheme == TINYCONTAINER_SCHEME_NONE && peer->authority == NULL && peer->authority_len == 0);
    if (peer->unit != 17) {
        return TINYCONTAINER_IO_NO_PEER;
    }
    pin->opened++;
    return 5;
}

static void pin_close(void *context, int handle)
{
    pin_t *pin = context;
    CHECK(handle == 5);
    pin->closed++;
}

static int pin_read(void *context, int handle, uint8_t *buf, size_t len)
{
    pin_t *pin = context;
    CHECK(handle == 5);
    if (len == 0 || pin->writes == 0) {
        return TINYCONTAINER_IO_WOULD_BLOCK;
    }
    buf[0] = pin->level;
    return 1;
}

static int pin_write(void *context, int handle, const uint8_t *buf, size_t len)
{
    pin_t *pin = context;
    CHECK(handle == 5 && len == 1);
    pin->level = buf[0];
    pin->writes++;
    return 1;
}

/* A remote peer: opens the one authority that it knows, and reads as its length. */
static int remote_open(void *context, const tinycontainer_peer_t *peer)
{
    static const char known[] = "[2001:db8::1]:5683";
    CHECK(peer->scheme == TINYCONTAINER_SCHEME_COAP && peer->bus == TINYCONTAINER_BUS_NONE && peer->unit == 0);
    CHECK(peer->uid_len == 6 && memcmp(peer->uid, "remote", 6) == 0 && peer->direction == 2);
    CHECK(peer->authority_len == strlen(known) && memcmp(peer->authority, known, strlen(known)) == 0);
    *(volatile int *)context += 1;
    return (int)peer->authority_len;
}

static void remote_close(void *context, int handle)
{
    CHECK(handle == 18);
    *(volatile int *)context += 10;
}

static int remote_read(void *context, int handle, uint8_t *buf, size_t len)
{
    (void)context;
    CHECK(len == 4);
    buf[0] = (uint8_t)handle;
    return 1;
}

static int remote_write(void *context, int handle, const uint8_t *buf, size_t len)
{
    (void)context;
    (void)handle;
    (void)buf;
    return (int)len;
}

/* A line on which bytes arrive, for a container that is woken by them. */
typedef struct {
    volatile uint32_t waker;
    volatile int watched, waiting;
} line_t;

static int line_open(void *context, const tinycontainer_peer_t *peer)
{
    (void)context;
    CHECK(peer->bus == TINYCONTAINER_BUS_UART && peer->unit == 1);
    return 0;
}

static void line_close(void *context, int handle)
{
    (void)handle;
    ((line_t *)context)->watched--;
}

static void line_watch(void *context, int handle, uint32_t waker)
{
    line_t *line = context;
    CHECK(handle == 0);
    line->waker = waker;
    line->watched++;
}

/* The last bytes that arrived, one at a time. */
static int line_read(void *context, int handle, uint8_t *buf, size_t len)
{
    line_t *line = context;
    (void)handle;
    CHECK(len > 0);
    if (line->waiting == 0) {
        return TINYCONTAINER_IO_WOULD_BLOCK;
    }
    buf[0] = (uint8_t)line->waiting--;
    if (line->waiting > 0) {
        tinycontainer_readable(line->waker);
    }
    return 1;
}

static tinycontainer_result_t load(const char *dir, const char *name)
{
    image_t it = image(dir, name);
    tinycontainer_result_t result = tinycontainer_load(it.metadata.bytes, it.metadata.len, it.data.bytes,
                                                       it.data.len, it.code.bytes, it.code.len);
    drop(&it);
    return result;
}

/* Loads in pieces of `step` bytes. */
static tinycontainer_result_t stream(const char *dir, const char *name, size_t step)
{
    image_t it = image(dir, name);
    file_t *parts[] = {&it.metadata, &it.data, &it.code};
    uint32_t session = 0;
    tinycontainer_result_t result =
        tinycontainer_load_begin(it.metadata.len, it.data.len, it.code.len, &session);
    for (size_t part = 0; part < 3 && result == OK; part++) {
        for (size_t at = 0; at < parts[part]->len && result == OK; at += step) {
            size_t left = parts[part]->len - at;
            result = tinycontainer_load_write(session, parts[part]->bytes + at, left < step ? left : step);
        }
    }
    drop(&it);
    return result == OK ? tinycontainer_load_finish(session) : result;
}

/* Runs a container to its end and says how that was. */
static void run(const char *dir, const char *name, char *why, size_t size)
{
    CHECK(load(dir, name) == OK);
    CHECK(tinycontainer_start(UID(name)) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID(name)));
    tinycontainer_stop_text(UID(name), why, size);
    CHECK(tinycontainer_unload(UID(name)) == OK);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    const char *dir = argv[1];
    char text[200];
    tinycontainer_status_t status;
    tinycontainer_memory_t before, after;

    file_t trust = slurp(dir, "trust.cbor", "");
    CHECK(tinycontainer_trust(trust.bytes, trust.len) == OK);
    CHECK(tinycontainer_device("device-1", "class-a") == OK);
    pin_t pin = {0, 0, 0, 0};
    tinycontainer_driver_t pin_driver = {&pin, pin_open, pin_close, pin_read, pin_write, 0, NULL};
    CHECK(tinycontainer_driver(TINYCONTAINER_BUS_GPIO, 16, 17, &pin_driver) == OK);
    volatile int remote_calls = 0;
    tinycontainer_driver_t remote_driver = {(void *)&remote_calls, remote_open, remote_close, remote_read,
                                            remote_write, 0, NULL};
    CHECK(tinycontainer_remote_driver(TINYCONTAINER_SCHEME_COAP, &remote_driver) == OK);
    CHECK(tinycontainer_remote_driver(TINYCONTAINER_SCHEME_COAP, &remote_driver) == TINYCONTAINER_RESULT_ALREADY_SET);
    line_t line = {0, 0, 0};
    tinycontainer_driver_t line_driver = {&line, line_open, line_close, line_read, remote_write, 0, line_watch};
    CHECK(tinycontainer_driver(TINYCONTAINER_BUS_UART, 1, 1, &line_driver) == OK);
    tinycontainer_readable(0); /* Before there is anything to wake. */
    tinycontainer_io_driver_t app = {app_open, app_close, app_read, app_write};
    CHECK(tinycontainer_init(5, 6, 7, &app) > 0);
    memset(&app, 0, sizeof app); /* It was copied. */
    CHECK(tinycontainer_time(1800000000) == OK);
    CHECK(tinycontainer_load_error(text, sizeof text) == 0 && text[0] == 0);

    /* One container: load, start, watch, stop, start again, unload. */
    CHECK(load(dir, "idle") == OK);
    CHECK(tinycontainer_status(UID("idle"), &status) == OK);
    CHECK(strcmp(status.uid, "idle") == 0 && status.version == 1 && !status.running && status.reason == 0);
    CHECK(strcmp(tinycontainer_state_text(status.state), "CREATED") == 0);
    CHECK(status.image_bytes > 0 && status.starts == 0);
    CHECK(tinycontainer_stop_text(UID("idle"), text, sizeof text) == 0);
    CHECK(load(dir, "idle") == TINYCONTAINER_RESULT_DUPLICATE_UID);
    CHECK(tinycontainer_start(UID("idle")) == OK);
    CHECK(tinycontainer_start(UID("idle")) == TINYCONTAINER_RESULT_RUNNING);
    WAIT(tinycontainer_status(UID("idle"), &status) == OK && status.loops >= 3);
    CHECK(status.running && status.starts == 1 && status.instructions > 0 && status.memory_used > 0);
    CHECK(tinycontainer_unload(UID("idle")) == TINYCONTAINER_RESULT_RUNNING);
    CHECK(tinycontainer_stop(UID("idle")) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID("idle")));
    CHECK(tinycontainer_stop(UID("idle")) == TINYCONTAINER_RESULT_NOT_RUNNING);
    CHECK(tinycontainer_status(UID("idle"), &status) == OK);
    CHECK(strcmp(tinycontainer_stop_reason_text(status.reason), "stop requested") == 0);
    CHECK(tinycontainer_start(UID("idle")) == OK);
    CHECK(tinycontainer_stop(UID("idle")) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID("idle")));
    CHECK(tinycontainer_unload(UID("idle")) == OK);
    CHECK(tinycontainer_status(UID("idle"), &status) == TINYCONTAINER_RESULT_NOT_FOUND);

    /* In pieces, of one byte and of many; cut, changed, from a stranger. */
    CHECK(tinycontainer_memory(&before) == OK && before.free > 0 && before.free <= before.total);
    CHECK(stream(dir, "idle", 1) == OK);
    CHECK(stream(dir, "data", 100) == OK);
    uint32_t loaded = 0;
    for (uint32_t slot = 0; tinycontainer_status_at(slot, &status) != TINYCONTAINER_RESULT_END; slot++) {
        if (tinycontainer_status_at(slot, &status) == OK) {
            CHECK(status.slot == slot);
            loaded++;
        }
    }
    CHECK(loaded == 2);
    CHECK(tinycontainer_unload(UID("idle")) == OK && tinycontainer_unload(UID("data")) == OK);
    CHECK(load(dir, "stranger") == TINYCONTAINER_RESULT_UNKNOWN_KEY);
    CHECK(tinycontainer_load_error(text, sizeof text) == strlen(text) && strstr(text, "metadata") != NULL);
    CHECK(tinycontainer_load_error(text, 4) > 4 && strlen(text) == 3);
    CHECK(tinycontainer_load_error(NULL, 0) > 4);
    CHECK(stream(dir, "stranger", 7) == TINYCONTAINER_RESULT_UNKNOWN_KEY);
    CHECK(load(dir, "otherdevice") == TINYCONTAINER_RESULT_WRONG_AUDIENCE);
    CHECK(load(dir, "expired") == TINYCONTAINER_RESULT_EXPIRED);
    CHECK(load(dir, "unreached") == TINYCONTAINER_RESULT_ENDPOINT_NOT_GRANTED);
    image_t idle = image(dir, "idle");
    idle.code.bytes[idle.code.len - 1] ^= 1;
    CHECK(!tinycontainer_loadcontainer(idle.metadata.bytes, idle.metadata.len, idle.data.bytes, idle.data.len,
                                       idle.code.bytes, idle.code.len));
    CHECK(tinycontainer_load_error(text, sizeof text) > 0 && strstr(text, "code") != NULL);
    uint32_t session, second = 99;
    CHECK(tinycontainer_load_begin(idle.metadata.len, 0, idle.code.len, &session) == OK && session != 0);
    CHECK(tinycontainer_load_begin(1, 0, 1, &second) == TINYCONTAINER_RESULT_BUSY && second == 99);
    CHECK(load(dir, "data") == OK && tinycontainer_unload(UID("data")) == OK); /* Beside the session. */
    CHECK(tinycontainer_load_write(session, idle.metadata.bytes, idle.metadata.len) == OK);
    CHECK(tinycontainer_load_abort(session) == OK);
    CHECK(tinycontainer_load_abort(session) == TINYCONTAINER_RESULT_NO_SESSION);
    CHECK(tinycontainer_load_begin(idle.metadata.len, 0, idle.code.len, &session) == OK);
    CHECK(tinycontainer_load_finish(session) == TINYCONTAINER_RESULT_TOO_SHORT);
    CHECK(tinycontainer_load_finish(session) == TINYCONTAINER_RESULT_NO_SESSION);
    /* Other sizes than the signed ones, before memory is taken for them. */
    CHECK(tinycontainer_load_begin(idle.metadata.len, 0, 1, &session) == OK);
    CHECK(tinycontainer_load_write(session, idle.metadata.bytes, idle.metadata.len) ==
          TINYCONTAINER_RESULT_OTHER_SIZES);
    CHECK(tinycontainer_load_write(session, idle.code.bytes, 1) == TINYCONTAINER_RESULT_NO_SESSION);
    CHECK(tinycontainer_load_begin(idle.metadata.len, 0, idle.code.len, &session) == OK);
    CHECK(tinycontainer_load_write(session, idle.metadata.bytes, idle.metadata.len) == OK);
    idle.code.bytes[idle.code.len - 1] ^= 1;
    CHECK(tinycontainer_load_write(session, idle.code.bytes, idle.code.len) == OK);
    CHECK(tinycontainer_load_write(session, idle.code.bytes, 1) == TINYCONTAINER_RESULT_TOO_LONG);
    CHECK(tinycontainer_load_write(session, idle.code.bytes, 1) == TINYCONTAINER_RESULT_NO_SESSION);
    drop(&idle);
    CHECK(tinycontainer_memory(&after) == OK);
    CHECK(after.free == before.free && after.largest == before.largest);

    /* Drivers. */
    run(dir, "app", text, sizeof text);
    CHECK(strcmp(text, "finished: loop() returned 42") == 0);
    run(dir, "pin", text, sizeof text);
    CHECK(strcmp(text, "finished: loop() returned 1") == 0);
    CHECK(pin.writes == 1 && pin.opened == 1 && pin.closed == 1 && pin.level == 1);
    run(dir, "nopin", text, sizeof text);
    CHECK(strcmp(text, "finished: loop() returned -3") == 0);

    /* A container that is woken by its driver: a loop for each announcement, and none without. */
    CHECK(load(dir, "woken") == OK && tinycontainer_start(UID("woken")) == OK);
    WAIT(tinycontainer_status(UID("woken"), &status) == OK &&
         strcmp(tinycontainer_state_text(status.state), "READY") == 0);
    CHECK(line.watched == 1 && status.loops == 0);
    tinycontainer_readable(line.waker ^ 0x100); /* Of a descriptor that is not open. */
    tinycontainer_readable(UINT32_MAX);
    line.waiting = 3;
    tinycontainer_readable(line.waker);
    WAIT(tinycontainer_status(UID("woken"), &status) == OK && status.loops == 3);
    CHECK(line.waiting == 0 && status.running);
    CHECK(tinycontainer_stop(UID("woken")) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID("woken")));
    CHECK(line.watched == 0);
    tinycontainer_readable(line.waker); /* After it was closed. */
    CHECK(tinycontainer_status(UID("woken"), &status) == OK && status.loops == 3);
    CHECK(tinycontainer_unload(UID("woken")) == OK);

    run(dir, "remote", text, sizeof text);
    CHECK(strcmp(text, "finished: loop() returned 18") == 0);
    CHECK(remote_calls == 11); /* Opened once, closed once. */
    run(dir, "noremote", text, sizeof text);
    CHECK(strcmp(text, "finished: loop() returned -3") == 0);

    /* Ends that are the container's own fault. */
    run(dir, "spin", text, sizeof text);
    CHECK(strcmp(text, "budget exhausted") == 0);
    run(dir, "trap", text, sizeof text);
    CHECK(strcmp(text, "trapped: unreachable executed") == 0);

    /* A call that is refused is in the ring. */
    tinycontainer_audit_record_t refusal;
    uint64_t last = 0;
    while (tinycontainer_audit_next(last, &refusal) == OK) {
        last = refusal.number;
    }
    CHECK(load(dir, "curious") == OK && tinycontainer_start(UID("curious")) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID("curious")));
    CHECK(tinycontainer_audit_next(last, &refusal) == OK);
    CHECK(refusal.number == last + 1 && refusal.has_endpoint && refusal.endpoint == 9);
    CHECK(strcmp(refusal.uid, "curious") == 0 && refusal.dropped == 0);
    CHECK(tinycontainer_status(UID("curious"), &status) == OK && status.refusals == 1 && status.dropped == 0);
    CHECK(strcmp(tinycontainer_call_text(refusal.call), "open") == 0);
    CHECK(strcmp(tinycontainer_deny_reason_text(refusal.reason), "it has no right to such an endpoint") == 0);
    CHECK(tinycontainer_audit_next(refusal.number, &refusal) == TINYCONTAINER_RESULT_END);
    CHECK(tinycontainer_unload(UID("curious")) == OK);

    /* Many lives: all memory is back at the end. */
    CHECK(tinycontainer_memory(&before) == OK);
    for (int round = 0; round < 50; round++) {
        CHECK(stream(dir, "idle", 64) == OK && tinycontainer_start(UID("idle")) == OK);
        WAIT(tinycontainer_status(UID("idle"), &status) == OK && status.loops > 0);
        CHECK(tinycontainer_stop(UID("idle")) == OK);
        WAIT(tinycontainer_unload(UID("idle")) == OK);
    }
    CHECK(tinycontainer_memory(&after) == OK && after.free == before.free && after.largest == before.largest);

    /* What let an image in is asked again at each start: the anchors, the time. */
    static const uint8_t nobody[] = {0x82, 0x01, 0x80};
    CHECK(load(dir, "idle") == OK);
    CHECK(tinycontainer_trust(nobody, sizeof nobody) == OK);
    CHECK(tinycontainer_start(UID("idle")) == TINYCONTAINER_RESULT_UNKNOWN_KEY);
    CHECK(!tinycontainer_startcontainer(UID("idle")) && !tinycontainer_iscontainerrunning(UID("idle")));
    CHECK(tinycontainer_trust(trust.bytes, trust.len) == OK);
    CHECK(tinycontainer_start(UID("idle")) == OK && tinycontainer_stop(UID("idle")) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID("idle")));
    CHECK(tinycontainer_time(1800001000) == OK); /* When its token ends. */
    CHECK(tinycontainer_start(UID("idle")) == TINYCONTAINER_RESULT_EXPIRED);
    CHECK(tinycontainer_time(1800000000) == TINYCONTAINER_RESULT_TIME_GOES_BACK);
    CHECK(tinycontainer_start(UID("idle")) == TINYCONTAINER_RESULT_EXPIRED);
    CHECK(tinycontainer_unload(UID("idle")) == OK);
    return 0;
}
