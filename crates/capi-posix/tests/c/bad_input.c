/* Whatever a program does wrong is answered with false or a code, and changes nothing. */
#include "harness.h"
#include "tinycontainer.h"

#define UID(name) (const uint8_t *)(name), strlen(name)
#define OK TINYCONTAINER_RESULT_OK

enum { OPEN_FAILS = 100, READS_TOO_MUCH, WRITES_TOO_MUCH, READS_NEGATIVE, READS_LEAST };

static volatile int closes;

static int app_open(uint32_t peer)
{
    return peer == OPEN_FAILS ? -2147483647 - 1 : (int)peer;
}

static int app_close(int fd)
{
    (void)fd;
    closes++;
    return -77;
}

static int app_read(int fd, uint8_t *buf, size_t len)
{
    (void)buf;
    switch (fd) {
    case READS_TOO_MUCH: return 2147483647;
    case READS_NEGATIVE: return -2;
    case READS_LEAST: return -2147483647 - 1;
    default: return (int)len;
    }
}

static int app_write(int fd, uint8_t *buf, size_t len)
{
    (void)buf;
    return fd == WRITES_TOO_MUCH ? (int)len + 1 : (int)len;
}

static int table_open(void *context, const tinycontainer_peer_t *peer)
{
    (void)context;
    (void)peer;
    return -99;
}

static void table_close(void *context, int handle)
{
    (void)context;
    (void)handle;
}

static int table_read(void *context, int handle, uint8_t *buf, size_t len)
{
    (void)context;
    (void)handle;
    (void)buf;
    return (int)len + 1;
}

static int table_write(void *context, int handle, const uint8_t *buf, size_t len)
{
    (void)context;
    (void)handle;
    (void)buf;
    return (int)len + 1;
}

static uint64_t no_time(void)
{
    return 0;
}

/* Before init: nothing but settings works. */
static void nothing_works(void)
{
    uint8_t bytes[4] = {1, 2, 3, 4};
    uint32_t session = 7;
    tinycontainer_status_t status;
    tinycontainer_memory_t memory;
    tinycontainer_audit_record_t refusal;
    char text[8] = "x";
    const tinycontainer_result_t off = TINYCONTAINER_RESULT_NOT_INITIALIZED;
    CHECK(!tinycontainer_loadcontainer(bytes, 4, bytes, 4, bytes, 4));
    CHECK(!tinycontainer_startcontainer(bytes, 4) && !tinycontainer_stopcontainer(bytes, 4));
    CHECK(!tinycontainer_iscontainerrunning(bytes, 4));
    CHECK(tinycontainer_load(bytes, 4, bytes, 4, bytes, 4) == off);
    CHECK(tinycontainer_load_begin(4, 4, 4, &session) == off && session == 7);
    CHECK(tinycontainer_load_write(1, bytes, 4) == off && tinycontainer_load_finish(1) == off);
    CHECK(tinycontainer_load_abort(1) == off);
    CHECK(tinycontainer_start(UID("a")) == off && tinycontainer_stop(UID("a")) == off);
    CHECK(tinycontainer_unload(UID("a")) == off && tinycontainer_status(UID("a"), &status) == off);
    CHECK(tinycontainer_status_at(0, &status) == off && tinycontainer_memory(&memory) == off);
    CHECK(tinycontainer_audit_next(0, &refusal) == off && tinycontainer_time(1) == off);
    CHECK(tinycontainer_stop_text(UID("a"), text, sizeof text) == 0 && text[0] == 0);
}

