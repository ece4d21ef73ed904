/* Images of the 2024 format: refused, until the program names their key, what their containers may do, and their memory. */
#include "harness.h"
#include "tinycontainer.h"

static volatile int written;

static int driver_open(uint32_t peer)
{
    return peer == 10 ? 3 : -1;
}

static int driver_close(int fd)
{
    return fd == 3 ? 0 : -1;
}

static int driver_read(int fd, uint8_t *buf, size_t len)
{
    (void)fd;
    memset(buf, 7, len);
    return (int)len;
}

static int driver_write(int fd, uint8_t *buf, size_t len)
{
    written = fd == 3 && len > 0 && buf[0] == 7;
    return (int)len;
}

static tinycontainer_result_t load(const image_t *image)
{
    return tinycontainer_load(image->metadata.bytes, image->metadata.len, image->data.bytes, image->data.len,
                              image->code.bytes, image->code.len);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    static tinycontainer_io_driver_t driver = {driver_open, driver_close, driver_read, driver_write};
    const tinycontainer_limits_t limits = {65536, 4096, 65536};
    file_t store = slurp(argv[1], "store2024", ".cbor");
    file_t trust = slurp(argv[1], "trust", ".cbor");
    image_t old = image(argv[1], "container--id--01");
    image_t other = image(argv[1], "other2024");
    static const uint8_t uid[] = "container--id--01";
    size_t len = sizeof uid - 1;

    /* Nothing sets trust anchors: the format has none. */
    CHECK(tinycontainer_init(5, 6, 7, &driver) > 0);
    CHECK(load(&old) == TINYCONTAINER_RESULT_FORMAT2024);

    /* A text says how long it is. */
    size_t length = tinycontainer_load_error(NULL, 0);
    CHECK(length > 20);
    char *why = malloc(length + 1);
    CHECK(tinycontainer_load_error(why, length + 1) == length);
    CHECK(strlen(why) == length && strstr(why, "2024") != NULL);
    CHECK(tinycontainer_load_error(why, length) == length && strlen(why) == length - 1);
    free(why);

    CHECK(tinycontainer_accept_2024(NULL, 5, &limits) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_accept_2024(store.bytes, store.len, NULL) == TINYCONTAINER_RESULT_NULL_POINTER);
    CHECK(tinycontainer_accept_2024(store.bytes, store.len - 1, &limits) == TINYCONTAINER_RESULT_BAD_TRUST);
    /* Four anchors: which of the keys would it be? */
    CHECK(tinycontainer_accept_2024(trust.bytes, trust.len, &limits) == TINYCONTAINER_RESULT_BAD_ARGUMENT);
    CHECK(load(&old) == TINYCONTAINER_RESULT_FORMAT2024);
    CHECK(tinycontainer_accept_2024(store.bytes, store.len, &limits) == TINYCONTAINER_RESULT_OK);
    CHECK(tinycontainer_accept_2024(store.bytes, store.len, &limits) == TINYCONTAINER_RESULT_ALREADY_SET);

    /* The same key, and a uid that is not in its scope; a byte that was changed. */
    CHECK(load(&other) == TINYCONTAINER_RESULT_OUT_OF_SCOPE);
    old.code.bytes[old.code.len - 1] ^= 1;
    CHECK(load(&old) == TINYCONTAINER_RESULT_BAD_DIGEST);
    old.code.bytes[old.code.len - 1] ^= 1;

    CHECK(load(&old) == TINYCONTAINER_RESULT_OK);
    CHECK(tinycontainer_startcontainer(uid, len));
    WAIT(written);
    CHECK(tinycontainer_stopcontainer(uid, len));
    WAIT(!tinycontainer_iscontainerrunning(uid, len));
    CHECK(tinycontainer_unload(uid, len) == TINYCONTAINER_RESULT_OK);
    drop(&old);
    drop(&other);
    free(trust.bytes);
    /* The store must not change, so it is not freed before the end. */
    static file_t kept;
    kept = store;
    return kept.len == 0;
}
