/* A program written for the header of 2024: its five functions, its driver, and nothing else. */
#include "harness.h"
#include "tinycontainer.h"

static volatile int written;

static int driver_open(uint32_t peer)
{
    return peer == 7 ? 3 : -1;
}

static int driver_close(int fd)
{
    return fd == 3 ? 0 : -1;
}

static int driver_read(int fd, uint8_t *buf, size_t len)
{
    if (fd != 3 || len < 4) {
        return -1;
    }
    memcpy(buf, "ping", 4);
    return 4;
}

static int driver_write(int fd, uint8_t *buf, size_t len)
{
    if (fd != 3 || len != 4 || memcmp(buf, "ping", 4) != 0) {
        return -1;
    }
    written = 1;
    return (int)len;
}

static tinycontainer_io_driver_t driver = {
    .open = driver_open,
    .close = driver_close,
    .read = driver_read,
    .write = driver_write,
};

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    kernel_pid_t pid = tinycontainer_init(5, 6, 7, &driver);
    CHECK(pid > 0);

    image_t echo = image(argv[1], "echo2024");
    uint8_t uid[] = "echo2024";
    size_t len = sizeof uid - 1;
    CHECK(!tinycontainer_iscontainerrunning(uid, len));
    CHECK(tinycontainer_loadcontainer(echo.metadata.bytes, echo.metadata.len, echo.data.bytes, echo.data.len,
                                      echo.code.bytes, echo.code.len));
    drop(&echo);
    CHECK(tinycontainer_startcontainer(uid, len));
    CHECK(!tinycontainer_startcontainer(uid, len));
    CHECK(tinycontainer_iscontainerrunning(uid, len));
    WAIT(written);
    CHECK(tinycontainer_stopcontainer(uid, len));
    WAIT(!tinycontainer_iscontainerrunning(uid, len));
    CHECK(!tinycontainer_stopcontainer(uid, len));
    /* What 2024 could not: start again. */
    written = 0;
    CHECK(tinycontainer_startcontainer(uid, len));
    WAIT(written);
    CHECK(tinycontainer_stopcontainer(uid, len));
    return 0;
}