static void bad_uids(void)
{
    typedef tinycontainer_result_t (*call_t)(const uint8_t *, size_t);
    const call_t calls[] = {tinycontainer_start, tinycontainer_stop, tinycontainer_unload};
    tinycontainer_status_t status;
    uint8_t *long_uid = malloc(65);
    CHECK(long_uid != NULL);
    memset(long_uid, 'a', 65);
    const uint8_t not_utf8[] = {'a', 0xff, 0xfe}, with_nul[] = {'a', 0, 'b'};
    const struct {
        const uint8_t *uid;
        size_t len;
        tinycontainer_result_t result;
    } bad[] = {
        {NULL, 0, TINYCONTAINER_RESULT_NULL_POINTER},
        {NULL, 5, TINYCONTAINER_RESULT_NULL_POINTER},
        {(const uint8_t *)"idle", 0, TINYCONTAINER_RESULT_BAD_UID},
        {long_uid, 65, TINYCONTAINER_RESULT_BAD_UID},
        {long_uid, 64, TINYCONTAINER_RESULT_NOT_FOUND},
        {long_uid, (size_t)-1, TINYCONTAINER_RESULT_BAD_UID},
        {long_uid, SIZE_MAX / 2 + 1, TINYCONTAINER_RESULT_BAD_UID},
        {not_utf8, 3, TINYCONTAINER_RESULT_BAD_UID},
        {with_nul, 3, TINYCONTAINER_RESULT_BAD_UID},
        {(const uint8_t *)"idl", 3, TINYCONTAINER_RESULT_NOT_FOUND},
        {(const uint8_t *)"idle ", 5, TINYCONTAINER_RESULT_BAD_UID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t call = 0; call < 3; call++) {
            CHECK(calls[call](bad[i].uid, bad[i].len) == bad[i].result);
        }
        CHECK(tinycontainer_status(bad[i].uid, bad[i].len, &status) == bad[i].result);
        CHECK(!tinycontainer_startcontainer(bad[i].uid, bad[i].len));
        CHECK(!tinycontainer_stopcontainer(bad[i].uid, bad[i].len));
        CHECK(!tinycontainer_iscontainerrunning(bad[i].uid, bad[i].len));
        CHECK(tinycontainer_stop_text(bad[i].uid, bad[i].len, NULL, 0) == 0);
    }
    free(long_uid);
}

static void bad_images(const char *dir)
{
    image_t idle = image(dir, "idle");
    const file_t m = idle.metadata, c = idle.code;
    const size_t huge[] = {(size_t)-1, SIZE_MAX / 2 + 1};
    uint32_t session = 7;
    for (size_t i = 0; i < 2; i++) {
        CHECK(tinycontainer_load(m.bytes, huge[i], NULL, 0, c.bytes, c.len) == TINYCONTAINER_RESULT_BAD_SIZE);
        CHECK(tinycontainer_load(m.bytes, m.len, m.bytes, huge[i], c.bytes, c.len) == TINYCONTAINER_RESULT_BAD_SIZE);
        CHECK(tinycontainer_load(m.bytes, m.len, NULL, 0, c.bytes, huge[i]) == TINYCONTAINER_RESULT_BAD_SIZE);
        CHECK(tinycontainer_load_begin(huge[i], 0, 1, &session) == TINYCONTAINER_RESULT_BAD_SIZE);
        CHECK(tinycontainer_load_begin(1, huge[i], 1, &session) == TINYCONTAINER_RESULT_BAD_SIZE);
        CHECK(tinycontainer_load_begin(1, 0, huge[i], &session) == TINYCONTAINER_RESULT_BAD_SIZE);
        CHECK(tinycontainer_load_write(1, m.bytes, huge[i]) == TINYCONTAINER_RESULT_BAD_SIZE);
    }
    CHECK(tinycontainer_load(NULL, m.len, NULL, 0, c.bytes, c.len) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_load(m.bytes, m.len, NULL, 1, c.bytes, c.len) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_load(m.bytes, m.len, NULL, 0, NULL, c.len) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_load(m.bytes, 0, NULL, 0, c.bytes, c.len) == TINYCONTAINER_RESULT_BAD_IMAGE_SIZE);
    CHECK(tinycontainer_load(NULL, 0, NULL, 0, NULL, 0) == TINYCONTAINER_RESULT_BAD_IMAGE_SIZE);
    CHECK(tinycontainer_load(m.bytes, m.len, NULL, 0, c.bytes, 0) == TINYCONTAINER_RESULT_BAD_IMAGE_SIZE);
    CHECK(tinycontainer_load_begin(100000, 0, 1, &session) == TINYCONTAINER_RESULT_BAD_IMAGE_SIZE);
    CHECK(tinycontainer_load_begin(1, 0, 1, NULL) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(session == 7);
    const uint32_t sessions[] = {0, 1, 7, UINT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        CHECK(tinycontainer_load_write(sessions[i], m.bytes, 1) == TINYCONTAINER_RESULT_NO_SESSION);
        CHECK(tinycontainer_load_finish(sessions[i]) == TINYCONTAINER_RESULT_NO_SESSION);
        CHECK(tinycontainer_load_abort(sessions[i]) == TINYCONTAINER_RESULT_NO_SESSION);
    }
    /* A mistake of the caller's does not end the session; rubbish does. */
    CHECK(tinycontainer_load_begin(m.len, 0, c.len, &session) == OK);
    CHECK(tinycontainer_load_write(session, NULL, 1) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_load_write(session + 1, m.bytes, 1) == TINYCONTAINER_RESULT_NO_SESSION);
    CHECK(tinycontainer_load_write(session, NULL, 0) == OK);
    CHECK(tinycontainer_load_write(session, m.bytes, m.len) == OK);
    CHECK(tinycontainer_load_abort(session) == OK);
    /* Metadata cut at each place, and with each byte changed. */
    for (size_t len = 1; len < m.len; len++) {
        uint8_t *cut = malloc(len);
        CHECK(cut != NULL);
        memcpy(cut, m.bytes, len);
        CHECK(tinycontainer_load(cut, len, NULL, 0, c.bytes, c.len) == TINYCONTAINER_RESULT_MALFORMED);
        free(cut);
        m.bytes[len] ^= 0x20;
        CHECK(!tinycontainer_loadcontainer(m.bytes, m.len, NULL, 0, c.bytes, c.len));
        m.bytes[len] ^= 0x20;
    }
    drop(&idle);
}

static void bad_drivers(void)
{
    tinycontainer_driver_t good = {NULL, table_open, table_close, table_read, table_write, 0, NULL};
    tinycontainer_driver_t holes[4] = {good, good, good, good};
    holes[0].open = NULL;
    holes[1].close = NULL;
    holes[2].read = NULL;
    holes[3].write = NULL;
    for (size_t i = 0; i < 4; i++) {
        CHECK(tinycontainer_driver(TINYCONTAINER_BUS_I2C, 0, 9, &holes[i]) == TINYCONTAINER_RESULT_BAD_DRIVER);
        CHECK(tinycontainer_remote_driver(TINYCONTAINER_SCHEME_COAP, &holes[i]) == TINYCONTAINER_RESULT_BAD_DRIVER);
    }
    CHECK(tinycontainer_driver(TINYCONTAINER_BUS_I2C, 0, 9, NULL) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_driver(6, 0, 9, &good) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(tinycontainer_driver(255, 0, 9, &good) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(tinycontainer_driver(TINYCONTAINER_BUS_I2C, 9, 8, &good) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(tinycontainer_remote_driver(TINYCONTAINER_SCHEME_COAP, NULL) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_remote_driver(4, &good) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(tinycontainer_remote_driver(TINYCONTAINER_SCHEME_NONE, &good) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    static const tinycontainer_driver_t stays = {NULL, table_open, table_close, table_read, table_write, 0, NULL};
    for (uint32_t i = 0; i < TINYCONTAINER_DRIVERS; i++) {
        CHECK(tinycontainer_driver(TINYCONTAINER_BUS_SPI, 2 * i, 2 * i + 1, &stays) == OK);
        CHECK(tinycontainer_driver(TINYCONTAINER_BUS_SPI, 0, UINT32_MAX, &stays) == TINYCONTAINER_RESULT_ALREADY_SET);
    }
    CHECK(tinycontainer_driver(TINYCONTAINER_BUS_I2C, 0, 0, &stays) == TINYCONTAINER_RESULT_DRIVER_TABLE_FULL);
}

static void nonsense(const char *dir, const char *name)
{
    image_t it = image(dir, name);
    CHECK(tinycontainer_loadcontainer(it.metadata.bytes, it.metadata.len, it.data.bytes, it.data.len,
                                      it.code.bytes, it.code.len));
    drop(&it);
    CHECK(tinycontainer_start(UID(name)) == OK);
    WAIT(!tinycontainer_iscontainerrunning(UID(name)));
    char why[64];
    tinycontainer_stop_text(UID(name), why, sizeof why);
    CHECK(strcmp(why, "finished: loop() returned -5") == 0);
    CHECK(tinycontainer_unload(UID(name)) == OK);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    const char *dir = argv[1];
    nothing_works();

    /* Settings. */
    file_t trust = slurp(dir, "trust.cbor", "");
    CHECK(tinycontainer_trust(NULL, 0) == TINYCONTAINER_RESULT_BAD_TRUST);
    CHECK(tinycontainer_trust(NULL, 9) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_trust(trust.bytes, (size_t)-1) == TINYCONTAINER_RESULT_BAD_SIZE);
    CHECK(tinycontainer_trust(trust.bytes, trust.len - 1) == TINYCONTAINER_RESULT_BAD_TRUST);
    CHECK(tinycontainer_trust(trust.bytes, trust.len) == OK);
    CHECK(tinycontainer_trust((const uint8_t *)"rubbish", 7) == TINYCONTAINER_RESULT_BAD_TRUST);
    CHECK(tinycontainer_device("", NULL) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(tinycontainer_device("\xff\xfe", NULL) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    char long_name[66];
    memset(long_name, 'a', 65);
    long_name[65] = 0;
    CHECK(tinycontainer_device(NULL, long_name) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(tinycontainer_device(NULL, "class-a") == OK);
    CHECK(tinycontainer_device("other", NULL) == TINYCONTAINER_RESULT_ALREADY_SET);
    bad_drivers();

    /* A driver that is not whole; then one that is, twice. */
    const tinycontainer_io_driver_t good = {app_open, app_close, app_read, app_write};
    tinycontainer_io_driver_t holes[5] = {good, good, good, good, {NULL, NULL, NULL, NULL}};
    holes[0].open = NULL;
    holes[1].close = NULL;
    holes[2].read = NULL;
    holes[3].write = NULL;
    for (size_t i = 0; i < 5; i++) {
        CHECK(tinycontainer_init(5, 6, 7, &holes[i]) == -TINYCONTAINER_RESULT_BAD_DRIVER);
    }
    nothing_works();
    tinycontainer_io_driver_t driver = good;
    CHECK(tinycontainer_init(5, 6, 7, &driver) > 0);
    CHECK(tinycontainer_init(5, 6, 7, &driver) == -TINYCONTAINER_RESULT_ALREADY_INITIALIZED);
    CHECK(tinycontainer_init(5, 6, 7, NULL) == -TINYCONTAINER_RESULT_ALREADY_INITIALIZED);
    tinycontainer_clock(no_time);
    tinycontainer_clock(NULL);
    CHECK(tinycontainer_time(1800000000) == OK);
    CHECK(tinycontainer_time(1799999999) == TINYCONTAINER_RESULT_TIME_GOES_BACK);
    CHECK(tinycontainer_time(0) == TINYCONTAINER_RESULT_TIME_GOES_BACK);
    CHECK(tinycontainer_time(1800000060) == OK);

    tinycontainer_memory_t before, after;
    CHECK(tinycontainer_memory(&before) == OK);
    CHECK(tinycontainer_memory(NULL) == TINYCONTAINER_RESULT_NULL_POINTER);
    image_t idle = image(dir, "idle");
    bad_uids();
    bad_images(dir);
    tinycontainer_status_t status;
    CHECK(tinycontainer_status_at(0, NULL) == TINYCONTAINER_RESULT_NOT_FOUND);
    CHECK(tinycontainer_status_at(0, &status) == TINYCONTAINER_RESULT_NOT_FOUND);
    CHECK(tinycontainer_status_at(UINT32_MAX, &status) == TINYCONTAINER_RESULT_END);
    CHECK(tinycontainer_audit_next(0, NULL) == TINYCONTAINER_RESULT_END);
    CHECK(strcmp(tinycontainer_result_text(-1), "unknown") == 0);
    CHECK(strcmp(tinycontainer_result_text(INT32_MAX), "unknown") == 0);
    CHECK(tinycontainer_memory(&after) == OK && after.free == before.free && after.largest == before.largest);

    /* With a container loaded and running, the same again hurts neither it nor the device. */
    CHECK(tinycontainer_load(idle.metadata.bytes, idle.metadata.len, NULL, 0, idle.code.bytes, idle.code.len) == OK);
    CHECK(tinycontainer_status(UID("idle"), NULL) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_start(UID("idle")) == OK);
    /* Its thread counts the start, which on a busy machine may come late. */
    WAIT(tinycontainer_status(UID("idle"), &status) == OK && status.starts == 1);
    nonsense(dir, "open_fails");
    nonsense(dir, "reads_too_much");
    nonsense(dir, "writes_too_much");
    nonsense(dir, "reads_negative");
    nonsense(dir, "reads_least");
    nonsense(dir, "table_nonsense");
    CHECK(closes == 4);
    CHECK(tinycontainer_iscontainerrunning(UID("idle")));
    CHECK(tinycontainer_status(UID("idle"), &status) == OK && status.starts == 1);
    CHECK(tinycontainer_stop(UID("idle")) == OK);
    WAIT(tinycontainer_unload(UID("idle")) == OK);
    drop(&idle);
    return 0;
}
